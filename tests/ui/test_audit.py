"""The audit viewer: filters that ask, rows that read, a difference that shows, and a chain that is said to be whole or not."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QPushButton
from pytestqt.qtbot import QtBot

from qv_desktop.domain.audit import Entry, verified
from qv_desktop.domain.audit_query import PAGE, AuditQuery
from qv_desktop.ui.models.audit_rows import MOST
from qv_desktop.ui.models.json_difference import difference
from qv_desktop.ui.panels.audit import AuditPanel
from tests.ui.trading_values import NOON, entries


@pytest.fixture
def panel(qtbot: QtBot) -> AuditPanel:
    """A viewer of a page of twenty rows."""
    viewer = AuditPanel()
    viewer.now = lambda: NOON
    qtbot.addWidget(viewer)
    viewer.resize(1160, 320)
    viewer.show_page(reversed(entries(20)), viewer.rows.query)
    viewer.show()
    return viewer


@pytest.fixture
def asked(panel: AuditPanel) -> list[AuditQuery]:
    """What the viewer asked for, in order."""
    queries: list[AuditQuery] = []
    panel.page_asked.connect(queries.append)
    return queries


def test_the_newest_row_stands_first_and_its_details_are_open(panel: AuditPanel) -> None:
    assert [entry.sequence for entry in panel.model.rows()][:2] == [20, 19]
    assert panel.details.heading.text() == "Entry #20"
    assert panel.details.facts.texts() == ["Action login.ok", "Actor system", "Time 2026-11-20 10:42:14.118 ET", "Outcome ok",
                                           "Object order qv-test-019", "Correlation c0ffee19"]  # fmt: skip


def test_a_row_reads_from_number_to_hash(panel: AuditPanel) -> None:
    entry = entries(20)[18]
    place = panel.model.place(19)
    assert place is not None
    row = [column.text(panel.model.row(place)) for column in panel.model.columns]
    assert row == ["19", "10:42:13.118", "demo", "Trader", "order.submit", "order qv-test-018", "ok", "", "c0ffee18",
                   f"{entry.hash[:4]}…{entry.hash[-4:]}", "human", "s1", "WS-14", "", "0.1.0"]  # fmt: skip


def test_the_details_show_what_changed(panel: AuditPanel) -> None:
    panel.table.select_key(19)
    lines = panel.details.change.toPlainText().replace("\xa0", " ").splitlines()
    assert lines == ["− status: intent", "+ status: working", "  qty: 100"]


def test_filters_ask_for_the_page_they_name_once(qtbot: QtBot, panel: AuditPanel, asked: list[AuditQuery]) -> None:
    filters = panel.filters
    filters.actor.setCurrentText("demo")
    filters.actor.activated.emit(filters.actor.currentIndex())
    filters.action.setEditText("order.*")
    qtbot.keyClick(filters.action, Qt.Key.Key_Return)
    qtbot.keyClick(filters.action, Qt.Key.Key_Return)
    filters.search.setText("AAPL")
    qtbot.keyClick(filters.search, Qt.Key.Key_Return)
    assert asked == [AuditQuery("demo"), AuditQuery("demo", "order.*"), AuditQuery("demo", "order.*", "", "AAPL")]


def test_typing_in_the_search_asks_after_the_last_key(qtbot: QtBot, panel: AuditPanel, asked: list[AuditQuery]) -> None:
    with qtbot.waitSignal(panel.page_asked, timeout=10_000):
        qtbot.keyClicks(panel.filters.search, "c0ff")
    assert asked == [AuditQuery(text="c0ff")]


def test_every_filter_has_a_chip_that_takes_it_away(qtbot: QtBot, panel: AuditPanel, asked: list[AuditQuery]) -> None:
    filters = panel.filters
    filters.object_id.setText("qv-test-0*")
    filters.outcome.setCurrentText("refused")
    filters.range.setCurrentText("Today")
    filters.outcome.activated.emit(1)
    assert chips(panel) == ["Today  ✕", "id qv-test-0*  ✕", "outcome refused  ✕", "Clear all"]
    qtbot.mouseClick(filters.chips.findChildren(QPushButton)[1], Qt.MouseButton.LeftButton)
    assert chips(panel) == ["Today  ✕", "outcome refused  ✕", "Clear all"]
    filters.clear()
    assert chips(panel) == []
    midnight = datetime(2026, 11, 20, 5, tzinfo=UTC)
    assert asked == [AuditQuery(outcome="refused", object_id="qv-test-0*", start=midnight),
                     AuditQuery(outcome="refused", start=midnight), AuditQuery()]  # fmt: skip


def chips(panel: AuditPanel) -> list[str]:
    """What the chips say, as far as they are there."""
    return [chip.text() for chip in panel.filters.chips.findChildren(QPushButton) if not chip.isHidden()]


def test_a_span_that_ends_before_it_begins_is_said_and_not_asked(panel: AuditPanel, asked: list[AuditQuery]) -> None:
    filters = panel.filters
    filters.range.setCurrentText("Between…")
    filters.range.activated.emit(filters.range.currentIndex())
    asked.clear()
    filters.start.setDateTime(filters.end.dateTime().addDays(1))
    filters.outcome.activated.emit(0)
    assert asked == []
    assert "choose an earlier “From”" in panel.state.text()


def test_a_new_row_is_shown_only_where_the_filters_let_it_through(qtbot: QtBot, panel: AuditPanel) -> None:
    panel.filters.action.setEditText("order.*")
    qtbot.keyClick(panel.filters.action, Qt.Key.Key_Return)
    panel.show_page([], panel.rows.query)
    new = entries(22)
    panel.prepend(new[20])
    panel.prepend(new[21])
    panel.tail.release()
    assert [entry.draft.action for entry in panel.model.rows()] == ["order.submit"]


def test_an_answer_to_an_earlier_question_is_passed_over(panel: AuditPanel) -> None:
    panel.filters.follow("c0ffee03")
    panel.show_page(reversed(entries(20)), AuditQuery(actor="demo"))
    panel.show_page(entries(20)[3:4], AuditQuery(correlation="c0ffee03"))
    assert [entry.sequence for entry in panel.model.rows()] == [4]


def test_reaching_the_end_asks_for_the_page_before_it_once(panel: AuditPanel, asked: list[AuditQuery]) -> None:
    panel.show_page(reversed(entries(PAGE, first=101)), panel.rows.query)
    scroll = panel.table.verticalScrollBar()
    scroll.setValue(scroll.maximum())
    scroll.setValue(scroll.maximum() - 1)
    assert asked == [AuditQuery(before=101)]
    panel.show_page(reversed(entries(5, first=96)), asked[0])
    assert [entry.sequence for entry in panel.model.rows()][-1] == 96
    scroll.setValue(scroll.maximum())
    assert len(asked) == 1  # a page that is not full was the last


def test_walking_back_keeps_a_bounded_number_of_rows_and_leads_to_the_newest_again(
    panel: AuditPanel, asked: list[AuditQuery]
) -> None:
    every = numbered(MOST + 3 * PAGE)
    panel.show_page(every[-1 : -PAGE - 1 : -1], panel.rows.query)
    scroll = panel.table.verticalScrollBar()
    for _ in range(2 * MOST // PAGE):
        if panel.model.rows()[-1].sequence == 1:
            break
        QApplication.processEvents()
        scroll.setValue(scroll.maximum())
        before = asked[-1].before or 0
        reading = panel.model.row(panel.table.rowAt(0)).sequence
        panel.show_page(every[max(0, before - 1 - PAGE) : before - 1][::-1], asked[-1])
        # at its end the table shows half a row at the top
        assert reading - 1 <= panel.model.row(panel.table.rowAt(0)).sequence <= reading
    assert panel.model.rowCount() == MOST
    assert panel.fresh.text() == "▲ Newest"
    asked.clear()
    for _ in range(2 * MOST // PAGE):
        if panel.model.rows()[0].sequence == len(every):
            break
        QApplication.processEvents()
        scroll.setValue(0)
        after = asked[-1].after or 0
        panel.show_page(every[after : after + PAGE][::-1], asked[-1])
    sequences = [entry.sequence for entry in panel.model.rows()]
    assert sequences == list(range(len(every), len(every) - MOST, -1))


def numbered(count: int) -> list[Entry]:
    """Rows without a chain, quickly made."""
    one = entries(1)[0]
    return [replace(one, sequence=number) for number in range(1, count + 1)]


def test_new_rows_wait_while_somebody_reads_and_are_counted(panel: AuditPanel) -> None:
    panel.table.select_key(11)
    for entry in entries(24)[20:]:
        panel.prepend(entry)
    panel.tail.look()
    assert panel.model.rowCount() == 20
    assert (panel.fresh.text(), panel.fresh.isVisible()) == ("▲ 4 new", True)
    panel.fresh.click()
    assert [entry.sequence for entry in panel.model.rows()][:2] == [24, 23]
    assert panel.details.heading.text() == "Entry #24"
    assert not panel.fresh.isVisible()


def test_a_paused_tail_shows_nothing_new_until_it_goes_on(panel: AuditPanel) -> None:
    panel.live.click()
    assert panel.live.text() == "⏸ Paused"
    panel.prepend(entries(21)[20])
    panel.tail.look()
    assert panel.model.rowCount() == 20
    panel.live.click()
    assert (panel.live.text(), panel.model.rowCount()) == ("● Live", 21)


def test_rows_recorded_while_a_page_is_read_are_not_lost(panel: AuditPanel) -> None:
    panel.filters.outcome.setCurrentText("ok")
    panel.filters.outcome.activated.emit(1)
    panel.prepend(entries(21)[20])
    panel.show_page(reversed(entries(20)), AuditQuery(outcome="ok"))
    panel.tail.look()
    assert panel.model.rows()[0].sequence == 21


def test_verify_says_that_the_chain_is_whole(qtbot: QtBot, panel: AuditPanel) -> None:
    with qtbot.waitSignal(panel.verify_asked):
        qtbot.mouseClick(panel.proof.verify, Qt.MouseButton.LeftButton)
    assert panel.proof.verify.text() == "Cancel"
    panel.proof.show_progress(5, 20)
    assert panel.proof.chain.text() == "checking 25 %"
    panel.show_verification(verified(entries(20)))
    assert (panel.proof.chain.text(), panel.proof.verify.text()) == ("✓ chain whole to #20", "Verify")
    assert panel.covers.text() == "No signed checkpoint yet: 20 rows stand by the chain alone."


def test_a_chain_that_was_not_compared_with_a_known_key_is_not_called_whole(panel: AuditPanel) -> None:
    panel.show_verification(replace(verified(entries(20)), unproven="this installation's key, because it is locked"))
    assert panel.proof.chain.text() == "chain fits to #20"
    assert panel.proof.finding.text() == (
        "The rows fit each other, but they were not compared with this installation's key, because it is locked."
    )
    assert not panel.proof.show_row.isVisible()


def test_verify_names_the_row_that_was_changed(panel: AuditPanel) -> None:
    rows = entries(20)
    rows[6] = replace(rows[6], draft=replace(rows[6].draft, reason="nothing to see"))
    panel.show_verification(verified(rows))
    assert panel.proof.chain.text() == "✗ chain broken at #7"
    assert panel.proof.finding.text() == "Row 7 was changed after it was written."
    assert panel.details.heading.text() == "Entry #7"


def test_a_broken_row_that_is_not_shown_is_looked_for_with_its_neighbours(
    panel: AuditPanel, asked: list[AuditQuery]
) -> None:
    panel.filters.outcome.setCurrentText("refused")
    panel.filters.outcome.activated.emit(1)
    panel.show_page([], asked.pop())
    rows = entries(400)
    rows[6] = replace(rows[6], draft=replace(rows[6].draft, reason="nothing to see"))
    panel.show_verification(verified(rows))
    assert asked == [AuditQuery(before=107)]
    panel.show_page(rows[105::-1], asked[0])
    assert panel.details.heading.text() == "Entry #7"
    assert asked[1] == AuditQuery(after=106)


def test_cancelling_a_verification_proves_nothing(qtbot: QtBot, panel: AuditPanel) -> None:
    panel.proof.verify.click()
    with qtbot.waitSignal(panel.verify_cancelled):
        panel.proof.verify.click()
    panel.proof.show_cancelled()
    assert panel.proof.chain.text() == "chain not checked"


def test_following_a_correlation_asks_for_its_story_and_leads_back(panel: AuditPanel, asked: list[AuditQuery]) -> None:
    panel.filters.outcome.setCurrentText("ok")
    panel.filters.outcome.activated.emit(1)
    panel.show_page(reversed(entries(20)), asked.pop())
    panel.table.select_key(19)
    panel.details.follow.click()
    assert asked == [AuditQuery(correlation="c0ffee18")]
    assert (panel.back.isVisible(), panel.following.text()) == (True, "Story of c0ffee18")
    panel.show_page(entries(20)[18:19], asked[0])
    panel.back.click()
    assert asked[1] == AuditQuery(outcome="ok", before=119)
    panel.show_page(reversed(entries(20)), asked[1])
    assert panel.details.heading.text() == "Entry #19"
    assert chips(panel) == ["outcome ok  ✕", "Clear all"]
    assert not panel.back.isVisible()


def test_copy_gives_the_whole_hashes(qtbot: QtBot, panel: AuditPanel) -> None:
    panel.table.select_key(19)
    qtbot.mouseClick(panel.details.copy, Qt.MouseButton.LeftButton)
    text = QGuiApplication.clipboard().text()
    assert f"hash: {entries(20)[18].hash}" in text
    assert "object: order qv-test-018" in text


def test_a_row_of_millions_of_characters_is_shown_in_part_and_copied_whole(qtbot: QtBot, panel: AuditPanel) -> None:
    much = 5_000_000
    last = entries(20)[-1]
    texts = json.dumps({"layout": "x" * much}), json.dumps(["y"] * (much // 5))
    actor = replace(last.draft.actor, name="n" * much, host="h" * much)
    draft = replace(last.draft, actor=actor, reason="r" * much, before=texts[0], after=texts[1], object_type="o" * much,
                    object_id="i" * much, correlation="c" * much)  # fmt: skip
    panel.show_page([replace(last, sequence=21, draft=draft)], panel.rows.query)
    panel.table.select_key(21)
    model = panel.table.model()
    for column in range(model.columnCount()):
        index = model.index(0, column)
        for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            assert len(str(index.data(role))) < 3_000
    details = panel.details
    assert any(line.endswith(f"… {much - 300:,} characters more") for line in details.facts.texts())
    assert all(len(line.value) + len(line.tip) < 4_000 for line in details.facts._lines)
    assert len(details.change.toPlainText()) < 2_000
    assert details.change.toPlainText().startswith('− {"layout": "xxx')  # too long to be looked into
    qtbot.mouseClick(details.copy, Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert all(text in copied for text in (draft.reason, *texts, draft.correlation, actor.name, actor.host))
    assert draft.reason in panel.table.tsv()


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("", '{"a": 1}', [("+", "a: 1")]),
        ('{"b": 2, "a": 1}', '{"a": 1, "b": 2}', [(" ", "b: 2"), (" ", "a: 1")]),
        ('{"a": 1}', '{"a": 1, "b": 2}', [("+", "b: 2"), (" ", "a: 1")]),
        ("plain", "", [("-", "plain")]),
        ("", "", []),
        ('{"loss": "25000", "q": 0.10}', '{"loss": "25000.00", "q": 0.1}', [(" ", "loss: 25000.00"), (" ", "q: 0.1")]),
        ('{"n": 12345678901234567890.12}', '{"n": 12345678901234567890.13}',
         [("-", "n: 12,345,678,901,234,567,890.12"), ("+", "n: 12,345,678,901,234,567,890.13")]),
        ('{"on": true, "x": null}', '{"on": 1, "x": ""}', [("-", "on: yes"), ("+", "on: 1"), ("-", "x: —"), ("+", "x: (empty)")]),
        ('{"m": {"a": {"b": 1}}}', '{"m": {"a": {"b": 2}}}', [("-", "m › a › b: 1"), ("+", "m › a › b: 2")]),
        ('{"checks": [{"rule": "size", "ok": true}]}', '{"checks": [{"rule": "size", "ok": false}]}',
         [("-", "checks › size › ok: yes"), ("+", "checks › size › ok: no")]),
        ("[1, 2]", "[1, 3]", [("-", "2: 2"), ("+", "2: 3"), (" ", "1: 1")]),
        ("[" * 100_000, "", [("-", f"{'[' * 300}… (100,000 characters; Copy has all of them)")]),
    ],
)  # fmt: skip
def test_differences_compare_values_not_layout(before: str, after: str, lines: list[tuple[str, str]]) -> None:
    assert difference(before, after) == lines


def test_the_newest_row_stays_chosen_until_a_person_chooses_another(panel: AuditPanel) -> None:
    new = entries(24)
    panel.prepend(new[20])
    panel.tail.look()
    assert panel.details.heading.text() == "Entry #21"
    panel.table.select_key(15)
    panel.prepend(new[21])
    panel.tail.look()
    assert panel.details.heading.text() == "Entry #15"


def test_a_viewer_that_was_hidden_opens_at_the_newest_row(qtbot: QtBot) -> None:
    viewer = AuditPanel()
    qtbot.addWidget(viewer)
    viewer.resize(1160, 280)
    viewer.show_page(reversed(entries(6)), viewer.rows.query)
    for entry in entries(60)[6:]:
        viewer.prepend(entry)
    viewer.show()
    qtbot.waitExposed(viewer)
    assert viewer.details.heading.text() == "Entry #60"
    assert viewer.table.verticalScrollBar().value() == 0


def test_a_difference_of_many_lines_says_how_many_are_left_out() -> None:
    lines = difference("", json.dumps({f"k{number}": number for number in range(500)}))
    assert len(lines) == 121
    assert lines[-1] == (" ", "… 380 more lines; Copy has all of them")


def test_export_counts_first_and_then_takes_a_form(qtbot: QtBot, panel: AuditPanel) -> None:
    counted: list[AuditQuery] = []
    chosen: list[tuple[AuditQuery, str]] = []
    panel.count_asked.connect(counted.append)
    panel.export_asked.connect(lambda query, form: chosen.append((query, form)))
    panel.filters.follow("c0ffee03")
    panel.export.click()
    bar = panel.export_bar
    assert (counted, bar.forms["csv"].isEnabled()) == ([AuditQuery(correlation="c0ffee03")], False)
    bar.show_count(AuditQuery(), 99)  # an answer to something else
    assert not bar.forms["csv"].isEnabled()
    bar.show_count(counted[0], 1_234)
    assert bar.sentence.text().startswith("1,234 rows match the filters;")
    qtbot.keyClick(bar.forms["csv"], Qt.Key.Key_Space)
    assert chosen == [(counted[0], "csv")]
    bar.show_progress(1_000)
    assert bar.sentence.text() == "Writing: 1,000 of 1,234 rows…"
    bar.show_done("1,234 rows", "/exports/audit.csv")
    assert bar.sentence.text() == "Exported 1,234 rows to /exports/audit.csv. The trail records it."


def test_giving_an_export_up_says_so(qtbot: QtBot, panel: AuditPanel) -> None:
    panel.export.click()
    panel.export_bar.show_count(AuditQuery(), 5)
    panel.export_bar.forms["json"].click()
    with qtbot.waitSignal(panel.export_cancelled):
        qtbot.keyClick(panel.export_bar, Qt.Key.Key_Escape)
    assert panel.export_bar.isHidden()


def test_who_may_not_view_sees_no_row_and_why(panel: AuditPanel, asked: list[AuditQuery]) -> None:
    why = "Your role, Analyst, lacks “audit: view”; ask an Admin."
    panel.forbid({"view": why, "export": why})
    panel.prepend(entries(21)[20])
    panel.tail.release()
    assert panel.model.rowCount() == 0
    assert (panel.state.text(), panel.export.isEnabled(), panel.proof.verify.isEnabled()) == (why, False, False)
    panel.forbid({})
    assert asked == [AuditQuery()]


def test_in_a_narrow_dock_the_details_take_the_place_of_the_rows(qtbot: QtBot, panel: AuditPanel) -> None:
    panel.resize(480, 300)
    assert not panel.details.isVisible()
    qtbot.keyClick(panel.table, Qt.Key.Key_Space)
    assert (panel.details.isVisible(), panel.table.isVisible()) == (True, False)
    qtbot.keyClick(panel.details.change, Qt.Key.Key_Escape)
    assert (panel.details.isVisible(), panel.table.isVisible()) == (False, True)


def test_the_search_is_reached_and_left_by_the_keyboard(qtbot: QtBot, panel: AuditPanel) -> None:
    panel.activateWindow()
    panel.table.setFocus()
    qtbot.keyClick(panel.table, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    assert panel.filters.search.hasFocus()
    qtbot.keyClicks(panel.filters.search, "x")
    qtbot.keyClick(panel.filters.search, Qt.Key.Key_Escape)
    qtbot.keyClick(panel.filters.search, Qt.Key.Key_Escape)
    assert (panel.filters.search.text(), panel.table.hasFocus()) == ("", True)


def test_the_trails_of_other_installations_are_offered_where_there_are_any(
    panel: AuditPanel, asked: list[AuditQuery]
) -> None:
    filters = panel.filters
    filters.show_installations([("main", "WS-14")])
    assert not filters.chain.isVisible()
    filters.show_installations([("main", "WS-14"), ("0123456789ab", "WS-22")])
    assert filters.chain.isVisible()
    filters.chain.setCurrentText("WS-22 · 01234567")
    filters.chain.activated.emit(1)
    assert asked == [AuditQuery(chain="0123456789ab")]
    assert chips(panel) == ["trail of WS-22 · 01234567  ✕", "Clear all"]
    panel.show_page([], asked[0])
    panel.prepend(entries(1)[0])  # of this installation
    panel.tail.release()
    assert panel.model.rowCount() == 0
    filters.follow("qv-1")
    assert asked[1] == AuditQuery(correlation="qv-1", chain="0123456789ab")

"""The audit viewer: filters that ask, rows that read, a difference that shows, and a chain that is said to be whole or not."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from qv_desktop.domain.audit import verified
from qv_desktop.ui.models.json_difference import difference
from qv_desktop.ui.panels.audit import AuditPanel, AuditQuery
from tests.ui.trading_values import entries


@pytest.fixture
def panel(qtbot: QtBot) -> AuditPanel:
    """A viewer of a page of twenty rows."""
    viewer = AuditPanel()
    qtbot.addWidget(viewer)
    viewer.resize(1160, 280)
    viewer.show_entries(reversed(entries(20)))
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
    assert panel.heading.text() == "Entry #20"
    assert panel.facts.texts() == ["Action login.ok", "Actor system", "Outcome ok"]


def test_a_row_reads_from_number_to_hash(panel: AuditPanel) -> None:
    entry = entries(20)[18]
    place = panel.model.place(19)
    assert place is not None
    row = [column.text(panel.model.row(place)) for column in panel.model.columns]
    assert row == ["19", "10:42:13.118", "demo", "Trader", "order.submit", "order qv-test-018", "ok", "", "c0ffee18",
                   f"{entry.hash[:4]}…{entry.hash[-4:]}"]  # fmt: skip


def test_the_details_show_what_changed(panel: AuditPanel) -> None:
    panel.table.select_key(19)
    lines = panel.change.toPlainText().replace("\xa0", " ").splitlines()
    assert lines == ["  {", '    "qty": "100",', '−   "status": "intent"', '+   "status": "working"', "  }"]


def test_filters_ask_for_the_page_they_name_once(qtbot: QtBot, panel: AuditPanel, asked: list[AuditQuery]) -> None:
    panel.actor.setCurrentText("demo")
    panel.actor.activated.emit(panel.actor.currentIndex())
    panel.action.setEditText("order.*")
    qtbot.keyClick(panel.action, Qt.Key.Key_Return)
    qtbot.keyClick(panel.action, Qt.Key.Key_Return)
    panel.search.setText("AAPL")
    qtbot.keyClick(panel.search, Qt.Key.Key_Return)
    assert asked == [AuditQuery("demo"), AuditQuery("demo", "order.*"), AuditQuery("demo", "order.*", "", "AAPL")]


def test_typing_in_the_search_asks_after_the_last_key(qtbot: QtBot, panel: AuditPanel, asked: list[AuditQuery]) -> None:
    with qtbot.waitSignal(panel.page_asked, timeout=10_000):
        qtbot.keyClicks(panel.search, "c0ff")
    assert asked == [AuditQuery(text="c0ff")]


def test_a_new_row_is_shown_only_where_the_filters_let_it_through(qtbot: QtBot, panel: AuditPanel) -> None:
    panel.action.setEditText("order.*")
    qtbot.keyClick(panel.action, Qt.Key.Key_Return)
    panel.show_entries([])
    new = entries(22)
    panel.prepend(new[20])
    panel.prepend(new[21])
    assert [entry.draft.action for entry in panel.model.rows()] == ["order.submit"]


def test_reaching_the_end_asks_for_the_page_before_it_once(panel: AuditPanel, asked: list[AuditQuery]) -> None:
    panel.show_entries(reversed(entries(20, first=101)))
    scroll = panel.table.verticalScrollBar()
    scroll.setValue(scroll.maximum())
    scroll.setValue(scroll.maximum() - 1)
    assert asked == [AuditQuery(before=101)]
    panel.show_older(reversed(entries(5, first=96)))
    assert [entry.sequence for entry in panel.model.rows()][-1] == 96


def test_verify_says_that_the_chain_is_whole(qtbot: QtBot, panel: AuditPanel) -> None:
    with qtbot.waitSignal(panel.verify_asked):
        qtbot.mouseClick(panel.verify, Qt.MouseButton.LeftButton)
    assert not panel.verify.isEnabled()
    panel.show_verification(verified(entries(20)))
    assert (panel.chain.text(), panel.verify.isEnabled()) == ("✓ chain whole to #20", True)


def test_verify_names_the_row_that_was_changed(panel: AuditPanel) -> None:
    rows = entries(20)
    rows[6] = replace(rows[6], draft=replace(rows[6].draft, reason="nothing to see"))
    panel.show_verification(verified(rows))
    assert panel.chain.text() == "✗ chain broken at #7"
    assert panel.chain.toolTip() == "row 7 was changed after it was written"


def test_following_a_correlation_searches_for_it(qtbot: QtBot, panel: AuditPanel, asked: list[AuditQuery]) -> None:
    panel.table.select_key(19)
    qtbot.mouseClick(panel.follow, Qt.MouseButton.LeftButton)
    assert asked == [AuditQuery(text="c0ffee18")]


def test_copy_gives_the_whole_hashes(qtbot: QtBot, panel: AuditPanel) -> None:
    panel.table.select_key(19)
    qtbot.mouseClick(panel.copy, Qt.MouseButton.LeftButton)
    text = QGuiApplication.clipboard().text()
    assert f"hash: {entries(20)[18].hash}" in text
    assert "object: order qv-test-018" in text


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ("", '{"a": 1}', [("+", "{"), ("+", '  "a": 1'), ("+", "}")]),
        ('{"b": 2, "a": 1}', '{"a": 1, "b": 2}', [(" ", "{"), (" ", '  "a": 1,'), (" ", '  "b": 2'), (" ", "}")]),
        ("plain", "", [("-", "plain")]),
        ("", "", []),
    ],
)
def test_differences_compare_values_not_layout(before: str, after: str, lines: list[tuple[str, str]]) -> None:
    assert difference(before, after) == lines


def test_the_newest_row_stays_chosen_until_a_person_chooses_another(panel: AuditPanel) -> None:
    new = entries(24)
    panel.prepend(new[20])
    assert panel.heading.text() == "Entry #21"
    panel.table.select_key(15)
    panel.prepend(new[21])
    assert panel.heading.text() == "Entry #15"


def test_a_viewer_that_was_hidden_opens_at_the_newest_row(qtbot: QtBot) -> None:
    viewer = AuditPanel()
    qtbot.addWidget(viewer)
    viewer.resize(1160, 280)
    viewer.show_entries(reversed(entries(6)))
    for entry in entries(60)[6:]:
        viewer.prepend(entry)
    viewer.show()
    qtbot.waitExposed(viewer)
    assert viewer.heading.text() == "Entry #60"
    assert viewer.table.verticalScrollBar().value() == 0

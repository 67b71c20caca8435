"""Reconciliation on the screen: the queue by weight, what can be done about a break, the verdict, earlier runs and their reports."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QPushButton
from pytestqt.qtbot import QtBot

from qv_desktop.domain.break_history import Day, RunLine
from qv_desktop.domain.breaks import BreakItem, Remark, decided, met, signed, taken
from qv_desktop.domain.entries import Change, Entry
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.reconciliation import Break, BreakClass, Section, Uncompared
from qv_desktop.domain.reconciliation_rules import Rules
from qv_desktop.ui.models.break_trend import BreakTrend
from qv_desktop.ui.models.break_words import MEANINGS
from qv_desktop.ui.models.live_rows import PRESSED
from qv_desktop.ui.panels.reconciliation import ReconciliationPanel
from tests.ui.trading_values import BREAKS, NOON, run

LATER = NOON + timedelta(minutes=14)


def items(*breaks: Break) -> list[BreakItem]:
    """The queue once a run found these for the first time."""
    return [change.after for change in met([], run(0, breaks or BREAKS), "a")]


@pytest.fixture
def panel(qtbot: QtBot) -> ReconciliationPanel:
    """A panel of demo's that has seen no run."""
    view = ReconciliationPanel()
    qtbot.addWidget(view)
    view.now = lambda: LATER
    view.resize(1160, 400)
    view.show()
    view.show_me("demo")
    return view


@pytest.fixture
def filled(panel: ReconciliationPanel) -> ReconciliationPanel:
    """With three breaks."""
    panel.show_run(run(1, BREAKS))
    panel.show_queue(items())
    return panel


def visible(panel: ReconciliationPanel) -> list[str]:
    return [action for action, button in panel.details.buttons.items() if not button.isHidden()]


def shown(panel: ReconciliationPanel) -> list[str]:
    return [item.key for item in panel.model.rows()]


def test_before_the_first_run_it_offers_one(qtbot: QtBot, panel: ReconciliationPanel) -> None:
    assert panel.first.isVisible()
    assert not panel.facts.matched.isVisible()
    assert not panel.filters.isVisible()
    with qtbot.waitSignal(panel.run_asked):
        qtbot.mouseClick(panel.first, Qt.MouseButton.LeftButton)
    assert (panel.run.text(), panel.run.isEnabled()) == ("Comparing…", False)


def test_breaks_stand_heaviest_first_and_the_heaviest_is_explained(filled: ReconciliationPanel) -> None:
    assert [item.severity for item in filled.model.rows()] == ["high", "medium", "low"]
    assert filled.facts.breaks.text() == "Breaks 3 · $1,694.06 at risk"
    details = filled.details
    assert (details.heading.text(), details.meaning.text()) == (
        "Positions · NVDA",
        "Both have it, with different quantities.",
    )
    assert details.facts.texts() == [
        "Class quantity · high", "At risk $1,694.04", "Proposed entry book BUY 12 @ 141.17",
        "Settled by a person", "First seen ET 2026-11-20 10:41:55",
        "Last found ET 2026-11-20 10:41:55", "Age 14m", "Owner —", "State Open",
    ]  # fmt: skip
    assert details.compared.toPlainText().replace("\xa0", " ").splitlines()[:2] == ["− here   250", "+ there  262"]


def test_the_three_columns_stand_side_by_side_and_nothing_is_not_zero(panel: ReconciliationPanel) -> None:
    panel.show_run(run(1, BREAKS[:1]))
    panel.show_queue(items(Break("positions", "KO", "missing here", "high", "—", "0", "-3", Decimal(0), "ask")))
    row = {column.title: column.text(panel.model.row(0)) for column in panel.model.columns}
    assert (row["Internal"], row["External"], row["Difference"], row["Key"], row["Age"]) == (
        "—",
        "0",
        "−3",
        "KO position",
        "14m",
    )


def test_a_run_without_breaks_says_that_all_is_the_same(panel: ReconciliationPanel) -> None:
    panel.show_run(run(1))
    panel.show_queue([])
    assert panel.facts.verdict.isVisible()
    assert (
        panel.facts.detail.text() == "412 rows matched at 10:42:55 ET · account ••••7Q2 · run by demo · input 5d02be19"
    )
    assert (panel.facts.breaks.text(), panel.facts.matched.text(), panel.facts.tolerances.text()) == (
        "✓ No breaks",
        "Matched 412",
        "Tolerance $0.01 a share · 0 sh",
    )
    assert "$0.01 of cash" in panel.facts.tolerances.toolTip()


def test_what_could_not_be_compared_is_said_and_not_called_the_same(panel: ReconciliationPanel) -> None:
    panel.show_run(replace(run(1), uncompared=(Uncompared("cash", "cash", "the broker does not tell it"),)))
    assert panel.facts.verdict.text() == "What was compared is the same"
    assert panel.facts.lacking.text() == "Not compared · cash, cash: the broker does not tell it"
    assert panel.facts.lacking.isVisible()


def test_what_still_waits_for_a_signature_is_shown_although_the_run_passed(panel: ReconciliationPanel) -> None:
    panel.show_run(run(5))
    waiting = decided(items()[0], "resolved", "ann", NOON, "booked")
    panel.show_queue([waiting])
    assert panel.table.isVisible()
    panel.show_queue([signed(waiting, "bob", LATER)])
    panel._filter()
    assert panel.facts.verdict.isVisible()


@pytest.mark.parametrize(
    ("action", "words"),
    [("take", ""), ("comment", "I asked"), ("explain", "a split"), ("resolve", "booked"), ("carry", "tomorrow")],
)
def test_each_action_asks_for_its_words_and_names_the_break(
    qtbot: QtBot, filled: ReconciliationPanel, action: str, words: str
) -> None:
    button = filled.details.buttons[action]
    if not words:
        with qtbot.waitSignal(filled.acted) as acted:
            button.click()
    else:
        button.click()
        assert filled.reason.field.hasFocus() or filled.reason.field.isVisible()
        assert not filled.reason.yes.isEnabled()
        qtbot.keyClicks(filled.reason.field, f" {words} ")
        with qtbot.waitSignal(filled.acted) as acted:
            qtbot.keyClick(filled.reason.field, Qt.Key.Key_Return)
    assert (acted.args[0], acted.args[1].key, acted.args[2]) == (action, "NVDA", words)
    assert not filled.reason.isVisible()


def test_escape_leaves_all_as_it_is_and_an_empty_reason_is_not_taken(qtbot: QtBot, filled: ReconciliationPanel) -> None:
    filled.details.buttons["resolve"].click()
    with qtbot.assertNotEmitted(filled.acted):
        qtbot.keyClick(filled.reason.field, Qt.Key.Key_Return)
        qtbot.keyClick(filled.reason.field, Qt.Key.Key_Escape)
    assert not filled.reason.isVisible()


def test_a_question_about_one_break_is_not_answered_for_another(qtbot: QtBot, filled: ReconciliationPanel) -> None:
    filled.details.buttons["resolve"].click()
    filled.table.selectRow(1)
    assert not filled.reason.isVisible()


def test_what_is_decided_is_about_the_break_as_it_is_now(qtbot: QtBot, filled: ReconciliationPanel) -> None:
    filled.details.buttons["resolve"].click()
    filled.show_queue([replace(each, version=7) for each in items()])
    qtbot.keyClicks(filled.reason.field, "booked")
    with qtbot.waitSignal(filled.acted) as acted:
        qtbot.keyClick(filled.reason.field, Qt.Key.Key_Return)
    assert acted.args[1].version == 7


def test_only_what_makes_sense_is_offered_and_nobody_signs_their_own(filled: ReconciliationPanel) -> None:
    assert visible(filled) == ["take", "comment", "book", "explain", "resolve", "carry"]
    item = items()[0]
    mine = decided(item, "resolved", "demo", NOON, "booked")
    filled.show_item(mine)
    assert visible(filled) == ["comment", "reopen", "sign"]
    sign = filled.details.buttons["sign"]
    assert (sign.isEnabled(), sign.toolTip()) == (
        False,
        "Four eyes: you decided this yourself; somebody else signs it off.",
    )
    filled.show_item(replace(mine, decided_by="ann", version=9))
    assert sign.isEnabled()
    assert filled.details.facts.texts()[-4:] == ["State Awaiting sign-off", "Decided by ann · 10:41:55", "Reason booked",
                                                 "Signed off by not yet"]  # fmt: skip


@pytest.mark.parametrize(
    ("section", "key", "kind", "why"),
    [
        ("positions", "KO", "quantity", ""),
        ("cash", "cash", "missing here", ""),
        ("open orders", "qv-1", "external", "An order is not booked"),
        ("fills", "e1", "missing here", "Executions come from the broker"),
        ("equity", "equity", "quantity", "Equity follows"),
        ("positions", "KO", "timing", "only behind"),
    ],
)
def test_an_entry_is_offered_where_one_settles_the_break_and_otherwise_says_why_not(
    panel: ReconciliationPanel, section: Section, key: str, kind: BreakClass, why: str
) -> None:
    panel.show_queue(items(Break(section, key, kind, "high", "1", "2", "+1", Decimal(1), "book")))
    button = panel.details.buttons["book"]
    assert button.isVisible()
    assert button.isEnabled() == (not why)
    assert why in button.toolTip()


def test_the_entry_is_shown_before_it_is_booked_and_escape_books_nothing(
    qtbot: QtBot, filled: ReconciliationPanel
) -> None:
    entry = Entry(
        "Position NVDA", (Change("shares", "250", "262", "+12"), Change("average", "141.2000", "141.1700", "-0.0300"))
    )
    with qtbot.waitSignal(filled.entry_asked) as asked:
        qtbot.mouseClick(filled.details.buttons["book"], Qt.MouseButton.LeftButton)
    (item,) = asked.args
    filled.show_entry(item, entry)
    assert filled.entry.entry.text() == "Position NVDA: shares 250 → 262 (+12), average 141.2000 → 141.1700 (−0.0300)"
    with qtbot.assertNotEmitted(filled.booked):
        qtbot.keyClick(filled.entry.reason.field, Qt.Key.Key_Return)  # no reason, no entry
        qtbot.keyClick(filled.entry.reason.field, Qt.Key.Key_Escape)
    assert not filled.entry.isVisible()
    filled.show_entry(item, entry)
    filled.table.selectRow(1)
    assert not filled.entry.isVisible()  # it was about another one
    filled.show_entry(item, entry)
    assert not filled.entry.isVisible()
    filled.table.selectRow(0)
    filled.show_entry(item, entry)
    qtbot.keyClicks(filled.entry.reason.field, "a transfer")
    with qtbot.waitSignal(filled.booked) as booked:
        qtbot.mouseClick(filled.entry.reason.yes, Qt.MouseButton.LeftButton)
    assert (booked.args[0].key, booked.args[1], booked.args[2]) == ("NVDA", entry, "a transfer")
    assert not filled.entry.isVisible()


def test_rules_are_shown_and_other_ones_take_a_reason_and_must_make_sense(
    qtbot: QtBot, filled: ReconciliationPanel
) -> None:
    with qtbot.waitSignal(filled.rules_asked):
        qtbot.mouseClick(filled.views.segment("Rules"), Qt.MouseButton.LeftButton)
    page = filled.rules
    assert page.isVisible()
    filled.show_rules(Rules(set_by="ada"))
    assert ([field.text() for field in page.fields.values()], page.set_by.text()) == (
        ["0", "0.01", "0.01"],
        "Set by ada.",
    )
    assert (page.save.isEnabled(), page.save.toolTip()) == (False, "Nothing was changed")
    page.fields["cash"].setText("1000")
    assert page.save.toolTip() == "Dollars of cash: give a number from 0 to 100."
    page.fields["cash"].setText("2")
    assert page.save.toolTip() == "Type a reason first"
    page.choices["book the corporate action"].setChecked(False)
    qtbot.keyClicks(page.reason, "fees come late")
    with qtbot.waitSignal(filled.rules_given) as given:
        qtbot.mouseClick(page.save, Qt.MouseButton.LeftButton)
    rules, reason = given.args
    assert (rules.tolerances.cash, rules.automatic, reason) == (2, frozenset({"take the average"}), "fees come late")
    filled.show_rules(rules, changed=True)
    assert "next comparison" in filled.note.text()
    filled.show_queue(
        items(Break("positions", "KO", "corporate action", "medium", "1", "4", "+3", Decimal(0), "Split"))
    )
    filled.views.choose("Breaks")
    assert "Settled by a person" in filled.details.facts.texts()
    filled.forbid({"approve": "no approval"})
    assert (page.save.isEnabled(), page.save.toolTip(), page.fields["cash"].isEnabled()) == (
        False,
        "no approval",
        False,
    )


def test_filters_show_open_mine_what_to_sign_and_all_of_a_section_or_severity(
    qtbot: QtBot, filled: ReconciliationPanel
) -> None:
    first, second, third = items()
    filled.show_queue(
        [taken(first, "demo"), decided(second, "explained", "ann", NOON, "known"), replace(third, state="gone")]
    )
    expected = {
        "Open": ["NVDA", "31ab7c0e"],
        "Mine": ["NVDA"],
        "To sign": ["31ab7c0e"],
        "All": ["NVDA", "31ab7c0e", "cash"],
    }
    for scope, keys in expected.items():
        filled.filters.scope.segment(scope).click()
        assert shown(filled) == keys, scope
    filled.filters.sections.setCurrentText("Positions")
    assert shown(filled) == ["NVDA"]
    filled.filters.sections.setCurrentIndex(0)
    filled.filters.severities.setCurrentText("Medium")
    assert shown(filled) == ["31ab7c0e"]
    assert filled.filters.tally.text() == "1 of 3"


def test_no_row_moves_while_the_mouse_is_down_on_it(filled: ReconciliationPanel) -> None:
    before = shown(filled)
    filled.model.hold(PRESSED)
    heavy = replace(items()[2], at_risk=Decimal(9_000_000), severity="high", version=2)
    filled.show_queue([items()[1], heavy])
    assert shown(filled) == before
    filled.model.hold(0)
    filled._filter()
    assert shown(filled) == ["cash", "31ab7c0e"]


def test_the_story_is_told_newest_first_and_only_of_the_break_in_view(
    qtbot: QtBot, filled: ReconciliationPanel
) -> None:
    first, second, _ = items()
    filled.show_story(
        first, [Remark(NOON, "system", "found", "Found by a comparison."), Remark(LATER, "ann", "comment", "I asked.")]
    )
    assert filled.details.story.text().splitlines() == [
        "2026-11-20 10:55:55  ann said: I asked.", "2026-11-20 10:41:55  Found by a comparison.",
    ]  # fmt: skip
    filled.show_story(second, [])
    assert "I asked" in filled.details.story.text()
    with qtbot.waitSignal(filled.story_asked) as asked:
        filled.table.selectRow(1)
    assert asked.args[0].key == "31ab7c0e"
    assert filled.details.story.text() == ""


def test_enter_on_a_row_goes_to_what_can_be_done(qtbot: QtBot, filled: ReconciliationPanel) -> None:
    filled.activateWindow()
    filled.table.setFocus()
    with qtbot.waitSignal(filled.table.row_opened):
        qtbot.keyClick(filled.table, Qt.Key.Key_Return)
    assert filled.focusWidget() is filled.details.buttons["comment"]


def test_what_the_role_may_not_do_stays_grey_with_the_reason(filled: ReconciliationPanel) -> None:
    filled.forbid({"run": "no run", "export": "no export", "change": "no change", "approve": "no approval"})
    filled.show_run(run(2, BREAKS))
    assert (filled.run.isEnabled(), filled.run.toolTip()) == (False, "no run")
    buttons = filled.details.buttons
    told = {(b.isEnabled(), b.toolTip()) for action, b in buttons.items() if action not in ("sign", "book")}
    assert told == {(False, "no change")}
    assert (buttons["book"].isEnabled(), buttons["book"].toolTip()) == (False, "no approval")
    filled.show_item(decided(items()[0], "resolved", "ann", NOON, "booked"))
    assert filled.details.buttons["sign"].toolTip() == "no approval"
    assert {b.toolTip() for b in filled.history.forms.values()} == {"no export"}
    menu = QMenu()
    filled._fill_reports(menu)
    inner = [action for sub in menu.findChildren(QMenu) for action in sub.actions()]
    assert {(action.isEnabled(), action.toolTip()) for action in inner} == {(False, "no export")}


def test_a_report_of_the_run_or_over_time_is_asked_for_from_the_menu(qtbot: QtBot, filled: ReconciliationPanel) -> None:
    menu = QMenu()
    filled._fill_reports(menu)
    by_title: dict[str, QMenu] = {str(m.title()): m for m in menu.findChildren(QMenu)}
    assert list(by_title) == ["This run", "Today", "Last 7 days", "Last 30 days", "Last 365 days"]
    with qtbot.waitSignal(filled.export_asked) as asked:
        by_title["This run"].actions()[0].trigger()
    assert asked.args == ["run-1", "pdf"]
    wanted = next(action for action in by_title["Last 7 days"].actions() if action.text() == "CSV, every account")
    with qtbot.waitSignal(filled.range_asked) as over_time:
        wanted.trigger()
    assert over_time.args == ["Last 7 days", "csv", True]


def test_a_report_over_chosen_days_and_an_account_is_asked_for_or_a_sentence_says_why_not(
    qtbot: QtBot, filled: ReconciliationPanel
) -> None:
    menu = QMenu()
    filled._fill_reports(menu)
    with qtbot.waitSignal(filled.accounts_asked):
        next(action for action in menu.actions() if action.text() == "Days and account…").trigger()
    days = filled.days
    today = LATER.astimezone(NEW_YORK).date()
    assert (days.first.text(), days.last.text()) == (today.isoformat(),) * 2
    days.show_accounts([("other-id", "••••9X1")])
    days.first.setText("2026-11-30")  # a Monday
    qtbot.keyClick(days.first, Qt.Key.Key_Down)
    assert days.first.text() == "2026-11-27"
    days.account.setCurrentText("••••9X1")
    days.form.setCurrentText("XLSX")
    for last, sentence in (("2026-11-26", "turn the days round"), ("26/11/2026", "is no day; type it as")):
        days.last.setText(last)
        with qtbot.assertNotEmitted(filled.days_asked):
            days.write.click()
        assert days.complaint.isVisible()
        assert sentence in days.complaint.text()
    days.last.setText("2026-11-30")
    with qtbot.waitSignal(filled.days_asked) as asked:
        qtbot.keyClick(days.last, Qt.Key.Key_Return)
    assert asked.args == [date(2026, 11, 27), date(2026, 11, 30), "other-id", "xlsx"]
    assert not days.complaint.isVisible()
    for text, account in (("This account", None), ("Every account", "")):
        days.account.setCurrentText(text)
        with qtbot.waitSignal(filled.days_asked) as asked:
            days.write.click()
        assert asked.args[2] == account
    filled.forbid({"export": "no export"})
    assert (days.write.isEnabled(), days.write.toolTip()) == (False, "no export")
    qtbot.keyClick(days.last, Qt.Key.Key_Escape)
    assert not days.isVisible()


def test_it_says_where_the_report_is_opens_it_and_why_something_failed(
    qtbot: QtBot, filled: ReconciliationPanel, tmp_path: Path
) -> None:
    filled.show_exported([tmp_path / "a.pdf"])
    assert filled.note.text() == f"Saved a.pdf in {tmp_path}."
    for button, path in ((filled.open_file, tmp_path / "a.pdf"), (filled.open_folder, tmp_path)):
        with qtbot.waitSignal(filled.open_asked) as asked:
            button.click()
        assert asked.args == [path]
    filled.show_failed("The broker cannot be reached; try again when the feed is green.")
    assert filled.note.text() == "The broker cannot be reached; try again when the feed is green."
    assert not filled.open_file.isVisible()
    assert filled.run.isEnabled()


def line(number: int, breaks: int = 0) -> RunLine:
    return RunLine(f"run-{number}", NOON + timedelta(minutes=number), "••••7Q2", "system", "every 30 s", 412, breaks, Decimal(breaks),
                   "5d02be19" * 8)  # fmt: skip


def test_the_history_is_asked_for_and_a_run_in_it_is_shown_with_its_reports(
    qtbot: QtBot, filled: ReconciliationPanel
) -> None:
    with qtbot.waitSignal(filled.history_asked):
        qtbot.mouseClick(filled.views.segment("History"), Qt.MouseButton.LeftButton)
    history = filled.history
    filled.show_history([line(1, 3), line(5)], [Day(date(2026, 11, 20), 9, 2, 3, Decimal(5), 0, Decimal(0))])
    assert [run.id for run in history.runs.rows()] == ["run-5", "run-1"]
    with qtbot.waitSignal(filled.run_chosen) as chosen:
        history.table.select_key("run-1")
    assert chosen.args == ["run-1"]
    history.show_run(run(1, BREAKS), [Path("x/reconciliation-run-1.pdf")])
    assert history.heading.text() == "2026-11-20 10:42:55 ET · 3 breaks"
    assert [found.severity for found in history.found.rows()] == ["high", "medium", "low"]
    with qtbot.waitSignal(filled.export_asked) as asked:
        history.forms["html"].click()
    assert asked.args == ["run-1", "html"]
    with qtbot.waitSignal(filled.open_asked) as opened:
        next(b for b in history.files.findChildren(QPushButton) if b.text() == "Open PDF").click()
    assert opened.args == [Path("x/reconciliation-run-1.pdf")]
    filled.show_history([line(5)], [])
    assert [run.id for run in history.runs.all_rows()] == ["run-5"]


def test_the_trend_has_a_place_for_every_day_and_tells_what_a_day_was(qtbot: QtBot) -> None:
    trend = BreakTrend()
    qtbot.addWidget(trend)
    trend.resize(300, 96)
    days = [
        Day(date(2026, 11, day), 10, 2, most, Decimal(most * 100), 0, Decimal(0)) for day, most in ((16, 4), (18, 0))
    ]
    trend.show_days(days)
    assert [trend.at(10 + 28 * place + 5) for place in range(4)] == [days[0], None, days[1], None]
    assert trend.at(2) is None
    assert "at most 4 with $400.00 at risk" in trend.accessibleDescription()
    picture = trend.grab().toImage()
    bar = QPoint(14, 60)
    assert picture.pixelColor(bar) != picture.pixelColor(QPoint(10 + 28 + 5, 60))


def test_five_hundred_breaks_are_all_there_and_every_class_is_explained(panel: ReconciliationPanel) -> None:
    many = tuple(replace(BREAKS[0], key=f"S{number}", at_risk=Decimal(number)) for number in range(500))
    panel.show_run(run(1, many))
    panel.show_queue(items(*many))
    assert (len(panel.model.rows()), panel.model.row(0).key) == (500, "S499")
    kinds = ("missing here", "missing there", "quantity", "price", "side", "status", "duplicate", "timing", "external",
             "corporate action")  # fmt: skip
    assert set(MEANINGS) == set(kinds)


@pytest.mark.parametrize("wide", [480, 900, 1100])
def test_the_details_are_in_view_at_every_width(qtbot: QtBot, filled: ReconciliationPanel, wide: int) -> None:
    filled.resize(wide, 420)
    qtbot.wait(1)
    assert filled.details.isVisible()
    assert filled.table.height() > 60
    assert filled.details.buttons["take"].visibleRegion().boundingRect().height() > 20


@pytest.mark.parametrize("wide", range(1_090, 1_104))
def test_the_columns_reach_the_edge_of_the_table_for_beside_them_nothing_is_painted(
    qtbot: QtBot, panel: ReconciliationPanel, wide: int
) -> None:
    panel.show_queue(items(BREAKS[0]))
    panel.resize(wide, 420)
    qtbot.wait(1)
    assert panel.table.horizontalHeader().length() >= panel.table.viewport().width()

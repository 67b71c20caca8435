"""Reconciliation on the screen: breaks by weight, the state without any, history, and what was exported where."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from qv_desktop.domain.reconciliation import Break
from qv_desktop.ui.panels.reconciliation import _MEANINGS, ReconciliationPanel
from tests.ui.trading_values import BREAKS, run


@pytest.fixture
def panel(qtbot: QtBot) -> ReconciliationPanel:
    """A panel that has seen no run."""
    view = ReconciliationPanel()
    qtbot.addWidget(view)
    view.resize(1160, 400)
    view.show()
    return view


def test_before_the_first_run_it_offers_one(qtbot: QtBot, panel: ReconciliationPanel) -> None:
    assert panel.first.isVisible()
    assert not panel.matched.isVisible()
    assert not any(button.isEnabled() for button in panel.exports.values())
    with qtbot.waitSignal(panel.run_asked):
        qtbot.mouseClick(panel.first, Qt.MouseButton.LeftButton)
    assert (panel.run.text(), panel.run.isEnabled()) == ("Comparing…", False)


def test_breaks_stand_heaviest_first_and_the_heaviest_is_explained(panel: ReconciliationPanel) -> None:
    panel.show_run(run(1, BREAKS))
    assert [found.severity for found in panel.model.rows()] == ["high", "medium", "low"]
    assert panel.breaks.text() == "Breaks 3 · $1,694.06 at risk"
    assert (panel.heading.text(), panel.meaning.text()) == (
        "Positions · NVDA",
        "Both have it, with different quantities.",
    )
    assert panel.facts.texts() == ["Class quantity · high", "At risk $1,694.04", "Proposed entry book BUY 12 @ 141.17"]
    assert panel.compared.toPlainText().replace("\xa0", " ").splitlines()[:2] == ["− here   250", "+ there  262"]


def test_no_activity_and_zero_are_not_the_same(panel: ReconciliationPanel) -> None:
    panel.show_run(run(1, (Break("positions", "KO", "missing here", "high", "—", "0", "0", run(1).at_risk, "ask"),)))
    row = [column.text(panel.model.row(0)) for column in panel.model.columns]
    assert (row[4], row[5]) == ("—", "0")


def test_a_run_without_breaks_says_that_all_is_the_same(panel: ReconciliationPanel) -> None:
    panel.show_run(run(1))
    assert panel.verdict.isVisible()
    assert panel.detail.text() == "412 rows matched at 10:42:55 ET · account ••••7Q2 · run by demo · input 5d02be19"
    assert (panel.breaks.text(), panel.matched.text(), panel.tolerances.text()) == (
        "✓ No breaks",
        "Matched 412",
        "Tolerance $0.01 a share · 0 sh",
    )


def test_the_newest_of_the_history_is_shown_and_an_older_one_can_be_opened(
    qtbot: QtBot, panel: ReconciliationPanel
) -> None:
    panel.show_history([run(1, BREAKS[:1]), run(5)])
    assert panel.breaks.text() == "✓ No breaks"
    qtbot.mouseClick(panel.views.segment("History"), Qt.MouseButton.LeftButton)
    assert panel.history.isVisible()
    panel.history.select_key("run-1")
    qtbot.keyClick(panel.history, Qt.Key.Key_Return)
    assert panel.breaks.text() == "Breaks 1 · $1,694.04 at risk"
    assert panel.table.isVisible()


@pytest.mark.parametrize("kind", ["csv", "json", "html"])
def test_each_format_is_asked_for_by_its_button(qtbot: QtBot, panel: ReconciliationPanel, kind: str) -> None:
    panel.show_run(run(1))
    with qtbot.waitSignal(panel.export_asked) as asked:
        qtbot.mouseClick(panel.exports[kind], Qt.MouseButton.LeftButton)
    assert asked.args == [[kind]]


def test_it_says_where_the_report_is_and_why_a_run_failed(panel: ReconciliationPanel) -> None:
    panel.show_run(run(1))
    panel.show_exported([Path("reports/a.csv"), Path("reports/a.json")])
    assert panel.note.text() == "Saved a.csv, a.json in reports."
    panel.show_failed("The broker cannot be reached; try again when the feed is green.")
    assert panel.note.text() == "The broker cannot be reached; try again when the feed is green."
    assert panel.run.isEnabled()


def test_every_class_of_break_is_explained() -> None:
    kinds = ("missing here", "missing there", "quantity", "price", "side", "status", "duplicate", "timing", "external",
             "corporate action")  # fmt: skip
    assert set(_MEANINGS) == set(kinds)


def test_what_the_role_may_not_do_stays_grey_after_a_run(panel: ReconciliationPanel) -> None:
    panel.forbid({"run": "no run", "export": "no export"})
    panel.show_run(run(1))
    assert not panel.run.isEnabled()
    assert panel.run.toolTip() == "no run"
    assert {(button.isEnabled(), button.toolTip()) for button in panel.exports.values()} == {(False, "no export")}

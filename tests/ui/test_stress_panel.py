"""The stress panel: every scenario on the book, the names that lose most, and how a scenario of one's own is made."""

from dataclasses import replace
from decimal import Decimal

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QBoxLayout
from pytestqt.qtbot import QtBot

from qv_desktop.domain.risk_measures import Scenario, Shock
from qv_desktop.domain.stress_history import HISTORY
from qv_desktop.ui.panels.stress import OWN, StressPanel
from tests.ui.risk_pictures import a_picture, a_stress, an_empty_picture, some_lines


@pytest.fixture
def panel(qtbot: QtBot) -> StressPanel:
    panel = StressPanel()
    qtbot.addWidget(panel)
    panel.resize(320, 700)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def pick(panel: StressPanel, qtbot: QtBot, place: int) -> None:
    qtbot.mouseClick(panel.scenarios, Qt.MouseButton.LeftButton, pos=QPoint(30, place * 20 + 10))


def test_before_the_first_picture_it_says_what_it_waits_for(panel: StressPanel) -> None:
    assert "as soon as the account and prices are known" in panel.text()
    assert not panel.copy.isEnabled()


def test_scenarios_stand_worst_first_and_the_worst_is_looked_into(panel: StressPanel) -> None:
    panel.show_picture(a_picture())
    said = panel.text().splitlines()
    assert said[0] == "P&L by scenario: worst −$16,126.24"
    assert [line.partition(" −$")[0].partition(" +$")[0] for line in said[1:4]] == [
        "Black Monday, 1987",
        "Euro crisis, August 2011",
        "✎ Rates up",
    ]
    assert "Black Monday, 1987 · 1987-10-19" in panel.text()
    assert "market −20.5%" in panel.text()
    assert "AAPL −$6,980" in panel.text()


def test_until_a_person_chooses_it_follows_the_worst(panel: StressPanel, qtbot: QtBot) -> None:
    panel.show_picture(a_picture())
    other = replace(a_picture(), stress=(a_stress(some_lines(), "A", -0.1), a_stress(some_lines(), "B", -0.3)))
    panel.show_picture(other)
    assert "B · " in panel._about.text()
    pick(panel, qtbot, 1)
    assert "A · " in panel._about.text()
    panel.show_picture(replace(other, stress=(*other.stress, a_stress(some_lines(), "C", -0.5))))
    assert "A · " in panel._about.text()


def test_the_keyboard_goes_through_the_scenarios(panel: StressPanel, qtbot: QtBot) -> None:
    panel.show_picture(a_picture())
    panel.scenarios.setFocus()
    qtbot.keyClick(panel.scenarios, Qt.Key.Key_Down)
    assert "Euro crisis" in panel._about.text()
    assert "Euro crisis" in panel.scenarios.accessibleDescription()


def test_only_scenarios_of_ones_own_are_changed_or_deleted(panel: StressPanel, qtbot: QtBot) -> None:
    panel.show_picture(a_picture())
    assert not panel.change.isEnabled()
    assert panel.change.toolTip() == OWN
    pick(panel, qtbot, 2)
    assert panel.change.isEnabled()
    qtbot.mouseClick(panel.delete, Qt.MouseButton.LeftButton)
    assert panel.confirm.question.text() == "Delete “Rates up”?"
    with qtbot.waitSignal(panel.deleted) as deleted:
        panel.confirm.accept()
    assert deleted.args == ["Rates up"]


def test_a_new_scenario_is_typed_in_percent(panel: StressPanel, qtbot: QtBot) -> None:
    panel.show_picture(a_picture())
    qtbot.mouseClick(panel.new, Qt.MouseButton.LeftButton)
    form = panel.form
    form.name.setText("Chips down")
    form._rows[0].move.setText("−12.5")
    qtbot.mouseClick(form.more, Qt.MouseButton.LeftButton)
    form._rows[1].symbol.setText("nvda")
    form._rows[1].move.setText("-30%")
    with qtbot.waitSignal(panel.saved) as saved:
        qtbot.mouseClick(form.save, Qt.MouseButton.LeftButton)
    scenario, former = saved.args
    assert scenario == Scenario("Chips down", (Shock("market", "", -0.125), Shock("symbol", "NVDA", -0.3)), custom=True)
    assert former == ""


@pytest.mark.parametrize(
    ("name", "move", "said"),
    [("", "-5", "Name the scenario"), ("Mine", "much", "is no move"), ("Mine", "1,5", "is not clear"), ("Mine", "-150", "between −100 %"),
     (HISTORY[0].name, "-5", "is a shock of history")],
)  # fmt: skip
def test_what_cannot_be_taken_is_said_in_the_form(
    panel: StressPanel, qtbot: QtBot, name: str, move: str, said: str
) -> None:
    panel.show_picture(a_picture())
    panel.new.click()
    panel.form.name.setText(name)
    panel.form._rows[0].move.setText(move)
    with qtbot.assertNotEmitted(panel.saved):
        panel.form.save.click()
    assert said in panel.form.complaint.text()


def test_a_change_says_which_one_it_replaces(panel: StressPanel, qtbot: QtBot) -> None:
    panel.show_picture(a_picture())
    pick(panel, qtbot, 2)
    panel.change.click()
    assert panel.form.name.text() == "Rates up"
    assert panel.form._rows[0].move.text() == "+2.1"
    panel.form.name.setText("Rates up twice")
    with qtbot.waitSignal(panel.saved) as saved:
        panel.form.save.click()
    assert saved.args[1] == "Rates up"
    panel.show_failed("The database is away; try again.")
    assert panel.form.complaint.text() == "The database is away; try again."
    panel.show_saved("Rates up twice")
    assert panel.pages.currentIndex() == 0


def test_a_copy_of_history_is_ones_own(panel: StressPanel, qtbot: QtBot) -> None:
    panel.show_picture(a_picture())
    panel.copy.click()
    with qtbot.waitSignal(panel.saved) as saved:
        panel.form.save.click()
    scenario, former = saved.args
    assert (scenario.name, scenario.custom, former) == ("Black Monday, 1987, changed", True, "")
    assert scenario.shocks == (Shock("market", "", -0.2047),)


def test_escape_leaves_the_form(panel: StressPanel, qtbot: QtBot) -> None:
    panel.new.click()
    qtbot.keyClick(panel.form.name, Qt.Key.Key_Escape)
    assert panel.pages.currentIndex() == 0


def test_a_role_that_may_not_change_scenarios_sees_why(panel: StressPanel) -> None:
    panel.show_picture(a_picture())
    panel.forbid({"change": "Your role lacks it."})
    for button in (panel.new, panel.copy, panel.change, panel.delete, panel.form.save):
        assert not button.isEnabled()
        assert button.toolTip() == "Your role lacks it."
    panel.show_picture(a_picture())
    assert not panel.copy.isEnabled()
    panel.forbid({})
    assert panel.new.isEnabled()


def test_names_without_a_price_are_said_to_be_left_out(panel: StressPanel) -> None:
    result = replace(a_stress(some_lines()), unpriced=tuple(f"Q{at}" for at in range(12)))
    panel.show_picture(replace(a_picture(), stress=(result,)))
    assert panel._left_out.text().endswith("Q7 and 4 more")


def test_an_empty_book_and_one_without_equity_are_shown(panel: StressPanel) -> None:
    empty = replace(a_stress([]), profit=Decimal(0), share=None)
    panel.show_picture(an_empty_picture(stress=(empty,)))
    assert "Black Monday, 1987 $0 —" in panel.text()
    assert "nothing would be lost" in panel.text()
    assert not panel.grab().isNull()


def test_a_wide_panel_sets_the_names_beside_the_scenarios(panel: StressPanel, qtbot: QtBot) -> None:
    panel.show_picture(a_picture())
    assert panel._row.direction() is QBoxLayout.Direction.TopToBottom
    panel.resize(900, 500)
    qtbot.waitUntil(lambda: panel._row.direction() is QBoxLayout.Direction.LeftToRight)


def test_the_name_that_is_clicked_is_told(panel: StressPanel, qtbot: QtBot) -> None:
    panel.show_picture(a_picture())
    with qtbot.waitSignal(panel.symbol_chosen) as chosen:
        qtbot.mouseClick(panel.losers, Qt.MouseButton.LeftButton, pos=QPoint(20, 5))
    assert chosen.args == ["AAPL"]


def test_what_is_typed_is_not_lost_to_a_click_on_another_scenario(panel: StressPanel, qtbot: QtBot) -> None:
    panel.show_picture(a_picture())
    panel.new.click()
    panel.form.name.setText("Half typed")
    pick(panel, qtbot, 1)
    panel.show_picture(a_picture())
    assert panel.pages.currentIndex() == 1
    assert panel.form.name.text() == "Half typed"
    panel.form.cancel.click()
    assert "Euro crisis" in panel._about.text()

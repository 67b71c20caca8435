"""The panel of price alerts shows how far each price is, and asks for what a person does."""

from dataclasses import replace
from datetime import timedelta

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from qv_desktop.domain.market import Snapshot
from qv_desktop.domain.price_alerts import PriceAlert
from qv_desktop.ui import format as fmt
from qv_desktop.ui import theme
from qv_desktop.ui.models.table_model import CHIP, RAW
from qv_desktop.ui.panels.price_alerts import PriceAlertsPanel
from tests.builders import NOW

UP = PriceAlert("a1", "AAPL", 231.4, "up", "take profit", False, "armed", NOW)
DOWN = PriceAlert("a2", "MSFT", 400.0, "down", "", True, "armed", NOW)
FIRED = PriceAlert("a3", "SPY", 0.0815, "either", "", False, "fired", NOW, NOW + timedelta(seconds=5))


def shown(qtbot: QtBot, *alerts: PriceAlert) -> PriceAlertsPanel:
    panel = PriceAlertsPanel()
    qtbot.addWidget(panel)
    panel.resize(1000, 300)
    panel.show_alerts(alerts)
    panel.show()
    return panel


def cells(panel: PriceAlertsPanel, title: str, role: int = Qt.ItemDataRole.DisplayRole) -> list[object]:
    column = [c.title for c in panel.model.columns].index(title)
    return [panel.model.index(row, column).data(role) for row in range(panel.model.rowCount())]


def typed(qtbot: QtBot, panel: PriceAlertsPanel, symbol: str, price: str) -> None:
    qtbot.keyClicks(panel.symbol, symbol)
    qtbot.keyClicks(panel.price, price)
    qtbot.keyClick(panel.price, Qt.Key.Key_Return)


def test_each_alert_says_what_it_waits_for_and_how_far_that_is(qtbot: QtBot) -> None:
    panel = shown(qtbot, UP, DOWN, FIRED)
    panel.upsert([Snapshot("AAPL", 230.0), Snapshot("MSFT", 410.0), Snapshot("SPY", 5.0), Snapshot("QQQ", 5.0)])
    assert cells(panel, "Condition") == ["▲ above", "▼ below", "crosses"]
    assert cells(panel, "Price") == ["231.40", "400.00", "0.0815"]
    assert cells(panel, "Last") == ["230.00", "410.00", "—"]
    assert cells(panel, "Distance %") == ["+0.61%", "−2.44%", "—"]
    assert cells(panel, "Distance %", RAW)[2] is None
    assert cells(panel, "State", CHIP) == ["working", "working", "filled"]
    assert cells(panel, "Repeats") == ["no", "yes", "no"]
    assert cells(panel, "Fired ET") == ["—", "—", f"{fmt.day(NOW)[5:]} {fmt.clock(NOW + timedelta(seconds=5))}"]
    assert cells(panel, "Symbol", Qt.ItemDataRole.ForegroundRole)[2].name() == theme.TX2  # type: ignore[attr-defined]
    assert panel.status.text() == "2 armed · 1 fired"


def test_what_moved_while_the_panel_was_hidden_is_there_when_it_is_shown(qtbot: QtBot) -> None:
    panel = shown(qtbot, UP)
    panel.hide()
    panel.upsert([Snapshot("AAPL", 230.0)])
    assert cells(panel, "Last") == ["—"]
    panel.show()
    assert cells(panel, "Last") == ["230.00"]
    panel.show_alerts([replace(UP, price=229.0)])
    assert cells(panel, "Last") == ["230.00"]


def test_enter_adds_what_the_fields_say(qtbot: QtBot) -> None:
    panel = shown(qtbot)
    qtbot.keyClicks(panel.note, "take profit")
    panel.repeats.setChecked(True)
    with qtbot.waitSignal(panel.add_asked) as asked:
        typed(qtbot, panel, "aapl", "1,231.4")
    assert asked.args == ["AAPL", 1231.4, "take profit", True]
    panel.show_added()
    assert (panel.symbol.text(), panel.price.text(), panel.note.text()) == ("AAPL", "", "")
    assert not panel.repeats.isChecked()


def test_what_cannot_be_read_is_said_and_nothing_is_asked_for(qtbot: QtBot) -> None:
    panel = shown(qtbot)
    with qtbot.assertNotEmitted(panel.add_asked):
        typed(qtbot, panel, "", "5")
        assert panel.wrong.text() == "Type the symbol to watch, such as AAPL."
        panel.price.clear()
        typed(qtbot, panel, "AAPL", "")
        assert panel.wrong.text() == "Type the price at which to be told, such as 231.40."
        for price, words in (("-5", "Type a number above zero."), ("5.5.5", "“5.5.5” is no number")):
            panel.price.clear()
            typed(qtbot, panel, "", price)
            assert words in panel.wrong.text()
            assert panel.wrong.isVisible()
    panel.price.clear()
    with qtbot.waitSignal(panel.add_asked):
        typed(qtbot, panel, "", "5")
    assert not panel.wrong.isVisible()


def test_the_keys_change_the_price_and_remove(qtbot: QtBot) -> None:
    panel = shown(qtbot, UP, DOWN)
    panel.table.select_key("a2")
    qtbot.keyClick(panel.table, Qt.Key.Key_F2)
    assert (panel.moving.isVisible(), panel.to.text()) == (True, "400.00")
    panel.to.setText("no")
    qtbot.keyClick(panel.to, Qt.Key.Key_Return)
    assert "is no number" in panel.moving.question.text()
    panel.to.setText("405.5")
    with qtbot.waitSignal(panel.move_asked) as moved:
        qtbot.keyClick(panel.to, Qt.Key.Key_Return)
    assert moved.args == ["a2", 405.5]
    assert not panel.moving.isVisible()
    panel.table.selectAll()
    with qtbot.waitSignal(panel.remove_asked) as removed:
        qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    assert removed.args == [["a1", "a2"]]


def test_only_what_fired_can_be_armed_again(qtbot: QtBot) -> None:
    panel = shown(qtbot, UP, FIRED)
    panel.table.select_key("a1")
    assert not panel.rearm.isEnabled()
    assert panel.rearm.toolTip() == "Select an alert that has fired"
    panel.table.selectAll()
    with qtbot.waitSignal(panel.rearm_asked) as asked:
        panel.rearm.click()
    assert asked.args == [["a3"]]


def test_a_double_click_asks_for_the_symbol(qtbot: QtBot) -> None:
    panel = shown(qtbot, UP)
    panel.table.select_key("a1")
    with qtbot.waitSignal(panel.symbol_chosen) as chosen:
        qtbot.keyClick(panel.table, Qt.Key.Key_Return)
    assert chosen.args == ["AAPL"]


def test_whoever_may_not_change_alerts_reads_why(qtbot: QtBot) -> None:
    panel = shown(qtbot, UP, FIRED)
    panel.forbid({"change": "Ask an Admin.", "export": "Ask an Admin too."})
    panel.table.selectAll()
    assert [part.isEnabled() for part in (panel.add, panel.price, panel.rearm)] == [False] * 3
    assert panel.add.toolTip() == "Ask an Admin."
    with qtbot.assertNotEmitted(panel.remove_asked):
        qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    qtbot.keyClick(panel.table, Qt.Key.Key_F2)
    assert not panel.moving.isVisible()
    menu = QMenu()
    panel._fill(menu)
    assert [action.text() for action in menu.actions() if action.isEnabled() and action.text()] == []
    panel.forbid({})
    assert panel.add.isEnabled()


def test_all_that_fired_can_be_cleared_away(qtbot: QtBot) -> None:
    panel = shown(qtbot, UP, FIRED)
    menu = QMenu()
    panel._fill(menu)
    with qtbot.waitSignal(panel.remove_asked) as asked:
        next(action for action in menu.actions() if action.text() == "Remove all that fired").trigger()
    assert asked.args == [["a3"]]

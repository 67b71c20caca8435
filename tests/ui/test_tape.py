"""Time and sales."""

from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from qv_desktop.domain.market import SECOND, Trade
from qv_desktop.ui.panels.tape import KEPT, TapePanel

NOW = 1_800_000_000 * SECOND


def prints(*prices: float, symbol: str = "AAPL") -> list[Trade]:
    return [Trade(symbol, NOW + i * SECOND, price, 100, str(i), "XNAS") for i, price in enumerate(prices)]


def tape(qtbot: QtBot) -> TapePanel:
    panel = TapePanel()
    qtbot.addWidget(panel)
    panel.resize(320, 240)
    panel.show()
    panel.show_symbol("AAPL")
    return panel


def test_prints_come_newest_first_coloured_by_the_price_before(qtbot: QtBot) -> None:
    panel = tape(qtbot)
    panel.add(prints(10, 11, 11, 10))
    panel.add(prints(9, symbol="XOM"))
    assert [(row.trade.price, row.hue) for row in panel.model.rows()] == [
        (10, "DOWN"),
        (11, "UP"),
        (11, "UP"),
        (10, "TX1"),
    ]


def test_only_the_newest_are_kept(qtbot: QtBot) -> None:
    panel = tape(qtbot)
    panel.add(prints(*range(1, KEPT + 50)))
    assert panel.model.rowCount() == KEPT
    assert panel.model.row(0).trade.price == KEPT + 49


def test_another_symbol_shows_what_is_known_of_it_at_once(qtbot: QtBot) -> None:
    panel = tape(qtbot)
    panel.add(prints(10, 11))
    panel.add(prints(400, symbol="MSFT"))
    panel.show_symbol("MSFT")
    assert [row.trade.price for row in panel.model.rows()] == [400]
    panel.show_symbol("XOM")
    assert panel.model.rowCount() == 0
    panel.show_symbol("AAPL")
    assert [row.trade.price for row in panel.model.rows()] == [11, 10]


def test_prints_that_came_while_it_was_hidden_are_there_when_it_shows(qtbot: QtBot) -> None:
    panel = tape(qtbot)
    panel.hide()
    panel.add(prints(10, 11))
    panel.show()
    assert panel.model.rowCount() == 2


def test_what_a_person_reads_further_down_does_not_move(qtbot: QtBot) -> None:
    panel = tape(qtbot)
    panel.add(prints(*range(1, 101)))
    bar = panel.table.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.maximum() > 0)
    bar.setValue(bar.maximum())
    panel.add(prints(500, 501))
    assert panel.model.row(0).trade.price == 100
    bar.setValue(0)
    assert panel.model.row(0).trade.price == 501


def test_the_tape_is_exported_unless_the_role_may_not(qtbot: QtBot) -> None:
    panel = tape(qtbot)
    panel.add(prints(10, 11))
    menu, later = QMenu(), QMenu()
    panel.table.offer_export(menu)
    with qtbot.waitSignal(panel.table.export_asked) as asked:
        menu.actions()[0].trigger()
    assert asked.args == ["csv"]
    panel.forbid({"export": "Your role may not."})
    panel.table.offer_export(later)
    assert not later.actions()[0].isEnabled()

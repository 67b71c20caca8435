"""Positions: values and profits that follow the price, totals that add up, and a double click that only asks."""

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from qv_desktop.domain.positions import Position
from qv_desktop.ui.panels.positions import PositionsPanel
from tests.ui.trading_values import position

D = Decimal


@pytest.fixture
def panel(qtbot: QtBot) -> PositionsPanel:
    """A long, a short and one that was closed today."""
    table = PositionsPanel()
    qtbot.addWidget(table)
    table.resize(1160, 280)
    table.show_positions(
        [position(), position("TSLA", "-50", "352.10", "-44.25"), position("MSFT", "0", "0", "288.40")]
    )
    table.show()
    return table


def shown(panel: PositionsPanel, symbol: str) -> dict[str, str]:
    place = panel.model.place(symbol)
    assert place is not None
    return {column.title: column.text(panel.model.row(place)) for column in panel.model.columns}


def test_without_a_price_nothing_is_guessed(panel: PositionsPanel) -> None:
    row = shown(panel, "AAPL")
    assert [row[title] for title in ("Last", "Mkt value", "Day P&L", "Unrealised", "% equity")] == ["—"] * 5
    assert panel.totals["Unrealised"].text() == "—"
    assert panel.totals["Realised"].text() == "+$244.15"


def test_a_price_moves_value_and_profit_of_both_sides(panel: PositionsPanel) -> None:
    panel.show_equity(D("104381.22"))
    panel.show_prices({"AAPL": 231.43, "TSLA": 349.90, "ZZZ": 1.0}, {"AAPL": 0.2})
    long, short = shown(panel, "AAPL"), shown(panel, "TSLA")
    assert (long["Side"], long["Mkt value"], long["Unrealised"], long["Unreal. %"]) == (
        "LONG",
        "$46,286.00",
        "+466.00",
        "+1.02%",
    )
    assert (long["% equity"], long["Quote age"]) == ("44.3%", "0.2s")
    assert (short["Side"], short["Qty"], short["Mkt value"], short["Unrealised"]) == (
        "SHORT",
        "−50",
        "−$17,495.00",
        "+110.00",
    )


def test_totals_add_up_over_long_short_and_closed(panel: PositionsPanel) -> None:
    panel.show_prices({"AAPL": 231.43, "TSLA": 349.90})
    assert {title: figure.text() for title, figure in panel.totals.items()} == {
        "Net": "$28,791.00", "Gross": "$63,781.00", "Day P&L": "+$820.15", "Unrealised": "+$576.00", "Realised": "+$244.15",
    }  # fmt: skip
    assert panel.count.text() == "2 positions"


def test_what_was_earned_before_today_is_not_earned_again(panel: PositionsPanel) -> None:
    panel.show_carried({"AAPL": D("400")})
    panel.show_prices({"AAPL": 231.43})
    assert shown(panel, "AAPL")["Day P&L"] == "+66.00"


def test_double_click_asks_to_load_the_ticket_and_a_flat_row_asks_nothing(qtbot: QtBot, panel: PositionsPanel) -> None:
    asked: list[Position] = []
    panel.close_asked.connect(asked.append)
    for symbol in ("AAPL", "MSFT"):
        panel.table.select_key(symbol)
        qtbot.keyClick(panel.table, Qt.Key.Key_Return)
    assert asked == [position()]


def test_a_position_that_ends_without_profit_leaves(panel: PositionsPanel) -> None:
    panel.upsert(Position("AAPL"))
    assert [row.position.symbol for row in panel.model.rows()] == ["MSFT", "TSLA"]


def test_a_frame_of_prices_is_one_change_of_the_table(panel: PositionsPanel) -> None:
    panel.model.sort(-1)
    changes: list[object] = []
    panel.model.dataChanged.connect(lambda *_: changes.append(_))
    panel.show_prices({"AAPL": 231.0, "TSLA": 350.0})
    assert len(changes) == 1

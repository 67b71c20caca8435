"""Positions: values and profits that follow the price, totals that add up, and a double click that only asks."""

from dataclasses import replace
from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from qv_desktop.domain.flattening import Plan
from qv_desktop.domain.position_days import DayBasis
from qv_desktop.domain.positions import Position
from qv_desktop.ui.panels.positions import PositionsPanel
from tests.ui.trading_values import position

D = Decimal


TODAY = DayBasis(D(0), None)  # opened today


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
    panel.show_days(dict.fromkeys(("AAPL", "TSLA", "MSFT"), TODAY))
    panel.show_prices({"AAPL": 231.43, "TSLA": 349.90})
    assert {title: figure.text() for title, figure in panel.totals.items()} == {
        "Net": "$28,791.00", "Gross": "$63,781.00", "Day P&L": "+$820.15", "Unrealised": "+$576.00", "Realised": "+$244.15",
    }  # fmt: skip
    assert panel.count.text() == "2 positions"


def test_what_was_earned_before_today_is_not_earned_again(panel: PositionsPanel) -> None:
    panel.show_days({"AAPL": DayBasis(D(400), D(46_220)), "TSLA": TODAY, "MSFT": TODAY})
    panel.show_prices({"AAPL": 231.43, "TSLA": 349.90})
    assert shown(panel, "AAPL")["Day P&L"] == "+66.00"
    assert panel.totals["Day P&L"].text() == "+$420.15"


def test_what_stood_at_the_close_before_is_not_guessed(panel: PositionsPanel) -> None:
    panel.show_prices({"AAPL": 231.43, "TSLA": 349.90})
    assert [shown(panel, "AAPL")[title] for title in ("Day P&L", "Day %", "Unrealised")] == ["—", "—", "+466.00"]
    assert panel.totals["Day P&L"].text() == "—"


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


def test_stop_cover_and_split_say_what_protects_and_where_it_came_from(panel: PositionsPanel) -> None:
    assert shown(panel, "AAPL")["Stop cover"] == "—"  # the orders are not known yet
    panel.show_cover({"AAPL": D(60)})
    panel.show_split({"AAPL": {"sma_cross": D(150), "Ticket": D(20)}})
    row = shown(panel, "AAPL")
    assert (row["Stop cover"], row["Split"]) == ("60", "sma_cross 150 · carried 30 · Ticket 20")
    assert shown(panel, "TSLA")["Stop cover"] == "0"
    assert (shown(panel, "MSFT")["Stop cover"], shown(panel, "MSFT")["Split"]) == ("—", "")


def test_the_day_in_percent_is_of_what_stood_at_the_close_before(panel: PositionsPanel) -> None:
    panel.show_days({"AAPL": DayBasis(D(400), D(46_220))})
    panel.show_prices({"AAPL": 231.43})
    assert shown(panel, "AAPL")["Day %"] == "+0.14%"  # 66 of 46,220


def test_positions_stand_under_their_sectors(panel: PositionsPanel) -> None:
    panel.show_sectors({"AAPL": "Technology", "MSFT": "Technology"})
    panel.filter._group("Sector")
    heads = [head for i in range(panel.model.rowCount()) if (head := panel.model.head(i)) is not None]
    assert [head.title for head in heads] == ["Technology · 2", "Unknown · 1"]


def test_positions_stand_under_their_strategies_with_sums(panel: PositionsPanel) -> None:
    panel.show_split({"AAPL": {"sma_cross": D(200)}})
    panel.show_prices({"AAPL": 231.43, "TSLA": 349.90})
    panel.filter._group("Strategy")
    heads = [head for i in range(panel.model.rowCount()) if (head := panel.model.head(i)) is not None]
    assert [head.title for head in heads] == ["carried · 2", "sma_cross · 1"]
    value = [c.title for c in panel.model.columns].index("Mkt value")
    assert [head.totals[value] for head in heads] == ["−$17,495.00", "$46,286.00"]


PLAN = Plan("AAPL", D(200), 2, D("231.43"), D("466.00"))


def test_flatten_shows_what_it_will_do_and_only_a_hold_does_it(qtbot: QtBot, panel: PositionsPanel) -> None:
    wanted: list[tuple[str, bool]] = []
    asked: list[list[tuple[Plan, str, str]]] = []
    panel.plan_asked.connect(lambda symbol, reverse: wanted.append((symbol, reverse)))
    panel.flatten_asked.connect(asked.append)
    panel.table.select_key("AAPL")
    qtbot.mouseClick(panel.flatten, Qt.MouseButton.LeftButton)
    assert wanted == [("AAPL", False)]
    panel.show_plan(PLAN)
    assert panel.holding.words.text() == (
        "Cancel 2 AAPL orders, then SELL 200 AAPL at the market: about $46,286.00, takes +$466.00."
    )
    qtbot.mouseClick(panel.holding.go, Qt.MouseButton.LeftButton)
    assert asked == []
    with qtbot.waitSignal(panel.flatten_asked, timeout=10_000):
        qtbot.mousePress(panel.holding.go, Qt.MouseButton.LeftButton)
    ((plan, closing, opening),) = asked[0]
    assert plan == PLAN
    assert closing != opening
    panel.holding.go.held.emit()  # a second hold of the same intent
    assert len(asked) == 1
    panel.show_result("AAPL is flat: sell 200 at 231.40.")
    assert panel.holding.words.text().startswith("AAPL is flat")


def test_a_preview_follows_a_position_that_moves(panel: PositionsPanel) -> None:
    wanted: list[tuple[str, bool]] = []
    panel.plan_asked.connect(lambda symbol, reverse: wanted.append((symbol, reverse)))
    panel.show_plan(replace(PLAN, reverse=True))
    panel.upsert(position("AAPL", "150"))
    assert wanted == [("AAPL", True)]
    panel.holding.dismiss()
    panel.upsert(position("AAPL", "140"))
    assert len(wanted) == 1


def test_who_may_not_trade_flattens_nothing_and_reads_why(panel: PositionsPanel) -> None:
    wanted: list[str] = []
    panel.plan_asked.connect(lambda symbol, _: wanted.append(symbol))
    panel.forbid({"trade": "Your role, Viewer, may not."})
    panel.table.select_key("AAPL")
    assert not panel.flatten.isEnabled()
    panel.ask_plan()
    assert (wanted, panel.holding.words.text()) == ([], "Your role, Viewer, may not.")


def test_flattening_all_counts_first(panel: PositionsPanel) -> None:
    panel.show_plans([PLAN, Plan("TSLA", D(-50), 1, None, None)])
    assert panel.holding.words.text() == (
        "Cancel 3 orders, then close 2 positions at the market: about $46,286.00, takes +$466.00; 1 price unknown."
    )


def test_a_position_that_ends_under_the_pointer_is_shown_flat_in_its_place(panel: PositionsPanel) -> None:
    panel.model.hold(1)
    place = panel.model.place("AAPL")
    panel.upsert(Position("AAPL"))
    assert place is not None
    assert panel.model.row(place).position == Position("AAPL")
    panel.model.hold(0)
    assert panel.model.place("AAPL") is None

"""What protects a position, and where its shares came from."""

from dataclasses import replace
from decimal import Decimal

from qv_desktop.domain.orders import Fill, Order, OrderStatus, OrderType, Side
from qv_desktop.domain.positions import Position
from qv_desktop.domain.protection import split, stop_cover
from tests.builders import NOW, an_order

D = Decimal


def a_stop(quantity: str, side: Side = Side.SELL, kind: OrderType = OrderType.STOP, status: OrderStatus = OrderStatus.WORKING,
           symbol: str = "AAPL") -> Order:  # fmt: skip
    found = an_order()
    request = replace(found.request, symbol=symbol, side=side, type=kind, quantity=D(quantity), limit=None, stop=D(90))
    return replace(found, request=request, status=status, filled=D(0))


def test_only_resting_stops_on_the_other_side_protect_and_never_more_than_is_held() -> None:
    orders = [
        a_stop("40"), a_stop("25", kind=OrderType.TRAILING_STOP, status=OrderStatus.HELD), a_stop("99", kind=OrderType.LIMIT),
        a_stop("99", Side.BUY), a_stop("99", symbol="MSFT"), a_stop("99", status=OrderStatus.CANCELED),
    ]  # fmt: skip
    assert stop_cover(Position("AAPL", D(100)), orders) == 65
    assert stop_cover(Position("AAPL", D(50)), orders) == 50
    assert stop_cover(Position("AAPL", D(-100)), orders) == 99
    assert stop_cover(Position("AAPL"), orders) == 0


def test_shares_are_told_apart_by_where_they_came_from() -> None:
    def a_fill(source: str, side: Side, quantity: str) -> Fill:
        return Fill(f"e{quantity}", "o", "AAPL", side, D(quantity), D(100), NOW, source=source)

    found = split([a_fill("Ticket", Side.BUY, "100"), a_fill("sma", Side.BUY, "50"), a_fill("Ticket", Side.SELL, "30")])
    assert found == {"AAPL": {"Ticket": D(70), "sma": D(50)}}

"""Positions: averages, realised profit, and crossing through flat."""

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.orders import Fill, Side
from qv_desktop.domain.positions import Position, after, market_value, unrealised

NOW = datetime(2026, 11, 20, tzinfo=UTC)


def fill(side: Side, quantity: int, price: str) -> Fill:
    return Fill("e", "o", "AAPL", side, Decimal(quantity), Decimal(price), NOW)


def test_adding_moves_the_average() -> None:
    held = after(after(Position("AAPL"), fill(Side.BUY, 100, "10")), fill(Side.BUY, 100, "12"))
    assert (held.quantity, held.average, held.realised) == (200, 11, 0)


def test_reducing_realises_profit_and_keeps_the_average() -> None:
    held = after(Position("AAPL", Decimal(200), Decimal(11)), fill(Side.SELL, 50, "13"))
    assert (held.quantity, held.average, held.realised) == (150, 11, 100)


def test_crossing_through_flat_starts_a_new_average() -> None:
    held = after(Position("AAPL", Decimal(50), Decimal(10)), fill(Side.SELL, 80, "12"))
    assert (held.quantity, held.average, held.realised) == (-30, 12, 100)


def test_a_short_earns_when_the_price_falls() -> None:
    short = after(Position("AAPL"), fill(Side.SELL, 10, "20"))
    assert unrealised(short, Decimal(18)) == 20
    assert market_value(short, Decimal(18)) == -180
    assert after(short, fill(Side.BUY, 10, "18")).realised == 20


@given(st.lists(st.tuples(st.sampled_from(Side), st.integers(1, 500), st.integers(1, 10_000)), max_size=30))
def test_money_is_conserved(rows: list[tuple[Side, int, int]]) -> None:
    """Realised plus unrealised profit equals the cash that came in plus what is still held, at any price."""
    held, cash, last = Position("AAPL"), Decimal(0), Decimal(50)
    for side, quantity, cents in rows:
        one = fill(side, quantity, str(Decimal(cents) / 100))
        held = after(held, one)
        cash -= one.price * one.quantity * one.side.sign
    total = held.realised + unrealised(held, last)
    assert abs(total - (cash + market_value(held, last))) < Decimal("1e-15")

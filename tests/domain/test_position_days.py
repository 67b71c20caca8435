"""Today's profit of a position: overnight shares from their close, today's from what was paid, sold ones for what they brought."""

from decimal import Decimal
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.orders import Fill, Side
from qv_desktop.domain.position_days import UNKNOWN, TradedToday, day_basis
from qv_desktop.domain.positions import Position, after, unrealised
from tests.builders import NOW

D = Decimal


def a_fill(number: int, shares: int, price: Decimal) -> Fill:
    side = Side.BUY if shares > 0 else Side.SELL
    return Fill(f"x{number}", f"o{number}", "AAPL", side, D(abs(shares)), price, NOW)


def traded(*fills: Fill) -> TradedToday:
    return sum(fills, start=TradedToday())  # type: ignore[call-overload]  # sums of fills, as its addition says


def day(
    begun: Position, close: str | None, last: str, *trades: tuple[int, str]
) -> tuple[Decimal | None, Decimal | None]:
    """Today's dollars and what they are a part of, once ``trades`` were done beside what was held at the close before."""
    fills = [a_fill(number, shares, D(price)) for number, (shares, price) in enumerate(trades)]
    now = reduce(after, fills, begun)
    basis = day_basis(now, traded(*fills), None if close is None else D(close))
    if basis.carried is None:
        return None, basis.base
    return unrealised(now, D(last)) - basis.carried + now.realised, basis.base


LONG, SHORT = Position("AAPL", D(100), D(100)), Position("AAPL", D(-100), D(100))


@pytest.mark.parametrize(("begun", "close", "last", "trades", "dollars", "base"), [
    (LONG, "150", "151", (), 100, 15_000),  # bought at 100 long ago: 5,000 are not today's
    (SHORT, "150", "151", (), -100, 15_000),
    (LONG, "101", "102", ((-50, "102"),), 100, 10_100),
    (LONG, "101", "102", ((-100, "103"),), 200, 10_100),  # flat
    (LONG, "101", "103", ((100, "102"),), 300, 20_300),
    (Position("AAPL"), None, "11", ((100, "10"),), 100, 1_000),  # opened today: no close is needed
    (Position("AAPL"), None, "11", ((100, "10"), (-100, "10.5")), 50, 1_050),
    (SHORT, "101", "99", ((50, "100"),), 150, 10_100),
])  # fmt: skip
def test_the_day_counts_from_the_close_before(
    begun: Position, close: str | None, last: str, trades: tuple[tuple[int, str], ...], dollars: int, base: int
) -> None:
    assert day(begun, close, last, *trades) == (dollars, base)


def test_without_the_close_before_it_is_unknown() -> None:
    assert day(LONG, None, "151") == (None, None)
    assert day_basis(Position("AAPL"), traded(a_fill(1, -100, D(102))), None) == UNKNOWN  # flat, and held overnight


@given(st.integers(-500, 500), st.lists(st.tuples(st.integers(-300, 300).filter(bool), st.integers(1, 400)), max_size=8),
       st.integers(1, 400), st.integers(1, 400))  # fmt: skip
def test_it_is_what_the_shares_are_worth_less_what_they_were_and_less_what_was_paid(
    held: int, trades: list[tuple[int, int]], close: int, last: int
) -> None:
    fills = [a_fill(number, shares, D(price)) for number, (shares, price) in enumerate(trades)]
    now = reduce(after, fills, Position("AAPL", D(held), D(77) if held else D(0)))
    found = day_basis(now, traded(*fills), D(close))
    assert found.carried is not None
    expected = (held + sum(shares for shares, _ in trades)) * last - held * close - sum(s * p for s, p in trades)
    assert abs(unrealised(now, D(last)) - found.carried + now.realised - expected) < D("1e-15")

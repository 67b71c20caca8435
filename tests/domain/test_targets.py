"""Targets: shares of a capital within bounds, and the next order on the way."""

import math
from decimal import Decimal

import pytest

from qv_desktop.domain.deployments import Bounds, Terms
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.orders import Side
from qv_desktop.domain.sizing import Sizing
from qv_desktop.domain.targets import Weights, affordable, capital, exposures, next_step, wanted

TERMS = Terms("s", "rotate", 1, ("A", "B"), "1D", (), amount=Decimal(10_000))
WIDE = Bounds(value=Decimal(1_000_000), shares=Decimal(10_000))


def test_a_row_leaves_out_what_is_left_as_it_is() -> None:
    weights = Weights(("A", "B"), (1, 2), ((math.nan, math.nan), (0.0, math.nan)))
    assert weights.row(0) == ()
    assert weights.row(1) == (("A", 0.0),)


def test_the_capital_grows_and_shrinks_with_what_was_earned_or_follows_the_account() -> None:
    assert capital(TERMS, Decimal(-1_500), None) == 8_500
    of_equity = Terms("s", "rotate", 1, ("A",), "1D", (), Sizing.EQUITY, Decimal(20))
    assert capital(of_equity, None, Decimal(50_000)) == 10_000
    with pytest.raises(BadInput, match="not known"):
        capital(TERMS, None, Decimal(1))
    with pytest.raises(BadInput, match="not known"):
        capital(of_equity, Decimal(0), None)
    with pytest.raises(BadInput, match="Nothing is left"):
        capital(TERMS, Decimal(-10_000), None)


def test_shares_are_whole_within_the_bounds_and_short_only_where_that_is_allowed() -> None:
    assert wanted(WIDE, Decimal("0.3333"), Decimal(10_000), Decimal(100)) == 33
    assert wanted(Bounds(value=Decimal(1_000)), Decimal(1), Decimal(10_000), Decimal(99)) == 10
    assert wanted(Bounds(value=Decimal(10**6), shares=Decimal(7)), Decimal(1), Decimal(10_000), Decimal(99)) == 7
    assert wanted(WIDE, Decimal(0), Decimal(10_000), Decimal(100)) == 0
    with pytest.raises(BadInput, match="short"):
        wanted(WIDE, Decimal("-0.5"), Decimal(10_000), Decimal(100))
    short = Bounds(value=Decimal(10**6), shares=Decimal(10_000), shorts=True)
    assert wanted(short, Decimal("-0.5"), Decimal(10_000), Decimal(100)) == -50


@pytest.mark.parametrize(("held", "goal", "side", "close", "rest"), [
    (0, 10, Side.BUY, False, 10), (4, 10, Side.BUY, False, 6), (10, 4, Side.SELL, True, 6), (10, 0, Side.SELL, True, 10),
    (10, -5, Side.SELL, True, 10), (0, -5, Side.SELL, False, 5), (-5, -2, Side.BUY, True, 3), (-5, 5, Side.BUY, True, 5),
])  # fmt: skip
def test_what_crosses_zero_closes_first(held: int, goal: int, side: Side, close: bool, rest: int) -> None:
    step = next_step(Decimal(held), Decimal(goal))
    assert step is not None
    assert (step[0].side, step[0].close, step[1]) == (side, close, rest)


def test_where_the_goal_is_held_there_is_no_next_step() -> None:
    assert next_step(Decimal(3), Decimal(3)) is None


def test_no_more_is_opened_than_its_capital_pays_for() -> None:
    assert (
        affordable(Decimal(50), Decimal(100), Decimal(10_000), [Decimal(6_000)]) == 41
    )  # within a hundredth for moving prices
    assert affordable(Decimal(50), Decimal(100), Decimal(10_000), [Decimal(10_200)]) == 0
    assert exposures({"A": Decimal(-3)}, {"A": 10.0}) == [Decimal(30)]
    with pytest.raises(BadInput, match="not known"):
        exposures({"A": Decimal(3)}, {})

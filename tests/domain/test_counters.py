"""Round trips, losses in a row and the day's dollars, folded from executions in whatever order they come."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.counters import Holding, Tally, brought_over, day_of, folded, of_day, ordered, profit_of
from qv_desktop.domain.orders import Fill, Side
from qv_desktop.domain.positions import Position, after

MORNING = datetime(2026, 9, 15, 14, 0, tzinfo=UTC)
EMPTY = Tally(day_of(MORNING))
_ids = count()


def a_fill(shares: int, price: str, minutes: float = 0, symbol: str = "AAPL", id: str = "", fee: str = "0") -> Fill:
    """Bought, or sold with a minus."""
    side = Side.BUY if shares > 0 else Side.SELL
    return Fill(id or f"f{next(_ids):06}", "o", symbol, side, Decimal(abs(shares)), Decimal(price),
                MORNING + timedelta(minutes=minutes), Decimal(fee))  # fmt: skip


@pytest.mark.parametrize(
    ("fills", "losses", "trips"),
    [
        ([(100, "10"), (-100, "11")], 0, 1),
        ([(100, "10"), (-100, "9")], 1, 1),
        ([(100, "10"), (-100, "10")], 0, 1),  # without profit or loss is no loss
        ([(100, "10"), (-50, "12"), (-50, "9")], 0, 1),  # +100 and -50 are one round trip that won
        ([(100, "10"), (-50, "9")], 0, 1),  # still open
        ([(-100, "10"), (100, "11")], 1, 1),  # short
        ([(100, "10"), (-150, "9"), (50, "10")], 2, 2),  # through zero: one ends, one begins
        ([(100, "10"), (-100, "9"), (100, "10"), (-100, "9"), (100, "10"), (-100, "11")], 0, 3),
    ],
)
def test_a_round_trip_is_from_flat_to_flat_and_loses_by_all_its_cash(
    fills: list[tuple[int, str]], losses: int, trips: int
) -> None:
    tally = folded(EMPTY, [a_fill(shares, price, place) for place, (shares, price) in enumerate(fills)])
    assert (tally.counters.consecutive_losses, tally.counters.trades_today) == (losses, trips)


def test_a_fee_makes_a_loss_of_a_round_trip_that_broke_even() -> None:
    tally = folded(EMPTY, [a_fill(100, "10"), a_fill(-100, "10", 1, fee="0.01")])
    assert tally.counters.consecutive_losses == 1
    assert tally.counters.last_loss_at == MORNING + timedelta(minutes=1)


def test_midnight_of_new_york_begins_the_trips_of_a_day_and_keeps_losses_in_a_row() -> None:
    night = 60 * 14  # minutes after ten in the morning: New York's midnight
    tally = folded(EMPTY, [a_fill(100, "10"), a_fill(-100, "9", 1), a_fill(100, "10", 2), a_fill(-100, "9", night + 1)])
    assert (tally.counters.consecutive_losses, tally.counters.trades_today) == (2, 0)
    assert tally.day == day_of(MORNING) + timedelta(days=1)
    assert of_day(tally, tally.day) is tally


def test_the_days_dollars_count_from_the_close_before_and_from_the_cost_while_no_close_is_known() -> None:
    bought = of_day(folded(EMPTY, [a_fill(100, "10")]), EMPTY.day + timedelta(days=1))
    marks = {"AAPL": Decimal(9)}
    assert profit_of(bought, marks, {"AAPL": Decimal("9.50")}) == Decimal(-50)
    assert profit_of(bought, marks, {}) == Decimal(-100)
    assert profit_of(bought, {}, {"AAPL": Decimal("9.50")}) is None
    sold = folded(bought, [a_fill(-100, "8", 60 * 15)])
    assert profit_of(sold, {}, {"AAPL": Decimal("9.50")}) == Decimal(-150)


FILLS = st.lists(
    st.tuples(
        st.sampled_from([-300, -200, -100, -50, 50, 100, 200, 300]), st.integers(5, 15), st.integers(0, 60 * 40),
        st.sampled_from(["AAPL", "SPY"]),
    ),
    max_size=25,
)  # fmt: skip


def made(rows: list[tuple[int, int, int, str]]) -> list[Fill]:
    return [a_fill(row[0], str(row[1]), row[2], row[3], f"e{place:03}") for place, row in enumerate(rows)]


@given(FILLS, st.randoms(use_true_random=False))
def test_the_order_in_which_executions_are_told_does_not_matter_nor_that_one_is_told_twice(rows: list[tuple[int, int, int, str]],
                                                                                           dice: object) -> None:  # fmt: skip
    fills = made(rows)
    shuffled = [*fills, *fills[:3]]
    dice.shuffle(shuffled)  # type: ignore[attr-defined]  # a Random
    assert folded(EMPTY, ordered(shuffled)) == folded(EMPTY, ordered(fills))


@given(FILLS, st.integers(0, 25))
def test_stopping_anywhere_and_going_on_is_as_not_stopping(rows: list[tuple[int, int, int, str]], at: int) -> None:
    fills = ordered(made(rows))
    assert folded(folded(EMPTY, fills[:at]), fills[at:]) == folded(EMPTY, fills)


@given(FILLS)
def test_a_days_dollars_are_what_the_shares_are_worth_less_what_was_paid(rows: list[tuple[int, int, int, str]]) -> None:
    fills = [replace(fill, at=MORNING) for fill in made(rows)]
    tally = folded(EMPTY, fills)
    marks = {"AAPL": Decimal(9), "SPY": Decimal(11)}
    expected = sum((f.side.sign * f.quantity * (marks[f.symbol] - f.price) for f in fills), Decimal(0))
    assert profit_of(tally, marks, {}) == expected
    assert all(
        tally.held(symbol) == sum(f.side.sign * f.quantity for f in fills if f.symbol == symbol) for symbol in marks
    )


def test_what_was_brought_over_follows_from_what_is_held_now() -> None:
    before = Position("AAPL", Decimal(100), Decimal(8))
    fill = a_fill(100, "10")
    found = brought_over(after(before, fill), [fill])
    assert found is not None
    assert (found.quantity, round(found.average, 9)) == (Decimal(100), Decimal(8))
    assert brought_over(after(Position("AAPL"), fill), [fill]) is None
    assert Holding().average == 0

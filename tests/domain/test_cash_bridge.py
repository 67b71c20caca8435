"""The bridge of cash: every entry once, those near a question in or out, and what nobody explains."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from qv_desktop.domain.account_history import Activity
from qv_desktop.domain.cash_bridge import Mark, Movement, bridged, of_activity, of_fill
from qv_desktop.domain.orders import Fill, Side
from tests.builders import NOW

CENT = Decimal("0.01")
THEN = NOW - timedelta(minutes=10)


def moved(id: str, dollars: str | None, at: datetime = NOW - timedelta(minutes=5)) -> Movement:
    return Movement(id, at, at, None if dollars is None else Decimal(dollars))


def on_day(id: str, dollars: str) -> Movement:
    found = of_activity(Activity(id, "FEE", day=NOW.date(), net=Decimal(dollars)))
    assert found is not None
    return found


def rest(cash: str, *movements: Movement, mark: Mark | None = None) -> Decimal:
    return bridged(mark or Mark(THEN, Decimal(1000)), Decimal(cash), NOW, movements, CENT).rest


def test_what_was_booked_between_explains_the_whole() -> None:
    assert rest("890.50", moved("a", "-100"), moved("b", "-10"), moved("c", "0.50")) == 0


def test_what_nothing_explains_is_left_over_with_its_sign() -> None:
    assert rest("980", moved("a", "-10")) == -10
    assert rest("1000") == 0
    assert rest("1000.02") == Decimal("0.02")


@pytest.mark.parametrize("seconds", [-8, 8])
def test_an_entry_near_either_question_may_be_in_or_not(seconds: int) -> None:
    for moment in (THEN, NOW):
        near = moved("a", "-100", moment + timedelta(seconds=seconds))
        assert (rest("900", near), rest("1000", near)) == (0, 0)
        assert rest("950", near) != 0


def test_an_entry_of_long_before_or_after_is_none_of_it() -> None:
    assert (
        rest("1000", moved("a", "-100", THEN - timedelta(minutes=1)), moved("b", "-7", NOW + timedelta(minutes=1))) == 0
    )


def test_a_surely_booked_entry_is_not_left_out_to_make_the_sum_right() -> None:
    assert rest("1000", moved("a", "-100")) == 100


def test_an_entry_that_tells_its_day_alone_is_tried_both_ways_and_counts_once() -> None:
    fee = on_day("f", "-2")
    first = bridged(Mark(THEN, Decimal(1000)), Decimal(998), NOW, [fee], CENT)
    assert (first.rest, first.settled) == (0, {"f"})
    again = Mark(NOW, Decimal(998), first.settled)
    later = NOW + timedelta(minutes=1)
    assert bridged(again, Decimal(998), later, [fee], CENT).rest == 0
    assert bridged(again, Decimal(996), later, [fee], CENT).rest == -2  # the same fee does not explain it twice


def test_an_entry_without_an_amount_makes_it_unknown_and_not_equal() -> None:
    found = bridged(Mark(THEN, Decimal(1000)), Decimal(1000), NOW, [moved("a", None)], CENT)
    assert (found.expected, found.why) == (None, "the broker tells no amount of 1 of what it booked")


def test_an_execution_moves_its_price_and_its_fee() -> None:
    bought, sold = (Fill("e", "o", "AAPL", side, Decimal(10), Decimal(5), NOW, fee=Decimal(1)) for side in Side)
    assert (of_fill(bought).dollars, of_fill(sold).dollars) == (-51, 49)


def test_many_entries_of_a_day_are_all_in_or_none() -> None:
    fees = [on_day(f"f{place}", "-1") for place in range(30)]
    assert (rest("970", *fees), rest("1000", *fees)) == (0, 0)
    assert rest("990", *fees) == 20

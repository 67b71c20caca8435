"""A cash account's money settles on the next business day, and sales that break good faith are found, and no others."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.cash_settlement import FREE_RIDING, GOOD_FAITH, Purse, settled_up
from qv_desktop.domain.day_trades import legs
from qv_desktop.domain.orders import Fill
from tests.domain.test_day_trades import DAYS, MONDAY, fills

TUESDAY, WEDNESDAY = MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)


def purse(start: int, *executions: list[Fill], today: date = MONDAY, abc_before: int = 0) -> Purse:
    """An account that began with ``start`` dollars, and with ``abc_before`` shares of ABC; every share costs 100."""
    every = [fill for some in executions for fill in some]
    cash = Decimal(start) - sum((fill.side.sign * fill.quantity * fill.price for fill in every), Decimal(0))
    abc_now = abc_before + sum((fill.side.sign * fill.quantity for fill in every if fill.symbol == "ABC"), Decimal(0))
    return settled_up(cash, legs(every, DAYS), today, DAYS, {"ABC": abc_now})


def kinds(found: Purse) -> list[str]:
    return [one.kind for one in found.violations]


def xyz(text: str, day: date = MONDAY, begin: int = 0) -> list[Fill]:
    return fills(text, day, "XYZ", begin)


def abc(text: str, day: date = MONDAY, begin: int = 0) -> list[Fill]:
    return fills(text, day, "ABC", begin)


def test_proceeds_are_settled_on_the_next_day() -> None:
    """17 CFR 240.15c6-1: T+1 since 28 May 2024."""
    sold = xyz("S20")
    monday = purse(0, sold)
    assert (monday.settled, monday.coming) == (Decimal(0), ((TUESDAY, Decimal(2000)),))
    tuesday = purse(0, sold, today=TUESDAY)
    assert (tuesday.settled, tuesday.unsettled) == (Decimal(2000), Decimal(0))


def test_what_is_bought_with_unsettled_proceeds_and_sold_the_same_day_breaks_good_faith() -> None:
    """firstrade.com, “Good Faith Violation Scenario”: settled XYZ sold for $2,000, UVW bought for $1,000 of it and sold that day."""
    found = purse(0, xyz("S20"), abc("B10", begin=1), abc("S10", begin=2))
    assert kinds(found) == [GOOD_FAITH]
    assert found.violations[0].amount == Decimal(1000)


def test_held_until_the_money_is_settled_it_does_not() -> None:
    found = purse(0, xyz("S20"), abc("B10", begin=1), abc("S10", TUESDAY), today=TUESDAY)
    assert kinds(found) == []


def test_settled_money_goes_first_and_a_round_trip_with_it_is_free() -> None:
    found = purse(1000, xyz("S20"), abc("B10", begin=1), abc("S10", begin=2))
    assert kinds(found) == []


def test_the_proceeds_of_that_round_trip_are_not_settled_themselves() -> None:
    """firstrade.com, “90-Day Restriction Scenarios” (1): $1,000 buy and sale, and the proceeds bought and sold again on the day."""
    found = purse(1000, abc("B10 S10 B10 S10"))
    assert kinds(found) == [GOOD_FAITH]
    assert found.violations[0].order == "ABC-2026-11-16-3"


def test_what_no_money_covers_and_its_own_sale_pays_is_free_riding() -> None:
    """firstrade.com (2): $1,000 in the account, $1,300 bought and sold before it was paid for; Regulation T, 12 CFR 220.8(c)."""
    assert kinds(purse(1000, abc("B13 S13"))) == [FREE_RIDING]
    assert kinds(purse(1300, abc("B13 S13"))) == []


def test_shares_held_from_before_are_paid_for() -> None:
    assert kinds(purse(0, xyz("S20 S20"))) == []


def test_the_oldest_shares_go_first() -> None:
    bought_before = [*abc("B10"), *xyz("S20", TUESDAY), *abc("B10", TUESDAY, 1)]
    assert kinds(purse(1000, bought_before, abc("S10", TUESDAY, 2), today=TUESDAY)) == []
    assert kinds(purse(1000, bought_before, abc("S11", TUESDAY, 2), today=TUESDAY)) == [GOOD_FAITH]


def test_shares_from_long_before_go_before_those_that_were_bought_just_now() -> None:
    """Nobody can tell that they were bought within the days that are looked at; they are paid for all the same."""
    bought_again = [*xyz("S20"), *abc("B10", begin=1)]
    assert kinds(purse(0, bought_again, abc("S10", begin=2), abc_before=10)) == []
    assert kinds(purse(0, bought_again, abc("S11", begin=2), abc_before=10)) == [GOOD_FAITH]
    assert kinds(purse(0, bought_again, abc("S10", begin=2))) == [GOOD_FAITH]


def test_one_order_in_parts_is_one_violation() -> None:
    found = purse(0, xyz("S20"), abc("B10", begin=1), abc("S4:leave S3:leave S3:leave", begin=2))
    assert kinds(found) == [GOOD_FAITH]


def test_unpaid_shares_are_known_until_they_are_paid() -> None:
    bought = [*xyz("S20"), *abc("B10", begin=1)]
    assert [lot.paid for lot in purse(0, bought).unpaid("ABC")] == [TUESDAY]
    assert purse(0, bought, today=TUESDAY).unpaid("ABC") == ()
    assert [lot.paid for lot in purse(0, abc("B10")).unpaid("ABC")] == [None]


@pytest.mark.parametrize("start", [0, 500, 1000, 5000])
def test_all_money_is_settled_or_coming(start: int) -> None:
    executions = [*xyz("S20"), *abc("B10 S5", begin=1), *abc("B3", TUESDAY)]
    found = purse(start, executions, today=TUESDAY)
    cash = Decimal(start) - sum((fill.side.sign * fill.quantity * fill.price for fill in executions), Decimal(0))
    assert found.settled + found.unsettled == cash


@given(st.lists(st.tuples(st.sampled_from("BS"), st.integers(1, 9), st.sampled_from("XA"), st.integers(0, 4)), max_size=20),
       st.integers(0, 3000))  # fmt: skip
def test_money_is_neither_made_nor_lost_and_more_of_it_never_breaks_more_faith(
    some: list[tuple[str, int, str, int]], start: int
) -> None:
    executions = [
        fill
        for place, (side, shares, symbol, day) in enumerate(some)
        for fill in fills(f"{side}{shares}", DAYS.days[day], symbol, place)
    ]
    last = DAYS.days[5]
    found = purse(start, executions, today=last)
    cash = Decimal(start) - sum((fill.side.sign * fill.quantity * fill.price for fill in executions), Decimal(0))
    assert found.settled + found.unsettled == cash
    assert purse(start + 100_000, executions, today=last).violations == ()

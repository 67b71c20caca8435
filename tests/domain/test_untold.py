"""Executions that nobody told: priced so that the average is the broker's, and standing for what is told later."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.orders import Fill, OrderStatus, Report, ReportKind, Side, applied, range_of
from qv_desktop.domain.untold import covered, untold
from tests.builders import NOW, a_limit, an_order


@given(ours=st.integers(0, 50), more=st.integers(1, 50), paid=st.integers(1, 10_000), told=st.integers(1, 10_000))
def test_the_average_becomes_the_brokers_and_the_same_total_books_once(
    ours: int, more: int, paid: int, told: int
) -> None:
    mine = an_order(
        a_limit("1"), OrderStatus.PARTIAL, filled=Decimal(ours), average=Decimal(paid) / 100 if ours else None
    )
    theirs = an_order(
        a_limit("1"), OrderStatus.PARTIAL, filled=Decimal(ours + more), average=Decimal(told) / 100, broker_id="b"
    )
    report = untold(mine, theirs)
    if report is None:  # the price would be none
        assert theirs.average is not None
        assert mine.average is not None
        assert theirs.average * (ours + more) <= mine.average * ours
        return
    moved = applied(mine, report)
    assert moved.average is not None
    assert theirs.average is not None
    assert (moved.filled, round(moved.average, 8)) == (ours + more, round(theirs.average, 8))
    assert applied(moved, report) == moved
    assert untold(moved, theirs) is None


def test_nothing_is_untold_where_nothing_is_missing_or_no_average_is_told() -> None:
    order = an_order(a_limit("1"), filled=Decimal(5), average=Decimal(1))
    assert untold(order, order) is None
    assert untold(an_order(a_limit("1")), an_order(a_limit("1"), filled=Decimal(5))) is None


def fill(name: str, quantity: int, total: int) -> Fill:
    return Fill(name, "qv-1", "AAPL", Side.BUY, Decimal(quantity), Decimal(10), NOW, cumulative=Decimal(total))


def test_real_executions_of_its_shares_are_known_and_later_ones_are_not() -> None:
    order = an_order(a_limit("10"), OrderStatus.PARTIAL, filled=Decimal(60), average=Decimal(10),
                     executions=frozenset({"e1", "untold:20:60:x"}))  # fmt: skip
    for told, filled in ((30, 60), (60, 60), (70, 70)):
        report = Report(
            "qv-1", ReportKind.FILL, NOW, "b", f"e{told}", Decimal(10), Decimal(10), cumulative=Decimal(told)
        )
        assert applied(order, report).filled == filled


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ([], (set(), set())),
        ([fill("e2", 10, 30), fill("e3", 30, 60)], (set(), set())),
        ([fill("e2", 10, 30)], ({"untold:20:60:x"}, {"e2"})),
        ([fill("e4", 5, 65)], (set(), {"e4"})),
    ],
)
def test_it_stands_for_the_executions_that_it_covers_when_they_are_the_same_shares(
    told: list[Fill], left: tuple[set[str], set[str]]
) -> None:
    ours = {"untold:20:60:x": fill("untold:20:60:x", 40, 60)}
    here, there = covered(ours, {one.execution_id: one for one in told})
    assert (set(here), set(there)) == left


def test_an_ordinary_execution_stands_for_itself() -> None:
    assert range_of("e1") is None
    assert range_of("untold:0:12.5:x") == (Decimal(0), Decimal("12.5"))

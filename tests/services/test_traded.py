"""Counting executions as they come gives what counting all of them gives, in whatever parts they were read, over days too."""

import asyncio
from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.orders import Fill
from qv_desktop.services.traded import Traded
from tests.domain.test_day_trades import DAYS, MONDAY, fills

some_words = st.lists(
    st.tuples(st.sampled_from("BS"), st.integers(1, 4), st.sampled_from(("AAPL", "MSFT"))), max_size=12
)


def executions(words: list[tuple[str, int, str]], day: int = 0) -> list[Fill]:
    return [
        fill
        for place, (side, lots, symbol) in enumerate(words)
        for fill in fills(f"{side}{lots * 10}", MONDAY + timedelta(days=day), symbol, place)
    ]


def held(some: list[Fill], before: int) -> dict[str, Decimal]:
    found = {"AAPL": Decimal(before), "MSFT": Decimal(0)}
    for fill in some:
        found[fill.symbol] += fill.side.sign * fill.quantity
    return found


def read(some: list[Fill], before: int, day: int = 0) -> Traded:
    made = Traded()
    asyncio.run(made.read(some, held(some, before), DAYS, MONDAY + timedelta(days=day)))
    return made


def told(traded: Traded) -> tuple[object, ...]:
    return traded.window(), traded.within(), traded.day_trades(), traded.opened(), traded.pattern


@given(some_words, st.integers(0, 12), st.integers(-2, 2))
def test_one_by_one_is_the_same_as_all_at_once(words: list[tuple[str, int, str]], first: int, before: int) -> None:
    every = executions(words)
    step = read(every[:first], before * 10)
    for fill in every[first:]:
        assert step.take(fill)
        assert not step.take(fill)
    assert told(step) == told(read(every, before * 10))
    assert not step.late
    assert not any(step.differs(symbol, shares) for symbol, shares in held(every, before * 10).items())


@given(some_words, some_words, st.integers(-2, 2))
def test_over_the_turn_of_a_day_too(
    one: list[tuple[str, int, str]], two: list[tuple[str, int, str]], before: int
) -> None:
    monday, tuesday = executions(one), executions(two, 1)
    step = read(monday, before * 10)
    step.turn(MONDAY + timedelta(days=1))
    for fill in tuesday:
        step.take(fill)
    assert told(step) == told(read([*monday, *tuesday], before * 10, 1))


def test_what_belongs_to_an_earlier_day_wants_reading_anew() -> None:
    monday, tuesday = executions([("B", 1, "AAPL"), ("S", 1, "AAPL")]), executions([("B", 1, "AAPL")], 1)
    step = read(tuesday, 0, 1)
    assert step.take(monday[0])
    assert step.late
    assert step.within() == (0, 1)
    assert read([*monday, *tuesday], 0, 1).within() == (1, 3)


def test_nothing_is_counted_before_anything_was_read() -> None:
    empty = Traded()
    assert not empty.take(executions([("B", 1, "AAPL")])[0])
    assert told(empty) == ((), (0, 0), (), {}, False)

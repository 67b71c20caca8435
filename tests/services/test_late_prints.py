"""A print that comes after its minute's bar has the minute asked for anew, once for many."""

import asyncio

from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.history import Span
from qv_desktop.domain.market import SECOND, Bar, Trade, timeframe
from qv_desktop.services.late_prints import LatePrints

MINUTE = timeframe("1m")
T0 = 1_795_190_400 * SECOND  # a whole minute
LENGTH = 60 * SECOND


def bar(number: int) -> Bar:
    return Bar("AAPL", T0 + number * LENGTH, 10.0, 10.0, 10.0, 10.0, 100.0)


def a_print(symbol: str, at: int) -> Trade:
    return Trade(symbol, at, 10.0, 100.0, str(at))


class Vendor:
    """Notes what is asked of it."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Span]] = []
        self.down = False

    async def renew(self, symbol: str, span: Span) -> None:
        if self.down:
            raise FeedDown("The vendor is away.")
        self.asked.append((symbol, span))


def test_late_prints_of_several_minutes_are_one_question() -> None:
    vendor = Vendor()
    late = LatePrints(vendor.renew)
    late.told(MINUTE, [bar(0), bar(1), bar(2)])
    for second in (5, 6, 130):
        late.heard([a_print("AAPL", T0 + second * SECOND)])
    asyncio.run(late.flush())
    asyncio.run(late.flush())
    assert vendor.asked == [("AAPL", Span(T0, T0 + 3 * LENGTH))]


def test_a_print_whose_bar_is_still_to_come_is_not_late() -> None:
    vendor = Vendor()
    late = LatePrints(vendor.renew)
    late.told(MINUTE, [bar(0)])
    late.heard([a_print("AAPL", T0 + LENGTH + 59 * SECOND)])  # the next minute has begun, its bar was not told yet
    late.heard([a_print("MSFT", T0)])  # nothing is known of this one
    late.told(timeframe("1s"), [Bar("MSFT", T0, 1.0, 1.0, 1.0, 1.0, 1.0)])
    late.heard([a_print("MSFT", T0)])
    asyncio.run(late.flush())
    assert vendor.asked == []


def test_a_minute_that_nobody_answers_for_is_asked_for_again() -> None:
    vendor = Vendor()
    late = LatePrints(vendor.renew)
    late.told(MINUTE, [bar(0), bar(1)])
    late.heard([a_print("AAPL", T0)])
    vendor.down = True
    asyncio.run(late.flush())
    late.heard([a_print("AAPL", T0 + LENGTH)])
    vendor.down = False
    asyncio.run(late.flush())
    assert vendor.asked == [("AAPL", Span(T0, T0 + 2 * LENGTH))]


def test_a_round_waits_for_the_one_before_it() -> None:
    async def story() -> None:
        answer, asked = asyncio.Event(), list[Span]()

        async def renew(symbol: str, span: Span) -> None:
            asked.append(span)
            await answer.wait()

        late = LatePrints(renew)
        late.told(MINUTE, [bar(0)])
        late.heard([a_print("AAPL", T0)])
        first = asyncio.create_task(late.flush())
        await asyncio.sleep(0)
        late.heard([a_print("AAPL", T0 + SECOND)])
        second = asyncio.create_task(late.flush())
        await asyncio.sleep(0.01)
        assert len(asked) == 1
        answer.set()
        await asyncio.gather(first, second)
        assert len(asked) == 2

    asyncio.run(story())

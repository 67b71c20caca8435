"""History: stored first, vendors in order."""

import asyncio
from datetime import UTC, datetime

import pytest

from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.market import SECOND, Bar, ns, timeframe
from qv_desktop.services.history import History
from tests.fakes import Store, Vendor

END = datetime(2026, 11, 20, 16, tzinfo=UTC)
MINUTE = timeframe("1m")


def bars(count: int, price: float = 10.0) -> list[Bar]:
    return [Bar("AAPL", ns(END) - (count - i) * 60 * SECOND, price, price, price, price, 100) for i in range(count)]


def test_the_vendor_is_asked_and_its_complete_bars_are_kept() -> None:
    store, vendor = Store(), Vendor(answer=bars(10))
    found = asyncio.run(History(store, [vendor]).newest("AAPL", MINUTE, 5, END))
    assert found == bars(10)[-5:]
    assert len(store.kept) == 9  # the last bar may still grow


def test_equal_questions_under_way_are_asked_once() -> None:
    async def both() -> None:
        history = History(Store(), [vendor])
        await asyncio.gather(*(history.newest("AAPL", MINUTE, 5, END) for _ in range(3)))

    vendor = Vendor(answer=bars(10))
    asyncio.run(both())
    assert vendor.asked == 1


def test_the_next_vendor_takes_over_and_the_store_answers_when_none_does() -> None:
    store, broken = Store(), Vendor(error=FeedDown("away"))
    assert asyncio.run(History(store, [broken, Vendor(answer=bars(3))]).newest("AAPL", MINUTE, 3, END)) == bars(3)
    assert asyncio.run(History(store, [broken]).newest("AAPL", MINUTE, 3, END)) == bars(3)[:2]


def test_the_vendor_knows_best_as_far_as_it_has_got() -> None:
    store, vendor = Store(), Vendor(answer=bars(10)[:8])
    stray = Bar("AAPL", bars(10)[3].start + 1, 99, 99, 99, 99, 1)  # the vendor has since withdrawn it
    asyncio.run(store.save(MINUTE, [stray, bars(10)[8]], "stream"))
    found = asyncio.run(History(store, [vendor]).newest("AAPL", MINUTE, 20, END))
    assert found == bars(10)[:9]


def test_without_store_and_vendor_the_reason_is_said() -> None:
    with pytest.raises(FeedDown, match="away"):
        asyncio.run(History(Store(), [Vendor(error=FeedDown("away"))]).newest("AAPL", MINUTE, 3, END))

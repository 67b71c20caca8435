"""Watched symbols beyond a stream's plan have prices all the same, asked for in their stead."""

import asyncio
from collections.abc import Sequence

from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.market import Snapshot
from qv_desktop.services.unheard import Unheard
from tests.services.a_market import T0, Floor, a_trade


class Vendor:
    """Knows a price of everything, unless it is down."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.down = False

    async def __call__(self, symbols: list[str]) -> list[Snapshot]:
        self.asked.append(symbols)
        if self.down:
            raise FeedDown("Alpaca is away.")
        return [Snapshot(symbol, last=20.0, last_at=T0, previous_close=19.0) for symbol in symbols]


def room(heard: Sequence[str]) -> tuple[Floor, Vendor, Unheard]:
    floor, vendor = Floor(), Vendor()
    floor.market.watch("watchlist", ["AAPL", "MSFT", "KO"])
    return floor, vendor, Unheard(floor.market, lambda: heard, vendor)


def test_only_what_the_stream_leaves_out_is_asked_for() -> None:
    floor, vendor, unheard = room(["AAPL"])
    floor.hear(a_trade(10.0))
    asyncio.run(unheard.look())
    assert vendor.asked == [["MSFT", "KO"]]
    assert floor.market.snapshot("KO").last == 20.0
    assert floor.market.snapshot("AAPL").last == 10.0


def test_a_stream_that_hears_all_leaves_nothing_to_ask() -> None:
    _, vendor, unheard = room(["AAPL", "MSFT", "KO"])
    asyncio.run(unheard.look())
    assert vendor.asked == []


def test_a_vendor_that_is_away_is_asked_again_by_and_by() -> None:
    floor, vendor, unheard = room([])
    vendor.down = True
    asyncio.run(unheard.look())
    assert floor.market.snapshot("KO").last is None
    vendor.down = False
    asyncio.run(unheard.look())
    assert floor.market.snapshot("KO").last == 20.0

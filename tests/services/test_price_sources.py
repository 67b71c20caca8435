"""Two real sockets to the simulated vendors: Polygon's link breaks, Alpaca's prices stand in, and Polygon's come back."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from qv_desktop.adapters.alpaca.stream import AlpacaPrices
from qv_desktop.adapters.polygon.stream import PolygonStream
from qv_desktop.adapters.websocket import Patience
from qv_desktop.domain.events import Event, SourceChanged
from qv_desktop.domain.market import Trade
from qv_desktop.services.clock import Clock, Rate
from qv_desktop.services.feeds import Feeds
from qv_desktop.services.market_data import MarketData
from tests.adapters.listening import until
from tests.simulator.process import Simulator, running

QUICK = Patience(first=0.05, ceiling=0.1, evicted=1.5, settle=0.2, attempts=1000)
HURRY = 4  # the patience of the feeds, in a test


class Floor:
    """The model and its feeds, as the program has them."""

    def __init__(self, simulator: Simulator) -> None:
        self.events: list[Event] = []
        self.kept: list[Trade] = []
        self.notices: list[str] = []
        clock = Clock()
        clock.follow(a_rate(simulator))
        self.market = MarketData(
            clock, self.events.append, self.kept.extend, lambda frame, bars: None, open_now=lambda: True
        )
        self.feeds = Feeds("Polygon", AlpacaPrices.name, self.market, self.events.append, lambda *words: self.notices.append(words[1]),
                           clock.now, lambda: time.monotonic() * HURRY)  # fmt: skip
        hear, feeds = self.feeds.hear_from, self.feeds
        self.polygon = PolygonStream(f"{simulator.ws}/stocks", simulator.polygon_key, hear("Polygon"),
                                     lambda state, words: feeds.feed_changed("Polygon", state, words),
                                     lambda start, end, why: feeds.gap(start, end), now=clock.market, patience=QUICK)  # fmt: skip
        self.alpaca = AlpacaPrices(f"{simulator.ws}/v2/iex", simulator.key, simulator.secret, hear(AlpacaPrices.name),
                                   lambda state, words: feeds.feed_changed(AlpacaPrices.name, state, words),
                                   lambda start, end, why: None, now=clock.market, patience=QUICK)  # fmt: skip

    @property
    def sources(self) -> list[str]:
        return [event.source for event in self.events if isinstance(event, SourceChanged)]

    async def beat(self) -> None:
        while True:
            await asyncio.sleep(0.05)
            self.market.flush()
            self.feeds.tick()


def a_rate(simulator: Simulator) -> Rate:
    told = simulator.control("GET", "/sim/clock")
    return Rate(int(told["market_ns"]), int(told["wall_ns"]), float(told["speed"]))


@asynccontextmanager
async def trading_floor(simulator: Simulator) -> AsyncIterator[Floor]:
    floor = Floor(simulator)
    floor.market.watch("watchlist", ["SPY", "AAPL"])
    floor.feeds.attach(floor.polygon)
    floor.feeds.attach(floor.alpaca)
    jobs = [asyncio.create_task(work()) for work in (floor.polygon.run, floor.alpaca.run, floor.beat)]
    try:
        yield floor
    finally:
        await asyncio.gather(floor.polygon.stop(), floor.alpaca.stop())
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)


def test_alpaca_stands_in_for_polygon_and_gives_way_when_it_is_back() -> None:
    async def story(simulator: Simulator) -> None:
        async with trading_floor(simulator) as floor:
            market = floor.market
            await until(
                lambda: market.snapshot("SPY").source == "Polygon" and market.quote_age("SPY") is not None,
                "Polygon's prices",
            )
            assert floor.alpaca.counts.messages < 10  # its greeting: it stands by and hears nothing
            for kind in ("upgrade_429", "abort"):
                simulator.control("POST", "/sim/faults", {"kind": kind, "target": "polygon_stream"})
            await until(lambda: market.snapshot("SPY").source == AlpacaPrices.name, "Alpaca's prices")
            kept = len(floor.kept)
            assert market.heard_since("SPY") is None
            await until(lambda: market.snapshot("SPY").source == "Polygon", "Polygon's prices again")
            assert floor.sources == ["Polygon", AlpacaPrices.name, "Polygon"]
            assert floor.notices == [f"Prices come from {AlpacaPrices.name}", "Prices come from Polygon"]
            await until(
                lambda: len(floor.kept) > kept and market.heard_since("SPY") is not None, "prints that are stored"
            )
            assert not market.snapshot("SPY").stale

    with running("--seed", "1") as simulator:
        asyncio.run(story(simulator))

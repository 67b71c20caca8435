"""Both vendors' history, the real database and the simulated market together: what is stored, asked for once, and filled in."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from qv_desktop.adapters.alpaca.history import AlpacaHistory
from qv_desktop.adapters.db.actions import ActionStore
from qv_desktop.adapters.db.bars import BarStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.ticks import TickStore
from qv_desktop.adapters.polygon.rest import PolygonHistory
from qv_desktop.adapters.rate_limit import RateLimit
from qv_desktop.domain.events import Event, GapFilled, RequestChanged
from qv_desktop.domain.history import Span, missing
from qv_desktop.domain.market import Bar, Gap, Trade, bar_start, merged, ns, timeframe, utc
from qv_desktop.services.backfill import Backfill, whole_minutes
from qv_desktop.services.gaps import Gaps
from qv_desktop.services.history import History
from qv_desktop.services.requests import Requests
from qv_desktop.services.vendors import Vendors
from tests.simulator.process import Simulator

MINUTE = timeframe("1m")
NAMES = ("AAPL", "MSFT")


@dataclass
class Desk:
    """All the parts, real ones."""

    simulator: Simulator
    database: Database
    events: list[Event] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.polygon = PolygonHistory(self.simulator.polygon_key, self.simulator.url, RateLimit(1000))
        self.alpaca = AlpacaHistory(self.simulator.key, self.simulator.secret, self.simulator.url)
        self.bars, self.ticks = BarStore(self.database), TickStore(self.database)
        self.requests = Requests(self.events.append, self.now)
        vendors = [self.polygon, self.alpaca]
        self.history = History(self.bars, ActionStore(self.database), vendors, self.requests, self.now, lambda _: None)
        self.gaps = Gaps(self.ticks, lambda: NAMES, self.now, self.events.append)
        self.backfill = Backfill(self.gaps, Vendors(vendors, self.requests), self.bars, self.ticks, self.now, self.events.append,
                                 shown=lambda: NAMES, seed=self.seed, progress=lambda *_: None, written=self.written)  # fmt: skip

    def now(self) -> datetime:
        return utc(self.simulator.ready["market_ns"])  # the simulated clock has gone on since, so all of this is known

    async def written(self) -> None:
        """No stream is heard here, so nothing waits."""

    async def seed(self, symbols: Sequence[str]) -> None:
        await self.history.snapshots(symbols)

    def asked(self) -> list[str]:
        events = [one for one in self.events if isinstance(one, RequestChanged)]
        return [one.request.label for one in events if one.request.state == "done"]


def run(desk: Desk, story: Coroutine[Any, Any, None]) -> None:
    async def whole() -> None:
        try:
            await story
        finally:
            desk.polygon.close()
            desk.alpaca.close()

    asyncio.run(whole())


@pytest.fixture
def desk(simulator: Simulator, database: Database) -> Desk:
    return Desk(simulator, database)


def test_the_second_look_at_a_chart_asks_only_for_the_bar_under_way(desk: Desk) -> None:
    async def story() -> None:
        first = await desk.history.latest("KO", MINUTE, 500, desk.now())
        assert (len(first.bars), first.complete) == (500, True)
        before = len(desk.asked())
        assert await desk.history.latest("KO", MINUTE, 500, desk.now()) == first
        five = await desk.history.load("KO", timeframe("5m"), utc(first.bars[-100].start), desk.now())
        assert five.bars == [bar for bar in merged(first.bars, timeframe("5m")) if bar.start >= first.bars[-100].start]
        assert desk.asked()[before:] == ["KO 1m", "KO 1m"]
        spans = await desk.bars.covered("KO", MINUTE)
        assert max(span.end for span in spans) == bar_start(ns(desk.now()), MINUTE)

    run(desk, story())


def test_when_polygon_fails_alpaca_answers(desk: Desk) -> None:
    async def story() -> None:
        desk.simulator.control("POST", "/sim/faults", {"kind": "html_502", "target": "polygon", "count": 3})
        end = desk.now().replace(second=0, microsecond=0)
        found = await desk.history.between("XOM", MINUTE, end - timedelta(minutes=30), end)
        assert len(found) > 20
        states = [(one.request.vendor, one.request.state) for one in desk.events if isinstance(one, RequestChanged)]
        assert ("Polygon", "failed") in states
        assert ("Alpaca", "done") in states

    run(desk, story())


def test_total_returns_are_those_that_the_vendor_adjusts_itself(desk: Desk) -> None:
    day = timeframe("1D")

    async def story() -> None:
        end = utc(bar_start(ns(desk.now()), day))
        start = end - timedelta(days=300)
        raw = await desk.history.between("KO", day, start, end, "raw")
        ours = await desk.history.between("KO", day, start, end, "all")
        lane = desk.alpaca._lane
        query = {"symbols": "KO", "timeframe": "1Day", "start": start.isoformat(), "end": end.isoformat(),
                 "limit": 10_000, "adjustment": "all", "feed": "iex"}  # fmt: skip
        theirs = {bar["t"][:10]: bar["c"] for bar in (await lane.ask("get", "/stocks/bars", query))["bars"]["KO"]}
        closes = {utc(bar.start).date().isoformat(): bar.close for bar in ours}
        assert closes == pytest.approx({day: theirs[day] for day in closes}, rel=1e-4)
        assert ours[0].close < raw[0].close * 0.995  # several dividends lie between

    run(desk, story())


def test_a_hole_is_filled_so_that_bars_and_prints_equal_those_of_a_sitting_without_one(desk: Desk) -> None:
    async def heard(names: Sequence[str], gap: Gap | None) -> tuple[dict[str, list[Bar]], dict[str, list[Trade]]]:
        """What the stream would have stored: minutes without a number of trades, stamps of whole milliseconds."""
        hole = whole_minutes(gap) if gap else Span(0, 0)
        bars, prints = dict[str, list[Bar]](), dict[str, list[Trade]]()
        for name in names:
            whole = [replace(bar, count=0) for bar in await desk.polygon.bars(name, MINUTE, start, end)]
            every = [t._replace(at=t.at // 1_000_000 * 1_000_000) for t in await desk.polygon.trades(name, start, end)]
            bars[name], prints[name] = whole, every
            await desk.bars.save(MINUTE, [b for b in whole if missing(Span(b.start, b.start + 1), [hole])], "Polygon")
            await desk.ticks.save([t for t in every if not (gap and ns(gap.start) <= t.at < ns(gap.end or end))])
        return bars, prints

    async def story() -> None:
        gap = Gap(
            "Polygon", NAMES, start + timedelta(minutes=3, seconds=7), start + timedelta(minutes=6, seconds=41), "cut"
        )
        bars, prints = await heard(NAMES, gap)
        desk.gaps.found(gap.feed, gap.start, gap.end or end, gap.reason)
        await desk.backfill.fill(desk.gaps.unfilled[0])
        await desk.gaps.flush()
        for name in NAMES:
            assert await desk.bars.bars(name, MINUTE, start, end) == bars[name]
            stored = await desk.ticks.trades(name, ns(start), ns(end))
            assert sorted((t.id, t.price, t.size) for t in stored) == sorted(
                (t.id, t.price, t.size) for t in prints[name]
            )
        (filled,) = [one.gap for one in desk.events if isinstance(one, GapFilled)]
        assert await desk.ticks.gaps(unfilled=True) == []
        assert await desk.ticks.gaps() == [filled]
        assert await desk.ticks.save(prints["AAPL"]) == 0  # told again

    end = utc(bar_start(ns(desk.now()), MINUTE) - 60 * 1_000_000_000)
    start = end - timedelta(minutes=10)
    run(desk, story())

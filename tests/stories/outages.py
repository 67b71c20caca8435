"""A session with outages: a fast simulated market, the real stream, services and database, and what is stored in the end."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg

from qv_desktop.adapters.db.bars import BarStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tick_spool import TickSpool
from qv_desktop.adapters.db.ticks import TickStore
from qv_desktop.adapters.polygon.rest import PolygonHistory
from qv_desktop.adapters.polygon.stream import PolygonStream
from qv_desktop.adapters.rate_limit import RateLimit
from qv_desktop.adapters.websocket import Patience
from qv_desktop.domain.events import Event
from qv_desktop.domain.market import Bar, FeedState, Timeframe, Trade, ns
from qv_desktop.services.backfill import Backfill
from qv_desktop.services.clock import Clock, Rate
from qv_desktop.services.feeds import Feeds
from qv_desktop.services.gaps import Gaps
from qv_desktop.services.late_prints import LatePrints
from qv_desktop.services.market_data import MarketData
from qv_desktop.services.requests import Requests
from qv_desktop.services.ticks import Ticks
from qv_desktop.services.vendors import Vendors
from tests.simulator.process import Simulator, running

SPEED = 60.0  # market seconds in a second: a minute bar each second
SYMBOLS = ("SPY", "QQQ", "AAPL", "MSFT", "NVDA", "AMZN", "GOOGL", "META")
MINUTE = Timeframe(1, "m")
DAY = "2026-03-18"
CALM = 11.0  # seconds after which a symbol is known to be busy
STREAM, REST = "polygon_stream", "polygon"
WAIT = 60.0  # seconds that a link may take to come back, of which the socket's own patience is the most
IN_FLIGHT = timedelta(seconds=0.3 * SPEED)  # what is on its way for a moment is on its way for long in a fast market
# as it is in life, but for what counts minutes: a session of an hour passes in a minute
PATIENCE = Patience(ceiling=2.0, healthy=60 / SPEED, evicted=60 / SPEED, refused=5.0, settle=0.2, window=600 / SPEED)


@dataclass(frozen=True, slots=True)
class Outage:
    """A fault of the stream, perhaps one that meets the next attempt, and perhaps one that meets the backfill."""

    kind: str
    code: int = 1000
    on_return: str = ""
    on_backfill: str = ""


DROP = Outage("abort")
KINDS = (DROP, Outage("close", 1000), Outage("close", 1001), Outage("close", 1008), Outage("mute"),
         Outage("slow_client"), Outage("max_connections"), Outage("close", on_return="connection_limit"),
         Outage("abort", on_return="upgrade_429"))  # fmt: skip
BACKFILL_KINDS = ("", "", "rate_limit", "html_502", "hang")


def plan(count: int, seed: int) -> list[Outage]:
    """So many outages, each kind about as often, in an order that the seed decides; the first and the fiftieth are alike."""
    dice = random.Random(seed)
    outages = [KINDS[index % len(KINDS)] for index in range(count)]
    dice.shuffle(outages)
    for place in (0, 49):
        if place < count:
            swap = next(index for index in range(place, count) if outages[index] == DROP)
            outages[place], outages[swap] = DROP, outages[place]
    return [replace(one, on_backfill=dice.choice(BACKFILL_KINDS)) for one in outages]


@contextmanager
def fresh(server_url: str) -> Iterator[tuple[Database, str]]:
    """A database of its own on the server, at the newest schema, and its address."""
    name = f"outages_{uuid4().hex[:10]}"
    with psycopg.connect(server_url.replace("+psycopg", "", 1), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    url = server_url.replace("/quantvision", f"/{name}", 1)
    database = Database(url)
    database.migrate()
    try:
        yield database, url
    finally:
        database.close()


@dataclass(slots=True)
class Seen:
    """What a person would have seen, with the times in seconds of ``time.monotonic``."""

    states: list[tuple[float, FeedState, str]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    flagged: list[float] = field(default_factory=list)  # seconds from each mute to its sign
    back: list[float] = field(default_factory=list)  # seconds from each fault to the link being live again

    def attempts(self) -> int:
        """How often a connection was tried."""
        return sum(state == "connecting" for _, state, _ in self.states)


class Session:
    """The program's feed without its window: one sitting on a simulator, into a database."""

    def __init__(self, simulator: Simulator, database: Database, folder: Path) -> None:
        ready = simulator.ready
        self.simulator, self.seen = simulator, Seen()
        self.clock = Clock(Rate(ready["market_ns"], ready["wall_ns"], ready["speed"]))
        self.bars, self._trades = BarStore(database), TickStore(database)
        spool = TickSpool(folder / "spool", 64 * 2**20)
        self.ticks = Ticks(self._trades, self.bars, spool, self.clock.now, PolygonStream.name, lambda *gap: None)
        publish = self.seen.events.append
        self.late = LatePrints(lambda symbol, span: self.backfill.renew(PolygonStream.name, symbol, span), every=1.0)
        self.market = MarketData(self.clock, publish, self._keep_trades, self._keep_bars, keep_late=self.late.heard,
                                 open_now=lambda: True)  # fmt: skip
        self.feeds = Feeds(PolygonStream.name, None, self.market, publish, lambda *said: None, self.clock.now)
        self.vendor = PolygonHistory(simulator.polygon_key, simulator.url, RateLimit(100_000))
        self.stream = PolygonStream(f"{simulator.ws}/stocks", simulator.polygon_key, self.feeds.hear_from(PolygonStream.name),
                                    self._state, self._hole, now=self.clock.market, expecting=self.market.busy,
                                    patience=PATIENCE)  # fmt: skip
        self.gaps = Gaps(self._trades, lambda: SYMBOLS, self.clock.market, publish)
        vendors = Vendors([self.vendor], Requests(publish, self.clock.now))
        self.backfill = Backfill(self.gaps, vendors, self.bars, self._trades, self.clock.market, publish, shown=lambda: SYMBOLS,
                                 seed=self._seed, progress=self.feeds.backfilling, written=self.ticks.written)  # fmt: skip
        self.feeds.attach(self.stream)
        self.market.watch("watchlist", SYMBOLS)

    @property
    def live(self) -> bool:
        """Whether the link is up."""
        return bool(self.seen.states) and self.seen.states[-1][1] in ("live", "quiet", "backfilling")

    def _state(self, state: FeedState, detail: str) -> None:
        self.seen.states.append((time.monotonic(), state, detail))
        self.feeds.feed_changed(PolygonStream.name, state, detail)
        if state == "live":
            self.backfill.look()

    def _keep_trades(self, trades: Sequence[Trade]) -> None:
        self.ticks.keep(trades)
        self.late.heard(trades)

    def _keep_bars(self, frame: Timeframe, bars: Sequence[Bar]) -> None:
        self.ticks.keep_bars(frame, bars)
        self.late.told(frame, bars)

    def _hole(self, start: datetime, end: datetime, why: str) -> None:
        self.feeds.gap(start - IN_FLIGHT, end + IN_FLIGHT)
        self.gaps.found(PolygonStream.name, start - IN_FLIGHT, end + IN_FLIGHT, why)

    async def _seed(self, symbols: Sequence[str]) -> None:
        self.market.seed(await self.vendor.snapshots(symbols), anew=True)

    async def beats(self) -> None:
        """What the window does at its own pace."""
        while True:
            self.market.tick()
            self.feeds.tick()
            for _ in range(30):
                self.market.flush()
                await asyncio.sleep(1 / 30)
            self.seen.events.clear()

    async def suffer(self, one: Outage) -> None:
        """One outage, from its fault until the link is live again."""
        if one.on_backfill:
            self._fault(one.on_backfill, REST, {"seconds": 3, "retry_after": 1})
        if one.on_return:
            self._fault(one.on_return, STREAM, {})
        began = time.monotonic()
        self._fault(one.kind, STREAM, {"code": one.code})
        if one.kind == "mute":
            await until(lambda: self._flagged(began), "a mute link was not flagged")
            self.seen.flagged.append(time.monotonic() - began)
        await until(lambda: any(at > began and state == "live" for at, state, _ in reversed(self.seen.states[-8:])),
                    f"the link did not return after {one}")  # fmt: skip
        self.seen.back.append(time.monotonic() - began)

    async def recovered(self) -> None:
        """No more faults, and everything that was missed is fetched."""
        self.simulator.control("DELETE", "/sim/faults")
        self.backfill.look()
        await until(lambda: not self.gaps.unfilled, "a hole was not filled", 120)

    async def late_prints(self) -> None:
        """Calm minutes, in some of which a print comes after its minute's bar."""
        await asyncio.sleep(2)  # beyond the last hole
        for _ in range(3):
            self._fault("late_trade", STREAM, {})
            await asyncio.sleep(1.5)
        self.simulator.control("DELETE", "/sim/faults")

    def _flagged(self, began: float) -> bool:
        muted = any(at > began and state == "mute" for at, state, _ in self.seen.states[-8:])
        return muted or any(self.market.snapshot(symbol).stale for symbol in SYMBOLS)

    def _fault(self, kind: str, target: str, params: dict[str, object]) -> None:
        self.simulator.control("POST", "/sim/faults", {"kind": kind, "target": target, "params": params})


@asynccontextmanager
async def sitting(simulator: Simulator, database: Database, folder: Path) -> AsyncIterator[Session]:
    """A session whose parts run until the end."""
    session = Session(simulator, database, folder)
    parts = (
        session.stream.run(),
        session.ticks.run(),
        session.beats(),
        session.gaps.run(),
        session.backfill.run(),
        session.late.run(),
    )
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        await until(lambda: session.live, "the link never came up")
        yield session
    finally:
        await session.stream.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        session.vendor.close()


async def until(seen: Callable[[], object], complaint: str, patience: float = WAIT) -> None:
    """Wait until ``seen`` is true."""
    end = time.monotonic() + patience
    while not seen():
        assert time.monotonic() < end, complaint
        await asyncio.sleep(0.01)


def whole_minute(moment: datetime) -> datetime:
    """The first whole minute after a moment."""
    return moment.replace(second=0, microsecond=0) + timedelta(minutes=1)


BARS = """COPY (SELECT symbol, start, open, high, low, close, volume, vwap, count FROM bars
          WHERE timeframe = '1m' AND start >= {} AND start < {} ORDER BY symbol, start) TO STDOUT"""
TRADES = """COPY (SELECT symbol, at / 60000000000 * 60000000000 AS start, id, exchange, tape, price, size FROM trades
            WHERE at >= {} AND at < {} ORDER BY symbol, start, id, exchange, tape) TO STDOUT"""


def copied(url: str, query: str, start: datetime, end: datetime) -> bytes:
    """What the database has of a span, as text in the order of the keys."""
    with psycopg.connect(url.replace("+psycopg", "", 1)) as connection:
        statement = query.format(ns(start), ns(end))
        with connection.cursor() as cursor, cursor.copy(statement.encode()) as rows:
            return b"".join(bytes(row) for row in rows)


async def told_by_history(session: Session, database: Database, start: datetime, end: datetime) -> None:
    """Store what the simulator's own history says of a span."""
    bars, trades = BarStore(database), TickStore(database)
    for symbol in SYMBOLS:
        # the stream's minutes come without a number of trades
        minutes = [replace(bar, count=0) for bar in await session.vendor.bars(symbol, MINUTE, start, end)]
        await bars.save(MINUTE, minutes, PolygonStream.name)
        await trades.save(await session.vendor.trades(symbol, start, end))


@dataclass(frozen=True, slots=True)
class Told:
    """What became of a session: its figures, and what it stored of the span that it heard whole or filled in."""

    seen: Seen
    start: datetime
    end: datetime
    bars: bytes
    trades: bytes
    duplicates: int
    reference_bars: bytes
    reference_trades: bytes

    @property
    def missing_trades(self) -> int:
        """How many trades history has that the database has not."""
        return len(set(self.reference_trades.splitlines()) - set(self.trades.splitlines()))

    @property
    def minutes(self) -> float:
        """Market minutes that were stored."""
        return (self.end - self.start) / timedelta(minutes=1)

    def equals(self, other: "Told") -> bool:
        """Whether both stored the same bars and trades, where both sat."""
        span = max(self.start, other.start), min(self.end, other.end)
        mine, theirs = ((between(one.bars, *span), between(one.trades, *span)) for one in (self, other))
        return span[0] < span[1] and mine == theirs


def between(rows: bytes, start: datetime, end: datetime) -> list[bytes]:
    """Those of the copied rows whose minute lies in a span."""
    first, last = ns(start), ns(end)
    return [row for row in rows.splitlines() if first <= int(row.split(b"\t", 2)[1]) < last]


async def told(server_url: str, folder: Path, outages: Sequence[Outage], seed: int, rest: Callable[[], float],
               *, until_at_least: datetime | None = None, speed: float = SPEED, late: bool = False) -> Told:  # fmt: skip
    """Sit through the outages with ``rest`` seconds after each, let everything be filled in, and compare with history.

    ``late``: with prints that come late after them, which another session of the same market does not have.
    """
    words = ("--seed", str(seed), "--speed", f"{speed:g}", "--date", DAY, "--start", "09:40", "--symbols", "12")
    with running(*words) as simulator, fresh(server_url) as (database, url), fresh(server_url) as (other, other_url):
        async with sitting(simulator, database, folder) as session:
            start = whole_minute(session.clock.market() + IN_FLIGHT)
            await asyncio.sleep(CALM if outages else 0)
            for one in outages:
                await session.suffer(one)
                await asyncio.sleep(rest())
            await session.recovered()
            if late:
                await session.late_prints()
            await until(lambda: session.clock.market() >= (until_at_least or start), "the market stood still", 600)
            end = whole_minute(session.clock.market()) - timedelta(minutes=1)
            await asyncio.sleep(2 * 60 / speed)  # until the last minute's bar is there
            await session.late.flush()
            await session.ticks.written()
            await told_by_history(session, other, start, end)
        stored, reference = ([copied(one, query, start, end) for query in (BARS, TRADES)] for one in (url, other_url))
        rows = stored[1].splitlines()
        return Told(session.seen, start, end, *stored, len(rows) - len(set(rows)), *reference)

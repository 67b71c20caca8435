"""Keeps what the streams say: into the database ten times a second, onto the disk while the database is away."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from itertools import repeat

import structlog

from qv_desktop.domain.errors import BadInput, DatabaseDown
from qv_desktop.domain.market import SECOND, Bar, Timeframe, Trade, utc
from qv_desktop.services.ports.callbacks import Now
from qv_desktop.services.ports.history import BarStore
from qv_desktop.services.ports.ticks import TickSpool, TickStore

log = structlog.get_logger(__name__)

INTERVAL = 0.1  # seconds from one write to the next, so that a busy machine too commits four times a second
PAUSE = 1.0  # seconds between attempts while the database is away
BATCH = 10_000  # rows that are written at once
MOST = 200_000  # rows held in memory; beyond it they go to the spool
TOO_MANY = 500_000  # rows held in memory when even the disk does not follow; beyond it the oldest go
PORTION = 50_000  # rows that go to the spool at once
AT_RISK = 5.0  # seconds of rows that a crash may take with it while the database is away
UNSURE = 2.0  # seconds in which the server may still lose what it took, for trades are not flushed to its disk at once

type TimedBar = tuple[Timeframe, Bar]
type Rows = tuple[list[Trade], list[TimedBar]]
type Loss = tuple[int, int, frozenset[str]]  # from and to in ns, symbols
type Gap = Callable[[datetime, datetime, tuple[str, ...], str], None]  # start, end, symbols, reason


class Ticks:
    """A bounded buffer and a spool before the store. ``stored`` and ``stored_bars`` count what the store took, new or known before.

    The older is always written first: trades that a crash of the server may have taken with it, what was being written when the
    database went, then the spool, then the buffer, which goes onto the disk every few seconds while the database is away. When the
    spool is full and memory too, the oldest rows in memory go and ``gap`` is told once the database is back, for a backfill.
    """

    def __init__(self, ticks: TickStore, bars: BarStore, spool: TickSpool, now: Now, source: str, gap: Gap) -> None:
        self._ticks, self._bars, self._spool, self._now, self._source, self._gap = ticks, bars, spool, now, source, gap
        self._writer, self._mover = asyncio.Lock(), asyncio.Lock()
        self._trades: list[Trade] = []
        self._done: list[TimedBar] = []
        self._head: Rows = ([], [])  # on their way into the store
        self._fresh: deque[tuple[float, list[Trade]]] = (
            deque()
        )  # loop time and what was stored then, of the last moments
        self._again: list[Trade] = []  # to be stored once more, and not counted twice
        self._moving = 0  # rows on their way into the spool
        self._away: datetime | None = None  # since when the database takes nothing
        self._lost: Loss | None = None
        self.stored = 0
        self.stored_bars = 0

    @property
    def waiting(self) -> int:
        """Rows not yet written, those of the spool included."""
        head = len(self._head[0]) + len(self._head[1])
        return self._buffered + head + len(self._again) + self._moving + self._spool.waiting

    @property
    def spooled(self) -> int:
        """Rows that wait on this machine's disk."""
        return self._spool.waiting

    @property
    def _buffered(self) -> int:
        return len(self._trades) + len(self._done)

    def keep(self, trades: Sequence[Trade]) -> None:
        """Buffer trades."""
        self._trades.extend(trades)
        while self._buffered > TOO_MANY:
            self._give_up(self._taken(BATCH))

    def keep_bars(self, frame: Timeframe, bars: Sequence[Bar]) -> None:
        """Buffer completed or amended bars."""
        self._done.extend(zip(repeat(frame), bars))

    async def run(self) -> None:
        """Write, and spool what becomes too much, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._writing())
            group.create_task(self._spilling())

    async def flush(self) -> None:
        """Write all that waits; what cannot be written stays for the next time."""
        async with self._writer:
            try:
                await self._write()
                self._settle()
            except DatabaseDown as error:
                if self._away is None:
                    log.warning("ticks_wait", rows=self.waiting, reason=str(error))
                    self._away = self._now()
                    self._doubt()

    async def written(self) -> None:
        """Return once everything that waits now is stored, however long the database is away."""
        await self.flush()
        while self._away is not None:
            await asyncio.sleep(PAUSE)
            await self.flush()

    async def close(self) -> None:
        """Write all that waits; what the database does not take now goes into the spool for the next start."""
        await self.flush()
        async with self._writer:
            (trades, done), self._head = self._head, ([], [])
            self._trades[:0], self._done[:0] = self._again + trades, done
            self._again = []
            while self._buffered:
                await self.spill()
            self._tell_gap()

    async def spill(self, *, must: bool = True) -> None:
        """Move the oldest rows of the buffer onto the disk; when there is no room they are given up, or stay unless they ``must`` go."""
        async with self._mover:
            trades, done = rows = self._taken(PORTION)
            self._moving, kept = len(trades) + len(done), False
            try:
                kept = await asyncio.to_thread(self._spool.keep, trades, done)
                if not kept and must:
                    self._give_up(rows)
                    kept = True
            finally:  # told to stop: better twice than never
                if not kept:
                    self._trades[:0], self._done[:0] = trades, done
                self._moving = 0

    async def _writing(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + INTERVAL
            await self.flush()
            await asyncio.sleep(PAUSE if self._away else max(0.0, due - loop.time()))

    async def _spilling(self) -> None:
        """What is too much, and while the database is away whatever waits: memory does not outlive the program's crash."""
        loop = asyncio.get_running_loop()
        safe = loop.time()  # since when rows may wait in memory alone
        while True:
            while self._buffered > MOST:
                await self.spill()
            if self._away is None:
                safe = loop.time()
            elif loop.time() - safe >= AT_RISK and self._buffered:
                safe = loop.time()
                await self.spill(must=False)
            await asyncio.sleep(INTERVAL)

    async def _write(self) -> None:
        """What waits now; what comes meanwhile is for the next time, or many small writes would follow each other."""
        last = False
        while True:
            if self._again:
                await self._saved_trades(self._again[:BATCH])
                del self._again[:BATCH]
            elif any(self._head):
                await self._write_head()
            elif self._moving:
                async with self._mover:
                    pass
            elif self._spool.waiting:
                await self._drain_first()
            elif last:
                return
            else:
                last = max(len(self._trades), len(self._done)) <= BATCH
                self._head = self._taken(BATCH)

    async def _write_head(self) -> None:
        trades, done = self._head
        self.stored += await self._saved_trades(trades)
        self._head = [], done
        self._remember(trades)
        self.stored_bars += await self._saved_bars(done)
        self._head = [], []

    def _remember(self, trades: list[Trade]) -> None:
        """Keep what was just stored for as long as the server may still lose it."""
        now = asyncio.get_running_loop().time()
        if trades:
            self._fresh.append((now, trades))
        while self._fresh and now - self._fresh[0][0] > UNSURE:
            self._fresh.popleft()

    def _doubt(self) -> None:
        """The database went: what it took last is stored once more when it is back, and known rows stay single."""
        self._remember([])
        self._again = [trade for _, trades in self._fresh for trade in trades]
        self._fresh.clear()

    async def _drain_first(self) -> None:
        """Counted once it is stored as a whole, for a portion that was cut short comes again."""
        portion = await asyncio.to_thread(self._spool.first)
        if portion is None:
            return
        trades, done = portion
        stored = [await self._saved_trades(trades[at : at + BATCH]) for at in range(0, len(trades), BATCH)]
        bars = [await self._saved_bars(done[at : at + BATCH]) for at in range(0, len(done), BATCH)]
        await asyncio.to_thread(self._spool.drop_first)
        self.stored, self.stored_bars = self.stored + sum(stored), self.stored_bars + sum(bars)

    async def _saved_trades(self, trades: Sequence[Trade]) -> int:
        return await _saved(self._ticks.save, trades)

    async def _saved_bars(self, done: Sequence[TimedBar]) -> int:
        frames = dict[Timeframe, list[Bar]]()
        for frame, bar in done:
            frames.setdefault(frame, []).append(bar)
        return sum([await self._saved_of(frame, bars) for frame, bars in frames.items()])

    async def _saved_of(self, frame: Timeframe, bars: Sequence[Bar]) -> int:
        return await _saved(lambda some: self._bars.save(frame, some, self._source), bars)

    def _settle(self) -> None:
        """All is written: what was lost is told."""
        self._tell_gap()
        if self._away is not None:
            log.info("ticks_written_again", away_since=self._away.isoformat())
        self._away = None

    def _taken(self, most: int) -> Rows:
        """The oldest rows, out of the buffer."""
        rows = self._trades[:most], self._done[:most]
        del self._trades[:most], self._done[:most]
        return rows

    def _give_up(self, rows: Rows) -> None:
        trades, done = rows
        if trades:
            times = [trade.at for trade in trades]
            self._lose(min(times), max(times) + 1, {trade.symbol for trade in trades})
        if done:
            ends = [bar.start + frame.seconds * SECOND for frame, bar in done]
            self._lose(min(bar.start for _, bar in done), max(ends), {bar.symbol for _, bar in done})

    def _lose(self, start: int, end: int, symbols: Iterable[str]) -> None:
        known = self._lost or (start, end, frozenset())
        if self._lost is None:
            log.error("ticks_lost", since=utc(start).isoformat(), reason="memory and spool are full")
        self._lost = min(known[0], start), max(known[1], end), known[2].union(symbols)

    def _tell_gap(self) -> None:
        if self._lost is None:
            return
        (start, end, symbols), self._lost = self._lost, None
        since = f" since {self._away:%H:%M:%S} UTC" if self._away else ""
        reason = f"the database was away{since}, and memory and spool on this machine were full"
        self._gap(utc(start), utc(end + 999), tuple(sorted(symbols)), reason)  # never before the last of them


async def _saved[T](save: Callable[[Sequence[T]], Awaitable[object]], rows: Sequence[T]) -> int:
    """Save ``rows``; a bad one is found by halving, logged and left out, so that it holds up no other. How many were good."""
    if not rows:
        return 0
    try:
        await save(rows)
    except BadInput as error:
        if len(rows) == 1:
            log.error("row_refused", row=repr(rows[0]), reason=str(error))
            return 0
        half = len(rows) // 2
        return await _saved(save, rows[:half]) + await _saved(save, rows[half:])
    return len(rows)

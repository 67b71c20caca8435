"""Keeps what the streams say: trades in batches every quarter of a second, bars as they complete, nothing lost while they fit."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import structlog

from qv_desktop.domain.errors import DatabaseDown
from qv_desktop.domain.market import Bar, Gap, Timeframe, Trade, utc
from qv_desktop.services.ports import BarStore, Now, TickStore

log = structlog.get_logger(__name__)

INTERVAL = 0.25  # seconds between batches
BATCH = 5_000  # trades that are written at once
MOST = 500_000  # trades held while the database is away; beyond it a gap is recorded for backfill
MINUTE = Timeframe(1, "m")


class Ticks:
    """A bounded buffer before the store. ``stored`` counts what the store has, new or known before; ``waiting`` what it has not."""

    def __init__(self, ticks: TickStore, bars: BarStore, now: Now, source: str) -> None:
        self._ticks, self._bars, self._now, self._source = ticks, bars, now, source
        self._one = asyncio.Lock()
        self._trades: list[Trade] = []
        self._writing: list[Trade] = []
        self._done: list[Bar] = []
        self._lost: tuple[datetime, datetime, frozenset[str]] | None = None
        self.stored = 0
        self.stored_bars = 0

    @property
    def waiting(self) -> int:
        """Rows not yet written."""
        return len(self._trades) + len(self._writing) + len(self._done)

    def keep(self, trades: Sequence[Trade]) -> None:
        """Buffer trades; when the buffer is full, the oldest go and leave a recorded gap."""
        self._trades.extend(trades)
        over = len(self._trades) - MOST
        if over > 0:
            gone, self._trades = self._trades[:over], self._trades[over:]
            first = self._lost[0] if self._lost else utc(gone[0].at)
            symbols = frozenset(t.symbol for t in gone) | (self._lost[2] if self._lost else frozenset())
            self._lost = (first, utc(gone[-1].at), symbols)

    def keep_bars(self, bars: Sequence[Bar]) -> None:
        """Buffer completed minute bars."""
        self._done.extend(bars)

    async def run(self) -> None:
        """Write batches until cancelled."""
        while True:
            await asyncio.sleep(INTERVAL)
            await self.flush()

    async def flush(self) -> None:
        """Write all that waits; what cannot be written stays for the next time."""
        async with self._one:  # two writers at once would each drop what the other had written
            await self._flushed()

    async def _flushed(self) -> None:
        try:
            while self._trades:
                await self._write_trades()
            while self._done:
                bars = self._done[:BATCH]
                await self._bars.save(MINUTE, bars, self._source)
                self.stored_bars += len(bars)
                del self._done[: len(bars)]
            await self._tell_gap()
        except DatabaseDown as error:
            log.info("ticks_wait", rows=self.waiting, reason=str(error))

    async def _write_trades(self) -> None:
        """One batch, taken out first: an overflow meanwhile must not move what is counted off."""
        self._writing, self._trades = self._trades[:BATCH], self._trades[BATCH:]
        try:
            await self._ticks.save(self._writing)
            self.stored += len(self._writing)
        except DatabaseDown:
            self._trades = self._writing + self._trades
            raise
        finally:
            self._writing = []

    async def _tell_gap(self) -> None:
        if self._lost is None:
            return
        start, end, symbols = self._lost
        await self._ticks.save_gap(
            Gap(self._source, tuple(sorted(symbols)), start, end, "the database was away too long")
        )
        self._lost = None

"""Bars of the past: stored ones first, the vendor for what is missing, and then stored."""

import asyncio
from datetime import datetime, timedelta

from qv_desktop.domain.errors import DatabaseDown, FeedDown
from qv_desktop.domain.market import Bar, Snapshot, Timeframe, utc
from qv_desktop.services.ports import BarStore
from qv_desktop.services.ports import History as Vendor

OPEN_HOURS = 16 / 24 * 5 / 7  # the part of the week that has bars, pre- and post-market included


class History:
    """Asks vendors in order of preference; equal requests under way are made once."""

    def __init__(self, store: BarStore, vendors: list[Vendor]) -> None:
        self._store, self._vendors = store, vendors
        self._asking: dict[tuple[str, Timeframe, datetime, datetime], asyncio.Task[list[Bar]]] = {}

    async def newest(self, symbol: str, frame: Timeframe, count: int, until: datetime) -> list[Bar]:
        """About ``count`` bars before ``until`` (UTC), oldest first; fewer only where the vendor has no more."""
        span = timedelta(seconds=frame.seconds * count)
        back = span / OPEN_HOURS + timedelta(days=4) if frame.intraday else span * 1.5 + timedelta(days=10)
        return (await self.between(symbol, frame, until - back, until))[-count:]

    async def between(self, symbol: str, frame: Timeframe, start: datetime, end: datetime) -> list[Bar]:
        """Bars from ``start`` up to ``end``. Raises FeedDown when neither the store nor a vendor has any."""
        key = (symbol, frame, start, end)
        task = self._asking.get(key)
        if task is None:
            task = self._asking[key] = asyncio.ensure_future(self._complete(symbol, frame, start, end))
            task.add_done_callback(lambda _: self._asking.pop(key, None))
        return await asyncio.shield(task)

    async def snapshots(self, symbols: list[str]) -> list[Snapshot]:
        """The first vendor's present view of the symbols. Raises FeedDown."""
        failure = FeedDown("No price vendor is configured; enter a Polygon or Alpaca key in the settings.")
        for vendor in self._vendors:
            try:
                return await vendor.snapshots(symbols)
            except FeedDown as error:
                failure = error
        raise failure

    async def _complete(self, symbol: str, frame: Timeframe, start: datetime, end: datetime) -> list[Bar]:
        stored = await self._stored(symbol, frame, start, end)
        try:
            fresh, source = await self._ask(symbol, frame, start, end)
        except FeedDown:
            if stored:
                return stored
            raise
        await self._keep(frame, fresh, source)
        newest = fresh[-1].start if fresh else 0
        return fresh + [bar for bar in stored if bar.start > newest]  # the vendor knows best, as far as it has got

    async def _stored(self, symbol: str, frame: Timeframe, start: datetime, end: datetime) -> list[Bar]:
        try:
            return await self._store.bars(symbol, frame, start, end)
        except DatabaseDown:
            return []  # the vendor can still answer

    async def _ask(self, symbol: str, frame: Timeframe, start: datetime, end: datetime) -> tuple[list[Bar], str]:
        failure = FeedDown("No price vendor is configured; enter a Polygon or Alpaca key in the settings.")
        for vendor in self._vendors:
            try:
                return await vendor.bars(symbol, frame, start, end), vendor.name
            except FeedDown as error:
                failure = error
        raise failure

    async def _keep(self, frame: Timeframe, bars: list[Bar], source: str) -> None:
        """Store complete bars only: the last one may still grow."""
        try:
            await self._store.save(frame, bars[:-1], source)
        except DatabaseDown:
            return  # they can be asked for again


def last_start(bars: list[Bar]) -> datetime | None:
    """Start of the newest bar (UTC)."""
    return utc(bars[-1].start) if bars else None

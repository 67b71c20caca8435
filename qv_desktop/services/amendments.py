"""Prints that the exchange took back: the stored print goes or changes, and so does the minute that it was in."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from qv_desktop.domain.errors import BadInput, DatabaseDown, FeedDown
from qv_desktop.domain.events import BarsAmended
from qv_desktop.domain.history import Span
from qv_desktop.domain.market import SECOND, Bar, Correction, Timeframe, Trade, bar_start, folded, ns, utc
from qv_desktop.services.ports.callbacks import Now, Publish
from qv_desktop.services.ports.history import BarStore
from qv_desktop.services.ports.ticks import TickStore
from qv_desktop.services.vendors import Vendors

log = structlog.get_logger(__name__)

MINUTE = Timeframe(1, "m")
OTHERS = (Timeframe(1, "s"), Timeframe(1, "h"), Timeframe(1, "D"))
AGAIN = 1.0  # seconds while the database is away

type Gap = Callable[[datetime, datetime, tuple[str, ...], str], None]  # start, end, symbols, reason


class Amendments:
    """Corrections in the order in which they came.

    ``written`` returns once all prints heard so far are stored; ``gap`` is told of a minute that only a later backfill can put right.
    """

    def __init__(self, vendors: Vendors, bars: BarStore, ticks: TickStore, now: Now, publish: Publish,
                 written: Callable[[], Awaitable[None]], gap: Gap) -> None:  # fmt: skip
        self._vendors, self._bars, self._ticks, self._now = vendors, bars, ticks, now
        self._publish, self._written, self._gap = publish, written, gap
        self._waiting: deque[Correction] = deque()
        self._wake = asyncio.Event()

    @property
    def waiting(self) -> int:
        """Corrections that are not stored yet."""
        return len(self._waiting)

    def amend(self, corrections: Sequence[Correction]) -> None:
        """Take what a stream told."""
        self._waiting.extend(corrections)
        self._wake.set()

    async def run(self) -> None:
        """Amend until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self.flush()
            except DatabaseDown:
                await asyncio.sleep(AGAIN)
                self._wake.set()

    async def flush(self) -> None:
        """Amend all that waits. Raises DatabaseDown, and what is left waits in its order."""
        while self._waiting:
            await self._written()
            try:
                await self._amended(self._waiting[0])
            except BadInput as error:  # such as a corrected price of nothing: the print stays as it was first told
                log.warning("correction_unusable", symbol=self._waiting[0].symbol, reason=str(error))
            self._waiting.popleft()

    async def _amended(self, correction: Correction) -> None:
        symbol, start = correction.symbol, bar_start(correction.at, MINUTE)
        span = Span(start, start + 60 * SECOND)
        stored = await self._bars.bars(symbol, MINUTE, utc(span.start), utc(span.end))
        before = await self._ticks.trades(symbol, span.start, span.end)
        await self._ticks.amend([correction])
        if span.end > ns(self._now()) and not stored:
            return  # the minute under way is the live bar's
        after = await self._ticks.trades(symbol, span.start, span.end)
        bar = await asyncio.to_thread(refolded, stored[0] if stored else None, before, after)
        await self._bars.uncover(symbol, OTHERS, span)
        if bar is not None:
            await self._bars.save(MINUTE, [bar], "correction")
        else:
            await self._asked(symbol, span, stored)
        self._publish(BarsAmended(symbol, utc(span.start), utc(span.end)))

    async def _asked(self, symbol: str, span: Span, stored: list[Bar]) -> None:
        """The vendor makes bars by rules of its own: what our prints do not explain, it must tell."""
        try:
            bars, source = await self._vendors.ask(
                ("amend", symbol, span, self._now()), f"{symbol} 1m, corrected", lambda vendor, progress:
                vendor.bars(symbol, MINUTE, utc(span.start), utc(span.end), progress), urgent=False)  # fmt: skip
        except FeedDown as error:
            log.info("minute_not_corrected", symbol=symbol, reason=str(error))
            self._gap(utc(span.start), utc(span.end), (symbol,), "a corrected print whose minute no vendor could tell")
            return
        counted = not stored or stored[0].count > 0
        await self._bars.save(MINUTE, [bar if counted else replace(bar, count=0) for bar in bars], source)


def refolded(bar: Bar | None, before: Sequence[Trade], after: Sequence[Trade]) -> Bar | None:
    """The minute made of the prints ``after`` the correction; None unless those ``before`` explain the stored ``bar`` in full."""
    old = _minute(before)
    if bar is None or old is None or not _alike(old, bar):
        return None
    new = _minute(after)
    if new is None:
        return replace(bar, volume=0.0, count=0)  # all of it was taken back
    return new if bar.count else replace(new, count=0)


def _minute(trades: Sequence[Trade]) -> Bar | None:
    bar: Bar | None = None
    for trade in trades:
        bar = folded(bar, trade, MINUTE)
    return bar


def _alike(one: Bar, other: Bar) -> bool:
    return (one.start, one.open, one.high, one.low, one.close, one.volume) == (
        other.start, other.open, other.high, other.low, other.close, other.volume)  # fmt: skip

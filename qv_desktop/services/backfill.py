"""Fills the holes in the feeds from a vendor's history, so that what was missed is as if it had been heard."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import structlog

from qv_desktop.domain.errors import FeedDown, NotInPlan, QvError
from qv_desktop.domain.events import BarsAmended
from qv_desktop.domain.history import PAUSE, Span
from qv_desktop.domain.market import SECOND, Bar, Gap, Timeframe, bar_start, ns, utc
from qv_desktop.services.gaps import Gaps
from qv_desktop.services.ports.callbacks import Now, Publish
from qv_desktop.services.ports.history import BarStore
from qv_desktop.services.ports.ticks import TickStore
from qv_desktop.services.vendors import Vendors

log = structlog.get_logger(__name__)

MINUTE = Timeframe(1, "m")
OTHERS = (
    Timeframe(1, "s"),
    Timeframe(1, "h"),
    Timeframe(1, "D"),
)  # stored timeframes that a hole in the minutes changes
SETTLES = 10 * SECOND  # after which a vendor has the whole of a minute
AT_ONCE = 3600 * SECOND  # of prints that are asked for and stored at a time
POLL = 0.25  # seconds between looks whether a minute is over
FIRST, LONGEST = 5.0, 900.0  # seconds until a hole that could not be filled is tried again
# streams whose minutes come without a number of trades: a filled minute must not differ from those heard before and after it
UNCOUNTED = ("Polygon",)

type Told = Callable[[str, int, int], None]  # feed, symbols done, symbols in all


class NotYet(FeedDown):
    """The vendor does not know the newest minutes yet."""


@dataclass(slots=True)
class _Attempt:
    """How far a hole is filled, over all attempts."""

    done: set[str] = field(default_factory=set)
    reached: int = 0  # the newest moment (ns) that the vendor knew of
    patience: float = FIRST
    again_at: float = 0.0  # loop time


class Backfill:
    """One hole after another, what is on screen first in each; one that cannot be filled stays, and is tried again.

    ``shown`` are the symbols in order of how much they are wanted; ``seed`` renews the symbols' figures of the day. ``written``
    returns once all that was heard so far is stored: a bar that still waits must not be written over the vendor's newer one.
    """

    def __init__(self, gaps: Gaps, vendors: Vendors, bars: BarStore, ticks: TickStore, now: Now, publish: Publish, *,
                 shown: Callable[[], Sequence[str]],
                 seed: Callable[[Sequence[str]], Awaitable[None]], progress: Told,
                 written: Callable[[], Awaitable[None]]) -> None:  # fmt: skip
        self._gaps, self._vendors, self._bars, self._ticks = gaps, vendors, bars, ticks
        self._now, self._publish = now, publish
        self._shown, self._seed, self._progress, self._written = shown, seed, progress, written
        self._attempts: dict[tuple[str, datetime, tuple[str, ...]], _Attempt] = {}  # feed, start, symbols -> attempt
        self._wake = asyncio.Event()
        self._said = set[str]()  # feeds of which it was said that their plan has no prints
        gaps.look = self._wake.set

    def look(self) -> None:
        """Try again now: a feed is back, or a person wants it."""
        for attempt in self._attempts.values():
            attempt.patience, attempt.again_at = FIRST, 0.0
        self._wake.set()

    async def run(self) -> None:
        """Fill until cancelled."""
        while True:
            waits = [await self._tried(gap) for gap in self._gaps.unfilled]
            try:
                await asyncio.wait_for(self._wake.wait(), min(waits, default=None))
            except TimeoutError:
                continue
            self._wake.clear()

    async def fill(self, gap: Gap) -> None:
        """Fill one hole. Raises FeedDown, NotYet, DatabaseDown; what was got until then counts at the next attempt."""
        attempt = self._attempt(gap)
        span = whole_minutes(gap)
        if not self._over(span):
            raise NotYet("The last minute of the hole is not over yet.")
        order = self._order(gap)
        for symbol in order:
            if symbol not in attempt.done:
                self._progress(gap.feed, len(attempt.done), len(order))
                await self._symbol(gap, symbol, span, attempt)
                attempt.done.add(symbol)
        self._progress(gap.feed, len(order), len(order))
        await self._finished(gap, span, attempt)

    async def renew(self, feed: str, symbol: str, span: Span) -> None:
        """Take these minutes from the feed's vendor anew, for something in them came late. Raises FeedDown, DatabaseDown."""
        if await self._minutes(feed, symbol, span):
            await self._bars.uncover(symbol, OTHERS, span)
            self._publish(BarsAmended(symbol, utc(span.start), utc(span.end)))

    async def _tried(self, gap: Gap) -> float:
        """Seconds until this hole is to be tried again."""
        attempt, time = self._attempt(gap), asyncio.get_running_loop().time
        if time() < attempt.again_at:
            return attempt.again_at - time()
        if not self._over(whole_minutes(gap)):
            return POLL
        try:
            await self.fill(gap)
            return LONGEST
        except QvError as error:
            log.info("gap_stays", feed=gap.feed, start=gap.start.isoformat(), reason=str(error), again=attempt.patience)
        attempt.again_at = time() + attempt.patience
        attempt.patience = min(LONGEST, attempt.patience * 2)
        return attempt.again_at - time()

    async def _symbol(self, gap: Gap, symbol: str, span: Span, attempt: _Attempt) -> None:
        bars = await self._minutes(gap.feed, symbol, span)
        await self._prints(gap.feed, symbol, span)
        await self._bars.uncover(symbol, OTHERS, span)
        if bars:
            attempt.reached = max(attempt.reached, bars[-1].start + 60 * SECOND)
            self._publish(BarsAmended(symbol, utc(span.start), utc(span.end)))

    async def _minutes(self, feed: str, symbol: str, span: Span) -> list[Bar]:
        await self._written()
        bars, source = await self._vendors.ask(
            ("fill", symbol, span), f"{symbol} 1m, missed", lambda vendor, progress:
            vendor.bars(symbol, MINUTE, utc(span.start), utc(span.end), progress), urgent=False, feed=feed)  # fmt: skip
        kept = [replace(bar, count=0) for bar in bars] if feed.startswith(UNCOUNTED) else bars
        await self._bars.save(MINUTE, kept, source)
        return bars

    async def _prints(self, feed: str, symbol: str, span: Span) -> None:
        """Merged by key, so only the feed's own vendor will do: another's ids would make two of one print."""
        try:
            for start in range(span.start, span.end, AT_ONCE):
                end = min(start + AT_ONCE, span.end)
                trades, _ = await self._vendors.ask(
                    ("prints", symbol, start, end), f"{symbol} prints, missed", lambda vendor, progress, a=start, b=end:  # type: ignore[misc]  # the defaults bind the part
                    vendor.trades(symbol, utc(a), utc(b), progress), urgent=False, feed=feed, only=True)  # fmt: skip
                await self._ticks.save(trades)
        except NotInPlan as error:
            if feed not in self._said:
                self._said.add(feed)
                log.info("prints_not_in_plan", feed=feed, reason=str(error))

    async def _finished(self, gap: Gap, span: Span, attempt: _Attempt) -> None:
        if attempt.reached < span.end - 120 * SECOND and ns(self._now()) < span.end + PAUSE:
            attempt.done.clear()
            raise NotYet("The vendor does not know the newest minutes yet.")
        for symbol in gap.symbols:
            await self._bars.cover(symbol, MINUTE, span)
        self._attempts.pop((gap.feed, gap.start, gap.symbols), None)
        self._gaps.filled(gap)
        try:
            await self._seed(gap.symbols)
        except FeedDown as error:
            log.info("day_not_seeded", reason=str(error))

    def _over(self, span: Span) -> bool:
        return ns(self._now()) >= span.end + SETTLES

    def _order(self, gap: Gap) -> list[str]:
        rank = {symbol: number for number, symbol in enumerate(self._shown())}
        return sorted(gap.symbols, key=lambda symbol: rank.get(symbol, len(rank)))

    def _attempt(self, gap: Gap) -> _Attempt:
        return self._attempts.setdefault((gap.feed, gap.start, gap.symbols), _Attempt())


def whole_minutes(gap: Gap) -> Span:
    """The minutes that the hole touches: a minute with a hole in it is wrong as a whole."""
    end = gap.start if gap.end is None else gap.end
    return Span(bar_start(ns(gap.start), MINUTE), bar_start(ns(end) - 1, MINUTE) + 60 * SECOND)

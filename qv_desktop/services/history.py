"""Bars of the past: stored ones first, a vendor only for what is missing, and then stored. Stored as traded, adjusted when read."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from qv_desktop.domain.adjustment import Step, adjusted, effective, steps
from qv_desktop.domain.errors import DatabaseDown, FeedDown
from qv_desktop.domain.history import (
    HistoryRequest,
    Span,
    asked_back,
    base,
    closed,
    joined,
    missing,
    next_start,
    settled,
)
from qv_desktop.domain.market import (
    NEW_YORK,
    SECOND,
    Action,
    Adjustment,
    Bar,
    Snapshot,
    Timeframe,
    bar_start,
    merged,
    ns,
    utc,
)
from qv_desktop.services.actions import FRESH, Actions
from qv_desktop.services.ports.callbacks import Now
from qv_desktop.services.ports.history import ActionStore, BarStore
from qv_desktop.services.ports.history import History as Vendor
from qv_desktop.services.requests import Requests
from qv_desktop.services.vendors import Vendors

MINUTE, DAY = Timeframe(1, "m"), Timeframe(1, "D")
LATE = 15 * SECOND  # after its end a minute that the stream told of is surely stored
BEFORE = 10 * 86_400 * SECOND  # so long before the first bar there is a close, for the factor of a dividend
TRIES = 3  # times that ``newest`` goes back, further each time


@dataclass(frozen=True, slots=True)
class Loaded:
    """Bars, oldest first. When not ``complete``, ``why`` says in a sentence what is missing and what to do."""

    bars: list[Bar]
    complete: bool
    why: str


class History:
    """``heard_since`` tells from when (ns) the stream has stored every minute of a symbol; None while it does not."""

    def __init__(self, store: BarStore, actions: ActionStore, vendors: Sequence[Vendor], requests: Requests, now: Now,
                 heard_since: Callable[[str], int | None]) -> None:  # fmt: skip
        self._store, self._now, self._heard_since = store, now, heard_since
        self._vendors, self.requests = Vendors(vendors, requests), requests
        self._actions = Actions(actions, self._vendors, now)

    async def load(self, symbol: str, frame: Timeframe, start: datetime, end: datetime, adjustment: Adjustment = "split",
                   urgent: bool = True, as_of: date | None = None) -> Loaded:  # fmt: skip
        """Bars from ``start`` up to ``end`` (UTC) with what is known of their completeness.

        Adjusted for what had taken effect on ``as_of``, by default today. The one under way is among them, but for minutes that
        the stream has heard whole. Not ``urgent``: only what is left over of the vendor's time. Raises FeedDown when there is
        nothing at all because no vendor answers.
        """
        raw = await self._raw(symbol, base(frame), bar_start(ns(start), frame), min(ns(end), ns(self._now())), urgent)
        found, doubt = await self._steps(symbol, raw, adjustment, urgent, as_of)
        bars = await asyncio.to_thread(_shaped, raw.bars, found, frame, ns(start), ns(end))
        if not bars and not raw.complete:
            raise FeedDown(raw.why)
        why = " ".join(filter(None, (raw.why, doubt)))
        return Loaded(bars, not why, why)

    async def latest(
        self, symbol: str, frame: Timeframe, count: int, until: datetime, adjustment: Adjustment = "split"
    ) -> Loaded:
        """About ``count`` bars before ``until`` (UTC); fewer only where the vendors have no more or do not answer."""
        found, before = Loaded([], True, ""), -1
        for again in range(TRIES):
            found = await self.load(symbol, frame, utc(asked_back(ns(until), frame, count, again)), until, adjustment)
            # holidays, thin trading, or the beginning of all: only going on tells
            if len(found.bars) >= count or not found.complete or len(found.bars) == before:
                break
            before = len(found.bars)
        return Loaded(found.bars[-count:], found.complete, found.why)

    def imported(self, symbol: str) -> None:
        """A file brought bars of ``symbol``, and with them splits and dividends that were not known."""
        self._actions.forget(symbol)

    async def announced(self, symbol: str) -> list[Action]:
        """Splits and dividends of ``symbol`` as far as they are known, oldest first, also those that were announced just now."""
        return (await self._actions.of(symbol, young=FRESH))[0]

    async def newest(self, symbol: str, frame: Timeframe, count: int, until: datetime) -> list[Bar]:
        """The bars of ``latest``, for whom incomplete ones will do. Raises FeedDown when there are none and no vendor answers."""
        return (await self.latest(symbol, frame, count, until)).bars

    async def between(self, symbol: str, frame: Timeframe, start: datetime, end: datetime,
                      adjustment: Adjustment = "split") -> list[Bar]:  # fmt: skip
        """The bars of ``load``, for whom only all of them will do. Raises FeedDown when some are missing."""
        found = await self.load(symbol, frame, start, end, adjustment)
        if not found.complete:
            raise FeedDown(f"Bars of {symbol} are missing. {found.why}")
        return found.bars

    async def snapshots(self, symbols: Sequence[str], urgent: bool = True) -> list[Snapshot]:
        """A vendor's present view of the symbols; not ``urgent``: only with what is left over of its time. Raises FeedDown."""
        wanted = tuple(dict.fromkeys(symbols))
        if not wanted:
            return []
        label = wanted[0] if len(wanted) == 1 else f"{len(wanted)} symbols"
        key = ("snapshots", frozenset(wanted))
        return (await self._vendors.ask(key, f"{label} now", lambda vendor, _: vendor.snapshots(wanted), urgent))[0]

    @property
    def active(self) -> tuple[HistoryRequest, ...]:
        """The questions under way."""
        return self.requests.active

    # ---- bars as traded

    async def _raw(self, symbol: str, frame: Timeframe, start: int, end: int, urgent: bool) -> Loaded:
        wanted, fresh, why = Span(start, end), list[Bar](), ""
        parts = await asyncio.to_thread(_questions, wanted, await self._known(symbol, frame, wanted), frame)
        for part in reversed(parts):  # the newest first: when a vendor fails on the way, they are worth more
            try:
                fresh = await self._asked(symbol, frame, part, urgent) + fresh
            except FeedDown as error:
                why = str(error)
                break
        stored = await self._stored(symbol, frame, wanted)
        return Loaded(await asyncio.to_thread(_united, stored, fresh, wanted), not why, why)

    async def _known(self, symbol: str, frame: Timeframe, wanted: Span) -> list[Span]:
        """What need not be asked for: what is covered, and the minutes that the stream has stored."""
        try:
            known = await self._store.covered(symbol, frame)
        except DatabaseDown:
            return []  # the vendor can still answer
        heard = self._heard_since(symbol) if frame == MINUTE else None
        if heard is None:
            return known
        since = bar_start(heard - 1, MINUTE) + 60 * SECOND  # the first whole one
        return [*known, *await self._heard(symbol, Span(since, wanted.end))]

    async def _heard(self, symbol: str, span: Span) -> list[Span]:
        """``span`` without the minute that has just ended, unless it is stored already."""
        now = ns(self._now())
        current = bar_start(now, MINUTE)
        last = current - 60 * SECOND
        if now - current >= LATE or last < span.start or await self._stored(symbol, MINUTE, Span(last, current)):
            return [span] if span.start < span.end else []
        return [one for one in (Span(span.start, last), Span(current, span.end)) if one.start < one.end]

    async def _asked(self, symbol: str, frame: Timeframe, part: Span, urgent: bool) -> list[Bar]:
        """A vendor's bars, stored and covered as far as they cannot change any more."""
        end = next_start(bar_start(part.end - 1, frame), frame)  # equal questions are equal in every detail
        start, until = utc(part.start), utc(end)
        bars, source = await self._vendors.ask(
            ("bars", symbol, frame, part.start, end), f"{symbol} {frame}",
            lambda vendor, progress: vendor.bars(symbol, frame, start, until, progress), urgent)  # fmt: skip
        await self._keep(symbol, frame, part, bars, source)
        return bars

    async def _keep(self, symbol: str, frame: Timeframe, part: Span, bars: list[Bar], source: str) -> None:
        now = ns(self._now())
        growing = bar_start(now, frame)
        try:
            await self._store.save(frame, [bar for bar in bars if bar.start < growing], source)
            done = settled(Span(part.start, min(part.end, growing)), bars[-1].start if bars else None, frame, now)
            if done.start < done.end:
                await self._store.cover(symbol, frame, done)
        except DatabaseDown:
            return  # they can be asked for again

    async def _stored(self, symbol: str, frame: Timeframe, span: Span) -> list[Bar]:
        try:
            return await self._store.bars(symbol, frame, utc(span.start), utc(span.end))
        except DatabaseDown:
            return []

    # ---- adjusted

    async def _steps(
        self, symbol: str, raw: Loaded, adjustment: Adjustment, urgent: bool, as_of: date | None
    ) -> tuple[list[Step], str]:
        if adjustment == "raw" or not raw.bars:
            return [], ""
        known, doubt = await self._actions.of(symbol, urgent)
        today = self._now().astimezone(NEW_YORK).date()
        first = utc(raw.bars[0].start).astimezone(NEW_YORK).date()
        actions = [one for one in effective(known, min(today, as_of or today)) if one.day > first]
        if adjustment == "split" or not any(one.kind == "dividend" for one in actions):
            return steps(actions, "split"), doubt
        start = bar_start(raw.bars[0].start - BEFORE, DAY)
        closes = await self._raw(symbol, DAY, start, ns(self._now()), urgent)
        return steps(actions, "all", closes.bars), " ".join(filter(None, (doubt, closes.why)))


def _questions(wanted: Span, known: list[Span], frame: Timeframe) -> list[Span]:
    """What to ask for, oldest first."""
    return joined(missing(wanted, [*known, *closed(wanted, frame)]), frame) if wanted.start < wanted.end else []


def _united(stored: list[Bar], fresh: list[Bar], wanted: Span) -> list[Bar]:
    """The stored bars, which are in order, with the vendor's newer word on them, and the one under way, which is not stored."""
    if not fresh:  # half a million need not be sorted again
        return [bar for bar in stored if wanted.start <= bar.start < wanted.end]
    bars = {bar.start: bar for bar in (*stored, *fresh) if wanted.start <= bar.start < wanted.end}
    return [bars[start] for start in sorted(bars)]


def _shaped(raw: list[Bar], found: list[Step], frame: Timeframe, start: int, end: int) -> list[Bar]:
    bars = adjusted(raw, found)
    whole = bars if frame == base(frame) else merged(bars, frame)
    return [bar for bar in whole if start <= bar.start < end]

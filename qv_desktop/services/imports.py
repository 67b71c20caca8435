"""Files of bars and ticks taken into the store: once, whole, and with a row in the audit trail."""

import asyncio
import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from dataclasses import replace as changed
from datetime import UTC, datetime, timedelta
from pathlib import Path

from qv_desktop.domain.access import Action as Right
from qv_desktop.domain.access import Permission, Resource
from qv_desktop.domain.adjustment import midnight
from qv_desktop.domain.audit import SYSTEM, Actor, Draft, Outcome
from qv_desktop.domain.errors import BadInput, QvError
from qv_desktop.domain.events import BarsAmended, Event
from qv_desktop.domain.history import Span
from qv_desktop.domain.imports import Imported, Reading, Stored, already_adjusted, as_traded
from qv_desktop.domain.market import SECOND, Action, Bar, Timeframe, bar_start, ns, utc
from qv_desktop.services.login import Login
from qv_desktop.services.ports.audit import Trail
from qv_desktop.services.ports.callbacks import Now, Progress, Publish
from qv_desktop.services.ports.files import Reader
from qv_desktop.services.ports.history import ActionStore, BarStore
from qv_desktop.services.ports.ticks import TickStore

IMPORT = Permission(Resource.MARKET, Right.CREATE)
PORTION = 20_000  # rows that are one transaction
HOLE = (
    7 * 86_400 * SECOND
)  # without a bar: longer than the exchange was ever closed within what is kept, so bars are missing
NEVER = datetime(1970, 1, 1, tzinfo=UTC)  # when a vendor was asked for actions that came from a file


@dataclass
class Tally:
    """What has been done so far, and of each symbol the stretches that the file has bars of."""

    new: int = 0
    amended: int = 0
    same: int = 0
    kept: int = 0
    spans: dict[str, list[Span]] = field(default_factory=dict)  # symbol -> first and last start, oldest first

    def held(self, bars: Sequence[Bar]) -> None:
        """The file holds these; a hole of more than a week begins another stretch."""
        for bar in bars:
            spans = self.spans.setdefault(bar.symbol, [])
            if spans and bar.start - spans[-1].end <= HOLE:
                spans[-1] = Span(spans[-1].start, bar.start)
            else:
                spans.append(Span(bar.start, bar.start))


def _nobody(_event: Event) -> None:
    """Who hears of changes where no window is open."""


class Imports:
    """Reads and stores files. ``login`` decides who may; without it (the command line) ``actor`` is who is recorded.

    ``publish`` hears whose stored bars changed, for the charts that show them.
    """

    def __init__(self, reader: Reader, bars: BarStore, ticks: TickStore, actions: ActionStore, now: Now, trail: Trail,
                 login: Login | None = None, actor: Actor = SYSTEM, publish: Publish = _nobody) -> None:  # fmt: skip
        self._reader, self._bars, self._ticks, self._actions = reader, bars, ticks, actions
        self._now, self._trail, self._login, self._actor, self._publish = now, trail, login, actor, publish

    async def understood(self, file: Path, reading: Reading) -> Imported:
        """What the file holds, for a person to agree to. Raises NotPermitted, and BadInput with the offending line."""
        await self._permitted()
        return await self._reader.read(file, reading)

    async def store(self, found: Imported, progress: Progress | None = None, *, replace: bool = False) -> Stored:
        """Keep what is not stored yet. Bars that are stored with other values stay unless ``replace``: files contradict each other and
        vendors, and whichever came last would win. Raises NotPermitted, BadInput, DatabaseDown.
        """
        await self._permitted()
        self._refuse_future(found)
        tally = Tally()
        try:
            if found.frame is None:
                stored = await self._store_trades(found, progress)
            else:
                stored = await self._store_bars(found, found.frame, progress, replace, tally)
        except QvError as error:
            await self._record(found, "failed", str(error), {})
            raise
        finally:
            self._tell(found, tally)
        await self._record(found, "ok", "", {"new": stored.new, "amended": stored.amended, "kept": stored.kept})
        return stored

    async def _permitted(self) -> None:
        if self._login is not None:
            await self._login.require(IMPORT)
            self._actor = self._login.actor

    def _refuse_future(self, found: Imported) -> None:
        """Bars and trades after now can only be a wrong zone or a wrong year."""
        if found.span and found.span.end > ns(self._now()):
            raise BadInput(
                f"{found.name} has a time in the future, {utc(found.span.end):%Y-%m-%d %H:%M} UTC; check its zone and its years."
            )

    def _tell(self, found: Imported, tally: Tally) -> None:
        """Whose bars look otherwise now, also when the import ended half-way: new splits change what was stored before as well."""
        if found.frame is None or not (tally.new or tally.amended or found.actions):
            return
        for symbol, spans in tally.spans.items():
            self._publish(BarsAmended(symbol, utc(spans[0].start), _end(spans[-1], found.frame)))

    async def _store_bars(self, found: Imported, frame: Timeframe, progress: Progress | None, replace: bool,
                          tally: Tally) -> Stored:  # fmt: skip
        factors, notes = await self._factors(found)
        saving: asyncio.Future[int] | None = None  # the portion before, while this one is made
        try:
            for first in range(0, len(found.bars), PORTION):
                part = await asyncio.to_thread(_portion, found.bars, first, factors)
                fresh = await self._fresh(frame, part, tally, replace)
                if saving is not None:
                    await saving
                saving = asyncio.ensure_future(self._bars.save(frame, fresh, f"import {found.name}"))
                if progress is not None:
                    progress(min(1.0, (first + PORTION) / len(found.bars)), f"{found.symbol or found.name} {frame}")
        finally:
            if saving is not None:
                await saving
        for symbol, spans in tally.spans.items():
            for span in spans:
                await self._cover(symbol, frame, span)
        known = [
            await self._keep_actions(symbol, found.actions) for symbol in sorted({one.symbol for one in found.actions})
        ]
        holes = sum(len(spans) - 1 for spans in tally.spans.values())
        notes += [f"{holes} holes of more than a week; charts ask a vendor for them"] if holes else []
        return Stored(tally.new, tally.amended, tally.same, tally.kept, sum(known), tuple(notes))

    async def _fresh(self, frame: Timeframe, part: list[Bar], tally: Tally, replace: bool) -> list[Bar]:
        """What of a portion is to be saved: new, or other than stored where that may be replaced."""
        symbols = sorted({bar.symbol for bar in part})
        start, end = utc(min(bar.start for bar in part)), utc(max(bar.start for bar in part)) + timedelta(seconds=1)
        stored = await self._bars.of_many(symbols, frame, start, end)
        new, other = await asyncio.to_thread(_compared, part, stored, tally)
        tally.new, tally.same = tally.new + len(new), tally.same + len(part) - len(new) - len(other)
        if not replace:
            tally.kept += len(other)
            return new
        tally.amended += len(other)
        return new + other

    async def _cover(self, symbol: str, frame: Timeframe, span: Span) -> None:
        """Up to the end of the last bar, but never the one under way now."""
        end = min(ns(_end(span, frame)), bar_start(ns(self._now()), frame))
        if end > span.start:
            await self._bars.cover(symbol, frame, Span(span.start, end))

    async def _keep_actions(self, symbol: str, found: Sequence[Action]) -> int:
        """Add those that are not known; what a vendor said of the same day stays. The number of new ones."""
        asked, known = await self._actions.actions(symbol)
        days = {(one.day, one.kind) for one in known}
        fresh = [one for one in found if one.symbol == symbol and (one.day, one.kind) not in days]
        if fresh:
            await self._actions.save_actions(symbol, sorted([*known, *fresh], key=lambda one: one.day), asked or NEVER)
        return len(fresh)

    async def _factors(self, found: Imported) -> tuple[list[tuple[int, float]], list[str]]:
        """Splits that the store knows, the file does not mention, and its prices are divided by: (ns, ratio) of each."""
        if not found.symbol or not found.bars or found.prices == "traded":
            return [], []
        told = {one.day for one in found.actions if one.kind == "split"}
        _, known = await self._actions.actions(found.symbol)
        splits = [one for one in known if one.kind == "split" and one.day not in told and one.amount not in (0, 1)]
        undone = [one for one in splits if self._divided(found, one)]
        notes = [
            f"prices before the split {one.amount:g}:1 of {one.day} were divided by it; kept as traded"
            for one in undone
        ]
        return [(midnight(one.day), one.amount) for one in undone], notes

    def _divided(self, found: Imported, split: Action) -> bool:
        place = bisect_left(range(len(found.bars)), midnight(split.day), key=lambda at: found.bars[at].start)
        if not 0 < place < len(found.bars):
            return False
        if found.prices:
            return found.prices == "adjusted"
        verdict = already_adjusted(found.bars[place - 1].close, found.bars[place].open, split.amount)
        if verdict is None:
            raise BadInput(f"{found.name} does not show whether its prices before {split.day} are adjusted for the split "
                           f"{split.amount:g}:1 of that day; say --prices traded or --prices adjusted.")  # fmt: skip
        return verdict

    async def _store_trades(self, found: Imported, progress: Progress | None) -> Stored:
        new = 0
        for first in range(0, len(found.trades), PORTION):
            part = await asyncio.to_thread(found.trades.__getitem__, slice(first, first + PORTION))
            new += await self._ticks.save(part)
            if progress is not None:
                progress(min(1.0, (first + PORTION) / len(found.trades)), f"{found.symbol or found.name} trades")
        return Stored(new, 0, len(found.trades) - new, 0, 0)

    async def _record(self, found: Imported, outcome: Outcome, reason: str, counts: dict[str, int]) -> None:
        what = {"file": found.name, "sha256": found.digest, "timeframe": str(found.frame or "trades"),
                "rows": len(found.bars) or len(found.trades), "from": str(utc(found.span.start)) if found.span else "",
                "to": str(utc(found.span.end)) if found.span else "", **counts}  # fmt: skip
        kind = "trades" if found.frame is None else "bars"
        draft = Draft(
            self._actor, "data.imported", kind, found.symbol or found.name, outcome, reason, after=json.dumps(what)
        )
        try:
            await self._trail.append(draft)
        except QvError:
            if outcome == "ok":
                raise  # of a failure the first error is the one to tell


def _end(span: Span, frame: Timeframe) -> datetime:
    """When the bar that starts at the end of ``span`` is over."""
    length = 36 * 3600 if not frame.intraday else frame.seconds  # midnight of the next day, which may have 25 hours
    return utc(bar_start(span.end + length * SECOND, frame))


def _portion(bars: Sequence[Bar], first: int, factors: Sequence[tuple[int, float]]) -> list[Bar]:
    """A portion, with the divisions by ``factors`` undone for bars before each."""
    part = list(bars[first : first + PORTION])
    for at, ratio in factors:
        part = [as_traded(bar, ratio) if bar.start < at else bar for bar in part]
    return part


def _compared(part: list[Bar], stored: dict[str, list[Bar]], tally: Tally) -> tuple[list[Bar], list[Bar]]:
    """Bars that are not stored, and bars stored with other values; a file that knows less of a bar changes nothing."""
    tally.held(part)
    known = {(symbol, bar.start): bar for symbol, bars in stored.items() for bar in bars}
    new, other = list[Bar](), list[Bar]()
    for bar in part:
        before = known.get((bar.symbol, bar.start))
        if before is None:
            new.append(bar)
        elif bar not in (
            before,
            changed(before, count=0, vwap=None),
            changed(before, count=0),
            changed(before, vwap=None),
        ):
            other.append(bar)
    return new, other

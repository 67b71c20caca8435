"""A strategy's day beside its backtest: permitted, recorded, run in the worker on the same bars, and explained in dollars."""

import asyncio
import json
import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Protocol

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.backtests import BacktestResult, RunData
from qv_desktop.domain.errors import BadInput, ConsentNeeded, QvError
from qv_desktop.domain.live_backtest import Asked, Comparison, Modelled, Sent
from qv_desktop.domain.live_backtest_pairs import paired
from qv_desktop.domain.live_backtest_sides import executions, held, sent_by, taken, usual
from qv_desktop.domain.market import NEW_YORK, SECOND, Bar, Timeframe, utc
from qv_desktop.domain.orders import Fill, Order
from qv_desktop.domain.strategies import Strategy
from qv_desktop.services.break_reports import checked
from qv_desktop.services.live_backtest_data import DayData, bounds, daily
from qv_desktop.services.login import Login
from qv_desktop.services.noting import Note
from qv_desktop.services.ports.audit import Trail
from qv_desktop.services.ports.backtests import BacktestEngine
from qv_desktop.services.ports.callbacks import Now
from qv_desktop.services.strategies import Strategies

RUN = Permission(Resource.BACKTESTS, Action.RUN)
VIEW = Permission(Resource.BACKTESTS, Action.VIEW)
EXPORT = Permission(Resource.BACKTESTS, Action.EXPORT)
LOOK = Permission(Resource.TRADING, Action.VIEW)
OPENS, CLOSES = time(9, 30), time(16)  # New York's regular hours
CLOSEST = timedelta(minutes=5)  # an order and a trade of the backtest this near can be one decision, whatever the bars


class Attributed(Protocol):
    """What was traded in a strategy's name. Raises DatabaseDown."""

    async def sources(self, account: str, start: datetime, end: datetime) -> list[tuple[str, str, int]]:
        """Source, symbol and number of the orders made from ``start`` up to ``end``, the most first."""

    async def orders(self, account: str, source: str, symbol: str, start: datetime, end: datetime) -> list[Order]:
        """Orders of ``source`` that were made, or traded, from ``start`` up to ``end``, oldest first."""

    async def fills(self, account: str, ids: Collection[str], start: datetime, end: datetime) -> list[Fill]:
        """Executions of these orders from ``start`` up to ``end``, oldest first."""


class Writer(Protocol):
    """Writes report files. Raises BadInput when they cannot be written there."""

    async def write(self, comparison: Comparison, folder: Path, forms: Collection[str]) -> tuple[Path, ...]:
        """The report of a comparison."""


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose orders are compared: the account's id, and how it is shown."""

    id: str
    shown: str


class LiveBacktests:
    """Every method raises NotPermitted, DatabaseDown, FeedDown when bars are missing, and BadInput with what to do."""

    def __init__(self, attributed: Attributed, data: DayData, strategies: Strategies, engine: BacktestEngine, writer: Writer,
                 login: Login, trail: Trail, note: Note, now: Now, account: Callable[[], Whose], folder: Path) -> None:  # fmt: skip
        self._attributed, self._data, self._strategies, self._engine = attributed, data, strategies, engine
        self._writer, self._login, self._trail, self._note = writer, login, trail, note
        self._now, self._account, self._folder = now, account, folder

    async def traded(self, day: date) -> list[tuple[str, str, int]]:
        """Strategy, symbol and number of orders of a New York day, the most first."""
        await self._login.require(VIEW)
        await self._login.require(LOOK)
        known = {strategy.name for strategy in self._strategies.every()}
        return [row for row in await self._attributed.sources(self._account().id, *bounds(day)) if row[0] in known]

    async def compare(self, asked: Asked) -> Comparison:
        """Run the backtest of the day and lay it beside the orders; recorded, also when it fails.

        Raises ConsentNeeded before anything is done.
        """
        session = await self._login.require(RUN)
        await self._login.require(LOOK)
        run, spec = uuid.uuid4().hex, asked.spec
        terms = {"strategy": spec.strategy, "symbol": spec.symbol, "day": str(asked.day), "timeframe": spec.timeframe}
        draft = Draft(self._login.actor, "backtest.compare", "backtest", run, after=json.dumps(terms))
        try:
            await self._strategies.require_consent(self._strategies.named(spec.strategy))
            found = await self._compared(asked, run, session.user.name)
        except ConsentNeeded:
            raise  # a question is no failed comparison
        except QvError as error:
            await self._note(replace(draft, outcome="failed", reason=str(error)))
            raise
        terms |= {"code": found.code_hash, "data": found.data_hash, "difference": f"{found.parts.total:f}"}
        await self._note(replace(draft, after=json.dumps(terms)))
        return found

    async def export(self, comparison: Comparison, forms: Collection[str]) -> tuple[Path, ...]:
        """The report of a comparison, under the export folder."""
        await self._login.require(EXPORT)
        checked(forms)
        what = {"symbol": comparison.spec.symbol, "day": str(comparison.asked.day), "formats": sorted(forms)}
        draft = Draft(
            self._login.actor, "export.report", "live backtest", comparison.spec.strategy, after=json.dumps(what)
        )
        await self._trail.append(draft)
        try:
            return await self._writer.write(comparison, self._folder, forms)
        except BadInput as error:
            await self._trail.append(replace(draft, outcome="failed", reason=str(error)))
            raise

    async def _compared(self, asked: Asked, run: str, by: str) -> Comparison:
        spec, strategy, (start, end) = asked.spec, self._strategies.named(asked.spec.strategy), bounds(asked.day)
        frame, now = daily(spec.timeframe), self._now()
        if len(spec.symbols) != 1:
            raise BadInput("A day is compared for one symbol; choose one.")
        if start >= now:
            raise BadInput(f"{asked.day} has not begun in New York; choose a day that has.")
        sent = await self._sent(strategy.name, spec.symbol, start, end)
        before, bars = await self._data.bars(asked, strategy, now)
        result = await self._tested(asked, run, strategy, [*before, *bars], by)
        shares = asked.shares or usual(sent)
        trades = executions(result, spec, frame, shares)
        inside = [one for one in trades if one.at >= start]
        window, mark = _window(frame), taken(bars[-1].close)
        sent = [await self._data.arrived(one, spec.symbol) for one in sent]
        pairs = await asyncio.to_thread(paired, inside, sent, window, mark)  # hundreds on each side take a moment
        notes = _notes([one for one in trades if one.at < start], inside, sent, asked, now < end)
        return Comparison(asked, replace(result.spec, fees=spec.fees, slippage=spec.slippage), self._account().shown, by, now, shares, mark,
                          min(now, utc(bars[-1].start + frame.seconds * SECOND)), window, pairs, len(bars),
                          len(before), result.code_hash, result.data_hash, result.engine, notes)  # fmt: skip

    async def _sent(self, strategy: str, symbol: str, start: datetime, end: datetime) -> list[Sent]:
        account = self._account().id
        orders = await self._attributed.orders(account, strategy, symbol, start, end)
        return sent_by(orders, await self._attributed.fills(account, [order.id for order in orders], start, end))

    async def _tested(self, asked: Asked, run: str, strategy: Strategy, bars: Sequence[Bar], by: str) -> BacktestResult:
        """The run without costs, which are reckoned here to the cent, and over one bar more, which tells what is open at the end."""
        last, frame = bars[-1], daily(asked.spec.timeframe)
        beyond = Bar(
            last.symbol, last.start + frame.seconds * SECOND, last.close, last.close, last.close, last.close, 0
        )
        first = utc(bars[0].start).astimezone(NEW_YORK).date()
        spec = replace(
            asked.spec,
            version=strategy.version,
            first=first,
            last=asked.day,
            fees=0.0,
            fees_per_share=0.0,
            slippage=0.0,
        )
        data = RunData({spec.symbol: (*bars, beyond)})
        return await self._engine.run(run, spec, strategy, data, by, lambda fraction, step: None)


def _window(frame: Timeframe) -> timedelta:
    """How far apart an order and a trade of the backtest may be, and still are one decision."""
    return max(CLOSEST, timedelta(seconds=2 * frame.seconds)) if frame.intraday else timedelta(days=1)


def _notes(
    before: Sequence[Modelled], inside: Sequence[Modelled], sent: Sequence[Sent], asked: Asked, running: bool
) -> tuple[str, ...]:
    """What a reader must know to read the figures rightly."""
    notes, kept = list[str](), held(before)
    if running:
        notes.append("The day is not over: it is compared as far as whole bars have come.")
    if kept:
        since = before[-1].at.astimezone(NEW_YORK)
        notes.append(
            f"The backtest came into the day with {kept.normalize():f} shares, bought at {since:%Y-%m-%d %H:%M} ET."
        )
    if not sent:
        notes.append(f"No order of {asked.day} in {asked.spec.symbol} has “{asked.spec.strategy}” as its source.")
    if early := sum(not OPENS <= one.at.astimezone(NEW_YORK).time() < CLOSES for one in inside):
        notes.append(
            f"{early:,} of the backtest's trades are outside 09:30 to 16:00 ET, for its bars begin before and end after."
        )
    if any(one.filled and one.arrival is None for one in sent):
        notes.append(
            "Of some orders no price is stored of when they were made: their delay and execution stand together as price."
        )
    return tuple(notes)

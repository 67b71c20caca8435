"""The bars of a backtest: stored and imported ones first, vendors for what is missing, adjusted as was known on the last day."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

from qv_desktop.domain.backtest_hours import lacking, spans, within
from qv_desktop.domain.backtests import BacktestSpec, RunData
from qv_desktop.domain.errors import BadInput, FeedDown
from qv_desktop.domain.market import NEW_YORK, SECOND, Bar, Timeframe, bar_start, ns, timeframe
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.services.history import History
from qv_desktop.services.ports.callbacks import Now
from qv_desktop.services.ports.feeds import Calendar

FEWEST_BARS = 30
DAYS = {"D": 1, "W": 7, "M": 31}  # of a bar, at most
DOUBT = "Splits and dividends of"  # as the sentence of those that nobody could be asked for begins

type Tell = Callable[[float, str], None]


def silent(fraction: float, step: str) -> None:
    """Nobody looks."""


class BacktestData:
    """Nothing is filled in: what the exchange's calendar promises and nobody has is told in ``RunData.missing``."""

    def __init__(self, history: History, calendar: Calendar, now: Now) -> None:
        self._history, self._calendar, self._now = history, calendar, now

    async def read(self, spec: BacktestSpec, tell: Tell = silent) -> RunData:
        """Bars of every symbol of ``spec``. Raises BadInput when they are too few, FeedDown when there are none and nobody to ask."""
        frame = timeframe(spec.timeframe)
        sessions, later = await self._calendar.sessions(spec.first, spec.last), list[MarketSession]()
        if (after := DAYS.get(frame.unit, 0) * frame.count) > 1:
            day = timedelta(days=1)
            later = await self._calendar.sessions(spec.last + day, spec.last + after * day)
        going_on = frozenset(bar_start(ns(one.open), frame) for one in later)
        bars, missing = dict[str, tuple[Bar, ...]](), list[str]()
        for number, symbol in enumerate(spec.symbols):
            tell(number / len(spec.symbols), f"reading bars of {symbol}")
            bars[symbol] = await self._of(symbol, frame, spec, sessions, going_on, missing)
        self._check(bars, frame)
        benchmark: tuple[Bar, ...] = ()
        if spec.benchmark:
            known = bars.get(spec.benchmark)
            if known is None:
                known = await self._of(spec.benchmark, frame, spec, sessions, going_on, missing)
            benchmark = known
            if not benchmark:
                raise BadInput(f"The benchmark {spec.benchmark} has no bars in that range; choose another, or none.")
        return RunData(bars, benchmark, tuple(missing))

    async def _of(
        self,
        symbol: str,
        frame: Timeframe,
        spec: BacktestSpec,
        sessions: list[MarketSession],
        going_on: frozenset[int],
        missing: list[str],
    ) -> tuple[Bar, ...]:
        start = datetime.combine(spec.first, time(), NEW_YORK).astimezone(UTC)
        end = datetime.combine(spec.last + timedelta(days=1), time(), NEW_YORK).astimezone(UTC)
        try:
            found = await self._history.load(symbol, frame, start, end, spec.adjustment, as_of=spec.last)
        except FeedDown as error:
            raise FeedDown(
                f"There are no bars of {symbol} of {frame} in that range: import a file of them, or connect a vendor. {error}"
            ) from error
        now = ns(self._now())
        over = [one for one in sessions if ns(one.close) <= now]
        bars, told = await asyncio.to_thread(_judged, symbol, found.bars, frame, spec, over, going_on, now)
        missing += told
        # what the vendor could not be asked for matters when something lacks; what is unknown of splits matters always
        if not found.complete and (
            why := found.why if told else found.why[found.why.find(DOUBT) :] * (DOUBT in found.why)
        ):
            missing.append(why if symbol in why else f"{symbol}: {why}")
        return bars

    def _check(self, bars: dict[str, tuple[Bar, ...]], frame: Timeframe) -> None:
        for symbol, held in bars.items():
            if not held:
                raise BadInput(
                    f"{symbol} has no bars of {frame} in that range and those hours; choose another range, or import them."
                )
        most, symbol = max((len(held), symbol) for symbol, held in bars.items())
        if most < FEWEST_BARS:
            raise BadInput(f"{symbol} has only {most} bars of {frame} in that range; choose a longer one.")


def _judged(symbol: str, bars: list[Bar], frame: Timeframe, spec: BacktestSpec, sessions: list[MarketSession],
            going_on: frozenset[int], now: int) -> tuple[tuple[Bar, ...], list[str]]:  # fmt: skip
    """The bars that count; and what is not there.

    Bars have ended by now and by the last day: of a week whose days after it are not read only a part would be there, and one that
    still grows is another one a minute later. Such a bar is left out, as is one that began before the first day, and none is missing.
    """
    ended = [bar for bar in bars if _end(bar.start, frame) <= now and bar.start not in going_on]
    kept = within(ended, frame, spans(sessions, spec.hours))
    if not frame.intraday:
        first = ns(datetime.combine(spec.first, time(), NEW_YORK))
        starts = {one.day: bar_start(ns(one.open), frame) for one in sessions}
        whole = {day for day, at in starts.items() if at >= first and at not in going_on and _end(at, frame) <= now}
        sessions = [one for one in sessions if one.day in whole]
    return kept, lacking(symbol, kept, frame, sessions, spec.hours)


def _end(start: int, frame: Timeframe) -> int:
    """When the bar that begins at ``start`` has ended, in ns."""
    if frame.unit == "M":  # of 28 to 31 days
        return bar_start(start + (31 * frame.count + 1) * 86_400 * SECOND, frame)
    return start + frame.seconds * SECOND

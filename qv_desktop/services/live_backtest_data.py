"""What a day's comparison is made of besides the orders: the bars that the strategy would have seen, and prices as orders were made."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from qv_desktop.domain.adjustment import adjusted, effective, steps
from qv_desktop.domain.errors import BadInput, FeedDown
from qv_desktop.domain.live_backtest import Asked, Sent
from qv_desktop.domain.live_backtest_sides import taken
from qv_desktop.domain.market import NEW_YORK, SECOND, Bar, Timeframe, ns, timeframe, utc
from qv_desktop.domain.strategies import Strategy, with_defaults
from qv_desktop.services.history import MINUTE, History
from qv_desktop.services.ports.ticks import TickStore

WARM, TIMES = 250, 5  # bars before the day at least, and as many times the strategy's longest window
NEAR = (timedelta(seconds=10), timedelta(minutes=2))  # how far back the last print before an order is looked for
OLDEST = timedelta(minutes=15)  # a minute's close before that is no arrival price

type Days = tuple[datetime, datetime]  # from midnight to midnight in New York


class DayData:
    """Reads bars and prints of one day."""

    def __init__(self, history: History, prints: TickStore) -> None:
        self._history, self._prints = history, prints

    async def bars(self, asked: Asked, strategy: Strategy, now: datetime) -> tuple[list[Bar], list[Bar]]:
        """The bars before the day that the strategy needs, and the whole ones of the day; prices as they were on that day.

        Raises FeedDown when some are missing, BadInput when there are none or too few.
        """
        symbol, frame, (start, end) = asked.spec.symbol, daily(asked.spec.timeframe), bounds(asked.day)
        longest = _longest(asked, strategy)
        day = await self._history.load(symbol, frame, start, min(end, now), "raw")
        whole = [bar for bar in day.bars if bar.start + frame.seconds * SECOND <= ns(now)]
        if not whole and day.complete:
            raise BadInput(
                f"There is no whole bar of {symbol} {frame} on {asked.day}; choose a day on which it traded, or shorter bars."
            )
        before = await self._history.latest(symbol, frame, max(WARM, TIMES * longest), start, "raw")
        if not (day.complete and before.complete):
            raise FeedDown(f"Bars of {symbol} are missing, and a comparison takes all of them. {day.why or before.why}")
        if len(before.bars) <= longest:
            raise BadInput(f"There are {len(before.bars):,} bars of {symbol} {frame} before {asked.day}, and the strategy looks back over "
                           f"{longest:,}; choose shorter windows, shorter bars or a later day.")  # fmt: skip
        splits = steps(effective(await self._history.announced(symbol), asked.day), "split")
        return adjusted(before.bars, splits), adjusted(whole, splits)

    async def arrived(self, sent: Sent, symbol: str) -> Sent:
        """The order with the price when it was made: the last print before it, or the close of the last minute that had ended."""
        at = ns(sent.at)
        for near in NEAR:
            prints = await self._prints.trades(symbol, ns(sent.at - near), at + 1)
            if prints:
                age = (at - prints[-1].at) / SECOND
                return replace(sent, arrival=taken(prints[-1].price), arrived=f"last print, {age:.1f} s before")
        ended = [bar for bar in await self._minutes(symbol, sent.at) if bar.start + MINUTE.seconds * SECOND <= at]
        if not ended:
            return replace(sent, arrived="no price of that moment is stored")
        clock = utc(ended[-1].start).astimezone(NEW_YORK)
        return replace(sent, arrival=taken(ended[-1].close), arrived=f"close of the minute {clock:%H:%M} ET")

    async def _minutes(self, symbol: str, until: datetime) -> list[Bar]:
        """Minutes before ``until``, or none when some may be missing: an older price is no arrival price."""
        try:
            found = await self._history.load(symbol, MINUTE, until - OLDEST, until, "raw")
        except FeedDown:
            return []
        return found.bars if found.complete else []


def bounds(day: date) -> Days:
    """The New York day from midnight to midnight."""
    return datetime.combine(day, time(), NEW_YORK), datetime.combine(day + timedelta(days=1), time(), NEW_YORK)


def daily(text: str) -> Timeframe:
    """The timeframe, of which a day has whole bars. Raises BadInput."""
    frame = timeframe(text)
    if not frame.intraday and str(frame) != "1D":
        raise BadInput(f"A day is compared on bars of a day or less, and {frame} is longer; choose 1m to 1D.")
    return frame


def _longest(asked: Asked, strategy: Strategy) -> int:
    """The longest window among the strategy's parameters, in bars; every whole number is taken for one."""
    values = with_defaults(strategy, dict(asked.spec.parameters))
    return max((int(values[p.name]) for p in strategy.parameters if p.whole), default=0)

"""One symbol as it trades: mutable, for a dozen numbers change with every trade and values are made once per frame."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from qv_desktop.domain.market import SECOND, Bar, Correction, Quote, Snapshot, Timeframe, Trade, bar_start
from qv_desktop.services.live_bars import LiveBar, SecondsBar

DAY = Timeframe(1, "D")
MINUTE_NS = 60 * SECOND
KEPT = 1_000  # trades of the minute under way; a minute with more is not folded anew but asked for when it is over
LONGEST_DAY = 25 * 3600 * SECOND
BEATS = 61  # looks of one second each: a minute lies between the first and the last


@dataclass(slots=True, eq=False)
class Ticker:
    """What is known of one symbol. The fields above the line are written by ``Tickers`` with every trade and quote.

    ``start`` up to ``end`` is the minute under way, and ``open`` to ``value`` its bar; the day's figures are of what came before
    it. So a print that the exchange takes back leaves nothing behind while its minute lasts.
    """

    symbol: str
    last: float | None = None
    last_at: int = 0  # ns
    start: int = 0  # ns
    end: int = 0  # ns
    open: float = math.nan
    high: float = math.nan
    low: float = math.nan
    close: float = math.nan
    volume: float = 0.0  # shares
    value: float = 0.0  # dollars
    count: int = 0  # trades of the minute
    trades: list[Trade] = field(default_factory=list)  # of the minute
    quote: Quote | None = None
    quotes: int = 0  # heard, conflated ones once
    heard_at: float = -math.inf  # monotonic seconds
    moved: bool = False  # since it was last shown
    token: object = None  # what the model's was when the symbol was last heard
    seconds: dict[Timeframe, SecondsBar] = field(default_factory=dict)
    # ---- not with every trade
    source: str = ""
    since: int = 0  # ns; heard without a hole
    minute_heard: bool = False  # the minute under way was heard from its beginning
    partly: int = 0  # ns; the start of the newest minute that was not
    halted: bool = False
    before: tuple[float | None, int] = (None, 0)  # last and its stamp before the minute
    previous_close: float | None = None
    previous_until: int = 0  # ns; the end of the day for which that is the previous close
    day_end: int = 0  # ns
    day_open: float | None = None
    day_high: float = -math.inf
    day_low: float = math.inf
    day_volume: float = 0.0
    counted: int = 0  # trades before the minute, of this sitting
    charts: dict[Timeframe, LiveBar] = field(default_factory=dict)
    done: list[tuple[str, Bar]] = field(default_factory=list)  # bars that were completed since they were last shown
    official: Bar | None = None  # the newest minute as the vendor tells it
    stale_at: float = -math.inf  # monotonic seconds; later than ``heard_at`` while stale
    beats: deque[int] = field(default_factory=lambda: deque(maxlen=BEATS))  # events heard by each look
    busy: bool = False
    judged: bool = False  # whether it is busy was seen, not merely assumed

    # ---- what it is now

    @property
    def events(self) -> int:
        """Trades and quotes heard so far."""
        return self.counted + self.count + self.quotes

    @property
    def stale(self) -> bool:
        """Whether it was found too silent and has not been heard since."""
        return self.stale_at > self.heard_at

    def snapshot(self) -> Snapshot:
        """The symbol as a value."""
        begun = self.count > 0 or self.day_open is not None
        day_open = self.day_open if self.day_open is not None else (self.open if self.count else None)
        high, low = self._range()
        return Snapshot(self.symbol, self.last, self.last_at or None, self.previous_close, self.quote, day_open,
                        high if high > 0 else None, low if low < math.inf else None,
                        self.day_volume + self.volume if begun or self.day_volume else None,
                        self.halted, self.source, self.stale)  # fmt: skip

    def _range(self) -> tuple[float, float]:
        if not self.count:
            return self.day_high, self.day_low
        return max(self.day_high, self.high), min(self.day_low, self.low)

    def minute(self) -> Bar | None:
        """The bar of the minute under way, as the vendor tells it once it is over; None while it has no trade."""
        if not self.count:
            return None
        if self.official is not None and self.official.start == self.start:
            return self.official
        vwap = self.value / self.volume if self.volume else self.close
        return Bar(self.symbol, self.start, self.open, self.high, self.low, self.close, self.volume, self.count, vwap)

    @property
    def heard(self) -> bool:
        """Whether it was ever heard in this sitting."""
        return self.heard_at > -math.inf

    def shown(self) -> Snapshot:
        """The symbol as a value, and from now on it has not moved."""
        self.moved = False
        if len(self.trades) > KEPT:
            self.trades = []
        return self.snapshot()

    # ---- charts

    @property
    def by_minutes(self) -> bool:
        """Whether a chart shows it whose bars last minutes or seconds, where what is missing of one minute is seen."""
        return bool(self.seconds) or any(frame.unit == "m" for frame in self.charts)

    @property
    def tracked(self) -> bool:
        """Whether a chart shows it."""
        return bool(self.charts or self.seconds)

    def track(self, frame: Timeframe, last: Bar | None, owner: str) -> None:
        """Keep a live bar for ``owner``, continuing ``last``."""
        if frame.unit == "s":
            seconds = self.seconds.setdefault(frame, SecondsBar(frame))
            seconds.owners.add(owner)
            seconds.resume(last)
        else:
            chart = self.charts.setdefault(frame, LiveBar(frame))
            chart.owners.add(owner)
            chart.resume(last, self.minute(), self.minute_heard)

    def untrack(self, frame: Timeframe, owner: str) -> None:
        """That owner needs the live bar no longer; it goes with the last one."""
        bar = self.seconds.get(frame) or self.charts.get(frame)
        if bar is not None:
            bar.owners.discard(owner)
            if not bar.owners:
                self.seconds.pop(frame, None)
                self.charts.pop(frame, None)

    def bars(self) -> list[tuple[str, Bar]]:
        """What charts show anew, each with its timeframe: bars that were completed, then those under way."""
        bars, self.done = self.done, []
        for frame, seconds in self.seconds.items():
            bars += [(str(frame), bar) for bar in seconds.closed]
            seconds.closed = []
        minute = self.minute()
        live = [(frame, chart.bar(minute)) for frame, chart in self.charts.items()]
        live += [(frame, seconds.bar) for frame, seconds in self.seconds.items()]
        return bars + [(str(frame), bar) for frame, bar in live if bar is not None]

    # ---- its turns

    def turn(self, at: int, price: float) -> None:
        """Begin the minute that holds ``at``, and the day when that is another; ``price`` is its first."""
        self._close_minute()
        if at >= self.day_end or at < self.day_end - LONGEST_DAY:
            self._begin_day(at)
        self.start = at - at % MINUTE_NS
        self.end = self.start + MINUTE_NS
        self.minute_heard = self.since < self.start
        self.partly = self.partly if self.minute_heard else self.start
        self.open = self.high = self.low = self.close = price
        self.before = (self.last, self.last_at)

    def _close_minute(self) -> None:
        minute = self.minute()
        if minute is None:
            return
        for frame, chart in self.charts.items():
            bar = chart.turn(minute)
            if bar is not None:
                self.done.append((str(frame), bar))
        self.day_open = self.open if self.day_open is None else self.day_open
        self.day_high, self.day_low = self._range()
        self.day_volume += self.volume
        self.counted += self.count
        self.volume, self.value, self.count = 0.0, 0.0, 0
        self.trades = []

    def _begin_day(self, at: int) -> None:
        self.day_end = day_end(at)
        self.day_open, self.day_high, self.day_low, self.day_volume = None, -math.inf, math.inf, 0.0
        if self.day_end > self.previous_until:
            self.previous_close = None  # unknown until a vendor tells it: wrong is worse than missing

    def late(self, price: float, size: float) -> None:
        """A trade of an earlier minute: it belongs to the day, and not to the bar under way."""
        self.day_high, self.day_low = max(self.day_high, price), min(self.day_low, price)
        self.day_volume += size
        self.counted += 1

    # ---- what others tell

    def correct(self, correction: Correction) -> bool:
        """Take back or replace a print of the minute under way; False when it is not among the kept ones."""
        wrong = (correction.id, correction.exchange, correction.tape)
        right = [correction.trade if (one.id, one.exchange, one.tape) == wrong else one for one in self.trades]
        if right == self.trades or len(self.trades) < self.count:
            return False
        self._fold([trade for trade in right if trade is not None])
        return True

    def _fold(self, trades: Sequence[Trade]) -> None:
        """The minute anew from ``trades``, all that it has."""
        self.trades = list(trades)
        prices = [trade.price for trade in trades]
        self.count, self.volume = len(trades), sum(trade.size for trade in trades)
        self.value = sum(trade.price * trade.size for trade in trades)
        if prices:
            newest = max(trades, key=lambda trade: trade.at)
            self.open, self.high, self.low = prices[0], max(prices), min(prices)
            self.last, self.last_at, self.close = newest.price, newest.at, newest.price
        else:
            self.last, self.last_at = self.before
            self.end = self.start  # the next trade begins the minute again
        for seconds in self.seconds.values():
            seconds.again(trades, self.start)

    def seed(self, told: Snapshot, today_end: int, anew: bool) -> None:
        """Take what a vendor's REST knows: live values that are newer stay; its day widens ours, or replaces it when ``anew``."""
        if told.last is not None and (self.last is None or (told.last_at or 0) > self.last_at):
            self.last, self.last_at = told.last, told.last_at or 0
        if self.quote is None or (told.quote is not None and told.quote.at > self.quote.at):
            self.quote = told.quote or self.quote
        day = today_end if told.last_at is None else day_end(told.last_at)
        if told.previous_close is not None and day >= self.day_end:
            # asked at night, a vendor still tells of the day before: what it calls the previous close is so of that day alone
            self.previous_close, self.previous_until = told.previous_close, day
        self.source = self.source or told.source
        if told.last_at is not None and told.last_at < self.day_end - LONGEST_DAY:
            return  # of an earlier day than ours
        if not self.day_end:
            self.day_end = today_end if told.last_at is None else day_end(told.last_at)
        self._seed_day(told, anew)

    def _seed_day(self, told: Snapshot, anew: bool) -> None:
        if anew:
            self.day_high, self.day_low, self.day_volume = -math.inf, math.inf, 0.0
        self.day_open = told.day_open if told.day_open is not None else self.day_open
        self.day_high = max(self.day_high, told.day_high or -math.inf)
        self.day_low = min(self.day_low, told.day_low or math.inf)
        self.day_volume = max(self.day_volume, (told.day_volume or 0.0) - self.volume)


def day_end(at: int) -> int:
    """The next New York midnight after ``at`` (ns); days have 23 to 25 hours."""
    return bar_start(bar_start(at, DAY) + 30 * 3600 * SECOND, DAY)

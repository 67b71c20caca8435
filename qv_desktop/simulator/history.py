"""History as services ask for it: day bars over many years, bars of any span, listings of a day."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import groupby

import numpy as np

from qv_desktop.simulator import sessions
from qv_desktop.simulator.day_bars import folded_bars
from qv_desktop.simulator.listings import Stock, stocks
from qv_desktop.simulator.paths import DayPath, folded_seconds
from qv_desktop.simulator.replay import Replay
from qv_desktop.simulator.synthetic import Synthetic
from qv_desktop.simulator.tape import Tape
from qv_desktop.simulator.ticks import DAY_SECONDS, MINUTE, SECOND, Bar, Listing, Session

EXACT_SESSIONS = 70  # day bars of so many sessions before the start are folded from their minutes
HARD_TO_BORROW = {"NKE"}  # so that a refusal to short can be seen
WHOLE_SHARES = {"C"}  # and one to trade fractions


class History:
    """The tapes of all symbols, and what can be folded from them."""

    def __init__(self, seed: int, start: int, symbols: dict[str, Stock], replay: Replay | None = None) -> None:
        self._synthetic = Synthetic(seed)
        self._seed, self._replay = seed, replay
        self._recorded = list(replay.days) if replay else []
        number = bisect_right(sessions.trading_days(), sessions.new_york(start).date())
        self._exact = max(0, number - EXACT_SESSIONS)
        self._recorded_path = lru_cache(maxsize=64)(self._made_recorded_path)
        self.tapes = {symbol: Tape(stock, self._path_of(stock)) for symbol, stock in symbols.items()}
        self._listings: dict[tuple[str, date], Listing] = {}

    def listing(self, tape: Tape, day: date) -> Listing:
        """The listing on a session's day."""
        key = tape.stock.symbol, day
        if key not in self._listings:
            self._listings[key] = self._made_listing(tape, day)
        return self._listings[key]

    def day_bar(self, tape: Tape, day: date, now: int) -> Bar | None:
        """The day bar of a trading day, up to `now`."""
        session = sessions.known(day)
        number = sessions.day_numbers()[day]
        if number < self._exact and not self._is_recorded(tape, day):
            return self._rough_bars(tape, number, number + 1)[0]
        return tape.day_bar(session, now)

    def day_bars(self, tape: Tape, start: int, end: int, now: int) -> list[Bar]:
        """Day bars whose stamps (00:00 New York) lie in `start` <= t < `end`, the current day as far as it is."""
        days = sessions.trading_days()
        first = bisect_left(days, sessions.new_york(start + 23 * 3600 * SECOND).date())
        last = bisect_right(days, sessions.new_york(min(end - 1, now)).date())
        rough = max(first, min(last, self._exact))
        bars = self._rough_bars(tape, first, rough) if first < rough else []
        for index, day in enumerate(days[first:rough]):
            if self._is_recorded(tape, day):
                bars[index] = tape.day_bar(sessions.known(day), now) or bars[index]
        exact = [tape.day_bar(sessions.known(day), now) for day in days[rough:last]]
        return [bar for bar in bars + exact if bar and start <= bar.t < end]

    def span_bars(self, tape: Tape, seconds: int, start: int, end: int, now: int) -> Iterator[Bar]:
        """Bars of whole minutes (`seconds` >= 60) counted from 00:00 New York, from minutes completed by `now`."""
        span = seconds * SECOND
        for session in _sessions_between(start, min(end, now)):
            minutes = list(tape.minute_bars(session, start, min(now, end + span)))
            if seconds == 60:
                yield from (bar for bar in minutes if bar.t < end)
                continue
            base = sessions.midnight(session.day)
            for number, group in groupby(minutes, key=lambda bar: (bar.t - base) // span):
                t = base + number * span
                if start <= t < end:
                    yield folded_bars(list(group), t, seconds)

    def second_bars(self, tape: Tape, seconds: int, start: int, end: int) -> Iterator[Bar]:
        """Bars of some seconds (a divisor of 60) completed by `end`."""
        for minute in self.minutes(start, end):
            bars = folded_seconds(tape.minute(minute).trades, seconds)
            yield from (bar for bar in bars if start <= bar.t and bar.t + seconds * SECOND <= end)

    def minutes(self, start: int, end: int, newest_first: bool = False) -> Iterator[int]:
        """Starts of the minutes of trading that hold ns from `start` to before `end`."""
        spans = [
            range(max(session.pre_open, start - start % MINUTE), min(session.post_close, end), MINUTE)
            for session in _sessions_between(start, end)
        ]
        for span in reversed(spans) if newest_first else spans:
            yield from reversed(span) if newest_first else span

    def _path_of(self, stock: Stock) -> Callable[[date], DayPath]:
        def path(day: date) -> DayPath:
            if self._replay and stock.symbol == self._replay.symbol:
                if day in self._replay.days:
                    return self._recorded_path(stock, day)
                return self._synthetic.path(stock, day, self._scale(stock, day))
            return self._synthetic.path(stock, day)

        return path

    def _made_recorded_path(self, stock: Stock, day: date) -> DayPath:
        if self._replay is None:
            raise LookupError("nothing is replayed")
        return self._replay.path(stock, day, self._seed)

    def _is_recorded(self, tape: Tape, day: date) -> bool:
        return self._replay is not None and tape.stock.symbol == self._replay.symbol and day in self._replay.days

    def _scale(self, stock: Stock, day: date) -> float:
        """What makes the synthetic days of a replayed symbol meet the recorded ones."""
        if self._replay is None or stock.symbol != self._replay.symbol:
            return 1.0
        daily, numbers = self._synthetic.daily(stock), sessions.day_numbers()
        before = bisect_left(self._recorded, day)
        if before == 0:
            first = self._recorded[0]
            return self._replay.days[first][0].open / float(daily.open[numbers[first]])
        last = self._recorded[before - 1]
        return self._replay.days[last][-1].close / float(daily.close[numbers[last]])

    def _rough_bars(self, tape: Tape, first: int, last: int) -> list[Bar]:
        """Day bars of old sessions, from the daily model alone; they are regular hours' too."""
        stock, days = tape.stock, sessions.trading_days()[first:last]
        scale = np.array([self._scale(stock, day) for day in days]) if self._replay else np.ones(len(days))
        daily = self._synthetic.daily(stock)
        high, low, volume, count = self._synthetic.rough_range(stock, first, last)
        prices = np.stack([daily.open[first:last], high, low, daily.close[first:last]]) * scale
        o, h, low, c = np.maximum(np.round(prices, 2), 0.01).tolist()
        vwap = np.round(prices.mean(axis=0), 4).tolist()
        return [
            Bar(stock.symbol, sessions.midnight(day), o[at], h[at], low[at], c[at], v, n, vwap[at], DAY_SECONDS)
            for at, (day, v, n) in enumerate(zip(days, volume.tolist(), count.tolist(), strict=True))
        ]

    def _made_listing(self, tape: Tape, day: date) -> Listing:
        stock, before = tape.stock, sessions.latest(day - timedelta(days=1))
        bar = self.day_bar(tape, before.day, before.post_close)
        close = bar.close if bar else stock.price
        easy, fractions = stock.symbol not in HARD_TO_BORROW, stock.symbol not in WHOLE_SHARES
        tick = 0.01 if close >= 1 else 0.0001
        return Listing(
            stock.symbol, stock.name, stock.exchange, stock.asset_id, close,
            shortable=easy, easy_to_borrow=easy, fractionable=fractions, tick=tick,
        )  # fmt: skip


def chosen(count: int | None, replay: Replay | None) -> dict[str, Stock]:
    """The best known `count` securities (all by default), the replayed one first among them."""
    known = stocks()
    if replay:
        known = {replay.symbol: replay.stock(known)} | known
    return dict(list(known.items())[:count])


def _sessions_between(start: int, end: int) -> list[Session]:
    """The sessions whose hours touch `start` to `end` ns."""
    if start >= end:
        return []
    return sessions.sessions(sessions.new_york(start).date(), sessions.new_york(end).date())

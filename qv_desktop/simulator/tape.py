"""One symbol's whole history: its paths by day, and what was done to it by hand (price moves, halts)."""

from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from qv_desktop.simulator import sessions
from qv_desktop.simulator.amendments import Amendments
from qv_desktop.simulator.day_bars import folded_bars, folded_path, joined
from qv_desktop.simulator.listings import Stock
from qv_desktop.simulator.paths import DayPath, Minute, expanded, folded
from qv_desktop.simulator.ticks import DAY_SECONDS, MINUTE, Bar, Quote, Session, Status, Trade

KEPT_MINUTES = 600


@dataclass(slots=True)
class Halt:
    """A trading halt from `start` (ns) until `end`; None while it lasts."""

    start: int
    end: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Move:
    """From `t` (ns) on, the path's prices are multiplied by `factor`."""

    t: int
    factor: float


class Tape:
    """All that traded in one symbol, computed when asked and the same each time."""

    def __init__(self, stock: Stock, path_of: Callable[[date], DayPath]) -> None:
        self.stock = stock
        self._path_of = path_of
        self._moves: list[Move] = []
        self._halts: list[Halt] = []
        self._prints: list[Trade | Quote] = []
        self._amendments = Amendments()
        self._made = 0  # trades made by hand
        self._statuses: list[Status] = []
        self._days: dict[date, Bar | None] = {}  # day bars of sessions that are over
        self._kept: OrderedDict[int, Minute] = OrderedDict()  # minute's start ns -> its ticks

    def path(self, day: date) -> DayPath:
        """The untouched minutes of a trading day."""
        return self._path_of(day)

    def minute(self, t: int) -> Minute:
        """The ticks of the minute that starts at `t` ns."""
        if t not in self._kept:
            self._kept[t] = self._made_minute(t)
            if len(self._kept) > KEPT_MINUTES:
                self._kept.popitem(last=False)
        return self._kept[t]

    def minute_bar(self, t: int) -> Bar | None:
        """The bar of the minute that starts at `t` ns; None when nothing traded in it."""
        if self._touched(t):
            trades = self.minute(t).trades
            return folded(list(trades), t, 60) if trades else None
        session = session_of(t)
        if session is None:
            return None
        number = (t - session.pre_open) // MINUTE
        bars = self.path(session.day).bars(number, number + 1)
        return self._scaled_bar(bars[0]) if bars else None

    def minute_bars(self, session: Session, start: int, end: int) -> Iterator[Bar]:
        """The bars of the session's minutes that start at or after `start` and end at or before `end`."""
        path = self.path(session.day)
        first = max(0, -(-(start - session.pre_open) // MINUTE))
        last = min(len(path.count), (end - session.pre_open) // MINUTE)
        if self._is_clean(session):
            yield from path.bars(first, max(first, last))
            return
        for minute in range(first, last):
            if bar := self.minute_bar(session.pre_open + minute * MINUTE):
                yield bar

    def day_bar(self, session: Session, now: int) -> Bar | None:
        """Regular hours folded up to `now`, stamped at 00:00 New York; None before the first regular trade."""
        if session.day not in self._days:
            bar = self._made_day_bar(session, now)
            if now < session.post_close:
                return bar
            self._days[session.day] = bar
        return self._days[session.day]

    def _made_day_bar(self, session: Session, now: int) -> Bar | None:
        path = self.path(session.day)
        begin = session.pre_open + path.regular.start * MINUTE
        end = session.pre_open + path.regular.stop * MINUTE
        done = min(end, now - now % MINUTE)
        if self._is_clean(session):
            whole = folded_path(path, (done - session.pre_open) // MINUTE)
        else:
            bars = list(self.minute_bars(session, begin, done))
            whole = folded_bars(bars, sessions.midnight(session.day), DAY_SECONDS) if bars else None
        if begin <= now < end and done <= now:
            return joined(whole, [trade for trade in self.minute(done).trades if trade.t <= now], session)
        return whole

    def last_before(self, t: int) -> tuple[Trade | None, Quote | None]:
        """The last trade and quote at or before `t` ns, searched back over this and the session before."""
        trade: Trade | None = None
        quote: Quote | None = None
        for start in minutes_back(t):
            ticks = self.minute(start)
            trade = trade or next((one for one in reversed(ticks.trades) if one.t <= t), None)
            quote = quote or next((one for one in reversed(ticks.quotes) if one.t <= t), None)
            if trade and quote:
                break
        return trade, quote

    def statuses(self, t: int) -> list[Status]:
        """Halts and resumptions in the minute that starts at `t` ns, planned and by hand."""
        made = [status for status in self._statuses if t <= status.t < t + MINUTE]
        session = session_of(t)
        if session is not None:
            for start, end in self.path(session.day).halts:
                made += [self._status(start, "H", "LULD pause")] if t <= start < t + MINUTE else []
                made += [self._status(end, "T", "LULD pause")] if t <= end < t + MINUTE else []
        return made

    def halted(self, t: int) -> bool:
        """Whether the symbol is halted at `t` ns."""
        session = session_of(t)
        planned = self.path(session.day).halts if session else ()
        by_hand = any(halt.start <= t and (halt.end is None or t < halt.end) for halt in self._halts)
        return by_hand or any(start <= t < end for start, end in planned)

    def move(self, t: int, price: float) -> None:
        """Shift the price level so that the symbol trades at `price` from `t` ns on."""
        trade, _ = self.last_before(t)
        level = trade.price / self._factor(trade.t) if trade else self.stock.price
        self._moves.append(Move(t, price / level))
        if not self.halted(t):
            quote = Quote(
                self.stock.symbol, t + 1, round(price - 0.01, 4), 500, round(price + 0.01, 4), 500, tape=self.stock.tape
            )
            self._prints += [quote, Trade(self.stock.symbol, t + 2, price, 100, self._number(t), tape=self.stock.tape)]
        self._forget(t)

    def amend(self, trade: Trade, now: Trade | None) -> None:
        """The exchange takes `trade` back, and `now`, unless None, stands in its place."""
        self._amendments.change(trade, now)
        self._forget_minute(trade.t)

    def late(self, start: int) -> Trade | None:
        """A print of the minute that starts at `start` ns, above all others of it; None when nothing traded in it."""
        bar = self.minute_bar(start)
        if bar is None:
            return None
        t, price = start + MINUTE - MINUTE // 1000, round(bar.high + 0.01, 4)
        trade = Trade(self.stock.symbol, t + self._made, price, 100, self._number(t), tape=self.stock.tape)
        self._amendments.add(trade)
        self._forget_minute(t)
        return trade

    def halt(self, t: int, reason: str) -> None:
        """Stop trading at `t` ns."""
        self._halts.append(Halt(t, None, reason))
        self._statuses.append(self._status(t, "H", reason))
        self._forget(t)

    def resume(self, t: int) -> None:
        """Let a halted symbol trade again from `t` ns."""
        for halt in self._halts:
            if halt.end is None:
                halt.end = t
                self._statuses.append(self._status(t, "T", halt.reason))
        self._forget(t)

    def factor(self, t: int) -> float:
        """By how much prices have been moved by hand at `t` ns."""
        return self._factor(t)

    def _number(self, t: int) -> int:
        """An id for a trade that was made by hand; the market's own count from 1 in each minute."""
        self._made += 1
        return (t - t % MINUTE) // MINUTE % 1440 * 10_000 + 9_000 + self._made

    def _forget_minute(self, t: int) -> None:
        self._kept.pop(t - t % MINUTE, None)
        self._days.pop(sessions.new_york(t).date(), None)

    def _forget(self, t: int) -> None:
        for start in [start for start in self._kept if start + MINUTE > t]:
            del self._kept[start]

    def _factor(self, t: int) -> float:
        return next((move.factor for move in reversed(self._moves) if move.t < t), 1.0)

    def _is_clean(self, session: Session) -> bool:
        """Whether the session is as its path has it, without moves before its end or halts by hand in it."""
        start, end = session.pre_open, session.post_close
        halted = any(halt.start < end and (halt.end is None or halt.end > start) for halt in self._halts)
        return not halted and not self._amendments.touch(start, end) and all(move.t >= end for move in self._moves)

    def _touched(self, t: int) -> bool:
        """Whether hands reached into the minute, so that its bar must be folded from its ticks."""
        end = t + MINUTE
        moved = any(t <= move.t < end for move in self._moves)
        return (
            moved
            or self._amendments.touch(t, end)
            or any(halt.start < end and (halt.end is None or halt.end > t) for halt in self._halts)
        )

    def _made_minute(self, t: int) -> Minute:
        session = session_of(t)
        if session is None:
            return Minute()
        minute = expanded(self.path(session.day), (t - session.pre_open) // MINUTE)
        if not self._moves and not self._touched(t):
            return minute
        prints = [one for one in self._prints if t <= one.t < t + MINUTE]
        trades = [self._moved_trade(one) for one in minute.trades] + [one for one in prints if isinstance(one, Trade)]
        quotes = [self._moved_quote(one) for one in minute.quotes] + [one for one in prints if isinstance(one, Quote)]
        stand = self._amendments.applied(t, trades)
        return Minute(
            tuple(sorted((one for one in stand if not self.halted(one.t)), key=lambda one: one.t)),
            tuple(sorted((one for one in quotes if not self.halted(one.t)), key=lambda one: one.t)),
        )

    def _moved_trade(self, trade: Trade) -> Trade:
        factor = self._factor(trade.t)
        return trade if factor == 1 else replace(trade, price=moved(trade.price, factor))

    def _moved_quote(self, quote: Quote) -> Quote:
        factor = self._factor(quote.t)
        if factor == 1:
            return quote
        bid, ask = moved(quote.bid, factor), moved(quote.ask, factor)
        return replace(quote, bid=bid, ask=max(ask, round(bid + 0.01, 4)))

    def _scaled_bar(self, bar: Bar) -> Bar:
        factor = self._factor(bar.t + MINUTE)
        if factor == 1:
            return bar
        o, h, low, c = (moved(price, factor) for price in (bar.open, bar.high, bar.low, bar.close))
        return replace(bar, open=o, high=h, low=low, close=c, vwap=round(bar.vwap * factor, 4))

    def _status(self, t: int, code: str, reason: str) -> Status:
        message = "Trading Halt" if code == "H" else "Trading Resumption"
        reason_code = "LUDP" if reason == "LULD pause" else "T12"
        return Status(self.stock.symbol, t, code, message, reason_code, reason)


def moved(price: float, factor: float) -> float:
    """A price times a factor, on whole cents."""
    return max(0.01, round(price * factor, 2))


def session_of(t: int) -> Session | None:
    """The session whose pre-market, regular or post-market hours hold `t` ns."""
    session = sessions.session(sessions.new_york(t).date())
    return session if session and session.pre_open <= t < session.post_close else None


def minutes_back(t: int) -> Iterator[int]:
    """Starts of minutes with trading, from the one that holds `t` back to the start of the session before."""
    current = sessions.latest(sessions.new_york(t).date())
    earlier = sessions.latest(date.fromordinal(current.day.toordinal() - 1))
    for session in (current, earlier):
        start = min(t - t % MINUTE, session.post_close - MINUTE)
        while start >= session.pre_open:
            yield start
            start -= MINUTE

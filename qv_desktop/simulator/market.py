"""The market that everyone sees: a clock that may run fast, prices, history, and a stream of events."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from qv_desktop.simulator import sessions
from qv_desktop.simulator.history import History, chosen
from qv_desktop.simulator.replay import Replay
from qv_desktop.simulator.splits import Splits
from qv_desktop.simulator.tape import Tape, minutes_back, session_of
from qv_desktop.simulator.ticks import DAY_SECONDS, MINUTE, SECOND, Bar, Event, Listing, Quote, Session, Trade

if TYPE_CHECKING:
    from qv_desktop.simulator.alpaca_data_actions import Dividend

LOG = logging.getLogger(__name__)
SHORTEST_STEP, LONGEST_STEP = 0.005, 0.04  # seconds of wall time between two steps

type Hear = Callable[[Sequence[Event]], None]


class Market:
    """All symbols under one clock; what a stream sent and what history answers are the same."""

    def __init__(self, history: History, start: int, speed: float = 1.0) -> None:
        self.speed = speed
        self.splits = Splits()
        self.declared: list[Dividend] = []  # dividends that were paid on request
        self._history = history
        self._tapes = history.tapes
        self._start, self._zero = start, time.monotonic_ns()
        self._sent = start  # events up to here have been sent
        self._agenda: list[tuple[int, int, Event]] = []  # what is still to send of the minute under way, by time
        self._minute = 0  # the start of the minute under way
        self._last: dict[str, Trade] = {}
        self._quotes: dict[str, Quote] = {}
        self._bars: dict[str, Bar] = {}
        self._late: list[Event] = []  # prints of an earlier minute, still to be told
        self._hearers: list[Hear] = []
        self._unprepared = iter(self._tapes.values())  # tapes whose next minute is not laid out yet
        self._look_back(start)
        self._plan(start - start % MINUTE)

    def now(self) -> int:
        """Market time, ns UTC."""
        return self._start + int((time.monotonic_ns() - self._zero) * self.speed)

    def symbols(self) -> list[str]:
        """All symbols, best known first."""
        return list(self._tapes)

    def listing(self, symbol: str) -> Listing | None:
        """The listing of a symbol, with the close of the session before the current one."""
        tape = self._tapes.get(symbol)
        return self._listing(tape, self._current().day) if tape else None

    def listings(self) -> list[Listing]:
        """All listings, best known first."""
        day = self._current().day
        return [self._listing(tape, day) for tape in self._tapes.values()]

    def quote(self, symbol: str) -> Quote | None:
        """The national best bid and offer that stands."""
        return self._quotes.get(symbol)

    def last(self, symbol: str) -> Trade | None:
        """The last trade."""
        return self._last.get(symbol)

    def minute_bar(self, symbol: str) -> Bar | None:
        """The last completed minute bar."""
        return self._bars.get(symbol)

    def day_bar(self, symbol: str) -> Bar | None:
        """The current session so far (after its close: all of it); None before its first regular trade."""
        tape = self._tapes.get(symbol)
        return tape.day_bar(self._current(), self._sent) if tape else None

    def previous_day_bar(self, symbol: str) -> Bar | None:
        """The day bar of the session before the current one."""
        tape = self._tapes.get(symbol)
        bar = self._history.day_bar(tape, _before(self._current().day), self._sent) if tape else None
        return self.splits.as_adjusted([bar])[0] if bar else None

    def bars(self, symbol: str, seconds: int, start: int, end: int) -> list[Bar]:
        """History of `start` <= bar.t < `end` (ns), up to now, for any span in seconds.

        86400 gives session days (regular hours) stamped at 00:00 New York, the current day as far as it is. Other spans
        are counted from 00:00 New York and hold completed minutes (completed seconds below a minute) of all hours.
        """
        tape = self._tapes.get(symbol)
        if tape is None or start >= end:
            return []
        if seconds >= DAY_SECONDS:
            return self._history.day_bars(tape, start, end, self._sent)
        if seconds < 60:
            return list(self._history.second_bars(tape, seconds, start, min(end, self._sent)))
        return list(self._history.span_bars(tape, seconds, start, end, self._sent))

    def trades(self, symbol: str, start: int, end: int, limit: int, newest_first: bool = False) -> list[Trade]:
        """At most `limit` trades of `start` <= t < `end` (ns) up to now, oldest (or newest) first."""
        return self._ticks(lambda tape, minute: tape.minute(minute).trades, symbol, (start, end), limit, newest_first)

    def quotes(self, symbol: str, start: int, end: int, limit: int, newest_first: bool = False) -> list[Quote]:
        """At most `limit` quotes of `start` <= t < `end` (ns) up to now, oldest (or newest) first."""
        return self._ticks(lambda tape, minute: tape.minute(minute).quotes, symbol, (start, end), limit, newest_first)

    def _ticks[Tick: (Trade, Quote)](
        self,
        of: Callable[[Tape, int], tuple[Tick, ...]],
        symbol: str,
        window: tuple[int, int],
        limit: int,
        newest_first: bool,
    ) -> list[Tick]:
        tape, found = self._tapes.get(symbol), list[Tick]()
        start, end = window[0], min(window[1], self._sent + 1)
        if tape is None:
            return found
        for minute in self._history.minutes(start, end, newest_first):
            ticks = [one for one in of(tape, minute) if start <= one.t < end]
            found += reversed(ticks) if newest_first else ticks
            if len(found) >= limit:
                break
        return found[:limit]

    def session_at(self, t: int) -> Session | None:
        """The session whose hours, from pre-market to post-market, hold `t` ns; None in between."""
        return session_of(t)

    def sessions(self, first: date, last: date) -> list[Session]:
        """The sessions from `first` to `last`, both included."""
        return sessions.sessions(first, last)

    def is_open(self) -> bool:
        """Whether regular trading hours are on."""
        session = session_of(now := self.now())
        return session is not None and session.open <= now < session.close

    def is_halted(self, symbol: str) -> bool:
        """Whether trading in the symbol is halted."""
        tape = self._tapes.get(symbol)
        return tape is not None and tape.halted(self.now())

    def halt(self, symbol: str, reason: str) -> None:
        """Stop trading in a symbol; raises KeyError when it is unknown."""
        self._tapes[symbol].halt(self.now(), reason)
        self._replan()

    def resume(self, symbol: str) -> None:
        """Let a halted symbol trade again; raises KeyError when it is unknown."""
        self._tapes[symbol].resume(self.now())
        self._replan()

    def price(self, symbol: str, price: float) -> None:
        """Print a trade at `price` and let the symbol go on from there; raises KeyError when it is unknown."""
        self._tapes[symbol].move(self.now(), price)
        self._replan()

    def amend(self, trade: Trade, now: Trade | None) -> None:
        """Correct `trade` to `now`, or take it back; history has it so from here on. Symbols that are not ours stay."""
        if tape := self._tapes.get(trade.symbol):
            tape.amend(trade, now)
            if now is not None and self._last.get(trade.symbol) == trade:
                self._last[trade.symbol] = now
            self._replan()

    def print_late(self, symbol: str, minute: int) -> None:
        """Tell with the next step of a trade in a minute (its start, ns) whose bar is out already."""
        if (tape := self._tapes.get(symbol)) and (trade := tape.late(minute)):
            self._late.append(trade)

    def subscribe(self, hear: Hear) -> Callable[[], None]:
        """Hear the events of each step, in order of time; returns the way to stop hearing."""
        self._hearers.append(hear)
        return lambda: self._hearers.remove(hear)

    async def run(self) -> None:
        """Step through market time for ever."""
        while True:
            self.step()
            await asyncio.sleep(self._pause())

    def step(self) -> None:
        """Send all events that are due."""
        now, events, self._late = self.now(), self._late, []
        while True:
            events += self._due(now)
            if self._minute + MINUTE > now:
                break
            self._plan(self._next_minute(now))
        self._sent = now
        self._prepare()
        for hear in list(self._hearers) if events else ():
            try:
                hear(events)
            except Exception:  # one stream's trouble must not stop the market
                LOG.exception("A listener of the market failed")

    def _due(self, now: int) -> list[Event]:
        count = next((index for index, (due, _, _) in enumerate(self._agenda) if due > now), len(self._agenda))
        events = [event for _, _, event in self._agenda[:count]]
        del self._agenda[:count]
        for event in events:
            self._note(event)
        return events

    def _note(self, event: Event) -> None:
        if isinstance(event, Trade):
            self._last[event.symbol] = event
        elif isinstance(event, Quote):
            self._quotes[event.symbol] = event
        elif isinstance(event, Bar) and event.span == 60:
            self._bars[event.symbol] = event

    def _pause(self) -> float:
        """Seconds of wall time until the next event is due, within bounds."""
        due = self._agenda[0][0] if self._agenda else self._minute + MINUTE
        return min(LONGEST_STEP, max(SHORTEST_STEP, (due - self.now()) / SECOND / self.speed))

    def _next_minute(self, now: int) -> int:
        """The minute after the one under way; over closed hours, the next opening or the minute that holds `now`."""
        following = self._minute + MINUTE
        if session_of(following):
            return following
        day = sessions.new_york(following).date()
        coming = [one.pre_open for one in sessions.sessions(day, day + timedelta(days=10)) if one.pre_open >= following]
        return max(following, min([now - now % MINUTE, *coming]))

    def _prepare(self) -> None:
        """Lay out one symbol's next minute ahead, so that a minute does not begin with the work for all."""
        if tape := next(self._unprepared, None):
            tape.minute(self._minute + MINUTE)

    def _plan(self, minute: int) -> None:
        """Lay out what is still to be sent of a minute."""
        self._minute = minute
        self._unprepared = iter(self._tapes.values())
        planned = [event for tape in self._tapes.values() for event in _planned(tape, minute)]
        self._agenda = sorted((one for one in planned if one[0] > self._sent), key=lambda one: one[:2])

    def _replan(self) -> None:
        self._plan(self._minute)

    def _look_back(self, t: int) -> None:
        for symbol, tape in self._tapes.items():
            trade, quote = tape.last_before(t)
            bar = next((bar for start in _recent_minutes(t) if (bar := tape.minute_bar(start))), None)
            self._last |= {symbol: trade} if trade else {}
            self._quotes |= {symbol: quote} if quote else {}
            self._bars |= {symbol: bar} if bar else {}

    def _current(self) -> Session:
        """The latest session whose pre-market has begun."""
        session = sessions.latest(sessions.new_york(self._sent).date())
        return session if session.pre_open <= self._sent else sessions.known(_before(session.day))

    def _listing(self, tape: Tape, day: date) -> Listing:
        return self._history.listing(tape, day)


def _planned(tape: Tape, start: int) -> Iterator[tuple[int, int, Event]]:
    """What one symbol sends in a minute: (when due, order among equals, event); bars are due when they are complete."""
    minute = tape.minute(start)
    yield from ((quote.t, 0, quote) for quote in minute.quotes)
    yield from ((trade.t, 1, trade) for trade in minute.trades)
    yield from ((status.t, 2, status) for status in tape.statuses(start))
    yield from ((bar.t + SECOND, 3, bar) for bar in minute.second_bars)
    if bar := tape.minute_bar(start):
        yield start + MINUTE, 4, bar


def _before(day: date) -> date:
    return sessions.latest(day - timedelta(days=1)).day


def _recent_minutes(t: int) -> Iterator[int]:
    """Starts of the completed minutes before `t`, newest first, back to the start of the session before."""
    return (start for start in minutes_back(t) if start + MINUTE <= t)


def opened(seed: int, start: int, symbols: int | None = None, replay: Replay | None = None, speed: float = 1) -> Market:
    """A market at `start` (ns UTC) with so many of the known symbols, and a replayed one among them if given."""
    return Market(History(seed, start, chosen(symbols, replay), replay), start, speed)

"""What traded lately, day by day: the executions that day trades and settlement are counted from."""

import asyncio
from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal

from qv_desktop.domain.day_trades import DayTrade, Leg, Standing, TradedDay, add, history, legs, paired, within
from qv_desktop.domain.margin import WINDOW, is_pattern, was_pattern
from qv_desktop.domain.orders import Fill
from qv_desktop.domain.trading_days import TradingDays

ZERO = Decimal(0)

type ByDay = dict[date, dict[str, dict[str, Leg]]]


class Traded:
    """The trading days of an account; ``late`` once something belongs to an earlier day than today, which wants reading anew."""

    def __init__(self) -> None:
        self.days = TradingDays()
        self.today: date | None = None  # None until something was read
        self.by_day: ByDay = {}
        self.late = False
        self._past: dict[date, TradedDay] = {}
        self._was_pattern = False
        self._held: dict[str, Decimal] = {}  # symbol -> signed shares with which today began
        self._now: dict[str, tuple[list[DayTrade], Standing]] = {}  # symbol -> today's
        self._seen: set[str] = set()

    async def read(self, fills: Iterable[Fill], held: Mapping[str, Decimal], days: TradingDays, today: date) -> None:
        """Count anew from all ``fills``, after which ``held`` signed shares are held; on a thread, for they may be many."""
        found = {fill.execution_id: fill for fill in fills}
        by_day, past, pattern = await asyncio.to_thread(_counted, list(found.values()), held, days, today)
        self.days, self.today, self.by_day, self._was_pattern, self._seen = days, today, by_day, pattern, set(found)
        self._past = {day: one for day, one in past.items() if day < today}
        moved = by_day.get(today, {})
        self._held = {
            symbol: quantity - sum((leg.sign * leg.quantity for leg in moved.get(symbol, {}).values()), ZERO)
            for symbol, quantity in held.items()
        }
        self._now = {symbol: self._paired(symbol, today) for symbol in moved}
        self.late = False

    def turn(self, today: date) -> None:
        """Another day has begun: what was held is held overnight. What an earlier day lacks yet is read anew later."""
        if self.today is not None:
            self._past[self.today] = self._of(self.today)
            self._held.update({symbol: standing.held for symbol, (_, standing) in self._now.items()})
        self.today, self._now, self.late = today, {}, True

    def differs(self, symbol: str, held: Decimal) -> bool:
        """Whether ``symbol`` is held in another number than its executions lead to, as after a correction by hand."""
        standing = self._now.get(symbol)
        return (standing[1].held if standing else self._held.get(symbol, ZERO)) != held

    def take(self, fill: Fill) -> bool:
        """Count one more execution; whether it was not known yet."""
        if self.today is None or fill.execution_id in self._seen:
            return False
        self._seen.add(fill.execution_id)
        if self.days.of(fill.at) != self.today:
            self.late = True
        else:
            add(self.by_day, fill, self.today)
            self._now[fill.symbol] = self._paired(fill.symbol, self.today)
        return True

    def opened(self) -> dict[str, Standing]:
        """The symbols of which something was opened today, or whose last trade closed what was."""
        return {symbol: standing for symbol, (_, standing) in self._now.items() if standing.opened or standing.closing}

    def window(self) -> tuple[tuple[date, int], ...]:
        """The five business days with their day trades, oldest first."""
        if self.today is None:
            return ()
        return tuple((day, len(self._of(day).day_trades)) for day in self.days.last(self.today, WINDOW))

    def within(self) -> tuple[int, int]:
        """Day trades and trades of the window."""
        window = [] if self.today is None else self.days.last(self.today, WINDOW)
        return within({day: self._of(day) for day in window}, window)

    @property
    def pattern(self) -> bool:
        """Whether any window that was read makes a pattern day trader."""
        return self._was_pattern or is_pattern(*self.within())

    def day_trades(self) -> tuple[DayTrade, ...]:
        """The day trades within the window, oldest first."""
        return tuple(one for day, _ in self.window() for one in self._of(day).day_trades)

    def recent(self, count: int) -> ByDay:
        """What traded within the last ``count`` trading days."""
        first = min(self.days.last(self.today, count), default=self.today) if self.today is not None else None
        return {day: symbols for day, symbols in self.by_day.items() if first is not None and day >= first}

    def _of(self, day: date) -> TradedDay:
        if day != self.today:
            return self._past.get(day, TradedDay(day))
        made = sorted((one for found, _ in self._now.values() for one in found), key=lambda one: one.closed)
        return TradedDay(day, sum(len(orders) for orders in self.by_day.get(day, {}).values()), tuple(made))

    def _paired(self, symbol: str, today: date) -> tuple[list[DayTrade], Standing]:
        orders = self.by_day.get(today, {}).get(symbol, {})
        return paired(symbol, today, self._held.get(symbol, ZERO), orders.values())


def _counted(
    fills: list[Fill], held: Mapping[str, Decimal], days: TradingDays, today: date
) -> tuple[ByDay, dict[date, TradedDay], bool]:
    by_day = legs(fills, days)
    found = history(by_day, held)
    return by_day, found, was_pattern({day: one for day, one in found.items() if day < today}, today, days)

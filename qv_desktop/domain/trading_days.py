"""Trading days: to which day of the exchange's calendar a moment belongs, and how days are counted from there."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.sessions import MarketSession

VETERANS = (11, 11)  # month and day: banks rest, the exchange trades
SATURDAY, SUNDAY = 5, 6


def is_weekday(day: date) -> bool:
    """Whether it is none of a weekend, when nothing trades."""
    return day.weekday() < SATURDAY


def weekdays_on(day: date, count: int) -> date:
    """So many weekdays after ``day``, or before it. Raises OverflowError where the calendar of dates ends."""
    step = timedelta(1 if count > 0 else -1)
    for _ in range(abs(count)):
        day += step
        while not is_weekday(day):
            day += step
    return day


@dataclass(frozen=True, slots=True)
class TradingDays:
    """The exchange's days in order, with the moment (UTC) at which each one's late trading ends."""

    days: tuple[date, ...] = ()
    ends: tuple[datetime, ...] = ()

    def of(self, moment: datetime) -> date:
        """The trading day of ``moment``: what trades after 20:00 in New York, or on a day without a session, is of the next one.

        Beyond what the calendar holds it is New York's date.
        """
        place = bisect_right(self.ends, moment)
        local = moment.astimezone(NEW_YORK).date()
        if not self.days or place == len(self.days) or (place == 0 and local < self.days[0]):
            return local
        return self.days[place]

    def later(self, day: date, count: int) -> date:
        """The ``count``-th trading day after ``day``; weekdays are counted where the calendar ends."""
        place = bisect_right(self.days, day) + count - 1
        if count > 0 and 0 <= place < len(self.days):
            return self.days[place]
        if self.days and day <= self.days[-1]:
            day, count = self.days[-1], place - len(self.days) + 1
        return weekdays_on(day, count) if count > 0 else day

    def last(self, day: date, count: int) -> tuple[date, ...]:
        """The ``count`` trading days up to ``day``, itself included, oldest first; fewer where the calendar begins."""
        place = bisect_right(self.days, day)
        return self.days[max(place - count, 0) : place]

    def end(self, day: date) -> datetime | None:
        """When late trading of ``day`` ends, or None for a day that the calendar does not hold."""
        place = bisect_left(self.days, day)
        return self.ends[place] if place < len(self.days) and self.days[place] == day else None

    def settles(self, day: date) -> date:
        """When money and shares of a trade of ``day`` are settled: the next trading day (T+1, 17 CFR 240.15c6-1), and not on a day
        on which the exchange trades while banks rest."""
        settled = self.later(day, 1)
        while banks_rest(settled):
            settled = self.later(settled, 1)
        return settled


def trading_days(sessions: Sequence[MarketSession]) -> TradingDays:
    """The days of ``sessions``, in whatever order they come."""
    ordered = sorted(sessions, key=lambda session: session.day)
    return TradingDays(tuple(one.day for one in ordered), tuple(one.post_close for one in ordered))


def banks_rest(day: date) -> bool:
    """Whether it is Columbus Day (the second Monday of October) or Veterans Day: trades are made, and none is settled."""
    columbus = day.month == 10 and day.weekday() == 0 and 8 <= day.day <= 14
    observed = day - timedelta(days=1) if day.weekday() == 0 else day  # a Sunday's is observed on Monday
    return (
        columbus
        or (day.month, day.day) == VETERANS
        or ((observed.month, observed.day) == VETERANS and observed.weekday() == SUNDAY)
    )

"""NYSE sessions from 2000 to 2030 as rules: holidays, early closes and hours, in New York time."""

from bisect import bisect_right
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from qv_desktop.simulator.ticks import SECOND, Session

NEW_YORK = ZoneInfo("America/New_York")
FIRST_YEAR, LAST_YEAR = 2000, 2030
PRE_OPEN, OPEN, CLOSE, POST_CLOSE = time(4), time(9, 30), time(16), time(20)
EARLY_CLOSE, EARLY_POST_CLOSE = time(13), time(17)
MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY = range(7)

CLOSED_ONCE = {  # days of mourning, the attacks of 2001 and the storm of 2012
    *(date(2001, 9, day) for day in (11, 12, 13, 14)),
    date(2004, 6, 11),
    date(2007, 1, 2),
    date(2012, 10, 29),
    date(2012, 10, 30),
    date(2018, 12, 5),
    date(2025, 1, 9),
}
CLOSED_EARLY_ONCE = {date(2003, 12, 26)}


def ns(day: date, clock: time) -> int:
    """A New York wall time as ns since the epoch in UTC."""
    return int(datetime.combine(day, clock, NEW_YORK).timestamp()) * SECOND


def midnight(day: date) -> int:
    """00:00 New York of a day, ns UTC: the stamp of day bars."""
    return ns(day, time(0))


def new_york(t: int) -> datetime:
    """New York wall time of ns UTC, to the microsecond."""
    whole, rest = divmod(t, SECOND)
    return datetime.fromtimestamp(whole, NEW_YORK).replace(microsecond=rest // 1000)


def utc(t: int) -> datetime:
    """UTC time of ns UTC, to the microsecond."""
    return new_york(t).astimezone(UTC)


@cache
def holidays(year: int) -> dict[date, str]:
    """Full-day closures of a year, with their names."""
    named = {
        _nth_weekday(year, 1, MONDAY, 3): "Martin Luther King, Jr. Day",
        _nth_weekday(year, 2, MONDAY, 3): "Washington's Birthday",
        _easter(year) - timedelta(days=2): "Good Friday",
        date(year, 5, 31) - timedelta(days=date(year, 5, 31).weekday()): "Memorial Day",
        _observed(date(year, 7, 4)): "Independence Day",
        _nth_weekday(year, 9, MONDAY, 1): "Labor Day",
        _nth_weekday(year, 11, THURSDAY, 4): "Thanksgiving",
        _observed(date(year, 12, 25)): "Christmas",
    }
    if year >= 2022:
        named[_observed(date(year, 6, 19))] = "Juneteenth"
    new_year = date(year, 1, 1)
    if new_year.weekday() != SATURDAY:  # a Saturday's New Year is not moved into the old year
        named[_observed(new_year)] = "New Years Day"
    named.update({day: "Special Closure" for day in CLOSED_ONCE if day.year == year})
    return named


def closes_early(day: date) -> bool:
    """Whether a trading day ends at 13:00: the eves of two holidays and the day after Thanksgiving."""
    month, number, weekday = day.month, day.day, day.weekday()
    if day in CLOSED_EARLY_ONCE:
        return True
    if month == 11:
        return day == _nth_weekday(day.year, 11, THURSDAY, 4) + timedelta(days=1)
    if month == 12:
        return number == 24 and weekday <= THURSDAY
    if (month, number) == (7, 3):
        return weekday in (MONDAY, TUESDAY, THURSDAY) or (weekday == WEDNESDAY and day.year >= 2013)
    return (month, number, weekday) == (7, 5, FRIDAY) and day.year < 2013


@cache
def trading_days() -> tuple[date, ...]:
    """Every trading day that the simulator knows, oldest first."""
    day, days = date(FIRST_YEAR, 1, 1), []
    while day.year <= LAST_YEAR:
        if day.weekday() < SATURDAY and day not in holidays(day.year):
            days.append(day)
        day += timedelta(days=1)
    return tuple(days)


@cache
def day_numbers() -> dict[date, int]:
    """Where each trading day stands in `trading_days()`."""
    return {day: number for number, day in enumerate(trading_days())}


@cache
def session(day: date) -> Session | None:
    """The session of a day; None when the exchange is closed."""
    if day not in day_numbers():
        return None
    early = closes_early(day)
    return Session(
        day,
        open=ns(day, OPEN),
        close=ns(day, EARLY_CLOSE if early else CLOSE),
        pre_open=ns(day, PRE_OPEN),
        post_close=ns(day, EARLY_POST_CLOSE if early else POST_CLOSE),
    )


def latest(day: date) -> Session:
    """The session on or last before a day; raises ValueError before 2000."""
    days = trading_days()
    index = bisect_right(days, day) - 1
    if index < 0:
        raise ValueError(f"The calendar starts in {FIRST_YEAR}; choose a later day than {day}.")
    return known(days[index])


def known(day: date) -> Session:
    """The session of a day that is known to be a trading day; raises ValueError otherwise."""
    found = session(day)
    if found is None:
        raise ValueError(f"The exchange is closed on {day}; choose a trading day from {FIRST_YEAR} to {LAST_YEAR}.")
    return found


def sessions(first: date, last: date) -> list[Session]:
    """The sessions from `first` to `last`, both included."""
    days = trading_days()
    return [known(day) for day in days[bisect_right(days, first - timedelta(days=1)) : bisect_right(days, last)]]


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _observed(day: date) -> date:
    shift = {SATURDAY: -1, SUNDAY: 1}.get(day.weekday(), 0)
    return day + timedelta(days=shift)


def _easter(year: int) -> date:
    """Easter Sunday by the Gregorian computus (Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    k = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    m = (a + 11 * h + 22 * k) // 451
    month, number = divmod(h + k - 7 * m + 114, 31)
    return date(year, month, number + 1)

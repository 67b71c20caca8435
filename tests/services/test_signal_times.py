"""When bars are whole and when what they say trades: a day's at the next open, over week ends, half days and changes of the clock."""

from datetime import UTC, date, datetime, timedelta

from qv_desktop.domain.deployments import DAY
from qv_desktop.domain.market import NEW_YORK, SECOND, Timeframe, bar_start, ns
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.services.signal_times import EARLY, GRACE, NEVER, TOLERATED, Always, BarTimes


def session(day: date, close: int = 16) -> MarketSession:
    def at(hour: int, minute: int = 0) -> datetime:
        return datetime(day.year, day.month, day.day, hour, minute, tzinfo=NEW_YORK).astimezone(UTC)

    return MarketSession(day, at(4), at(9, 30), at(close), at(20))


FRIDAY, MONDAY = session(date(2026, 10, 30), 13), session(date(2026, 11, 2))  # the clock is changed between them


class Known:
    """Two sessions."""

    def on(self, day: date) -> MarketSession | None:
        return next((one for one in (FRIDAY, MONDAY) if one.day == day), None)

    def after(self, day: date) -> MarketSession | None:
        return next((one for one in (FRIDAY, MONDAY) if one.day > day), None)

    def before(self, day: date) -> MarketSession | None:
        return next((one for one in (MONDAY, FRIDAY) if one.day < day), None)


DAYS = BarTimes(DAY, Known())
FRIDAYS, MONDAYS = bar_start(ns(FRIDAY.open), DAY), bar_start(ns(MONDAY.open), DAY)


def test_a_day_is_whole_at_its_close_and_trades_at_the_next_open_with_its_order_there_in_time_for_the_auction() -> None:
    assert DAYS.whole(FRIDAYS) == ns(FRIDAY.close) + GRACE
    assert DAYS.opens(FRIDAYS) == ns(MONDAY.open)
    assert DAYS.due(FRIDAYS) == ns(MONDAY.open) - EARLY
    assert DAYS.latest(FRIDAYS) == ns(MONDAY.open) + TOLERATED
    assert DAYS.due(MONDAYS) == DAYS.opens(MONDAYS) == DAYS.latest(MONDAYS) == NEVER  # the calendar ends there


def test_whoever_begins_within_half_an_hour_of_the_open_misses_nothing() -> None:
    assert not DAYS.missed(FRIDAYS, ns(MONDAY.open) + TOLERATED - 1)
    assert DAYS.missed(FRIDAYS, ns(MONDAY.open) + TOLERATED)


def test_days_are_read_anew_at_midnight_before_the_open_and_after_the_close() -> None:
    turns = {DAYS.turn(ns(MONDAY.open) + minutes * 60 * SECOND) for minutes in range(-9 * 60, 11 * 60)}
    assert turns == {MONDAYS, ns(MONDAY.open) - EARLY, ns(MONDAY.close) + GRACE, ns(MONDAY.close) + 1200 * SECOND}


def test_the_day_before_must_be_there_from_five_minutes_before_the_open_on() -> None:
    assert DAYS.expected(ns(MONDAY.open) - EARLY - 1) == 0
    assert DAYS.expected(ns(MONDAY.open) - EARLY) == FRIDAYS
    assert DAYS.expected(ns(FRIDAY.open)) == 0  # nothing is known of the days before
    assert DAYS.expected(ns(MONDAY.open) - 86_400 * SECOND) == 0  # a Sunday


def test_a_day_that_the_calendar_does_not_know_is_whole_at_midnight() -> None:
    thursday = bar_start(ns(FRIDAY.open) - 86_400 * SECOND, DAY)
    assert DAYS.whole(thursday) == FRIDAYS
    assert BarTimes(DAY, Always()).due(thursday) == NEVER


def test_minutes_and_hours_end_by_the_clock() -> None:
    five = BarTimes(Timeframe(5, "m"), Always())
    start, length = ns(MONDAY.open), 300 * SECOND
    assert (five.whole(start), five.due(start), five.latest(start)) == (
        start + length,
        start + length,
        start + 2 * length,
    )
    assert five.missed(start, start + length)
    assert not five.missed(start, start + length - 1)
    assert five.expected(start) == 0


def test_it_has_opened_once_the_session_has() -> None:
    assert DAYS.opened(ns(MONDAY.open) - 1) == 0
    assert DAYS.opened(ns(MONDAY.open + timedelta(hours=2))) == ns(MONDAY.open)

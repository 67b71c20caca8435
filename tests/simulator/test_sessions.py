"""The calendar's rules agree with the exchange's published calendar."""

from datetime import date, time

import exchange_calendars

from qv_desktop.simulator import sessions

FIRST, LAST = date(2005, 1, 1), date(2027, 12, 31)


def test_holidays_and_early_closes_are_those_of_the_nyse() -> None:
    calendar = exchange_calendars.get_calendar("XNYS", start=FIRST, end=LAST)
    published = {stamp.date(): close.tz_convert(sessions.NEW_YORK).time() for stamp, close in calendar.closes.items()}
    odd = {date(2005, 6, 1)}  # a failure of the exchange's systems, four minutes early; no rule
    ours = {one.day: sessions.new_york(one.close).time() for one in sessions.sessions(FIRST, LAST)}
    assert {day: close for day, close in ours.items() if day not in odd} == {
        day: close for day, close in published.items() if day not in odd
    }


def test_hours_are_new_york_time_on_both_sides_of_a_clock_change() -> None:
    for day in (date(2026, 3, 6), date(2026, 3, 9), date(2026, 10, 30), date(2026, 11, 2)):
        session = sessions.known(day)
        assert sessions.new_york(session.open).time() == time(9, 30)
        assert sessions.new_york(session.pre_open).time() == time(4)
        assert sessions.new_york(session.post_close).time() == time(20)


def test_the_latest_session_before_a_weekend_is_friday() -> None:
    assert sessions.latest(date(2026, 11, 22)).day == date(2026, 11, 20)
    assert sessions.session(date(2026, 11, 22)) is None

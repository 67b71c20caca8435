"""The exchange's calendar: daylight saving, early closes, holidays and closures that no rule foretold."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime

import pytest

from qv_desktop.adapters.calendar import Calendar
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.sessions import MarketSession, phase


def asked[Answer](ask: Callable[[Calendar], Awaitable[Answer]]) -> Answer:
    async def story() -> Answer:
        calendar = Calendar()
        try:
            return await ask(calendar)
        finally:
            calendar.close()

    return asyncio.run(story())


def clock(moment: datetime) -> str:
    assert moment.tzinfo is UTC
    return f"{moment:%H:%M}"


def hours(session: MarketSession) -> list[str]:
    return [clock(moment) for moment in (session.pre_open, session.open, session.close, session.post_close)]


@pytest.mark.parametrize(
    ("day", "expected"),
    [(date(2026, 3, 6), ["09:00", "14:30", "21:00", "01:00"]), (date(2026, 3, 9), ["08:00", "13:30", "20:00", "00:00"]),
     (date(2026, 10, 30), ["08:00", "13:30", "20:00", "00:00"]), (date(2026, 11, 2), ["09:00", "14:30", "21:00", "01:00"]),
     (date(2026, 11, 27), ["09:00", "14:30", "18:00", "22:00"]), (date(2024, 7, 3), ["08:00", "13:30", "17:00", "21:00"]),
     (date(2025, 12, 24), ["09:00", "14:30", "18:00", "22:00"])],
    ids=str,
)  # fmt: skip
def test_hours_follow_new_york_through_daylight_saving_and_early_closes(day: date, expected: list[str]) -> None:
    (session,) = asked(lambda calendar: calendar.sessions(day, day))
    assert session.day == day
    assert hours(session) == expected


@pytest.mark.parametrize(
    "day",
    [date(2026, 7, 3), date(2025, 1, 9), date(2012, 10, 29), date(2026, 11, 26), date(2026, 11, 21), date(2001, 9, 12)],
    ids=str,
)
def test_holidays_weekends_and_sudden_closures_have_no_session(day: date) -> None:
    assert asked(lambda calendar: calendar.sessions(day, day)) == []


def test_a_stretch_has_every_session_once_in_order() -> None:
    found = asked(lambda calendar: calendar.sessions(date(2026, 11, 23), date(2026, 12, 1)))
    assert [session.day.day for session in found] == [23, 24, 25, 27, 30, 1]


def test_a_whole_year_has_its_known_number_of_sessions() -> None:
    assert len(asked(lambda calendar: calendar.sessions(date(2024, 1, 1), date(2024, 12, 31)))) == 252


def test_a_moment_belongs_to_its_new_york_day() -> None:
    async def ask(calendar: Calendar) -> None:
        late = datetime(2026, 3, 10, 0, 30, tzinfo=UTC)  # 20:30 on the ninth in New York
        session = await calendar.session_at(late)
        assert session is not None
        assert session.day == date(2026, 3, 9)
        assert phase(session, late) == "closed"
        assert await calendar.session_at(datetime(2026, 3, 8, 15, tzinfo=UTC)) is None
        early_close = datetime(2026, 11, 27, 19, tzinfo=UTC)
        assert phase(await calendar.session_at(early_close), early_close) == "post-market"

    asked(ask)


def test_questions_far_apart_widen_the_calendar_without_losing_either_end() -> None:
    async def ask(calendar: Calendar) -> None:
        assert await calendar.sessions(date(2026, 11, 20), date(2026, 11, 20))
        assert await calendar.sessions(date(1999, 11, 19), date(1999, 11, 19))
        assert await calendar.sessions(date(2026, 11, 20), date(2026, 11, 20))
        assert calendar._calendar.bound_from < date(1999, 1, 1)
        assert calendar._calendar.bound_to > date(2027, 1, 1)

    asked(ask)


@pytest.mark.parametrize(
    ("first", "last"), [(date(1950, 1, 1), date(1950, 1, 2)), (date(2026, 1, 2), date(2026, 1, 1))]
)
def test_days_that_it_cannot_know_are_a_sentence(first: date, last: date) -> None:
    with pytest.raises(BadInput, match="ask for days within"):
        asked(lambda calendar: calendar.sessions(first, last))

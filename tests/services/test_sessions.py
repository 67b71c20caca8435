"""Sessions: the exchange's calendar, checked against the broker's, and the two clocks."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest

from qv_desktop.domain.errors import BrokerDown
from qv_desktop.domain.market import ns
from qv_desktop.domain.sessions import BrokerClock, MarketSession
from qv_desktop.services.clock import Clock, Rate
from qv_desktop.services.sessions import Sessions
from tests.fakes import Broker


def at(hour: int, minute: int = 0, day: int = 27) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


HALF_DAY = MarketSession(date(2026, 11, 27), at(9), at(14, 30), at(18), at(22))
OPEN = at(16)
FULL_DAY = replace(HALF_DAY, close=at(21))


@dataclass
class Desk(Broker):
    """A broker whose calendar has the half day after Thanksgiving 2026, and whose clock is as far off as asked."""

    days: list[MarketSession] = field(default_factory=lambda: [HALF_DAY])
    moment: datetime = OPEN
    skew: float = 0.0
    is_open: bool = True

    async def sessions(self, first: date, last: date) -> list[MarketSession]:
        self._ask()
        return self.days

    async def clock(self) -> BrokerClock:
        return BrokerClock(self.moment + timedelta(seconds=self.skew), self.is_open, at(14, 30, 30), at(18))


class Exchange:
    """The exchange's own calendar."""

    def __init__(self, *days: MarketSession) -> None:
        self.days = list(days)

    async def sessions(self, first: date, last: date) -> list[MarketSession]:
        return self.days


def made(desk: Desk, *days: MarketSession) -> tuple[Sessions, list[tuple[str, str, str, str]]]:
    told: list[tuple[str, str, str, str]] = []
    clock = Clock(Rate(ns(desk.moment), 0), wall_ns=lambda: 0)
    return Sessions(
        Exchange(*(days or (HALF_DAY,))), desk, clock, lambda event: None, lambda *words, **_: told.append(words)
    ), told


def phase_at(moment: datetime) -> tuple[str, bool]:
    sessions, _ = made(Desk(moment=moment))
    asyncio.run(sessions.load())
    return sessions.phase(), sessions.open()


def test_a_half_day_ends_at_one() -> None:
    assert phase_at(at(17, 59)) == ("open", True)
    assert phase_at(at(18)) == ("post-market", False)


def test_before_after_and_on_holidays_nothing_is_open() -> None:
    assert phase_at(at(8, 59)) == ("closed", False)
    assert phase_at(at(10)) == ("pre-market", False)
    assert phase_at(at(16, day=26)) == ("closed", False)


def test_before_any_answer_nothing_is_known_to_be_open() -> None:
    assert made(Desk())[0].open() is False


def test_the_exchanges_calendar_stands_while_the_broker_is_away() -> None:
    sessions, _ = made(Desk(down=True))
    with pytest.raises(BrokerDown):
        asyncio.run(sessions.load())
    assert sessions.open()


def test_where_the_calendars_differ_the_broker_wins_and_a_person_is_told() -> None:
    sessions, told = made(Desk(moment=at(19), is_open=False), FULL_DAY)
    asyncio.run(sessions.load())
    assert sessions.phase() == "post-market"
    assert [title for _, title, _, _ in told] == ["The calendars differ"]
    assert "14:30 to 21:00 UTC" in told[0][2]
    assert "14:30 to 18:00 UTC" in told[0][2]


def test_calendars_that_agree_and_clocks_that_agree_say_nothing() -> None:
    sessions, told = made(Desk())
    asyncio.run(sessions.load())
    assert told == []
    assert sessions.skew == 0.0


@pytest.mark.parametrize(("skew", "urgency"), [(0.4, "warning"), (-3.0, "critical")])
def test_a_clock_that_is_off_is_told(skew: float, urgency: str) -> None:
    sessions, told = made(Desk(skew=skew))
    asyncio.run(sessions.load())
    assert [(said[0], said[1]) for said in told] == [(urgency, "The clock is wrong")]
    assert sessions.skew == skew


def test_a_broker_that_is_closed_in_regular_hours_is_told() -> None:
    sessions, told = made(Desk(is_open=False))
    asyncio.run(sessions.load())
    assert [title for _, title, _, _ in told] == ["Is the market open?"]


def test_the_sessions_around_a_day_are_found_over_holidays_and_week_ends() -> None:
    monday = MarketSession(date(2026, 11, 30), at(9, day=30), at(14, 30, day=30), at(21, day=30), at(22, day=30))
    desk = Desk(days=[HALF_DAY, monday])
    sessions, _ = made(desk, HALF_DAY, monday)
    assert sessions.after(HALF_DAY.day) is None  # nothing is known yet
    asyncio.run(sessions.load())
    assert (sessions.on(HALF_DAY.day), sessions.on(date(2026, 11, 28))) == (HALF_DAY, None)
    assert sessions.after(HALF_DAY.day) == sessions.after(date(2026, 11, 29)) == monday
    assert sessions.before(monday.day) == sessions.before(date(2026, 11, 29)) == HALF_DAY
    assert sessions.before(HALF_DAY.day) is None

"""Sessions: what the broker's calendar says of now."""

import asyncio
from datetime import UTC, date, datetime

from qv_desktop.domain.sessions import MarketSession
from qv_desktop.services.sessions import Sessions
from tests.fakes import Broker


def at(hour: int, minute: int = 0, day: int = 27) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC)


class HalfDay(Broker):
    """A broker whose calendar has the half day after Thanksgiving 2026."""

    async def sessions(self, first: date, last: date) -> list[MarketSession]:
        return [MarketSession(date(2026, 11, 27), at(9), at(14, 30), at(18), at(22))]


def phase_at(moment: datetime) -> tuple[str, bool]:
    sessions = Sessions(HalfDay(), lambda: moment, lambda event: None)
    asyncio.run(sessions.load())
    return sessions.phase(), sessions.open()


def test_a_half_day_ends_at_one() -> None:
    assert phase_at(at(17, 59)) == ("open", True)
    assert phase_at(at(18)) == ("post-market", False)


def test_before_after_and_on_holidays_nothing_is_open() -> None:
    assert phase_at(at(8, 59)) == ("closed", False)
    assert phase_at(at(10)) == ("pre-market", False)
    assert phase_at(at(16, day=26)) == ("closed", False)


def test_before_the_broker_has_answered_nothing_is_known_to_be_open() -> None:
    assert Sessions(HalfDay(), lambda: at(16), lambda event: None).open() is False

"""The New York Stock Exchange's trading days, from exchange_calendars, asked on a thread because pandas comes with it."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.sessions import MarketSession

NEW_YORK = ZoneInfo("America/New_York")
PRE_OPEN, POST_CLOSE, EARLY_POST_CLOSE = time(4), time(20), time(17)
REGULAR_CLOSE = time(16)
MARGIN = timedelta(days=400)  # kept beyond what was asked for, so that the next question is answered from memory
EARLIEST, LATEST = date(1990, 1, 2), date(2100, 1, 1)


class Calendar:
    """XNYS sessions with their extended hours; after an early close at 13:00 the post-market ends at 17:00."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="calendar")
        self._calendar: Any = None

    async def sessions(self, first: date, last: date) -> list[MarketSession]:
        """Every session from ``first`` to ``last``, both days included. Raises BadInput outside 1990 to 2100."""
        if not EARLIEST <= first <= last <= LATEST:
            raise BadInput(f"The calendar holds {EARLIEST} to {LATEST}; ask for days within, the earlier one first.")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._sessions, first, last)

    async def session_at(self, moment: datetime) -> MarketSession | None:
        """The session of the New York day that holds ``moment`` (aware), or None when that day has none."""
        day = moment.astimezone(NEW_YORK).date()
        found = await self.sessions(day, day)
        return found[0] if found else None

    def close(self) -> None:
        """Let the thread go."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _sessions(self, first: date, last: date) -> list[MarketSession]:
        calendar = self._covering(first, last)
        if first > calendar.last_session.date() or last < calendar.first_session.date():
            return []
        rows = calendar.schedule.loc[first.isoformat() : last.isoformat()]
        return [
            _session(day.date(), row.open, row.close) for day, row in zip(rows.index, rows.itertuples(), strict=True)
        ]

    def _covering(self, first: date, last: date) -> Any:
        """The calendar over at least these days; it is rebuilt, wider, when it ends too soon."""
        from exchange_calendars import get_calendar

        known = self._calendar
        if known is None or first < known.bound_from or last > known.bound_to:
            begin = first if known is None else min(first, known.bound_from)
            end = last if known is None else max(last, known.bound_to)
            self._calendar = _Bound(get_calendar("XNYS", start=max(begin - MARGIN, EARLIEST), end=min(end + MARGIN, LATEST)),
                                    max(begin - MARGIN, EARLIEST), min(end + MARGIN, LATEST))  # fmt: skip
        return self._calendar.calendar


class _Bound:
    def __init__(self, calendar: Any, bound_from: date, bound_to: date) -> None:
        self.calendar, self.bound_from, self.bound_to = calendar, bound_from, bound_to


def _session(day: date, opens: Any, closes: Any) -> MarketSession:
    close = closes.to_pydatetime().astimezone(UTC)
    early = close.astimezone(NEW_YORK).time() < REGULAR_CLOSE
    post = datetime.combine(day, EARLY_POST_CLOSE if early else POST_CLOSE, NEW_YORK).astimezone(UTC)
    pre = datetime.combine(day, PRE_OPEN, NEW_YORK).astimezone(UTC)
    return MarketSession(day, pre, opens.to_pydatetime().astimezone(UTC), close, post)

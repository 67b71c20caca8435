"""When a bar is whole, and when what it says goes to the broker: at its end, of a day before the next session opens."""

from datetime import date, timedelta
from typing import Protocol

from qv_desktop.domain.deployments import DAY
from qv_desktop.domain.market import NEW_YORK, SECOND, Timeframe, bar_start, ns, utc
from qv_desktop.domain.sessions import MarketSession

GRACE = 5 * SECOND  # after the end of a bar whose last minute did not trade
# before the open, when the day before is read once more (corrections of the night count) and what it says goes into the auction,
# which the broker takes orders for until two minutes before
EARLY = 300 * SECOND
DELAYED = 1_200 * SECOND  # after the close, by when a vendor whose prices come a quarter of an hour late has the day
TOLERATED = 1_800 * SECOND  # after the open: so late, what the day before said still trades
NEVER = 2**63 - 1


class Calendar(Protocol):
    """Sessions around now."""

    def on(self, day: date) -> MarketSession | None:
        """The session of a New York day, None when there is none or that is not known."""

    def after(self, day: date) -> MarketSession | None:
        """The first known session after a day."""

    def before(self, day: date) -> MarketSession | None:
        """The last known session before a day."""


class Always:
    """A calendar for bars that end by the clock."""

    def on(self, day: date) -> MarketSession | None:
        """None is known."""

    def after(self, day: date) -> MarketSession | None:
        """None is known."""

    def before(self, day: date) -> MarketSession | None:
        """None is known."""


class BarTimes:
    """Of bars of ``frame``; all moments in ns."""

    def __init__(self, frame: Timeframe, calendar: Calendar) -> None:
        self.frame, self._calendar = frame, calendar
        self._length = frame.seconds * SECOND

    @property
    def daily(self) -> bool:
        """Whether the bars are of days, which trade at the next open."""
        return self.frame == DAY

    def whole(self, start: int) -> int:
        """When the bar is whole: a day's at the close of its session."""
        if not self.daily:
            return start + self._length
        session = self._calendar.on(_day(start))
        return _midnight(_day(start) + timedelta(days=1)) if session is None else ns(session.close) + GRACE

    def due(self, start: int) -> int:
        """When what it says is acted upon: of a day in time for the opening auction. NEVER while the next session is not known."""
        opens = self.opens(start)
        return opens - EARLY if self.daily and opens != NEVER else opens

    def opens(self, start: int) -> int:
        """When what it says trades: of a day at the open of the next session. NEVER while that is not known."""
        if not self.daily:
            return start + self._length
        session = self._calendar.after(_day(start))
        return NEVER if session is None else ns(session.open)

    def latest(self, start: int) -> int:
        """From when on it is too late to trade what it says."""
        opens = self.opens(start)
        return opens if opens == NEVER else opens + (TOLERATED if self.daily else self._length)

    def missed(self, start: int, began: int) -> bool:
        """Whether it was over before the deployment ``began`` to run; the open of a day leaves time to come back."""
        return (self.latest(start) if self.daily else self.due(start)) <= began

    def turn(self, now: int) -> int:
        """The newest moment, by ``now``, from which on days' bars have to be read anew."""
        session, midnight = self._calendar.on(_day(now)), bar_start(now, DAY)
        if session is None:
            return midnight
        close = ns(session.close)
        return max(at for at in (midnight, ns(session.open) - EARLY, close + GRACE, close + DELAYED) if at <= now)

    def expected(self, now: int) -> int:
        """The day whose bar must be there before anything is said today, 0 while none is missed yet."""
        session, before = self._calendar.on(_day(now)), self._calendar.before(_day(now))
        if not self.daily or session is None or before is None or now < ns(session.open) - EARLY:
            return 0
        return _midnight(before.day)

    def session(self, start: int) -> MarketSession | None:
        """The session of a bar's day, None where that is not known."""
        return self._calendar.on(_day(start))

    def opened(self, now: int) -> int:
        """When today's session opened, 0 before that."""
        session = self._calendar.on(_day(now))
        return ns(session.open) if session is not None and ns(session.open) <= now else 0


def _day(at: int) -> date:
    return utc(at).astimezone(NEW_YORK).date()


def _midnight(day: date) -> int:
    return bar_start(ns(utc(0)) + (day - date(1970, 1, 1)).days * 86_400 * SECOND + 43_200 * SECOND, DAY)

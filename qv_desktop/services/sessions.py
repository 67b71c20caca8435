"""Trading sessions: the exchange's own calendar at once, checked every day against the broker's, which wins where they differ."""

import asyncio
from collections.abc import Callable
from datetime import date, datetime, timedelta

import structlog

from qv_desktop.domain.errors import BrokerDown
from qv_desktop.domain.events import SessionsKnown
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.sessions import BrokerClock, Difference, MarketSession, Phase, differences, phase
from qv_desktop.services.clock import Clock
from qv_desktop.services.ports.broker import Broker
from qv_desktop.services.ports.callbacks import Publish
from qv_desktop.services.ports.feeds import Calendar

log = structlog.get_logger(__name__)

AHEAD, BEHIND = timedelta(days=10), timedelta(days=45)  # behind: as far back as a chart shades hours
TRY_AGAIN, LOOK = 30.0, 60.0  # seconds: after a failure, and between looks whether a day has passed
REFRESH = timedelta(hours=6)
SKEW_WARNS, SKEW_GRAVE = 0.25, 1.0  # seconds that the clocks may differ


class Sessions:
    """Knows the days around now. ``tell`` gets what a person must hear of: (urgency, title, sentence, key)."""

    def __init__(
        self, calendar: Calendar, broker: Broker, clock: Clock, publish: Publish, tell: Callable[..., None]
    ) -> None:
        self._calendar, self._broker, self._clock = calendar, broker, clock
        self._publish, self._tell = publish, tell
        self._known: dict[date, MarketSession] = {}  # New York day -> session
        self._checked: datetime | None = None  # market time
        self.skew: float | None = None  # seconds by which the broker's clock is ahead of ours
        self._doubt = 0.0  # seconds by which that may be wrong

    @property
    def skewed(self) -> float | None:
        """Seconds by which the clocks differ at least; None while it is not known."""
        return None if self.skew is None else max(0.0, abs(self.skew) - self._doubt)

    def phase(self) -> Phase:
        """The part of the trading day that it is now."""
        return self.phase_at(self._clock.market())

    def phase_at(self, moment: datetime) -> Phase:
        """The part of the trading day that ``moment`` falls into; closed on days that are not known."""
        return phase(self._known.get(moment.astimezone(NEW_YORK).date()), moment)

    def open(self) -> bool:
        """Whether regular hours are on, so that silence of a feed means a fault."""
        return self.phase() == "open"

    @property
    def known(self) -> bool:
        """Whether a calendar was read at all."""
        return bool(self._known)

    def today(self) -> MarketSession | None:
        """Today's session in New York, or None when there is none."""
        return self._known.get(self._clock.market().astimezone(NEW_YORK).date())

    def on(self, day: date) -> MarketSession | None:
        """The session of a New York day; None when there is none, or when it is not among the days around now."""
        return self._known.get(day)

    def after(self, day: date) -> MarketSession | None:
        """The first session after ``day`` among the days around now."""
        return min((one for one in self._known.values() if one.day > day), key=lambda one: one.day, default=None)

    def before(self, day: date) -> MarketSession | None:
        """The last session before ``day`` among the days around now."""
        return max((one for one in self._known.values() if one.day < day), key=lambda one: one.day, default=None)

    async def load(self) -> None:
        """The exchange's calendar first, for it needs no vendor; then the broker's over it. Raises BrokerDown."""
        first, last = self._around()
        ours = await self._calendar.sessions(first, last)
        if not self._known:
            self._know(ours)
        theirs = await self._broker.sessions(first, last)
        found = differences(ours, theirs, first, last)
        for one in found:
            self._differs(one)
        self._know(theirs)
        await self._check_clock()
        self._checked = self._clock.market()
        log.info("calendar_checked", days=len(theirs), differences=len(found), skew=self.skew)

    async def run(self) -> None:
        """Check at once and then daily (every six hours, and when the day turns) until cancelled."""
        while True:
            try:
                if self._due():
                    await self.load()
                elif (self.skewed or 0.0) > SKEW_WARNS:  # whether somebody has set it right meanwhile
                    await self._check_clock()
                await asyncio.sleep(LOOK)
            except BrokerDown as error:
                log.info("calendar_unchecked", reason=str(error))
                await asyncio.sleep(TRY_AGAIN)

    def _around(self) -> tuple[date, date]:
        today = self._clock.market().astimezone(NEW_YORK).date()
        return today - BEHIND, today + AHEAD

    def _due(self) -> bool:
        if self._checked is None:
            return True
        now, then = self._clock.market(), self._checked
        return now - then > REFRESH or now.astimezone(NEW_YORK).date() != then.astimezone(NEW_YORK).date()

    def _know(self, sessions: list[MarketSession]) -> None:
        self._known = {session.day: session for session in sessions}
        self._publish(SessionsKnown(tuple(sorted(sessions, key=lambda session: session.day))))

    def _differs(self, one: Difference) -> None:
        log.warning("calendars_differ", day=one.day.isoformat(), exchange=str(one.ours), broker=str(one.theirs))
        self._tell("warning", "The calendars differ", f"{one}. The broker's is used; check the day with the exchange.",
                   f"calendar {one.day}")  # fmt: skip

    async def _check_clock(self) -> None:
        before = self._clock.market()
        said = await self._broker.clock()
        trip = self._clock.market() - before
        self.skew = (said.at - (before + trip / 2)).total_seconds() / self._clock.speed
        self._doubt = (
            trip.total_seconds() / 2 / self._clock.speed
        )  # the answer may have been made at either end of the trip
        if abs(self.skew) - self._doubt > SKEW_WARNS:
            self._warn_of_skew(self.skew)
        self._check_open(said)

    def _warn_of_skew(self, skew: float) -> None:
        grave = abs(skew) > SKEW_GRAVE
        way = "behind" if skew > 0 else "ahead of"
        self._tell("critical" if grave else "warning", "The clock is wrong",
                   f"This machine's clock is {abs(skew):.2f} s {way} the broker's; ages and day orders depend on it. "
                   "Switch on the system's time synchronisation.", "clock skew", kind="risk" if grave else "other",
                   panel="health")  # fmt: skip

    def _check_open(self, said: BrokerClock) -> None:
        if said.is_open != (self.phase_at(said.at) == "open"):
            word = "open" if said.is_open else "closed"
            self._tell("critical", "Is the market open?", f"The broker says that the market is {word}, its calendar says otherwise; "
                       "an unscheduled halt or closing may be under way.", "market open", kind="risk")  # fmt: skip

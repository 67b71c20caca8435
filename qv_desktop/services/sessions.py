"""Trading sessions as the broker's calendar has them: whether prices must be flowing now."""

import asyncio
from datetime import date, timedelta

import structlog

from qv_desktop.domain.errors import BrokerDown
from qv_desktop.domain.events import SessionsKnown
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.sessions import MarketSession, Phase, phase
from qv_desktop.services.ports import Broker, Now, Publish

log = structlog.get_logger(__name__)

AHEAD, BEHIND = timedelta(days=10), timedelta(days=45)  # behind: as far back as a chart shades hours
TRY_AGAIN, REFRESH = 30.0, 6 * 3600.0  # seconds


class Sessions:
    """Asks the broker for the days around now and keeps them; before the first answer nothing is known to be open."""

    def __init__(self, broker: Broker, now: Now, publish: Publish) -> None:
        self._broker, self._now, self._publish = broker, now, publish
        self._known: dict[date, MarketSession] = {}  # New York day -> session

    def phase(self) -> Phase:
        """The part of the trading day that it is now."""
        moment = self._now()
        return phase(self._known.get(moment.astimezone(NEW_YORK).date()), moment)

    def open(self) -> bool:
        """Whether regular hours are on, so that silence of a feed means a fault."""
        return self.phase() == "open"

    async def load(self) -> None:
        """Ask now. Raises BrokerDown."""
        today = self._now().astimezone(NEW_YORK).date()
        found = await self._broker.sessions(today - BEHIND, today + AHEAD)
        self._known = {session.day: session for session in found}
        self._publish(SessionsKnown(tuple(sorted(found, key=lambda session: session.day))))

    async def run(self) -> None:
        """Keep asking until cancelled."""
        while True:
            try:
                await self.load()
                await asyncio.sleep(REFRESH)
            except BrokerDown as error:
                log.info("calendar_unknown", reason=str(error))
                await asyncio.sleep(TRY_AGAIN)

"""What a comparison is named after: the first one that succeeds after a session's close is the one that the day's report is of."""

from collections.abc import Callable
from datetime import date

from qv_desktop.domain.events import Reconciled
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.services.bus import Bus
from qv_desktop.services.ports.callbacks import Now

AFTER_CLOSE = "after the close"


class Closing:
    """``today`` gives today's session in New York, None when there is none."""

    def __init__(self, bus: Bus, today: Callable[[], MarketSession | None], now: Now) -> None:
        self._today, self._now = today, now
        self._done: date | None = None  # the day whose close has been compared
        bus.subscribe(Reconciled, self._compared)

    def occasion(self) -> str:
        """What the next comparison is for, empty for nothing in particular."""
        session = self._today()
        waits = session is not None and self._now() >= session.close and self._done != session.day
        return AFTER_CLOSE if waits else ""

    def _compared(self, event: Reconciled) -> None:
        """One that failed, for the broker did not answer, is no comparison: the next one is named so."""
        session = self._today()
        if session is not None and event.run.reason == AFTER_CLOSE:
            self._done = session.day

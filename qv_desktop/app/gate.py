"""The one place that opens and closes trading: by what the newest comparison of the books found, whoever asked for it."""

from collections.abc import Callable

from qv_desktop.domain.events import Reconciled
from qv_desktop.services.bus import Bus

WAITING = "Trading opens when the books have been compared with the broker's."


class Gate:
    """Closed until ``books_loaded`` and the first comparison after it. ``tell`` gets the reason why it is closed, or None."""

    def __init__(self, bus: Bus, tell: Callable[[str | None], None]) -> None:
        self._tell, self._loaded = tell, False
        tell(WAITING)
        bus.subscribe(Reconciled, self._compared)

    def books_loaded(self) -> None:
        """Comparisons count from now on; one of books that are not loaded proves nothing."""
        self._loaded = True

    def wait(self, why: str) -> None:
        """Stay closed, for the books could not be opened."""
        self._loaded = False
        self._tell(f"{WAITING} {why}")

    def _compared(self, event: Reconciled) -> None:
        if not self._loaded:
            return
        run = event.run
        breaks = f"{len(run.breaks)} reconciliation break{'' if len(run.breaks) == 1 else 's'}"
        self._tell(None if run.passed else f"{breaks}; resolve them in the Reconciliation panel before trading.")

"""The one place that opens and closes trading: by what the newest comparison of the books found, whoever asked for it."""

from collections.abc import Callable

from qv_desktop.domain.events import Reconciled, TradingOverridden
from qv_desktop.services.bus import Bus

WAITING = "Trading opens when the books have been compared with the broker's."


class Gate:
    """Closed until ``books_loaded`` and the first comparison after it. ``tell`` gets the reason why it is closed, or None.

    A person may open it over the breaks that a comparison found; it closes again for a break that they did not see.
    """

    def __init__(self, bus: Bus, tell: Callable[[str | None], None]) -> None:
        self._tell, self._loaded = tell, False
        self._covered: frozenset[tuple[str, str, str]] = (
            frozenset()
        )  # breaks that a person opened over, as they saw them
        tell(WAITING)
        bus.subscribe(Reconciled, self._compared)
        bus.subscribe(TradingOverridden, self._overridden)

    def books_loaded(self) -> None:
        """Comparisons count from now on; one of books that are not loaded proves nothing."""
        self._loaded = True

    def wait(self, why: str) -> None:
        """Stay closed, for the books could not be opened."""
        self._loaded = False
        self._tell(f"{WAITING} {why}")

    def _compared(self, event: Reconciled) -> None:
        run = event.run
        if not self._loaded or (run.unsettled and not run.closing):
            return  # what moved while it was compared opens nothing, and closes nothing
        if not run.closing:
            self._covered = frozenset()
        new = [one for one in run.closing if one.seen_as not in self._covered]
        breaks = f"{len(new)} reconciliation break{'' if len(new) == 1 else 's'}"
        self._tell(
            f"{breaks}; resolve them in the Reconciliation panel before trading, or have an Admin open it over them."
            if new
            else None
        )

    def _overridden(self, event: TradingOverridden) -> None:
        if self._loaded:
            self._covered = event.override.covers
            self._tell(None)

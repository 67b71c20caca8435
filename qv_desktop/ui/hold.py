"""How long something has been held, counted so that a window which stood still cannot hold on a person's behalf."""

from PySide6.QtCore import QElapsedTimer

MOST = 50  # ms that one look counts: a release may wait behind a stall of the event loop


class HoldClock:
    """Counts what is seen of a hold; look at it often."""

    def __init__(self) -> None:
        self._since, self._held = QElapsedTimer(), 0

    def start(self) -> None:
        """From nothing."""
        self._held = 0
        self._since.start()

    def look(self) -> int:
        """Milliseconds that it has been held, as far as they were seen to pass."""
        self._held += min(MOST, self._since.restart())
        return self._held

    @property
    def held(self) -> int:
        """Milliseconds at the last look."""
        return self._held

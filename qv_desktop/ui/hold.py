"""How long something has been held, counted so that a window which stood still cannot hold on a person's behalf."""

from PySide6.QtCore import QElapsedTimer
from PySide6.QtGui import QKeyEvent

GRACE = 40  # ms after a release in which the press that makes it a repeat of a held key may still come
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


class Repeats:
    """Tells a key that is held down from one that is pressed again.

    On X11 a held key is let go and pressed again at one and the same moment. Qt marks the two as a repeat only where it has
    read the press by the time it looks at the release, which a busy window often has not; the moment tells in any case.
    """

    def __init__(self) -> None:
        self._released = (0, 0)  # key, and when it was let go

    def released(self, event: QKeyEvent) -> None:
        """A key was let go, or seems so."""
        self._released = (event.key(), event.timestamp())

    def holds(self, event: QKeyEvent) -> bool:
        """Whether a press only says once more that its key is down."""
        return event.isAutoRepeat() or (event.timestamp() > 0 and (event.key(), event.timestamp()) == self._released)

"""From when to when something is missing in what a socket said."""

from collections.abc import Callable
from datetime import datetime, timedelta

from qv_desktop.adapters.websocket.counts import Counts

MARGIN = timedelta(seconds=5)  # what was stamped just before the last frame may have been on its way after it

type OnGap = Callable[[datetime, datetime, str], None]  # from, to, reason


class Holes:
    """Opens a hole when something is lost and tells of it once it has ended: after a lost link only when the next one is complete."""

    def __init__(self, on_gap: OnGap, now: Callable[[], datetime], counts: Counts) -> None:
        self._on_gap, self._now, self._counts = on_gap, now, counts
        self._known_until: datetime | None = None  # up to here nothing is missing, unless a hole is open
        self._open: tuple[datetime, str] | None = None  # (start, reason)
        self._linked = False  # whether the present link hears all that is wanted

    @property
    def opened(self) -> bool:
        """Whether something is missing that has not been told yet."""
        return self._open is not None

    def begun(self) -> None:
        """A link is up; before the first one nothing was to be heard."""
        if self._known_until is None:
            self._known_until = self._now()

    def known(self, until: datetime) -> None:
        """Everything up to then has been heard."""
        self._known_until = until

    def lost(self, why: str) -> None:
        """The link is gone, and with it all that is said until the next one is complete."""
        self._linked = False
        self.open(why)

    def open(self, why: str) -> None:
        """Something is missing from now on; an older hole stays as it is."""
        if self._open is None and self._known_until is not None:
            self._open = self._known_until - MARGIN, why

    def linked(self) -> None:
        """The link hears all that is wanted: a hole ends here."""
        self._linked = True
        self.mended()

    def mended(self) -> None:
        """Messages are taken in again: tell of a hole, if one was open."""
        if self._linked:
            self.ended()

    def ended(self) -> None:
        """Nothing more is listened to: tell of an open hole as far as it reaches, for nobody will later."""
        if self._open is None:
            return
        start, why = self._open
        self._open = None
        self._counts.gaps += 1
        self._on_gap(start, self._now(), why)

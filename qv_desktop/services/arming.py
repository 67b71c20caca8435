"""Arming: trading keys do nothing until a person arms them, and are disarmed again by whatever makes a key press doubtful."""

import time
from collections.abc import Callable, Mapping

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.events import ArmingChanged, FeedChanged
from qv_desktop.services.login import Login
from qv_desktop.services.ports.callbacks import Publish

TRADE = Permission(Resource.TRADING, Action.CREATE)
IDLE = 300.0  # seconds without keyboard or mouse, unless the person chose another time
AWAY = 60.0  # seconds with another program in front
_TALKING = ("live", "quiet", "backfilling")


class Arming:
    """Whether trading keys act. ``idle_after`` is in seconds; ``hindrance`` says why they may not be armed, or nothing."""

    def __init__(
        self, publish: Publish, hindrance: Callable[[], str], elapsed: Callable[[], float] = time.monotonic
    ) -> None:
        self._publish, self._hindrance, self._elapsed = publish, hindrance, elapsed
        self._touched = 0.0
        self._away_since: float | None = None
        self.armed = False
        self.why = "nobody has armed them"  # the last reason for being disarmed
        self.idle_after = IDLE

    @property
    def left(self) -> float:
        """Seconds until idleness disarms; nothing while disarmed."""
        return max(0.0, self.idle_after - (self._elapsed() - self._touched)) if self.armed else 0.0

    def arm(self) -> str:
        """Arm, or the reason why that cannot be."""
        why = self._hindrance()
        if not why:
            self._touched, self._away_since = self._elapsed(), None
            self._set(True, "")
        return why

    def disarm(self, why: str) -> None:
        """Disarm, and say why; disarmed keys stay as they are."""
        if self.armed:
            self._set(False, why)

    def touched(self) -> None:
        """Somebody used the keyboard or the mouse in the program. A touch after the time is up does not turn it back."""
        if self.armed and self.left > 0:
            self._touched = self._elapsed()

    def in_front(self, active: bool) -> None:
        """The program is the one in front, or no longer is."""
        self._away_since = None if active else self._elapsed() if self._away_since is None else self._away_since

    def tick(self) -> None:
        """Several times a second: look whether anything speaks against armed keys."""
        if not self.armed:
            return
        away = self._away_since is not None and self._elapsed() - self._away_since >= AWAY
        if why := self._hindrance():
            self.disarm(why)
        elif self.left <= 0:
            self.disarm(f"nothing was touched for {_span(self.idle_after)}")
        elif away:
            self.disarm(f"another program was in front for {_span(AWAY)}")

    def _set(self, armed: bool, why: str) -> None:
        self.armed, self.why = armed, why
        self._publish(ArmingChanged(armed, why))


def _span(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} minute{'' if minutes == 1 else 's'}" if not rest else f"{round(seconds)} seconds"


def hindrance(login: Login, feeds: Mapping[str, FeedChanged], primary: str, updates: str, *, locked: bool) -> str:
    """Why trading keys must not act now, or nothing. ``feeds`` are the last states of the feeds by name."""
    if login.session is None:
        return "the session has ended"
    if locked:
        return "the desk is locked"
    if not login.may(TRADE):
        return f"your role, {login.session.user.role}, lacks “{TRADE}”"
    for feed in (primary, updates):
        state = feeds[feed].state if feed in feeds else "off"
        if state not in _TALKING:
            return f"{feed} is {state}"
    return ""

"""What the system's tray is to say, so that a flood is one message: systems show each for seconds, one after the other."""

from collections.abc import Callable
from dataclasses import replace

from qv_desktop.domain.alerts import GRAVITY, Notice

RESTS = 5  # beats of a second between two messages
NAMED = 3  # titles in the message about many


class TrayQueue:
    """The first is said at once, and so is a critical one; what comes while it rests becomes one message after it."""

    def __init__(self, say: Callable[[Notice], None]) -> None:
        self._say = say
        self._rest, self._grave = 0, False
        self._waiting: list[Notice] = []

    def put(self, notice: Notice) -> None:
        """Say this now, or with the next ones."""
        grave = notice.urgency == "critical"
        if self._rest and (self._grave or not grave):
            self._waiting.append(notice)
            return
        self._rest, self._grave = RESTS, grave
        self._say(notice)

    def clear(self) -> None:
        """What waits needs not be said: the person is at the window."""
        self._waiting.clear()

    def tick(self) -> None:
        """Once a second."""
        self._rest = max(0, self._rest - 1)
        if not self._rest and self._waiting:
            waiting, self._waiting = self._waiting, []
            self.put(waiting[0] if len(waiting) == 1 else _together(waiting))


def _together(notices: list[Notice]) -> Notice:
    """One in the place of many, as urgent as the gravest of them, which are named."""
    ordered = sorted(notices, key=lambda notice: -GRAVITY[notice.urgency])
    names = "; ".join(notice.title for notice in ordered[:NAMED])
    return replace(ordered[0], title=f"{len(notices):,} more notices", text=f"{names}{' …' if len(notices) > NAMED else ''}",
                   panel="alerts", about="")  # fmt: skip

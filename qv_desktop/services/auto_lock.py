"""Locking by itself: a desk that nobody has touched for a while is not left open."""

import time
from collections.abc import Callable

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import BadInput
from qv_desktop.services.login import Login
from qv_desktop.services.ports.callbacks import Now
from qv_desktop.services.ports.users import IdleTimes

LONGEST = 480  # minutes; 0 is never
USUAL = 15  # minutes, for who has chosen nothing
FOR_ALL = Permission(Resource.USERS, Action.CHANGE)


class AutoLock:
    """Counts the idle time, by both clocks: the one that stands still while the machine sleeps, and the one that does not.

    ``minutes`` is the person's choice and ``most`` the Admin's bound for everybody; 0 is never, and none.
    """

    def __init__(self, store: IdleTimes, login: Login, now: Now, elapsed: Callable[[], float] = time.monotonic) -> None:
        self._store, self._login, self._now, self._elapsed = store, login, now, elapsed
        self._touched, self._touched_at = elapsed(), now()
        self.minutes, self.most = USUAL, 0

    @property
    def after(self) -> int:
        """Minutes after which the desk locks, or 0 for never."""
        chosen = [minutes for minutes in (self.minutes, self.most) if minutes]
        return min(chosen, default=0)

    @property
    def due(self) -> bool:
        """Whether nobody has touched anything for so long."""
        idle = max(self._elapsed() - self._touched, (self._now() - self._touched_at).total_seconds())
        return bool(self.after) and idle >= self.after * 60

    def touched(self) -> None:
        """Somebody used keyboard or mouse. Once the time is up a touch does not turn it back."""
        if not self.due:
            self.begin()

    def begin(self) -> None:
        """Count from now on: somebody has just shown who they are."""
        self._touched, self._touched_at = self._elapsed(), self._now()

    async def load(self) -> None:
        """Read what the person and the Admin chose. Raises DatabaseDown."""
        user = self._login.session.user.id if self._login.session else ""
        minutes, most = await self._store.idle_times(user)
        self.minutes, self.most = USUAL if minutes is None else minutes, most or 0

    async def choose(self, minutes: int) -> None:
        """Lock after so many minutes. Raises BadInput beyond the Admin's bound, DatabaseDown."""
        _check(minutes)
        if self.most and not 0 < minutes <= self.most:
            raise BadInput(
                f"An Admin has set that every desk locks after at most {self.most} minutes; choose up to that."
            )
        if self._login.session is not None:
            await self._store.save_idle_time(self._login.session.user.id, minutes)
        self.minutes = minutes

    async def bound(self, minutes: int) -> None:
        """Let every desk lock after at most so many minutes. Raises NotPermitted, BadInput, DatabaseDown."""
        _check(minutes)
        await self._login.require(FOR_ALL)
        draft = Draft(self._login.actor, "settings.change", "setting", "auto-lock for everybody", before=str(self.most),
                      after=str(minutes))  # fmt: skip
        await self._store.save_idle_bound(minutes, draft)
        self.most = minutes


def _check(minutes: int) -> None:
    if not 0 <= minutes <= LONGEST:
        raise BadInput(f"A desk locks after 1 to {LONGEST} minutes, or never with 0.")

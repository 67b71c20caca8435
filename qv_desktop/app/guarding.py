"""The desk when nobody is at it, and what its person sets for it: locking by itself, another password."""

import asyncio

import structlog
from shiboken6 import isValid

from qv_desktop.app.locking import Lock
from qv_desktop.domain.errors import QvError
from qv_desktop.domain.events import KillChanged
from qv_desktop.services.auto_lock import FOR_ALL, LONGEST, AutoLock
from qv_desktop.ui.my_account_dialog import MyAccountDialog
from qv_desktop.wiring import Desk

log = structlog.get_logger(__name__)

LOOKS = 1.0  # seconds
READS = 300.0  # seconds between looks at what an Admin has set since
CHANGED = "Your password is changed. Your other sessions have ended."
SET = "Set."
KILLING = "The kill switch was used: everything is being cancelled. Unlock to see more."
KILLED = {"done": "The kill switch is done: no order is open. Unlock to see more.",
          "failed": "The kill switch was used and could cancel nothing. Unlock to see why."}  # fmt: skip


class Guarding:
    """Locks ``desk`` with ``lock`` when it is due, and answers the dialog of the person's own account."""

    def __init__(self, desk: Desk, auto: AutoLock, lock: Lock) -> None:
        self._desk, self.auto, self._lock = desk, auto, lock
        lock.opened = auto.begin
        desk.window.safety.watch.touched.connect(self.auto.touched)
        desk.window.command.connect(self._command)
        desk.services.bus.subscribe(KillChanged, self._killed)

    async def run(self) -> None:
        """Look once a second, until cancelled."""
        looks = 0
        while True:
            if looks % (READS // LOOKS) == 0:
                await self._load()
            looks += 1
            await asyncio.sleep(LOOKS)
            if self.auto.due and self._lock.dialog is None:
                await self._lock.lock(why=f"nothing was touched for {self.auto.after} minutes")

    def _killed(self, event: KillChanged) -> None:
        """Whoever stops everything at a locked desk sees that it was heard."""
        if self._lock.dialog is not None:
            self._lock.dialog.show_message(KILLED.get(event.killing.stage, KILLING), "info")

    async def _load(self) -> None:
        try:
            await self.auto.load()
        except QvError as error:
            log.info("idle_times_as_last_read", reason=str(error))

    def _command(self, id_: str) -> None:
        if id_ == "account.mine":
            self.ask()

    def ask(self) -> MyAccountDialog | None:
        """Show the dialog of the signed-in person."""
        login = self._desk.services.login
        if login.session is None:
            return None
        dialog = MyAccountDialog(login.session.user.name, login.session.user.role, LONGEST, self._desk.window)
        dialog.show_lock(self.auto.minutes, self.auto.most, may_bound=login.may(FOR_ALL))
        dialog.password_asked.connect(lambda old, new: self._desk.tasks.spawn(self._change(dialog, old, new)))
        dialog.minutes_asked.connect(lambda minutes: self._desk.tasks.spawn(self._set(dialog, minutes, bound=False)))
        dialog.bound_asked.connect(lambda minutes: self._desk.tasks.spawn(self._set(dialog, minutes, bound=True)))
        dialog.open()
        return dialog

    async def _change(self, dialog: MyAccountDialog, old: str, new: str) -> None:
        try:
            why = await self._desk.services.login.change_password(old, new)
        except QvError as error:
            why = str(error)
        if isValid(dialog):
            dialog.show_password(why or CHANGED, good=not why)

    async def _set(self, dialog: MyAccountDialog, minutes: int, *, bound: bool) -> None:
        try:
            await (self.auto.bound(minutes) if bound else self.auto.choose(minutes))
            why = ""
        except QvError as error:
            why = str(error)
        if isValid(dialog):
            may = self._desk.services.login.may(FOR_ALL)
            dialog.show_lock(self.auto.minutes, self.auto.most, may_bound=may)
            dialog.show_set(why or SET, good=not why)

"""The locked desk: behind the log-in of the person whose desk it is, while streams and orders go on."""

import asyncio
from collections.abc import Callable

import structlog
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from qv_desktop import __version__
from qv_desktop.domain.accounts import Environment
from qv_desktop.domain.errors import QvError
from qv_desktop.services.login import Login
from qv_desktop.ui.curtain import Curtain
from qv_desktop.ui.login_dialog import LoginDialog
from qv_desktop.ui.tasks import Tasks

log = structlog.get_logger(__name__)

FAILED = "Unlocking failed unexpectedly; try again, the log has the details."


class Lock:
    """Locks ``window`` and every other one for the person ``name``. ``dialog`` is there while it is locked.

    ``disarm`` turns trading keys off, for a reason. ``given`` is the demo's password, which its person does not know.
    """

    def __init__(
        self,
        login: Login,
        window: QWidget,
        tasks: Tasks,
        environment: Environment,
        name: str,
        disarm: Callable[[str], None] = lambda why: None,
        given: str = "",
    ) -> None:
        self._login, self._window, self._tasks, self._environment = login, window, tasks, environment
        self._name, self._disarm, self._given = name, disarm, given
        self._unlocked = asyncio.Event()
        self.opened: Callable[[], None] = lambda: None  # told of each unlocking
        self._curtain = Curtain()
        self.dialog: LoginDialog | None = None

    async def lock(self, sentence: str = "", why: str = "by hand") -> None:
        """Hide the desk, say ``sentence``, and show it again once its person has signed in; locked twice is locked once."""
        if self.dialog is not None:
            self.dialog.show_message(sentence or self.dialog.message())
            return
        self._unlocked.clear()
        dialog = self.dialog = self._shown(sentence)
        self._disarm("the desk is locked")
        self._tasks.spawn(self._login.note("session.lock", why))
        try:
            await self._unlocked.wait()
        finally:
            self.dialog = None
            dialog.hide()
            dialog.deleteLater()
            if self._unlocked.is_set():
                self.opened()
                self._curtain.lift()
            else:
                self._curtain.drop()  # the program ends; nobody gave a password
        self._tasks.spawn(self._login.note("session.unlock"))

    def _shown(self, sentence: str) -> LoginDialog:
        """The dialog, in view before anything is waited for."""
        dialog = LoginDialog(self._environment, __version__)
        dialog.setWindowModality(Qt.WindowModality.ApplicationModal)
        dialog.show_locked(self._name)
        dialog.password.setText(self._given)
        dialog.submitted.connect(self._submitted)
        dialog.closed.connect(self._closed)
        self._curtain.draw(self._window, dialog)
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()
        if sentence:
            dialog.show_message(sentence)
        return dialog

    def _submitted(self, _name: str, password: str, _stay: bool) -> None:
        self._tasks.spawn(self._attempt(password), on_error=self._failed)

    async def _attempt(self, password: str) -> None:
        dialog = self.dialog
        if dialog is None:
            return
        dialog.show_busy("Unlocking…")
        why = await self._login.unlock(self._name, password)
        if why:
            dialog.show_message(why)
            return
        self._unlocked.set()
        dialog.grant()

    def _failed(self, error: BaseException) -> None:
        if self.dialog is not None:
            self.dialog.show_message(str(error) if isinstance(error, QvError) else FAILED)

    def _closed(self) -> None:
        """Closing the dialog opens nothing; a person whose session has ended may leave the program."""
        if self.dialog is None or self._unlocked.is_set():
            return
        if self._login.session is None:
            self._window.close()
        else:
            self.dialog.show()

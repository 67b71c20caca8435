"""The locked desk: hidden behind the log-in of the person whose desk it is, while streams and orders go on."""

import asyncio

import structlog
from PySide6.QtWidgets import QWidget

from qv_desktop import __version__
from qv_desktop.domain.accounts import Environment
from qv_desktop.domain.errors import QvError
from qv_desktop.services.login import Login
from qv_desktop.ui.login_dialog import LoginDialog
from qv_desktop.ui.tasks import Tasks

log = structlog.get_logger(__name__)

FAILED = "Unlocking failed unexpectedly; try again, the log has the details."


class Lock:
    """Locks ``window`` for the person ``name``. ``dialog`` is there while it is locked."""

    def __init__(self, login: Login, window: QWidget, tasks: Tasks, environment: Environment, name: str) -> None:
        self._login, self._window, self._tasks, self._environment = login, window, tasks, environment
        self._name = name
        self._unlocked = asyncio.Event()
        self.dialog: LoginDialog | None = None

    async def lock(self, sentence: str = "") -> None:
        """Hide the desk, say ``sentence``, and show it again once its person has signed in; locked twice is locked once."""
        if self.dialog is not None:
            self.dialog.show_message(sentence or self.dialog.message())
            return
        self._unlocked.clear()
        dialog = self.dialog = LoginDialog(self._environment, __version__)
        dialog.show_locked(self._name)
        dialog.submitted.connect(self._submitted)
        dialog.closed.connect(self._closed)
        self._window.hide()
        dialog.show()
        if sentence:
            dialog.show_message(sentence)
        try:
            await self._unlocked.wait()
        finally:
            self.dialog = None
        self._window.show()

    def _submitted(self, _name: str, password: str, _stay: bool) -> None:
        self._tasks.spawn(self._attempt(password), on_error=self._failed)

    async def _attempt(self, password: str) -> None:
        dialog = self.dialog
        if dialog is None:
            return
        dialog.show_busy("Unlocking…")
        answer = await self._login.sign_in(self._name, password)
        if answer.session is None:
            dialog.show_message(answer.message)
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

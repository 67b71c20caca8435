"""A person who stays signed in, locks the desk and logs out: ``python -m tests.stories.stayer STEP`` is one sitting.

Its keyring is a file, KEYRING_OF_THE_TEST, so that it outlives the program. What was seen is printed as one JSON object.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from keyring.backend import KeyringBackend
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from qv_desktop import cli
from qv_desktop.app import session
from qv_desktop.ui.login_dialog import LoginDialog
from qv_desktop.ui.main_window import MainWindow
from tests import canaries
from tests.stories.keyless import Keyless
from tests.stories.program import TYPED

NAME, PASSWORD = "ada", TYPED


class FileKeyring(KeyringBackend):
    """A keyring for a test, which keeps no real secret."""

    priority = 5  # type: ignore[assignment]  # as a desktop's

    def __init__(self) -> None:
        super().__init__()
        self._file = Path(os.environ["KEYRING_OF_THE_TEST"])

    def _kept(self) -> dict[str, str]:
        return dict(json.loads(self._file.read_text())) if self._file.exists() else {}

    def get_password(self, service: str, username: str) -> str | None:
        return self._kept().get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        self._file.write_text(json.dumps({**self._kept(), username: password}))

    def delete_password(self, service: str, username: str) -> None:
        self._file.write_text(json.dumps({k: v for k, v in self._kept().items() if k != username}))


class Stayer(Keyless):
    """Eyes and hands."""

    async def desk(self) -> MainWindow:
        await self.sees(lambda: self.program._desk is not None and self.program._guarding is not None)
        return self.program._desk.window  # type: ignore[union-attr]

    async def signs_in_again(self, *, stay: bool) -> None:
        """At the log-in that follows a log-out."""
        dialog = await self.shown(LoginDialog)
        await self.sees(lambda: dialog._pages.isEnabled() and "Log in" in dialog.windowTitle())
        dialog.submitted.emit(NAME, PASSWORD, stay)


async def first(person: Stayer) -> None:
    """Make the first Admin, log out, log in to stay, leave."""
    dialog = await person.shown(LoginDialog)
    await person.sees(lambda: "First start" in dialog.windowTitle())
    dialog.admin_created.emit(NAME, PASSWORD)
    window = await person.desk()
    window.command.emit("log_out")
    await person.sees(lambda: person.program._desk is None)
    await person.signs_in_again(stay=True)
    window = await person.desk()
    person.seen["windows"] = sum(isinstance(w, MainWindow) and w.isVisible() for w in QApplication.topLevelWidgets())
    window.close()


async def resumed(person: Stayer) -> None:
    """Be let in without a word; lock the desk, err, unlock; be killed."""
    window = await person.desk()
    QDialog(window).open()
    await asyncio.sleep(0.2)
    window.command.emit("lock")
    await person.sees(lambda: in_view() == [LoginDialog])
    dialog = await person.shown(LoginDialog)
    person.seen["title"] = dialog.windowTitle()
    dialog.close()
    await asyncio.sleep(0.3)
    person.seen["closed"] = [kind.__name__ for kind in in_view()]
    for password, said in ((canaries.WRONG_PASSWORD, "wrong"), (PASSWORD, "")):
        dialog.password.setText(password)
        QTest.keyClick(dialog, Qt.Key.Key_Return)
        if said:
            await person.sees(lambda: "wrong" in dialog.message())
    await person.sees(lambda: MainWindow in in_view() and QDialog in in_view() and LoginDialog not in in_view())
    await person.program._desk.services.login.tokens.renewed(  # type: ignore[union-attr]
        person.program._desk.services.login.tokens.access  # type: ignore[union-attr]
    )
    sys.stdout.write(json.dumps(person.seen) + "\n")
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)


async def leaves(person: Stayer) -> None:
    """Be let in once more, log out, close the log-in."""
    window = await person.desk()
    person.seen["user"] = person.program._desk.services.login.actor.name  # type: ignore[union-attr]
    window.command.emit("log_out")
    await person.sees(lambda: person.program._desk is None)
    dialog = await person.shown(LoginDialog)
    await person.sees(lambda: dialog._pages.isEnabled() and "Log in" in dialog.windowTitle())
    dialog.close()


async def asked(person: Stayer) -> None:
    """Be asked again."""
    dialog = await person.shown(LoginDialog)
    await person.sees(lambda: dialog._pages.isEnabled() and "Log in" in dialog.windowTitle())
    await asyncio.sleep(0.5)
    person.seen["inside"] = person.program._desk is not None
    dialog.close()


def in_view() -> list[type[QWidget]]:
    """Which windows can be seen."""
    return [type(window) for window in QApplication.topLevelWidgets() if window.isVisible()]


STEPS: dict[str, Callable[[Stayer], Awaitable[None]]] = {
    "first": first,
    "resumed": resumed,
    "leaves": leaves,
    "asked": asked,
}


class Watched(session.Session):
    """The program's session with a person in front of it."""

    async def run(self) -> int:
        person = Stayer(self)
        acting = asyncio.ensure_future(STEPS[sys.argv[1]](person))
        living = asyncio.ensure_future(super().run())
        await asyncio.wait({acting, living}, return_when=asyncio.FIRST_COMPLETED)
        if acting.done() and acting.exception() is not None:
            living.cancel()
        await acting
        code = await living
        sys.stdout.write(json.dumps(person.seen) + "\n")
        return code


if __name__ == "__main__":
    session.Session = Watched  # type: ignore[misc]
    sys.exit(cli.command(["run"]))

"""A person at a real window: the program is started as it is, and keys and clicks go to what stands on the screen.

``python -m tests.stories.person STEP PICTURES`` runs one sitting and prints what was seen as one JSON object.
"""

import asyncio
import json
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QWidget

from qv_desktop import cli
from qv_desktop.app import session
from qv_desktop.app.hands import button
from qv_desktop.ui.login_dialog import LoginDialog
from qv_desktop.ui.main_window import MainWindow
from tests import canaries
from tests.stories.program import TYPED

PATIENCE = 150.0  # seconds
NAME, PASSWORD = "ada", TYPED
WRONG = canaries.WRONG_PASSWORD

type Seen = dict[str, object]


class Person:
    """Eyes and hands. ``seen`` is what is told at the end."""

    def __init__(self, pictures: Path) -> None:
        self._pictures = pictures
        self.seen: Seen = {"platform": QGuiApplication.platformName()}

    async def sees(self, what: Callable[[], object]) -> None:
        """Wait for what should come into view."""
        end = time.monotonic() + PATIENCE
        while not what():
            if time.monotonic() > end:
                raise TimeoutError(f"not seen: {self.seen}")
            await asyncio.sleep(0.05)

    def shown[W: QWidget](self, kind: type[W]) -> W | None:
        """The window of this kind that is in view."""
        return next((w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()), None)

    async def dialog(self, heading: str) -> LoginDialog:
        """The log-in dialog once it shows the page with this title and takes input."""
        await self.sees(lambda: (found := self.shown(LoginDialog)) and heading in found.windowTitle())
        found = self.shown(LoginDialog)
        assert found is not None
        await self.sees(lambda: any(field.isEnabled() for field in self._fields(found)))
        return found

    def _fields(self, dialog: LoginDialog) -> list[QLineEdit]:
        return [field for field in dialog.findChildren(QLineEdit) if field.isVisible()]

    def types(self, dialog: LoginDialog, *texts: str) -> None:
        """Type into the visible fields from top to bottom, replacing what is there."""
        for field, text in zip(self._fields(dialog), texts, strict=True):
            field.setFocus()
            field.selectAll()
            QTest.keyClicks(field, text)

    def clicks(self, dialog: LoginDialog, text: str) -> None:
        """Press the visible button with this text."""
        QTest.mouseClick(button(dialog, text), Qt.MouseButton.LeftButton)

    async def screen(self, name: str) -> None:
        """Keep a picture of the whole screen as the X server has it."""
        await asyncio.sleep(0.7)
        QGuiApplication.primaryScreen().grabWindow(0).save(str(self._pictures / f"{name}.png"))

    async def leaves(self) -> None:
        """See the window, keep a picture of it, and close it."""
        await self.sees(lambda: self.shown(MainWindow))
        await self.screen("window")
        window = self.shown(MainWindow)
        assert window is not None
        self.seen["title"] = window.windowTitle()
        self.seen["size"] = [window.width(), window.height()]
        window.close()


async def first(person: Person) -> None:
    """Make the first Admin, look at the window, leave."""
    dialog = await person.dialog("First start")
    await person.screen("first")
    person.types(dialog, NAME, PASSWORD, "not the same")
    person.clicks(dialog, "Create and log in")
    person.seen["differing"] = dialog.message()
    person.types(dialog, NAME, "short", "short")
    person.clicks(dialog, "Create and log in")
    await person.sees(lambda: dialog.message() not in ("", person.seen["differing"]))
    person.seen["short"] = dialog.message()
    person.types(dialog, NAME, PASSWORD, PASSWORD)
    person.clicks(dialog, "Create and log in")
    await person.leaves()


async def again(person: Person) -> None:
    """Be asked to log in, err once, look at the window, leave."""
    dialog = await person.dialog("Log in")
    await person.screen("login")
    person.seen["wrong"] = await asks(person, dialog, WRONG)
    person.types(dialog, NAME, PASSWORD)
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    await person.leaves()


async def locked(person: Person) -> None:
    """Err five times, then be right; close the dialog."""
    dialog = await person.dialog("Log in")
    person.seen["said"] = [await asks(person, dialog, word) for word in (*[WRONG] * 5, PASSWORD)]
    person.seen["inside"] = person.shown(MainWindow) is not None
    dialog.close()


async def asks(person: Person, dialog: LoginDialog, password: str) -> str:
    """Try to log in; the sentence of the answer."""
    dialog.show_message("", "info")  # the next answer may read like the last
    person.types(dialog, NAME, password)
    person.clicks(dialog, "Log in")
    await person.sees(lambda: dialog.message() not in ("", "Signing in…") or not dialog.isVisible())
    return dialog.message()


STEPS: dict[str, Callable[[Person], Awaitable[None]]] = {"first": first, "again": again, "locked": locked}


def main(step: str, pictures: Path) -> int:
    """One sitting; the program's own exit code."""
    told: Seen = {}

    class Watched(session.Session):
        """The program's session with a person in front of it."""

        async def run(self) -> int:
            person = Person(pictures)
            told.update(person.seen)
            acting = asyncio.ensure_future(STEPS[step](person))
            living = asyncio.ensure_future(super().run())
            await asyncio.wait({acting, living}, return_when=asyncio.FIRST_COMPLETED)
            if acting.done() and acting.exception() is not None:
                living.cancel()
            await acting
            told.update(person.seen)
            return await living

    session.Session = Watched  # type: ignore[misc]
    code = cli.command(["run"])
    sys.stdout.write(json.dumps(told) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))

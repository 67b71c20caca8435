"""The program as it is on a machine without a keyring, with a person who adds an account: secrets that must show nowhere.

``python -m tests.stories.keyless STEP`` runs one sitting and prints what was seen as one JSON object. The secrets are read from
the environment, for a command line is seen by everybody on the machine.
"""

import asyncio
import json
import os
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import requests
from PySide6.QtWidgets import QApplication, QWidget

from qv_desktop import cli
from qv_desktop.app import session, switching
from qv_desktop.ui.connections_dialog import ConnectionsDialog
from qv_desktop.ui.main_window import MainWindow
from qv_desktop.ui.passphrase_dialog import PassphraseDialog

PATIENCE = 60.0  # seconds
NAME = "ada"
SECRETS = json.loads(os.environ.get("SECRETS_OF_THE_TEST", "{}"))  # what -> text; no name that the program looks for

type Seen = dict[str, Any]


class Keyless:
    """Eyes and hands. ``seen`` is what is told at the end."""

    def __init__(self, program: session.Session) -> None:
        self.program, self.seen = program, {}

    async def sees(self, what: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not what():
            if time.monotonic() > end:
                raise TimeoutError(f"not seen: {self.seen}")
            await asyncio.sleep(0.05)

    async def shown[W: QWidget](self, kind: type[W]) -> W:
        def found() -> W | None:
            return next((w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()), None)

        await self.sees(found)
        window = found()
        assert window is not None
        return window

    async def signs_in(self) -> None:
        dialog = self.program._dialog
        if not self.program._settings.home.joinpath("signed").exists():
            await self.sees(lambda: "First start" in dialog.windowTitle())
            dialog.admin_created.emit(NAME, SECRETS["password"])
            self.program._settings.home.joinpath("signed").touch()
        else:
            await self.sees(lambda: self.program._building is not None and dialog._pages.isEnabled())
            dialog.submitted.emit(NAME, SECRETS["password"], False)

    async def says(self, dialog: Any, words: str) -> None:
        await self.sees(lambda: words in dialog.message())

    async def leaves(self) -> None:
        await self.sees(lambda: self.program._desk is not None)
        desk = self.program._desk
        assert desk is not None
        await asyncio.sleep(1)  # for what is told a little later
        self.seen["pill"] = desk.window._pill.toolTip()
        self.seen["notices"] = [f"{notice.title}: {notice.text}" for notice in desk.services.notices.told]
        (await self.shown(MainWindow)).close()


async def first(person: Keyless) -> None:
    """Sign in, add an account with a new passphrase, ask who it is, use it; fail to connect another one in the browser."""
    await person.signs_in()
    await person.sees(lambda: person.program._desk is not None)
    person.seen["before"] = person.program._desk.window._pill.toolTip()  # type: ignore[union-attr]
    person.program._desk.window.command.emit("connections")  # type: ignore[union-attr]
    dialog = await person.shown(ConnectionsDialog)
    dialog.form.name.setText("Paper one")
    dialog.form.key.setText(SECRETS["key"])
    dialog.form.secret.setText(SECRETS["secret"])
    dialog.save.click()
    phrase = await person.shown(PassphraseDialog)
    for field in (phrase.phrase, phrase.again):
        field.setText(SECRETS["passphrase"])
    phrase.go.click()
    await person.says(dialog, "“Paper one” is kept")
    dialog.test.click()
    await person.says(dialog, "ACTIVE")
    dialog.add.click()
    dialog.form.name.setText("By browser")
    dialog.form.kind.segment("OAuth in the browser").click()
    dialog.form.client_id.setText("simulated-client")
    dialog.form.client_secret.setText(SECRETS["client_secret"])
    dialog.form.connect_.click()
    await person.sees(lambda: dialog.message().startswith("✗"))
    person.seen["browser"] = dialog.message()
    dialog.list.setCurrentRow(0)
    dialog.use.click()
    await traded(person)
    await person.leaves()


async def traded(person: Keyless) -> None:
    """Wait until the account's books are open."""
    await person.sees(lambda: person.program._starting is not None and person.program._starting.ready.is_set())


async def again(person: Keyless) -> None:
    """Sign in, err with the passphrase once, trade."""
    await person.signs_in()
    dialog = await person.shown(PassphraseDialog)
    dialog.phrase.setText(SECRETS["wrong_passphrase"])
    dialog.go.click()
    await person.says(dialog, "does not open")
    dialog.phrase.setText(SECRETS["passphrase"])
    dialog.go.click()
    await traded(person)
    await person.leaves()


async def declined(person: Keyless) -> None:
    """Sign in and keep the keys locked."""
    await person.signs_in()
    (await person.shown(PassphraseDialog)).back.click()
    await person.leaves()


STEPS: dict[str, Callable[[Keyless], Awaitable[None]]] = {"first": first, "again": again, "declined": declined}


def main(step: str) -> int:
    """One sitting; the program's own exit code."""
    told: Seen = {}

    def browsed(url: str) -> bool:
        threading.Thread(target=requests.get, args=(url,), kwargs={"timeout": 10}, daemon=True).start()
        return True

    class Watched(session.Session):
        """The program's session with a person in front of it."""

        async def run(self) -> int:
            person = Keyless(self)
            acting = asyncio.ensure_future(STEPS[step](person))
            living = asyncio.ensure_future(super().run())
            await asyncio.wait({acting, living}, return_when=asyncio.FIRST_COMPLETED)
            if acting.done() and acting.exception() is not None:
                living.cancel()
            await acting
            told.update(person.seen)
            return await living

    session.Session = Watched  # type: ignore[misc]
    switching.browsed = browsed
    code = cli.command(["run"])
    sys.stdout.write(json.dumps(told) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))

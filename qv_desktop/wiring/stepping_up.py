"""The password once more: a dialog, asked until it is right or the person goes back."""

import asyncio
from collections.abc import Awaitable, Callable

from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from qv_desktop.domain.errors import QvError
from qv_desktop.services.login import Login
from qv_desktop.ui.models.password_dialog import PasswordDialog
from qv_desktop.ui.step_up_dialog import StepUpDialog


async def stepped_up(login: Login, deed: str, title: str, words: str, action: str, parent: QWidget) -> bool:
    """Whether the signed-in person gave the password for ``deed``, whose service asks ``login.require_given(deed)`` for it.

    ``title`` and ``words`` say what it is for, ``action`` is on the button. It counts once.
    """
    person = login.session.user.name if login.session else "nobody"
    return await answered(
        StepUpDialog(title, words, action, person, parent), lambda password: login.confirm(password, deed)
    )


async def answered(dialog: PasswordDialog, judge: Callable[[str], Awaitable[str]]) -> bool:
    """Whether a password was given that ``judge`` has nothing against; it answers, or raises, why not."""
    typed: asyncio.Queue[str | None] = asyncio.Queue()
    dialog.confirmed.connect(typed.put_nowait)
    dialog.declined.connect(lambda: typed.put_nowait(None))
    dialog.open()
    try:
        while (password := await typed.get()) is not None:
            if not (why := await _judged(judge, password)):
                dialog.grant()
                return True
            dialog.show_message(why)
    finally:
        if isValid(dialog):
            dialog.hide()  # also when nobody waits for the answer any more
    return False


async def _judged(judge: Callable[[str], Awaitable[str]], password: str) -> str:
    try:
        return await judge(password)
    except QvError as error:
        return str(error)

"""The password once more: a dialog, asked until it is right or the person goes back."""

import asyncio

from PySide6.QtWidgets import QWidget

from qv_desktop.domain.errors import QvError
from qv_desktop.services.login import Login
from qv_desktop.ui.step_up_dialog import StepUpDialog


async def stepped_up(login: Login, deed: str, title: str, words: str, action: str, parent: QWidget) -> bool:
    """Whether the signed-in person gave the password for ``deed``, whose service asks ``login.require_given(deed)`` for it.

    ``title`` and ``words`` say what it is for, ``action`` is on the button. It counts once.
    """
    typed: asyncio.Queue[str | None] = asyncio.Queue()
    dialog = StepUpDialog(title, words, action, login.session.user.name if login.session else "nobody", parent)
    dialog.confirmed.connect(typed.put_nowait)
    dialog.declined.connect(lambda: typed.put_nowait(None))
    dialog.open()
    while (password := await typed.get()) is not None:
        try:
            why = await login.confirm(password, deed)
        except QvError as error:
            why = str(error)
        if not why:
            dialog.grant()
            return True
        dialog.show_message(why)
    return False

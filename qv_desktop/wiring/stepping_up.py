"""Asking for the password once more: the dialog stays until it was right, or the person went back."""

import asyncio

from PySide6.QtWidgets import QWidget

from qv_desktop.domain.errors import QvError
from qv_desktop.services.login import Login
from qv_desktop.ui.step_up_dialog import StepUpDialog


async def stepped_up(login: Login, parent: QWidget, deed: str, purpose: str) -> bool:
    """Whether the signed-in person gave the password for ``deed``, see ``Login.confirm``; wrong ones count as those of a log-in."""
    if login.session is None:
        return False
    typed: asyncio.Queue[str | None] = asyncio.Queue()
    dialog = StepUpDialog(login.session.user.name, purpose, parent)
    dialog.given.connect(typed.put_nowait)
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

"""Asking before real money is used: a red dialog, the password, and a row in the audit trail either way."""

import asyncio

from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from qv_desktop.domain.connections import Connection
from qv_desktop.domain.errors import QvError
from qv_desktop.services.connections import Connections
from qv_desktop.ui.live_dialog import LiveDialog


async def confirmed(connections: Connections, wanted: Connection, person: str, otherwise: str, parent: QWidget) -> bool:
    """Whether the person at the screen confirmed the LIVE account; ``otherwise`` says what happens when not."""
    typed: asyncio.Queue[str | None] = asyncio.Queue()
    dialog = LiveDialog(wanted.name, person, otherwise, parent)
    dialog.confirmed.connect(typed.put_nowait)
    dialog.declined.connect(lambda: typed.put_nowait(None))
    dialog.open()
    try:
        return await _answered(connections, wanted, dialog, typed)
    finally:
        if isValid(dialog):
            dialog.hide()  # also when nobody waits for the answer any more


async def _answered(
    connections: Connections, wanted: Connection, dialog: LiveDialog, typed: "asyncio.Queue[str | None]"
) -> bool:
    while (password := await typed.get()) is not None:
        try:
            why = await connections.confirm(wanted, password)
        except QvError as error:
            why = str(error)
        if not why:
            dialog.grant()
            return True
        dialog.show_message(why)
    await connections.declined(wanted)
    return False

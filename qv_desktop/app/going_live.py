"""Asking before real money is used: a red dialog, the password, and a row in the audit trail either way."""

from PySide6.QtWidgets import QWidget

from qv_desktop.domain.connections import Connection
from qv_desktop.services.connections import Connections
from qv_desktop.ui.live_dialog import LiveDialog
from qv_desktop.wiring.stepping_up import answered


async def confirmed(connections: Connections, wanted: Connection, person: str, otherwise: str, parent: QWidget) -> bool:
    """Whether the person at the screen confirmed the LIVE account; ``otherwise`` says what happens when not."""
    dialog = LiveDialog(wanted.name, person, otherwise, parent)
    if await answered(dialog, lambda password: connections.confirm(wanted, password)):
        return True
    await connections.declined(wanted)
    return False

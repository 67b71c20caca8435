"""Asking before real money is used: a red dialog, the password, and a row in the audit trail either way."""

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from qv_desktop.domain.connections import Connection
from qv_desktop.services.connections import Connections
from qv_desktop.ui.live_dialog import LiveDialog
from qv_desktop.wiring.stepping_up import answered


async def confirmed(connections: Connections, wanted: Connection, person: str, otherwise: str, parent: QWidget,
                    went_back: Callable[[], None] = lambda: None) -> bool:  # fmt: skip
    """Whether the person at the screen confirmed the LIVE account; ``otherwise`` says what happens when not.

    ``went_back`` hears it before it is written down, which may take a while.
    """
    dialog = LiveDialog(wanted.name, person, otherwise, parent)
    if await answered(dialog, lambda password: connections.confirm(wanted, password)):
        return True
    went_back()
    await connections.declined(wanted)
    return False

"""The risk limits in their dialog: seen, tightened at once, loosened with the password."""

from PySide6.QtCore import QObject
from shiboken6 import isValid

from qv_desktop.domain.errors import QvError
from qv_desktop.domain.limits import Limits, loosened
from qv_desktop.services.risk import RAISE
from qv_desktop.services.trading_states import CHANGE
from qv_desktop.ui.limits_dialog import FIELDS, LimitsDialog
from qv_desktop.wiring import Desk
from qv_desktop.wiring.permissions import why
from qv_desktop.wiring.stepping_up import stepped_up

SAVED = "Saved; the limits count from now on."


class LimitsWiring(QObject):
    """Answers the command and the dialog."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.window)
        self._desk = desk
        desk.window.command.connect(self._command)

    def _command(self, id_: str) -> None:
        if id_ == "risk.limits":
            self.ask()

    def ask(self) -> LimitsDialog:
        """Show the dialog."""
        services = self._desk.services
        dialog = LimitsDialog(services.risk.limits, why(services.login, CHANGE), self._desk.window)
        dialog.saved.connect(lambda limits: self._desk.tasks.spawn(self._save(dialog, limits)))
        dialog.open()
        return dialog

    async def _save(self, dialog: LimitsDialog, limits: Limits) -> None:
        services = self._desk.services
        wider = loosened(services.risk.limits, limits)
        if wider:
            words = f"Wider from now on: {', '.join(FIELDS[name][0].lower() for name in wider)}. Larger losses become possible."
            title, action = "Widen the risk limits", "Widen the limits"
            if not await stepped_up(services.login, RAISE, title, words, action, dialog):
                return
        try:
            await services.risk.set_limits(limits)
            said = SAVED
        except QvError as error:
            said = str(error)
        if isValid(dialog):
            dialog.show_limits(services.risk.limits if said == SAVED else limits)
            dialog.show_message(said, good=said == SAVED)

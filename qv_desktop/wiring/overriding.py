"""What a person decides about breaks by a command: trading opened over them, or the panel asked for an entry to book."""

from PySide6.QtCore import QObject

from qv_desktop.domain.events import Reconciled, TradingOverridden
from qv_desktop.services.reconcile import NOTHING
from qv_desktop.ui.reason_dialog import ReasonDialog
from qv_desktop.wiring import Desk
from qv_desktop.wiring.answering import answer

NO_ENTRY = "No break in view is booked by hand: orders and executions come from the broker."
OPENED = "Trading is open over {} by {}: {}"


class OverrideWiring(QObject):
    """Answers the two commands, and keeps an override in view for as long as it stands."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.window)
        self._desk = desk
        desk.window.command.connect(self._command)
        desk.services.bus.subscribe(TradingOverridden, self._overridden)
        desk.services.bus.subscribe(Reconciled, self._compared)

    def _command(self, id_: str) -> None:
        if id_ == "reconciliation.override":
            self.ask_override()
        elif id_ == "reconciliation.book":
            self.ask_entry()

    def ask_override(self) -> ReasonDialog | None:
        """The question whether trading opens all the same; None when there is nothing to open it over."""
        run = self._desk.services.reconcile.last
        if run is None or not run.closing:
            self._desk.services.notices.tell("info", "Reconciliation", NOTHING, panel="reconciliation")
            return None
        count = _breaks(len(run.closing))
        words = (
            f"Not resolved: {count}, ${run.at_risk:,.2f} at risk. Orders will be judged by books that differ from the broker's, "
            "until a reconciliation passes or the program is closed. A new break closes trading again."
        )
        dialog = ReasonDialog(f"Open trading over {count}", words, "Open trading", (), self._desk.window)
        dialog.given.connect(
            lambda _, reason: answer(self._desk, dialog, lambda: self._desk.services.reconcile.open_over(reason, run))
        )
        dialog.open()
        return dialog

    def ask_entry(self) -> bool:
        """Ask in the panel for the entry of a break, with the break in view; False when none is booked by hand."""
        asked = self._desk.window.raise_panel("reconciliation") and self._desk.panels.reconciliation.ask_entry()
        if not asked:
            self._desk.services.notices.tell("info", "Reconciliation", NO_ENTRY, panel="reconciliation")
        return asked

    def _overridden(self, event: TradingOverridden) -> None:
        made = event.override
        sentence = OPENED.format(_breaks(len(made.covers)), made.by, made.reason)
        self._desk.services.notices.tell("critical", "Trading is open over breaks", sentence, "override", kind="reconciliation",
                                         panel="reconciliation")  # fmt: skip
        self._desk.window.health.show_override(sentence)

    def _compared(self, event: Reconciled) -> None:
        if self._desk.services.reconcile.override is None:
            self._desk.window.health.show_override("")
        for entry in event.run.booked:
            self._desk.services.notices.tell("info", "Booked by reconciliation", f"{entry[:1].upper()}{entry[1:]}.",
                                             panel="reconciliation")  # fmt: skip


def _breaks(count: int) -> str:
    return f"{count} break{'' if count == 1 else 's'}"

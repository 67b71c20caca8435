"""For which strategy an order counts, and a note that goes with it: whoever trades a strategy by hand finds it beside its backtest."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from qv_desktop.domain.orders import NOTE_LONGEST, TICKET
from qv_desktop.ui.models.choice import Choice
from qv_desktop.ui.models.field_rows import field_row


class Attribution(QWidget):
    """Emits ``changed`` at every edit."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.strategy = Choice("Strategy that the order counts for", (TICKET,))
        self.strategy.setToolTip("The strategy that the order counts for in positions, fills and Backtests ▸ Live")
        self.note = QLineEdit()
        self.note.setAccessibleName("Note")
        self.note.setPlaceholderText("Note")
        self.note.setMaxLength(NOTE_LONGEST)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(field_row(("", self.strategy), ("", self.note)))
        self.strategy.currentTextChanged.connect(self.changed)
        self.note.textChanged.connect(self.changed)

    @property
    def source(self) -> str:
        """The chosen strategy's name, or that of the ticket itself."""
        return self.strategy.currentText()

    def show_strategies(self, names: Sequence[str]) -> None:
        """What can be chosen; a strategy that is no longer there leaves the order to the ticket."""
        chosen, offered = self.source, (TICKET, *(name for name in names if name != TICKET))
        with QSignalBlocker(self.strategy):
            self.strategy.clear()
            self.strategy.addItems(offered)
            self.strategy.setCurrentText(chosen if chosen in offered else TICKET)
        if self.source != chosen:
            self.changed.emit()

    def forget(self) -> None:
        """Nobody's strategy and no note, as for another symbol."""
        self.strategy.setCurrentText(TICKET)
        self.note.clear()

    def forget_note(self) -> None:
        """The order that it was about is in the book; the change is told to nobody."""
        with QSignalBlocker(self.note):
            self.note.clear()

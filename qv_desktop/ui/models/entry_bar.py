"""A strip that shows what would be booked, figure by figure, and books it for a reason."""

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from qv_desktop.domain.breaks import BreakItem
from qv_desktop.domain.entries import Entry
from qv_desktop.ui import format as words
from qv_desktop.ui import theme
from qv_desktop.ui.models.reason_bar import ReasonBar


class EntryBar(QWidget):
    """Emits ``booked(BreakItem, Entry, str)`` with the entry as it was shown, and the reason; Esc leaves all as it is."""

    booked = Signal(object, object, str)

    def __init__(self) -> None:
        super().__init__()
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        theme.wear(self, lambda: f"EntryBar {{ background: {theme.BG2}; border-top: 1px solid {theme.LINE}; }}")
        self.entry = theme.label("", "value")
        self.entry.setWordWrap(True)
        self.entry.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.entry.setAccessibleName("What changes in our books")
        self.reason = ReasonBar()
        self.reason.installEventFilter(self)
        inner = QVBoxLayout()
        inner.setContentsMargins(10, 7, 10, 3)
        inner.addWidget(self.entry)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(inner)
        column.addWidget(self.reason)
        self.hide()

    def show_entry(self, item: BreakItem, entry: Entry) -> None:
        """Ask whether ``entry`` is booked to settle ``item``."""
        self.entry.setText(entry.words.replace("(-", f"({words.MINUS}"))
        self.show()
        self.reason.ask_reason(
            "Book this entry",
            "Why, though no execution tells of it",
            "Book it",
            lambda text: self.booked.emit(item, entry, text),
        )

    def dismiss(self) -> None:
        """Close without booking."""
        self.reason.dismiss()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            event.type() == QEvent.Type.Hide and self.reason.isHidden()
        ):  # answered, not merely out of view with the panel
            self.hide()
        return super().eventFilter(watched, event)

"""What a deployment holds, before something is done that concerns it: closing it, or going live while it stays on paper."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import tint

WIDTH = 480  # px


class HoldingsDialog(QDialog):
    """Says ``given`` for its deed and ``other_given`` for the other way, where there is one; somebody else does it."""

    given = Signal()
    other_given = Signal()

    def __init__(
        self, title: str, paragraphs: tuple[str, ...], action: str, other: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title.rstrip("?"))
        self.setObjectName("holdings-dialog")
        self.setFixedWidth(WIDTH)
        self.go, self.other, self.back = (
            theme.button(action, "danger"),
            theme.button(other),
            theme.button("Cancel", "ghost"),
        )
        self.other.setVisible(bool(other))
        self._message = theme.label("", "label")
        tint(self._message, "BAD")
        self._message.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 14)
        column.setSpacing(8)
        column.addWidget(theme.label(title, "title"))
        self.words = [theme.label(text, "value") for text in paragraphs]
        for line in (*self.words, self._message):
            line.setFont(theme.body())
            line.setWordWrap(True)
            column.addWidget(line)
        row = QHBoxLayout()
        row.addStretch(1)
        for button in (self.back, self.other, self.go):
            button.setAutoDefault(False)
            row.addWidget(button)
        column.addLayout(row)
        self.go.clicked.connect(self._give)
        self.other.clicked.connect(self._give_other)
        self.back.clicked.connect(self.reject)

    def _give(self) -> None:
        self.go.setEnabled(False)
        self.given.emit()

    def _give_other(self) -> None:
        self.other_given.emit()
        self.accept()

    def show_message(self, text: str) -> None:
        """Say why it was not done whole."""
        self.go.setEnabled(True)
        self._message.setText(text)
        self._message.setVisible(bool(text))
        self.adjustSize()

    def message(self) -> str:
        """The sentence that is shown."""
        return self._message.text()

"""A deed that takes a reason: what will be done, of which rows, and the words that the audit trail keeps."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import tint

WIDTH = 460  # px
LEAST = 3  # characters of a reason


class ReasonDialog(QDialog):
    """Says ``given(int, str)``: the place of the row that was chosen, and the reason; somebody else judges, and grants or says why not."""

    given = Signal(int, str)

    def __init__(
        self, title: str, words: str, action: str, rows: Sequence[str] = (), parent: QWidget | None = None
    ) -> None:
        """``words`` say what will be done, ``action`` is what the button says; without ``rows`` there is nothing to choose."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setObjectName("reason-dialog")
        self.setFixedWidth(WIDTH)
        self.rows = QComboBox()
        self.rows.setAccessibleName("Which")
        self.rows.addItems(list(rows))
        self.rows.setVisible(bool(rows))
        self.reason = QLineEdit()
        self.reason.setAccessibleName("Reason")
        self.reason.setPlaceholderText("Why, in a few words")
        self.go, self.back = theme.button(action, "danger"), theme.button("Cancel", "ghost")
        self._message = theme.label("", "label")
        self._lay_out(title, words)
        self.reason.textChanged.connect(self._look)
        self.reason.returnPressed.connect(self._give)
        self.go.clicked.connect(self._give)
        self.back.clicked.connect(self.reject)
        self._look()
        self.reason.setFocus()

    def show_message(self, text: str) -> None:
        """Say why it was not done; it can be tried again."""
        self._busy(False)
        self._message.setText(text)
        self._message.setVisible(bool(text))
        self.adjustSize()

    def message(self) -> str:
        """The sentence that is shown."""
        return self._message.text()

    def _look(self) -> None:
        self.go.setEnabled(len(self.reason.text().strip()) >= LEAST)

    def _give(self) -> None:
        if self.go.isEnabled():
            self._busy(True)
            self.given.emit(self.rows.currentIndex(), self.reason.text().strip())

    def _busy(self, busy: bool) -> None:
        self.reason.setEnabled(not busy)
        self.rows.setEnabled(not busy)
        self.go.setEnabled(not busy)

    def _lay_out(self, title: str, words: str) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 14)
        column.setSpacing(8)
        said, hint = theme.label(words, "value"), theme.label("Your name and these words are recorded.", "hint")
        said.setFont(theme.body())
        tint(self._message, "BAD")
        self._message.hide()
        for line in (said, self._message):
            line.setWordWrap(True)
        for widget in (
            theme.label(title, "title"),
            said,
            self.rows,
            theme.caption("Reason"),
            self.reason,
            hint,
            self._message,
        ):
            column.addWidget(widget)
        row = QHBoxLayout()
        row.addStretch(1)
        for button in (self.back, self.go):
            button.setAutoDefault(False)
            row.addWidget(button)
        column.addSpacing(4)
        column.addLayout(row)

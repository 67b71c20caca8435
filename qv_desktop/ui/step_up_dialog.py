"""The password once more before something of consequence: what it is for, and a field."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import tint

WIDTH = 400  # px


class StepUpDialog(QDialog):
    """Says ``given`` with the password that was typed, or ``declined``; somebody else judges, and grants or says why not."""

    given = Signal(str)
    declined = Signal()

    def __init__(self, person: str, purpose: str, parent: QWidget | None = None) -> None:
        """``purpose`` goes on from “Your password,”, such as “to make the user Eve, Viewer”."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Your password")
        self.setFixedWidth(WIDTH)
        self.password = QLineEdit(echoMode=QLineEdit.EchoMode.Password)
        self.password.setAccessibleName("Password")
        self.password.setPlaceholderText(f"{person}'s password")
        self.go, self.back = theme.button("Confirm", "primary"), theme.button("Not now")
        self._message = theme.label("", "label")
        self._lay_out(f"Your password, {purpose}.")
        self.go.clicked.connect(self._ask)
        self.back.clicked.connect(self.reject)
        self.password.returnPressed.connect(self._ask)
        self.password.setFocus()

    def show_message(self, text: str) -> None:
        """Say why the password was not taken; it can be typed again."""
        self._busy(False)
        self._message.setText(text)
        self._message.setVisible(bool(text))
        self.password.selectAll()
        self.password.setFocus()
        self.adjustSize()

    def message(self) -> str:
        """The sentence that is shown."""
        return self._message.text()

    def grant(self) -> None:
        """Close: it was right."""
        self.password.clear()
        self.accept()

    def reject(self) -> None:
        self.password.clear()
        super().reject()
        self.declined.emit()

    def _ask(self) -> None:
        if not self.password.text():
            self.show_message("Type your password.")
            return
        self._busy(True)
        self.given.emit(self.password.text())

    def _busy(self, busy: bool) -> None:
        for widget in (self.password, self.go):
            widget.setEnabled(not busy)

    def _lay_out(self, words: str) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 14)
        column.setSpacing(8)
        what = theme.label(words, "value")
        what.setFont(theme.body())
        tint(self._message, "BAD")
        self._message.hide()
        for line in (what, self._message):
            line.setWordWrap(True)
        for widget in (what, self.password, self._message):
            column.addWidget(widget)
        row = QHBoxLayout()
        row.addStretch(1)
        for button in (self.back, self.go):
            button.setAutoDefault(False)
            row.addWidget(button)
        column.addLayout(row)

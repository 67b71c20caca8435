"""The password once more, before something that must not be done at a desk that was left open."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import tint

WIDTH = 400  # px


class StepUpDialog(QDialog):
    """Says ``confirmed`` with the password that was typed, or ``declined``; somebody else judges, and grants or says why not."""

    confirmed = Signal(str)
    declined = Signal()

    def __init__(self, title: str, words: str, action: str, person: str, parent: QWidget | None = None) -> None:
        """``words`` say what will be done, ``action`` is what the button says."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("Your password, please")
        self.setFixedWidth(WIDTH)
        self.password = QLineEdit(echoMode=QLineEdit.EchoMode.Password)
        self.password.setAccessibleName("Password")
        self.password.setPlaceholderText(f"{person}'s password")
        self.go, self.back = theme.button(action, "primary"), theme.button("Cancel", "ghost")
        self._message = theme.label("", "label")
        self._lay_out(title, words)
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
        """Close: it was confirmed."""
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
        self.confirmed.emit(self.password.text())

    def _busy(self, busy: bool) -> None:
        for widget in (self.password, self.go):
            widget.setEnabled(not busy)

    def _lay_out(self, title: str, words: str) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 14)
        column.setSpacing(8)
        said, hint = theme.label(words, "value"), theme.label("It is asked for each time, and recorded.", "hint")
        tint(self._message, "BAD")
        self._message.hide()
        for line in (said, self._message):
            line.setWordWrap(True)
        for widget in (
            theme.label(title, "title"),
            said,
            hint,
            theme.caption("Password"),
            self.password,
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

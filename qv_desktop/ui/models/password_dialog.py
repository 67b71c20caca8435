"""A dialog that asks for the signed-in person's password: what every such question shares, whatever it looks like."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QPushButton, QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import tint


class PasswordDialog(QDialog):
    """Says ``confirmed`` with the password that was typed, or ``declined``; somebody else judges, and grants or says why not.

    Who inherits lays out ``password``, ``complaint`` and ``buttons()`` among words of its own.
    """

    confirmed = Signal(str)
    declined = Signal()

    def __init__(
        self, title: str, person: str, go: QPushButton, back: QPushButton, width: int, parent: QWidget | None = None
    ) -> None:
        """``go`` and ``back`` are the buttons that answer; ``width`` in px."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setFixedWidth(width)
        self.password = QLineEdit(echoMode=QLineEdit.EchoMode.Password)
        self.password.setAccessibleName("Password")
        self.password.setPlaceholderText(f"{person}'s password")
        self.go, self.back = go, back
        self.complaint = theme.label("", "label")
        self.complaint.setWordWrap(True)
        tint(self.complaint, "BAD")
        self.complaint.hide()
        self.go.clicked.connect(self._ask)
        self.back.clicked.connect(self.reject)
        self.password.returnPressed.connect(self._ask)

    def show_message(self, text: str) -> None:
        """Say why the password was not taken; it can be typed again."""
        self._busy(False)
        self.complaint.setText(text)
        self.complaint.setVisible(bool(text))
        self.password.selectAll()
        self.password.setFocus()
        self.adjustSize()

    def message(self) -> str:
        """The sentence that is shown."""
        return self.complaint.text()

    def grant(self) -> None:
        """Close: it was confirmed."""
        self.password.clear()
        self.accept()

    def reject(self) -> None:
        self.password.clear()
        super().reject()
        self.declined.emit()

    def buttons(self) -> QHBoxLayout:
        """A row of both, at the right; neither is pressed by Enter elsewhere in the dialog."""
        row = QHBoxLayout()
        row.addStretch(1)
        for button in (self.back, self.go):
            button.setAutoDefault(False)
            row.addWidget(button)
        return row

    def _ask(self) -> None:
        if not self.password.text():
            self.show_message("Type your password.")
            return
        self._busy(True)
        self.confirmed.emit(self.password.text())

    def _busy(self, busy: bool) -> None:
        for widget in (self.password, self.go):
            widget.setEnabled(not busy)

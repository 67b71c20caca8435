"""The red question before real money is used: which account it is, and the password once more."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import tint

WIDTH = 440  # px


class LiveDialog(QDialog):
    """Says ``confirmed`` with the password that was typed, or ``declined``; somebody else judges, and grants or says why not."""

    confirmed = Signal(str)
    declined = Signal()

    def __init__(self, account: str, person: str, otherwise: str, parent: QWidget | None = None) -> None:
        """``otherwise`` is the sentence that says what happens without the password."""
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("LIVE · real money")
        self.setObjectName("live-dialog")
        self.setFixedWidth(WIDTH)
        self.account = account
        self.password = QLineEdit(echoMode=QLineEdit.EchoMode.Password)
        self.password.setAccessibleName("Password")
        self.password.setPlaceholderText(f"{person}'s password")
        self.go = theme.button("Trade LIVE with real money", "danger")
        self.back = theme.button("Not now", "plain")
        self._message = theme.label("", "label")
        self._lay_out(otherwise)
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

    def _lay_out(self, otherwise: str) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(6, 6, 6, 6)
        column.setSpacing(0)
        column.addWidget(self._head())
        body = QVBoxLayout()
        body.setContentsMargins(20, 16, 20, 14)
        body.setSpacing(8)
        words = theme.label(
            "Orders on this account buy and sell real shares with real money. Give your password to use it.", "value"
        )
        words.setFont(theme.body())
        hint = theme.label(otherwise, "hint")
        tint(self._message, "BAD")
        self._message.hide()
        for line in (words, hint, self._message):
            line.setWordWrap(True)
        for widget in (words, hint, theme.caption("Password"), self.password, self._message):
            body.addWidget(widget)
        body.addSpacing(4)
        body.addLayout(self._buttons())
        column.addLayout(body)

    def _head(self) -> QWidget:
        head = QFrame()
        head.setObjectName("live-head")
        column = QVBoxLayout(head)
        column.setContentsMargins(20, 12, 20, 12)
        column.setSpacing(2)
        for text, font in (("LIVE — REAL MONEY", theme.strong()), (self.account, theme.body())):
            line = theme.label(text, "value")
            line.setObjectName("live-words")
            line.setFont(font)
            line.setWordWrap(True)
            column.addWidget(line)
        return head

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        for button in (self.back, self.go):
            button.setAutoDefault(False)
        row.addStretch(1)
        row.addWidget(self.back)
        row.addWidget(self.go)
        return row

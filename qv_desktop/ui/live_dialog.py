"""The red question before real money is used: which account it is, and the password once more."""

from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.password_dialog import PasswordDialog

WIDTH = 440  # px


class LiveDialog(PasswordDialog):
    """Asks in red whether ``account`` is to be traded."""

    def __init__(self, account: str, person: str, otherwise: str, parent: QWidget | None = None) -> None:
        """``otherwise`` is the sentence that says what happens without the password."""
        go, back = theme.button("Trade LIVE with real money", "danger"), theme.button("Not now", "plain")
        super().__init__("LIVE · real money", person, go, back, WIDTH, parent)
        self.setObjectName("live-dialog")
        self.account = account
        self._lay_out(otherwise)
        self.password.setFocus()

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
        for line in (words, hint):
            line.setWordWrap(True)
        for widget in (words, hint, theme.caption("Password"), self.password, self.complaint):
            body.addWidget(widget)
        body.addSpacing(4)
        body.addLayout(self.buttons())
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

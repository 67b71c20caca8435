"""A strip that asks for a reason or a comment, in place of a window that takes the keyboard away."""

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QLineEdit

from qv_desktop.domain.breaks import LONGEST
from qv_desktop.ui.models.confirm_bar import ConfirmBar


class ReasonBar(ConfirmBar):
    """Enter takes what was typed, Esc leaves all as it is; nothing is not taken."""

    def __init__(self) -> None:
        super().__init__(keep="Cancel", kind="primary")
        self.field = QLineEdit(maxLength=LONGEST)
        self.field.setMinimumWidth(120)
        self.body.addWidget(self.field)
        row = self.layout()
        if isinstance(row, QHBoxLayout):
            row.setStretch(row.indexOf(self.body), 8)  # a reason is longer than its question
        self.field.textChanged.connect(self._judge)

    def ask_reason(self, question: str, hint: str, answer: str, done: Callable[[str], None]) -> None:
        """``done`` is called with the trimmed text when the person presses ``answer``."""
        self.field.setAccessibleName(question)
        self.field.setPlaceholderText(hint)
        self.field.clear()
        self.ask(question, answer, lambda: done(self.field.text().strip()))
        self._judge()
        self.field.setFocus()

    def accept(self) -> None:
        """Take the text, if there is any."""
        if self.yes.isEnabled():
            super().accept()

    def _judge(self) -> None:
        empty = not self.field.text().strip()
        self.yes.setEnabled(not empty)
        self.yes.setToolTip("Type a reason first" if empty else "")

"""The password once more, before something that must not be done at a desk that was left open."""

from PySide6.QtWidgets import QVBoxLayout, QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.password_dialog import PasswordDialog

WIDTH = 400  # px


class StepUpDialog(PasswordDialog):
    """Asks in the words of what will be done."""

    def __init__(self, title: str, words: str, action: str, person: str, parent: QWidget | None = None) -> None:
        """``words`` say what will be done, ``action`` is what the button says."""
        go, back = theme.button(action, "primary"), theme.button("Cancel", "ghost")
        super().__init__("Your password, please", person, go, back, WIDTH, parent)
        self._lay_out(title, words)
        self.password.setFocus()

    def _lay_out(self, title: str, words: str) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 14)
        column.setSpacing(8)
        said, hint = theme.label(words, "value"), theme.label("It is asked for each time, and recorded.", "hint")
        said.setWordWrap(True)
        head = theme.label(title, "title")
        for widget in (head, said, hint, theme.caption("Password"), self.password, self.complaint):
            column.addWidget(widget)
        column.addSpacing(4)
        column.addLayout(self.buttons())

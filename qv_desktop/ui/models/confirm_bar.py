"""A strip under a table that asks before something is done, in place of a window that takes the keyboard away."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import across


class ConfirmBar(QWidget):
    """Shows a question with one button that does it and one that keeps everything; Enter answers the focused one, Esc keeps."""

    def __init__(self, *, keep: str = "Keep", kind: theme.ButtonKind = "danger") -> None:
        super().__init__()
        self.setFixedHeight(36)
        self.setAutoFillBackground(True)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        theme.wear(self, lambda: f"ConfirmBar {{ background: {theme.BG2}; border-top: 1px solid {theme.LINE}; }}")
        self.question = theme.label("", "value")
        self.question.setMinimumWidth(20)
        self.yes, self.no = theme.button("", kind), theme.button(keep)
        self.body = QHBoxLayout()  # fields of the question, where it has any
        self.body.setSpacing(6)
        self._done: Callable[[], None] | None = None
        row = across(self.question, None)
        row.setContentsMargins(10, 4, 8, 4)
        row.insertLayout(1, self.body)
        row.addWidget(self.yes)
        row.addWidget(self.no)
        self.setLayout(row)
        self.yes.clicked.connect(self.accept)
        self.no.clicked.connect(self.dismiss)
        self.hide()

    def ask(self, question: str, answer: str, done: Callable[[], None]) -> None:
        """Show ``question``; ``done`` is called when the person presses ``answer``."""
        self.question.setText(question)
        self.yes.setText(answer)
        self._done = done
        self.show()
        self.yes.setFocus()

    def tell(self, sentence: str) -> None:
        """Show a sentence that asks nothing."""
        self.ask(sentence, "OK", lambda: None)

    def accept(self) -> None:
        """Do what was asked, once."""
        done, self._done = self._done, None
        self.hide()
        if done is not None:
            done()

    def dismiss(self) -> None:
        """Close without doing anything."""
        self._done = None
        self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.dismiss() if self.no.hasFocus() else self.accept()
        else:
            super().keyPressEvent(event)

"""A strip under a table that asks before something is done, in place of a window that takes the keyboard away."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget
from shiboken6 import isValid

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
        self._came_from: QWidget | None = None  # who had the keyboard before
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
        now = QApplication.focusWidget()
        if now is not None and not self.isAncestorOf(now):
            self._came_from = now
        self.question.setText(question)
        self.yes.setText(answer)
        self.no.show()
        self._done = done
        self.show()
        self.yes.setFocus()

    def tell(self, sentence: str) -> None:
        """Show a sentence that asks nothing."""
        self.ask(sentence, "OK", lambda: None)
        self.no.hide()  # there is nothing to keep

    def accept(self) -> None:
        """Do what was asked, once."""
        done, self._done = self._done, None
        self._leave()
        if done is not None:
            done()

    def dismiss(self) -> None:
        """Close without doing anything."""
        self._done = None
        self._leave()

    def _leave(self) -> None:
        """The keyboard goes back to where it was when the question came, and not on to whatever stands next."""
        now, back = QApplication.focusWidget(), self._came_from
        inside = now is not None and self.isAncestorOf(now)
        self._came_from = None
        self.hide()
        if inside and back is not None and isValid(back) and back.isVisible():
            back.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self.no.hasFocus():
                self.dismiss()
            elif self.yes.isEnabled():
                self.accept()
        else:
            super().keyPressEvent(event)

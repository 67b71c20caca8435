"""A line that is typed over the chart: a date to go to, a symbol to compare with, a template's name."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from qv_desktop.domain.errors import BadInput
from qv_desktop.ui import theme


class Prompt(QFrame):
    """One field and one sentence. Enter takes it, and stays with the reason when it cannot be used; Esc leaves."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._host = parent
        theme.wear(
            self, lambda: f"Prompt {{ background:{theme.BG2}; border:1px solid {theme.ACCENT}; border-radius:6px; }}"
        )
        self.field = QLineEdit()
        self.field.returnPressed.connect(self._take)
        self._said = theme.label("", "hint")
        self._said.setWordWrap(True)
        self._done: Callable[[str], object] | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 8, 10, 8)
        column.setSpacing(4)
        column.addWidget(self.field)
        column.addWidget(self._said)
        self.hide()

    @property
    def said(self) -> str:
        """The sentence below the field."""
        return self._said.text()

    def ask(self, hint: str, sentence: str, done: Callable[[str], object], text: str = "") -> None:
        """Open with ``sentence`` below; ``done`` gets what was typed and may raise BadInput."""
        self._done = done
        self.field.setPlaceholderText(hint)
        self.field.setAccessibleName(sentence)
        self.field.setText(text)
        self._say(sentence, "TX2")
        self.show()
        self.raise_()
        self.field.setFocus()
        self.field.selectAll()

    def _say(self, words: str, token: str) -> None:
        self._said.setText(words)
        theme.wear(self._said, lambda: f"color:{theme.color(token).name()};")
        self.setFixedWidth(min(320, max(160, self._host.width() - 40)))
        self.adjustSize()
        self.move((self._host.width() - self.width()) // 2, 56)

    def _take(self) -> None:
        if self._done is None:
            return
        try:
            self._done(self.field.text())
        except BadInput as error:
            self._say(str(error), "WARN")
        else:
            self.leave()

    def leave(self) -> None:
        """Close without doing anything."""
        had = self.isVisible()
        self._done = None
        self.hide()
        if had:
            self._host.setFocus()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

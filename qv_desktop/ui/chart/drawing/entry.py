"""A line to type in, on the chart itself where the words will stand."""

from collections.abc import Callable

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QWidget

from qv_desktop.domain.drawings import MOST_TEXT
from qv_desktop.ui import theme

LEAST, TALL = 160, 26  # px


class TextEntry(QLineEdit):
    """Enter, or going elsewhere, keeps what was typed; Esc leaves all as it was."""

    def __init__(self, host: QWidget) -> None:
        super().__init__(host)
        self._host = host
        self._keep: Callable[[str], None] | None = None  # who waits for the text
        self.setObjectName("drawing_text")
        self.setFont(theme.small())
        self.setMaxLength(MOST_TEXT)
        self.setPlaceholderText("Text, then Enter")
        self.setAccessibleName("Text on the chart")
        self.hide()

    def ask(self, at: QPointF, text: str, keep: Callable[[str], None]) -> None:
        """Let ``text`` be edited at a point of the host; ``keep`` is called once with the outcome, unless it is given up."""
        self.close_entry()
        host, self._keep = self._host, keep
        self.setText(text)
        self.selectAll()
        self.resize(min(LEAST, host.width()), TALL)
        x = max(0, min(round(at.x()), host.width() - self.width()))
        self.move(x, max(0, min(round(at.y()) - TALL // 2, host.height() - TALL)))
        self.show()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def close_entry(self, *, keep: bool = True) -> None:
        """Take the line away; with ``keep`` as Enter does."""
        waits, self._keep = self._keep, None
        if waits is None:
            return
        self.hide()
        self._host.setFocus(Qt.FocusReason.OtherFocusReason)
        if keep:
            waits(self.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.close_entry()
        elif event.key() == Qt.Key.Key_Escape:
            self.close_entry(keep=False)
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() is not Qt.FocusReason.PopupFocusReason:  # its own menu is not elsewhere
            self.close_entry()

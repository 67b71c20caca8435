"""What is typed on a chart: digits become a timeframe, a first letter asks for a symbol."""

import re

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QWidget

from qv_desktop.ui import theme

FRAME_TEXT = re.compile(r"\d{1,3}[smhdwSHDWM]?")
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class TypedFrame(QLabel):
    """Shows the digits as they are typed. Signals: ``timeframe_asked`` (“15” and Enter), ``symbol_asked`` (the first letter)."""

    timeframe_asked = Signal(str)
    symbol_asked = Signal(str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._host = parent
        self._typed, self._open = "", False
        self.setObjectName("timeframe_entry")
        self.setFont(theme.strong())
        theme.wear(
            self,
            lambda: (
                f"background:{theme.BG3}; color:{theme.TX0}; border:1px solid {theme.ACCENT}; border-radius:4px; padding:4px 10px;"
            ),
        )
        self.hide()

    def take(self, key: int, text: str) -> bool:
        """A key without Ctrl or Alt; False when it means nothing here."""
        if self._open and key in ENTER:
            if self._typed:
                self.timeframe_asked.emit(self._typed)
            return self._show("", opened=False)
        if self._open and key == Qt.Key.Key_Escape:
            return self._show("", opened=False)
        if self._open and key == Qt.Key.Key_Backspace:
            return self._show(self._typed[:-1], opened=len(self._typed) > 1)
        if text == "," and not self._open:
            return self._show("", opened=True)
        if FRAME_TEXT.fullmatch(self._typed + text):
            return self._show(self._typed + text, opened=True)
        if not self._open and len(text) == 1 and text.isalpha():
            self.symbol_asked.emit(text.upper())
            return True
        return self._open and bool(text)

    def leave(self) -> None:
        """Forget what was typed."""
        self._show("", opened=False)

    def _show(self, text: str, *, opened: bool) -> bool:
        self._typed, self._open = text, opened
        self.setText(f"Timeframe  {text or '…'}  ⏎")
        self.adjustSize()
        self.move((self._host.width() - self.width()) // 2, 56)
        self.setVisible(opened)
        return True

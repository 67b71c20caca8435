"""A strip that shows what is about to be done, does it only when its button is held for a second, and says what came of it."""

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.layouts import across, tint


class HoldBar(QWidget):
    """``show_plan`` asks, ``show_progress`` tells while it is done, ``show_result`` afterwards; Esc keeps everything."""

    def __init__(self) -> None:
        super().__init__()
        self.setMinimumHeight(36)
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        theme.wear(self, lambda: f"HoldBar {{ background: {theme.BG2}; border-top: 1px solid {theme.LINE}; }}")
        self.words = theme.label("", "value")
        self.words.setWordWrap(True)
        self.words.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.words.setMinimumWidth(60)
        self.go, self.no = theme.HoldButton(""), theme.button("Keep")
        self.go.setMinimumWidth(150)
        self._done: Callable[[], None] | None = None
        row = across(self.words, self.go, self.no)
        row.setStretch(0, 1)
        row.setContentsMargins(10, 4, 8, 4)
        self.setLayout(row)
        self.go.held.connect(self._held)
        self.no.clicked.connect(self.dismiss)
        self.hide()

    @property
    def asking(self) -> bool:
        """Whether it waits to be held."""
        return self._done is not None and not self.isHidden()

    def show_plan(self, words: str, button: str, done: Callable[[], None], *, can: bool = True) -> None:
        """Show what will be done; ``done`` is called once, when the button was held. What cannot be done is told without a way to."""
        fresh = not self.asking
        self._say(words, "TX0")
        self._done = done
        self.go.setText(f"{button} · hold 1 s")
        self.go.setEnabled(can)
        self.go.show()
        self.no.setText("Keep")
        self.show()
        if fresh:
            self.go.setFocus()

    def show_progress(self, words: str) -> None:
        """Say how far it is."""
        self._say(words, "TX1")
        self.go.hide()
        self.no.setText("Close")
        self.show()

    def show_result(self, words: str, *, bad: bool = False) -> None:
        """Say what came of it, until it is closed."""
        self._done = None
        self.show_progress(words)
        tint(self.words, "BAD" if bad else "GOOD")

    def dismiss(self) -> None:
        """Close without doing anything."""
        self._done = None
        self.hide()

    def _held(self) -> None:
        done, self._done = self._done, None
        if done is not None:
            done()

    def _say(self, words: str, token: str) -> None:
        self.words.setText(words)
        tint(self.words, token)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            super().keyPressEvent(event)

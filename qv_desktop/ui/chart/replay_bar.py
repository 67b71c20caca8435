"""The row of controls under a chart that replays stored history, and the mark that it does."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLabel, QPushButton, QWidget

from qv_desktop.ui import theme

SPEEDS = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)  # bars per second


class ReplayBar(QFrame):
    """Signals say what was asked: ``stepped`` (bars), ``played``, ``speed_chosen`` (bars per second) and ``left``."""

    stepped = Signal(int)
    played = Signal(bool)
    speed_chosen = Signal(float)
    left = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._host = parent
        self.playing = False
        theme.wear(
            self,
            lambda: f"ReplayBar {{ background:{theme.BG2}; border:1px solid {theme.VIOLET}; border-radius:6px; }}",
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 4, 8, 4)
        row.setSpacing(4)
        mark = QLabel("REPLAY")
        mark.setFont(theme.small_bold())
        theme.wear(mark, lambda: f"background:{theme.VIOLET}; color:#ffffff; border-radius:4px; padding:2px 8px;")
        self._words = theme.label("", "value")
        self._speed = QComboBox()
        self._speed.setAccessibleName("Replay speed, bars per second")
        for speed in SPEEDS:
            self._speed.addItem(f"{speed:g}/s", speed)
        self._speed.setCurrentIndex(SPEEDS.index(1.0))
        self._speed.activated.connect(lambda place: self.speed_chosen.emit(SPEEDS[place]))
        row.addWidget(mark)
        row.addWidget(self._words)
        self._button(row, "◀", "One bar back (Shift+Space)", lambda: self.stepped.emit(-1))
        self._play = self._button(row, "▶", "Play or pause (Space)", lambda: self.played.emit(not self.playing))
        self._button(row, "▶|", "One bar on (.)", lambda: self.stepped.emit(1))
        row.addWidget(self._speed)
        self._button(row, "⇥ Live", "Back to the live market (Esc)", self.left.emit)
        self.hide()

    def _button(self, row: QHBoxLayout, text: str, tip: str, does: object) -> QPushButton:
        button = theme.button(text, "ghost")
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.clicked.connect(does)
        button.setMinimumWidth(30)
        row.addWidget(button)
        return button

    def show_state(self, words: str, playing: bool, speed: float) -> None:
        """Where the replay stands."""
        self.playing = playing
        self._words.setText(words)
        self._play.setText("❚❚" if playing else "▶")
        if speed in SPEEDS:
            self._speed.setCurrentIndex(SPEEDS.index(speed))
        self.place()
        self.show()
        self.raise_()

    def place(self) -> None:
        """In the middle, above the time axis."""
        self.resize(self.sizeHint())
        self.move(max(0, (self._host.width() - self.width()) // 2), max(0, self._host.height() - self.height() - 34))

    def key(self, key: int, shift: bool) -> bool:
        """A key while it replays; False when it means nothing here."""
        if key == Qt.Key.Key_Space:
            self.stepped.emit(-1) if shift else self.played.emit(not self.playing)
        elif key == Qt.Key.Key_Period:
            self.stepped.emit(1)
        elif key == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            return False
        return True

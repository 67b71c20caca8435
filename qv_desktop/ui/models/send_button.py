"""The button that reviews and sends an order."""

from PySide6.QtCore import QRect, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton

from qv_desktop.domain.accounts import Environment
from qv_desktop.domain.orders import Side
from qv_desktop.ui import theme
from qv_desktop.ui.hold import Repeats

_KEYS = "Ctrl+Enter"
_SENDING = ("Send", "Review")  # the verbs that lead to an order


class SendButton(QPushButton):
    """Blue to buy, red to sell. Enter is not a press, and the second half of a double click is none either."""

    def __init__(self) -> None:
        super().__init__()
        self._live, self._repeats = False, Repeats()
        self._words = ""
        self.setFixedHeight(32)
        self.setFont(theme.bold())
        self.setStyleSheet("padding: 0 84px 0 10px; text-align: left;")
        self.setAccessibleName("Review or send the order")
        self.setMinimumWidth(120)
        self.paint_side(Side.BUY)

    def show_environment(self, environment: Environment) -> None:
        """Say LIVE in the words of what is sent for real money."""
        self._live = environment == "LIVE"
        self.setText(self._words)

    def setText(self, text: str) -> None:
        self._words = text
        verb, _, rest = text.partition(" ")
        super().setText(f"{verb} LIVE {rest}" if self._live and verb in _SENDING and rest else text)

    def paint_side(self, side: Side) -> None:
        """Take the colour of ``side``."""
        if self.property("kind") != side.value:
            self.setProperty("kind", side.value)
            self.style().unpolish(self)
            self.style().polish(self)

    def explain(self, why: str) -> None:
        """Why it is off, for the eye and the ear; nothing when it is on."""
        self.setToolTip(why)
        self.setAccessibleDescription(why)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            event.ignore()
        elif event.key() != Qt.Key.Key_Space:
            super().keyPressEvent(event)
        elif not self._repeats.holds(event):
            self.click()  # at the press: a held key is said to be let go again and again

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        if event.key() != Qt.Key.Key_Space:
            super().keyReleaseEvent(event)
        elif not event.isAutoRepeat():
            self._repeats.released(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setFont(theme.small())
        painter.setPen(theme.color("ON_HINT" if self.isEnabled() else "TX2"))
        painter.drawText(
            QRect(0, 0, self.width() - 10, self.height()),
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
            _KEYS,
        )

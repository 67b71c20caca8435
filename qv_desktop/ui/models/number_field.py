"""A field for a price or a quantity: text in, steps by arrow keys and by two small arrows at its right."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPolygon
from PySide6.QtWidgets import QLineEdit, QWidget

from qv_desktop.ui import theme

_ARROWS = 16  # px at the right that belong to the arrows


class NumberField(QLineEdit):
    """Emits ``stepped`` with +1 or −1 step, or ±10 with Shift, and leaves letters to the panel around it."""

    stepped = Signal(int)

    def __init__(self, name: str, *, arrows: bool = True, parent: QWidget | None = None) -> None:
        """``name`` is what a screen reader says."""
        super().__init__(parent)
        self._arrows = arrows
        self.setAccessibleName(name)
        self.setFont(theme.bold())
        self.setFixedHeight(26)
        self.setTextMargins(0, 0, _ARROWS if arrows else 0, 0)

    def minimumSizeHint(self) -> QSize:
        return QSize(44, 26)

    def sizeHint(self) -> QSize:
        return QSize(72, 26)

    def complain(self, sentence: str) -> None:
        """Mark the field as unusable, with the reason as its tool tip; an empty sentence clears the mark."""
        if bool(self.property("bad")) != bool(sentence):
            self.setProperty("bad", bool(sentence))
            self.style().unpolish(self)
            self.style().polish(self)
        if self.toolTip() != sentence:
            self.setToolTip(sentence)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if steps is not None:
            self._step(steps, event.modifiers())
        elif event.text().isalpha() and event.text().lower() not in "km" and not event.modifiers():
            event.ignore()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self._arrows and event.position().x() >= self.width() - _ARROWS:
            self._step(1 if event.position().y() < self.height() / 2 else -1, event.modifiers())
        else:
            super().mousePressEvent(event)

    def _step(self, steps: int, modifiers: Qt.KeyboardModifier) -> None:
        if self.isEnabled():
            self.stepped.emit(steps * (10 if modifiers & Qt.KeyboardModifier.ShiftModifier else 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._arrows:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("TX1" if self.isEnabled() else "LINE"))
        box = QRect(self.width() - _ARROWS, 0, _ARROWS, self.height())
        for way in (-1, 1):
            tip = QPoint(box.center().x(), box.center().y() + way * 6)
            base = box.center().y() + way * 2
            painter.drawPolygon(QPolygon([tip, QPoint(tip.x() - 3, base), QPoint(tip.x() + 3, base)]))

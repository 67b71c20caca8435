"""A field for a price or a quantity: text in, steps by arrow keys and by two small arrows at its right."""

from PySide6.QtCore import QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPolygon
from PySide6.QtWidgets import QLineEdit, QWidget

from qv_desktop.ui import theme

_ARROWS = 16  # px at the right that belong to the arrows


class NumberField(QLineEdit):
    """Emits ``stepped`` with +1 or −1 step, or ±10 with Shift, and leaves letters to the panel around it."""

    stepped = Signal(int)

    def __init__(self, name: str, *, arrows: bool = True, letters: str = "km", parent: QWidget | None = None) -> None:
        """``name`` is what a screen reader says, ``letters`` are those that belong to a number here."""
        super().__init__(parent)
        self._arrows, self._letters = arrows, letters
        self._suffix = ""
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
        if self.isEnabled() and self.toolTip() != sentence:  # a field that is off says why it is
            self.setToolTip(sentence)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if steps is not None:
            self._step(steps, event.modifiers())
        elif event.text().isalpha() and event.text().lower() not in self._letters and not event.modifiers():
            event.ignore()
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if not self._on_arrows(event):
            super().mousePressEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Two quick clicks on an arrow are two steps."""
        if not self._on_arrows(event):
            super().mouseDoubleClickEvent(event)

    def _on_arrows(self, event: QMouseEvent) -> bool:
        """Whether the left button is over the arrows, which is a step."""
        over = self._arrows and event.position().x() >= self.width() - _ARROWS
        if not over or event.button() is not Qt.MouseButton.LeftButton:
            return False
        self._step(1 if event.position().y() < self.height() / 2 else -1, event.modifiers())
        return True

    def _step(self, steps: int, modifiers: Qt.KeyboardModifier) -> None:
        if self.isEnabled():
            self.stepped.emit(steps * (10 if modifiers & Qt.KeyboardModifier.ShiftModifier else 1))

    def show_suffix(self, text: str) -> None:
        """What the number amounts to, quietly at its right where there is room; whoever hears the field hears it too."""
        if text != self._suffix:
            self._suffix = text
            self.setAccessibleDescription(text)
            self.update()

    @property
    def suffix(self) -> str:
        """What the number amounts to."""
        return self._suffix

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        if self._suffix:
            self._paint_suffix(painter)
        if self._arrows:
            self._paint_arrows(painter)

    def _paint_suffix(self, painter: QPainter) -> None:
        painter.setFont(theme.small())
        painter.setPen(theme.color("TX2"))
        room = self.rect().adjusted(8, 0, -(_ARROWS if self._arrows else 0) - 5, 0)
        taken = self.fontMetrics().horizontalAdvance(self.text()) + 6
        if painter.fontMetrics().horizontalAdvance(self._suffix) <= room.width() - taken:
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, self._suffix)

    def _paint_arrows(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.color("TX1" if self.isEnabled() else "LINE"))
        box = QRect(self.width() - _ARROWS, 0, _ARROWS, self.height())
        for way in (-1, 1):
            tip = QPoint(box.center().x(), box.center().y() + way * 6)
            base = box.center().y() + way * 2
            painter.drawPolygon(QPolygon([tip, QPoint(tip.x() - 3, base), QPoint(tip.x() + 3, base)]))

"""The rules' verdicts, of which a refusal's nearest allowed value can be taken by a click or with the keyboard."""

from collections.abc import Sequence

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.ledger import FittedLedger, Line


class RuleList(FittedLedger):
    """Emits ``taken`` with a line's key when its offer is clicked, or chosen with ↑ and ↓ and taken with Space."""

    taken = Signal(str)

    def __init__(self, name: str, *, empty: str = "", more: str = "more", parent: QWidget | None = None) -> None:
        super().__init__(name, empty=empty, more=more, parent=parent)
        self._chosen = 0  # place among the offers in view
        self.setMouseTracking(True)

    def show_lines(self, lines: Sequence[Line]) -> None:
        super().show_lines(lines)
        offers = any(line.offer for line in self._all)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if offers else Qt.FocusPolicy.NoFocus)

    def offers(self) -> list[Line]:
        """The lines in view that offer a value."""
        return [line for line in self._lines if line.offer]

    def mousePressEvent(self, event: QMouseEvent) -> None:
        line = self._line_at(event.position().toPoint())
        if line is not None and line.offer and event.button() is Qt.MouseButton.LeftButton:
            self.taken.emit(line.key)
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        line = self._line_at(event.position().toPoint())
        offers = line is not None and bool(line.offer)
        self.setCursor(Qt.CursorShape.PointingHandCursor if offers else Qt.CursorShape.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        offers = self.offers()
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if offers and steps is not None:
            self._chosen = max(0, min(len(offers) - 1, self._chosen + steps))
            self.update()
        elif offers and event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.taken.emit(offers[min(self._chosen, len(offers) - 1)].key)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        self._chosen = 0
        super().focusInEvent(event)

    def _paint(self, painter: QPainter, line: Line, box: QRect) -> None:
        if line.offer:
            box = self._paint_offer(painter, line, box)
        super()._paint(painter, line, box)

    def _paint_offer(self, painter: QPainter, line: Line, box: QRect) -> QRect:
        """The offer as a small button at the right; the room that is left of it."""
        offers = self.offers()
        chosen = self.hasFocus() and bool(offers) and line == offers[min(self._chosen, len(offers) - 1)]
        wide = QFontMetrics(theme.small_bold()).horizontalAdvance(line.offer) + 12
        place = QRectF(box.right() - wide, box.top() + 1.5, wide, box.height() - 3)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.color("TX0" if chosen else "ACCENT"))
        painter.setBrush(theme.color("BG2"))
        painter.drawRoundedRect(place, 4, 4)
        painter.setFont(theme.small_bold())
        painter.drawText(place, Qt.AlignmentFlag.AlignCenter, line.offer)
        painter.restore()
        return box.adjusted(0, 0, -wide - 6, 0)

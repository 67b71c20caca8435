"""Widgets beside each other that go on in the next line where the first is full."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRect, QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget


class Flow(QWidget):
    """As high as its lines need; hidden parts take no room, and without any part in view it takes none at all."""

    def __init__(self, *parts: QWidget, gap: int = 6, sides: int = 8, above: int = 2) -> None:
        super().__init__()
        self._gap, self._sides, self._above = gap, sides, above
        self._parts: list[QWidget] = []
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.set_parts(parts)

    def set_parts(self, parts: Sequence[QWidget]) -> None:
        """Hold these and no others; the former ones are let go."""
        for part in self._parts:
            if part not in parts:
                part.hide()
                part.deleteLater()
        self._parts = list(parts)
        for part in parts:
            if part.parent() is not self:
                part.setParent(self)
                part.show()
        self._place()

    def sizeHint(self) -> QSize:
        return QSize(200, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._place()
        super().resizeEvent(event)

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.LayoutRequest:  # a part grew, shrank or went
            self._place()
        return super().event(event)

    def _place(self) -> None:
        x, y, line = self._sides, self._above, 0
        for part in (part for part in self._parts if not part.isHidden()):
            size = part.sizeHint().expandedTo(part.minimumSize()).boundedTo(part.maximumSize())
            wide = min(size.width(), max(40, self.width() - 2 * self._sides))
            if x > self._sides and x + wide > self.width() - self._sides:
                x, y, line = self._sides, y + line + self._above * 2, 0
            part.setGeometry(QRect(x, y, wide, size.height()))
            x, line = x + wide + self._gap, max(line, size.height())
        height = y + line + self._above if line else 0
        if height != self.height() or height != self.maximumHeight():
            self.setFixedHeight(height)

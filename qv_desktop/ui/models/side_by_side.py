"""Two parts beside each other where there is room, else one above the other."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QWidget

WIDE = 760  # px from which the second stands beside the first
FIRST = 380  # px of the first then


class SideBySide(QSplitter):
    """``shares`` are the parts of the room that each takes when the first stands above the second."""

    def __init__(self, first: QWidget, second: QWidget, shares: tuple[int, int]) -> None:
        super().__init__(Qt.Orientation.Vertical)
        self._shares = shares
        self.setHandleWidth(4)
        self.setChildrenCollapsible(False)
        self._chosen = False  # by a person, who moved the handle
        for place, (part, share) in enumerate(zip((first, second), shares, strict=True)):
            self.addWidget(part)
            self.setStretchFactor(place, share)
        self.splitterMoved.connect(self._keep)

    def _keep(self) -> None:
        self._chosen = True

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        wide = self.width() >= WIDE and self.height() < self.width()
        wanted = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if self.orientation() is not wanted:
            self.setOrientation(wanted)
            self._chosen = False
        if not self._chosen:  # whatever sizes it had on the way here
            whole = self.width() if wide else self.height()
            first = FIRST if wide else whole * self._shares[0] // sum(self._shares)
            self.setSizes([first, whole - first])

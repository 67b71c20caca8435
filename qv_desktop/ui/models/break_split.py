"""A table with its details beside it, or below it where the dock is narrow."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QScrollArea, QSplitter, QWidget

from qv_desktop.ui import theme

BESIDE = 1_060  # px from which both have room side by side


class BreakSplit(QSplitter):
    """The details are never hidden: they scroll."""

    def __init__(self, main: QWidget, detail: QScrollArea, *, wide: int = 280) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._wide = wide
        self.setHandleWidth(1)
        theme.wear(self, lambda: f"QSplitter::handle {{ background: {theme.LINE}; }}")
        self.setChildrenCollapsible(False)
        self.addWidget(main)
        self.addWidget(detail)
        self.setStretchFactor(0, 1)
        self.setStretchFactor(1, 0)
        main.setMinimumSize(160, 60)
        detail.setMinimumSize(200, 60)
        self._placed = False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = self.width() >= BESIDE
        turned = Qt.Orientation.Horizontal if beside else Qt.Orientation.Vertical
        if not self._placed or turned != self.orientation():
            self._placed = True
            self.setOrientation(turned)
            self.setStretchFactor(0, 1 if beside else 45)
            self.setStretchFactor(1, 0 if beside else 55)
            self.setSizes(
                [self.width() - self._wide, self._wide]
                if beside
                else [self.height() * 45 // 100, self.height() * 55 // 100]
            )

"""A table with a detail pane at its right that gives way when the dock is narrow."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from qv_desktop.ui import theme

_NARROW = 620  # px, from which there is room for both


class DetailSplit(QSplitter):
    """``main`` takes what is left of ``detail``'s 340 px; under 620 px the detail is hidden."""

    def __init__(self, main: QWidget, detail: QWidget, *, wide: int = 340) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self._detail, self._wanted = detail, True
        self.setHandleWidth(1)
        theme.wear(self, lambda: f"QSplitter::handle {{ background: {theme.LINE}; }}")
        self.setChildrenCollapsible(False)
        self.addWidget(main)
        self.addWidget(detail)
        self.setStretchFactor(0, 1)
        self.setStretchFactor(1, 0)
        self.setSizes([10_000, wide])
        main.setMinimumWidth(160)
        detail.setMinimumWidth(240)

    def want_detail(self, wanted: bool) -> None:
        """Show or hide the detail, as far as there is room."""
        self._wanted = wanted
        self._detail.setVisible(wanted and self.width() >= _NARROW)

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.want_detail(self._wanted)
        super().resizeEvent(event)


def pane(*parts: QWidget, grow: int = -1) -> QWidget:
    """Widgets under each other in a padded column; the one numbered ``grow`` takes the room, else the end does."""
    box = QWidget()
    column = QVBoxLayout(box)
    column.setContentsMargins(12, 8, 12, 8)
    column.setSpacing(6)
    for place, part in enumerate(parts):
        column.addWidget(part, 1 if place == grow else 0)
    if grow < 0:
        column.addStretch(1)
    return box

"""A curve that is filled down to zero, painted column by column: as quick for a million bars as for a thousand."""

from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter, QTransform

from qv_desktop.ui.chart.strokes import draw_line, fill_rectangles

type Floats = NDArray[np.float64]


class Filled(pg.GraphicsObject):  # type: ignore[misc]  # pyqtgraph ships no types
    """Values by bar, from bar 0 on."""

    def __init__(self) -> None:
        super().__init__()
        self._ink, self._fill = QColor(), QColor()
        self._values: Floats = np.empty(0)

    def dress(self, ink: QColor, fill: QColor) -> None:
        """An edge in ``ink`` over a ground in ``fill``."""
        self._ink, self._fill = ink, fill
        self.update()

    def show_values(self, values: Floats) -> None:
        """Values, one per bar; what is unknown is drawn as zero."""
        self.prepareGeometryChange()
        self._values = np.nan_to_num(values, posinf=0.0, neginf=0.0)
        self.informViewBoundsChanged()
        self.update()

    def boundingRect(self) -> QRectF:
        values = self._values
        if not len(values):
            return QRectF()
        low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
        return QRectF(-0.5, low, float(len(values)), high - low)

    def dataBounds(
        self,
        ax: int,
        frac: float = 1.0,
        orthoRange: tuple[float, float] | None = None,  # noqa: N803 - pyqtgraph calls it so
    ) -> tuple[float, float] | None:
        """What the view fits itself to: bars, or values of those within ``orthoRange`` with zero. The names are pyqtgraph's."""
        values = self._values
        if not len(values):
            return None
        if ax == 0:
            return 0.0, float(len(values) - 1)
        seen = values if orthoRange is None else values[max(0, int(orthoRange[0])) : max(1, int(orthoRange[1]) + 1)]
        return (min(0.0, float(seen.min())), max(0.0, float(seen.max()))) if len(seen) else None

    def pixelPadding(self) -> float:
        """No pen reaches beyond the values."""
        return 0.0

    def paint(self, painter: QPainter, option: Any, widget: Any = None) -> None:
        """One rectangle for each column of pixels, from zero to the value that is farthest from it."""
        onto, seen = painter.worldTransform(), self.viewRect()
        first, last = max(0, int(seen.left())), min(len(self._values), int(seen.right()) + 2)
        if first >= last or not onto.m11():
            return
        xs, peaks = _columns(self._values[first:last], first, onto.m11())
        left, ys, zero = xs * onto.m11() + onto.dx(), peaks * onto.m22() + onto.dy(), onto.dy()
        wide = np.maximum(1.0, np.ceil(np.diff(np.append(left, left[-1] + onto.m11()))))
        rows = np.column_stack(
            (np.floor(left), np.round(np.minimum(ys, zero)), wide, np.abs(np.round(ys) - round(zero)))
        )
        painter.save()
        painter.setWorldTransform(QTransform())
        fill_rectangles(painter, rows[rows[:, 3] > 0], self._fill)
        draw_line(painter, left, ys, self._ink)
        painter.restore()


def _columns(values: Floats, first: int, pixels: float) -> tuple[Floats, Floats]:
    """The bar that each column of pixels begins with, and its value farthest from zero; ``pixels`` is the width of a bar."""
    step = max(1, int(1 / pixels)) if pixels < 1 else 1
    begins = np.arange(0, len(values), step)
    low, high = np.minimum.reduceat(values, begins), np.maximum.reduceat(values, begins)
    return (begins + first).astype(np.float64), np.where(np.abs(low) > np.abs(high), low, high)

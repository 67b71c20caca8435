"""Parallel axes: a line for each combination through its parameters and figures; a drag along an axis keeps what lies in it."""

import math
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QImage, QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from qv_desktop.ui import theme
from qv_desktop.ui.models.brushed import LEVELS, Floats, Range, passing, shares, strands
from qv_desktop.ui.models.score_colors import ScoreColors

SIDE, TOP, BOTTOM = 44, 38, 22  # px around the axes
GRIP = 14.0  # px beside an axis that belong to it
BUDGET = 0.006  # seconds of drawing at a time, so that the window stays quick
PART = 300  # lines drawn between two looks at the clock
SHADES = 24  # colours that lines are drawn in


class ParallelAxes(QWidget):
    """Shows rows × axes. ``brushed`` says that a person changed a range; ``passing_rows`` gives what is left."""

    brushed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._titles: tuple[str, ...] = ()
        self._texts: tuple[Callable[[float], str], ...] = ()
        self._places: Floats = np.empty((0, 0))
        self._low = self._high = np.empty(0)
        self._levels: NDArray[np.int64] = np.empty(0, dtype=np.int64)
        self._colors = ScoreColors(0.0, 1.0)
        self._brushes: dict[int, Range] = {}
        self._drag: tuple[int, float] | None = None  # the axis, and the share where the drag began
        self._chosen = -1
        self._image: QImage | None = None
        self._work: Iterator[None] | None = None
        self._timer = QTimer(self, interval=0)
        self._timer.timeout.connect(self._go_on)
        self.setMouseTracking(True)
        self.setAccessibleName("Parallel axes")

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 150)

    def show_rows(self, titles: Sequence[str], texts: Sequence[Callable[[float], str]], columns: Floats, scores: Floats,
                  colors: ScoreColors) -> None:  # fmt: skip
        """``columns`` (rows × axes) with ``titles`` and ways to write a value; ``scores`` (rows,) colour the lines."""
        if tuple(titles) != self._titles:
            self._brushes.clear()
        self._titles, self._texts, self._colors = tuple(titles), tuple(texts), colors
        self._places, self._low, self._high = shares(columns)
        self._levels = np.where(np.isfinite(scores), colors.levels(scores) * SHADES // len(colors.table), 0)
        self._chosen = -1
        self._redraw()

    def show_row(self, row: int) -> None:
        """Draw one row's line on top; -1 for none."""
        self._chosen = row
        self.update()

    def passing_rows(self) -> NDArray[np.bool_] | None:
        """The rows within every brushed range (rows,); None while nothing is brushed."""
        return passing(self._places, self._brushes) if self._brushes else None

    def brush(self, axis: int, low: float, high: float) -> None:
        """Keep what lies from ``low`` to ``high`` (shares) of an axis; a range of no height frees the axis."""
        if abs(high - low) < 0.01:
            self._brushes.pop(axis, None)
        else:
            self._brushes[axis] = (min(low, high), max(low, high))
        self._redraw()
        self.brushed.emit()

    def clear_brushes(self) -> None:
        """Keep everything again."""
        if self._brushes:
            self._brushes.clear()
            self._redraw()
            self.brushed.emit()

    @property
    def busy(self) -> bool:
        """Whether lines are still to be drawn."""
        return self._work is not None

    # geometry

    def _x(self, axis: int) -> float:
        return SIDE + axis * (self.width() - 2 * SIDE) / max(len(self._titles) - 1, 1)

    def _y(self, share: float) -> float:
        return TOP + (1 - share) * max(self.height() - TOP - BOTTOM, 1)

    def _axis_at(self, point: QPointF) -> int | None:
        near = [axis for axis in range(len(self._titles)) if abs(point.x() - self._x(axis)) <= GRIP]
        return near[0] if near else None

    def _share(self, y: float) -> float:
        return min(max(1 - (y - TOP) / max(self.height() - TOP - BOTTOM, 1), 0.0), 1.0)

    # hands

    def mousePressEvent(self, event: QMouseEvent) -> None:
        axis = self._axis_at(event.position())
        if axis is not None:
            self._drag = (axis, self._share(event.position().y()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self._axis_at(event.position()) is not None
        self.setCursor(Qt.CursorShape.SizeVerCursor if over or self._drag else Qt.CursorShape.ArrowCursor)
        if self._drag is not None:
            self.brush(self._drag[0], self._drag[1], self._share(event.position().y()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._drag is not None:
            axis, began = self._drag
            self._drag = None
            self.brush(axis, began, self._share(event.position().y()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._drag = None
        self.clear_brushes()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._redraw()

    # lines, a few at a time

    def _redraw(self) -> None:
        self._work = None
        if self.width() > 0 and self.height() > 0:
            ratio = self.devicePixelRatioF()
            self._image = QImage(round(self.width() * ratio), round(self.height() * ratio), QImage.Format.Format_RGB32)
            self._image.setDevicePixelRatio(ratio)
            self._image.fill(theme.color("BG1"))
            if len(self._places) and len(self._titles) > 1:
                self._work = self._drawing(self._image)
                self._timer.start()
        self.update()

    def _go_on(self) -> None:
        """Draw for a moment; the rest waits for the next turn of the loop."""
        began = time.perf_counter()
        while self._work is not None and time.perf_counter() - began < BUDGET:
            try:
                next(self._work)
            except StopIteration:
                self._work = None
        if self._work is None:
            self._timer.stop()
        self.update()

    def _drawing(self, image: QImage) -> Iterator[None]:
        """First all that does not pass, faint; then what passes, in its colour. Yields after each part."""
        inside = passing(self._places, self._brushes)
        quiet = theme.color("LINE")
        if not inside.all():
            for axis in range(len(self._titles) - 1):
                lines, _ = self._strands(axis, ~inside)
                yield from self._drawn(image, axis, lines, quiet)
        shades = self._colors.table[:: len(self._colors.table) // SHADES]
        for axis in range(len(self._titles) - 1):
            lines, levels = self._strands(axis, inside)
            for level in np.unique(levels):
                red, green, blue = map(int, shades[min(level, len(shades) - 1)])
                yield from self._drawn(image, axis, lines[levels == level], QColor(red, green, blue))

    def _strands(self, axis: int, rows: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return strands(self._places[rows, axis], self._places[rows, axis + 1], self._levels[rows])

    def _drawn(self, image: QImage, axis: int, lines: NDArray[np.int64], ink: QColor) -> Iterator[None]:
        left, right = self._x(axis), self._x(axis + 1)
        heights = [self._y(level / (LEVELS - 1)) for level in range(LEVELS)]
        for at in range(0, len(lines), PART):
            painter = QPainter(image)
            painter.setPen(QPen(ink, 1))
            painter.drawLines([QLineF(left, heights[a], right, heights[b]) for a, b in lines[at : at + PART].tolist()])
            painter.end()
            yield

    # picture

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._image is not None:
            painter.drawImage(QPointF(0, 0), self._image)
        if len(self._titles) < 2 or not len(self._places):
            painter.setPen(theme.color("TX2"))
            painter.setFont(theme.body())
            painter.drawText(self.rect().adjusted(16, 8, -16, -8), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap,
                             "A sweep's combinations stand here as lines through their parameters and figures.")  # fmt: skip
            return
        self._paint_chosen(painter)
        for axis in range(len(self._titles)):
            self._paint_axis(painter, axis)

    def _paint_chosen(self, painter: QPainter) -> None:
        if not 0 <= self._chosen < len(self._places):
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        points = [
            QPointF(self._x(axis), self._y(float(share))) for axis, share in enumerate(self._places[self._chosen])
        ]
        painter.setPen(QPen(theme.color("TX0"), 2))
        for one, other in pairwise(points):
            if math.isfinite(one.y()) and math.isfinite(other.y()):
                painter.drawLine(one, other)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_axis(self, painter: QPainter, axis: int) -> None:
        x = self._x(axis)
        painter.setPen(QPen(theme.color("TX2"), 1))
        painter.drawLine(QPointF(x, self._y(0)), QPointF(x, self._y(1)))
        if axis in self._brushes:
            low, high = self._brushes[axis]
            ground = QColor(theme.color("ACCENT"))
            ground.setAlpha(90)
            painter.fillRect(QRectF(x - 5, self._y(high), 10, self._y(low) - self._y(high)), ground)
        room = (self.width() - 2 * SIDE) / max(len(self._titles) - 1, 1)
        wide = min(room, 2 * SIDE - 6) if axis in (0, len(self._titles) - 1) else room
        box, align = QRectF(x - wide / 2, 2, wide, 16), Qt.AlignmentFlag.AlignHCenter
        painter.setFont(theme.small())
        painter.setPen(theme.color("TX0"))
        words = painter.fontMetrics().elidedText(self._titles[axis], Qt.TextElideMode.ElideRight, int(box.width()))
        painter.drawText(box, align, words)
        painter.setPen(theme.color("TX2"))
        for share, y in ((1.0, 19.0), (0.0, self.height() - BOTTOM + 3.0)):
            value = self._low[axis] + share * (self._high[axis] - self._low[axis])
            if math.isfinite(value):
                painter.drawText(QRectF(box.x(), y, box.width(), 16), align, self._texts[axis](float(value)))

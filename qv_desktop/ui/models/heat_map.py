"""A heat map of scores over two parameters, with a legend; pointing reads a cell out, a click chooses it."""

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QToolTip, QWidget

from qv_desktop.analytics.sweep_table import Grid, bounds
from qv_desktop.ui import theme
from qv_desktop.ui.models.score_colors import ScoreColors

LEFT, TOP, BOTTOM, RIGHT = 58, 8, 40, 84  # px around the cells: values of y, values and name of x, legend
GAP = 5.0  # px from which cells are parted by a line
TICK = 34, 16  # px that a value takes across and up


class HeatMap(QWidget):
    """Shows a ``Grid``. ``chosen`` and ``opened`` carry the best row of the cell."""

    chosen = Signal(int)
    opened = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._grid: Grid | None = None
        self._names, self._figure = ("", ""), ""
        self._text: Callable[[float], str] = str
        self._told: Callable[[int], str] = str
        self._colors = ScoreColors(0.0, 1.0)
        self._picture: QImage | None = None
        self._cell = (-1, -1)  # line, column with the cursor
        self.empty = "Two parameters of a sweep make a map of its scores."
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Heat map")

    def minimumSizeHint(self) -> QSize:
        return QSize(220, 150)

    def show_grid(self, grid: Grid | None, names: tuple[str, str], figure: str, text: Callable[[float], str],
                  told: Callable[[int], str], ends: tuple[float, float] | None = None) -> None:  # fmt: skip
        """Draw ``grid`` over the parameters ``names`` (x, y); ``text`` writes a score, ``told`` all about a row.

        ``ends`` are the scores of the full colours, if not those that the grid has.
        """
        kept = self.row()
        self._grid, self._names, self._figure, self._text, self._told = grid, names, figure, text, told
        self._cell = (-1, -1)
        if grid is not None:
            self._colors = ScoreColors(*(ends or bounds(grid.scores)))
            self._picture = _painted(grid, self._colors)
            self.show_row(kept)
        self.update()

    def show_row(self, row: int) -> None:
        """Put the cursor on the cell whose best row this is; on none if there is none."""
        if self._grid is None or row < 0:
            return
        places = np.argwhere(self._grid.rows == row)
        if len(places):
            self._cell = int(places[0][0]), int(places[0][1])
            self.update()

    def row(self) -> int:
        """The row under the cursor, or -1."""
        line, column = self._cell
        return -1 if self._grid is None or line < 0 else int(self._grid.rows[line, column])

    # geometry

    def _room(self) -> QRectF:
        return QRectF(LEFT, TOP, max(self.width() - LEFT - RIGHT, 1), max(self.height() - TOP - BOTTOM, 1))

    def _place(self, line: int, column: int) -> QRectF:
        """A cell's place; small values of y stand at the bottom."""
        room, (lines, columns) = self._room(), self._shape()
        wide, high = room.width() / columns, room.height() / lines
        return QRectF(room.x() + column * wide, room.bottom() - (line + 1) * high, wide, high)

    def _shape(self) -> tuple[int, int]:
        shape = self._grid.scores.shape if self._grid is not None else (0, 0)
        return max(shape[0], 1), max(shape[1], 1)

    def _at(self, point: QPointF) -> tuple[int, int]:
        room, (lines, columns) = self._room(), self._shape()
        if self._grid is None or not self._grid.scores.size or not room.contains(point):
            return -1, -1
        line = int((room.bottom() - point.y()) / room.height() * lines)
        column = int((point.x() - room.x()) / room.width() * columns)
        return min(line, lines - 1), min(column, columns - 1)

    # hands

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        cell = self._at(event.position())
        words = self.words(cell)
        if words:
            QToolTip.showText(event.globalPosition().toPoint(), words, self)
        else:
            QToolTip.hideText()

    def words(self, cell: tuple[int, int]) -> str:
        """What is said of a cell (line, column)."""
        if self._grid is None or cell[0] < 0:
            return ""
        x, y = self._grid.x[cell[1]], self._grid.y[cell[0]]
        head = f"{self._names[0]} {x:g} · {self._names[1]} {y:g}"
        row, count = int(self._grid.rows[cell]), int(self._grid.counts[cell])
        if row < 0:
            return f"{head}: no combination"
        score = f"{self._figure} {self._text(float(self._grid.scores[cell]))}"
        return f"{head}\n{score}{f' of {count} combinations' if count > 1 else ''}\n{self._told(row)}"

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._move_to(self._at(event.position()))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if self._at(event.position())[0] >= 0 and self.row() >= 0:
            self.opened.emit(self.row())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        moves = {Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1), Qt.Key.Key_Up: (1, 0), Qt.Key.Key_Down: (-1, 0)}
        move = moves.get(Qt.Key(event.key()))
        if move is not None and self._grid is not None and self._grid.scores.size:
            lines, columns = self._shape()
            line, column = (max(at, 0) + step for at, step in zip(self._cell, move, strict=True))
            self._move_to((min(max(line, 0), lines - 1), min(max(column, 0), columns - 1)))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.row() >= 0:
            self.opened.emit(self.row())
        else:
            super().keyPressEvent(event)

    def _move_to(self, cell: tuple[int, int]) -> None:
        if cell[0] < 0:
            return
        self._cell = cell
        self.setAccessibleDescription(self.words(cell).replace("\n", ", "))
        self.update()
        if self.row() >= 0:
            self.chosen.emit(self.row())

    # picture

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.color("BG1"))
        if self._grid is None or not self._grid.scores.size or self._picture is None:
            painter.setPen(theme.color("TX2"))
            painter.setFont(theme.body())
            painter.drawText(self.rect().adjusted(16, 8, -16, -8), Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap,
                             self.empty)  # fmt: skip
            return
        painter.drawImage(self._room(), self._picture)
        self._paint_lines(painter)
        self._paint_axes(painter, self._grid)
        self._paint_legend(painter)
        if self._cell[0] >= 0:
            painter.setPen(QPen(theme.color("TX0"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self._place(*self._cell).adjusted(1, 1, -1, -1))

    def _paint_lines(self, painter: QPainter) -> None:
        (lines, columns), room = self._shape(), self._room()
        painter.setPen(QPen(theme.color("BG1"), 1))
        if room.width() / columns >= GAP:
            for column in range(1, columns):
                x = round(room.x() + column * room.width() / columns)
                painter.drawLine(QPointF(x, room.top()), QPointF(x, room.bottom()))
        if room.height() / lines >= GAP:
            for line in range(1, lines):
                y = round(room.bottom() - line * room.height() / lines)
                painter.drawLine(QPointF(room.left(), y), QPointF(room.right(), y))

    def label(self, value: float, *, across: bool) -> str:
        """What stands on an axis at a value, of x (``across``) or y."""
        return f"{value:g}"

    def _paint_axes(self, painter: QPainter, grid: Grid) -> None:
        room = self._room()
        painter.setPen(theme.color("TX2"))
        painter.setFont(theme.small())
        metrics = painter.fontMetrics()
        widest = max(metrics.horizontalAdvance(self.label(value, across=True)) for value in grid.x) + 8
        for column in _some(len(grid.x), room.width(), max(widest, TICK[0])):
            cell = self._place(0, column)
            box = QRectF(cell.center().x() - 40, room.bottom() + 2, 80, 16)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.label(grid.x[column], across=True))
        for line in _some(len(grid.y), room.height(), TICK[1]):
            cell = self._place(line, 0)
            box = QRectF(0, cell.center().y() - 8, LEFT - 6, 16)
            painter.drawText(
                box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self.label(grid.y[line], across=False)
            )
        if not any(self._names):
            return
        painter.setPen(theme.color("TX1"))
        below = QRectF(room.x(), room.bottom() + 19, room.width(), 16)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, f"{self._names[0]} →    ↑ {self._names[1]}")

    def _paint_legend(self, painter: QPainter) -> None:
        room = self._room()
        bar = QRectF(room.right() + 12, room.top() + 18, 10, max(room.height() - 18, 10))
        ramp = np.repeat(self._colors.table[::-1, None, :], 2, axis=1)
        painter.drawImage(bar, _image(ramp))
        painter.setFont(theme.small())
        painter.setPen(theme.color("TX1"))
        painter.drawText(
            QRectF(room.right() + 8, room.top() - 2, RIGHT - 8, 16), Qt.AlignmentFlag.AlignLeft, self._figure
        )
        painter.setPen(theme.color("TX2"))
        count = 5 if bar.height() >= 90 else 2
        for share in np.linspace(0, 1, count):
            value = self._colors.low + share * (self._colors.high - self._colors.low)
            y = min(max(bar.bottom() - share * bar.height() - 8, bar.top() - 2), bar.bottom() - 14)
            sign = "≤ " if share == 0 else "≥ " if share == 1 else ""
            painter.drawText(QRectF(bar.right() + 4, y, RIGHT - 26, 16), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter,
                             sign + self._text(float(value)))  # fmt: skip

    def leaveEvent(self, event: QEvent) -> None:
        QToolTip.hideText()
        super().leaveEvent(event)


def _some(count: int, room: float, each: float) -> list[int]:
    """Places of values whose words do not touch, evenly apart and with the first."""
    step = max(1, math.ceil(count * each / max(room, 1)))
    return list(range(0, count, step))


def _painted(grid: Grid, colors: ScoreColors) -> QImage | None:
    if not grid.scores.size:
        return None
    picture = colors.table[colors.levels(grid.scores)]
    ground = theme.color("BG0")
    picture[~np.isfinite(grid.scores)] = (ground.red(), ground.green(), ground.blue())
    return _image(picture[::-1])  # small values of y at the bottom


def _image(picture: "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]") -> QImage:
    high, wide, _ = picture.shape
    data = np.ascontiguousarray(picture).tobytes()
    return QImage(data, wide, high, wide * 3, QImage.Format.Format_RGB888).copy()

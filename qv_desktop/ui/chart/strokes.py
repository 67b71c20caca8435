"""Fast strokes: many rectangles, many line segments and dashed rules in one call each, one pixel wide, from arrays.

The painter reads the arrays' memory as Qt's own values, as pyqtgraph does; pyqtgraph itself would cost the start of the
program a third of a second.
"""

from functools import cache
from typing import cast

import numpy as np
from PySide6.QtCore import QLineF, QRect, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPen
from shiboken6 import wrapInstance

from qv_desktop.analytics.downsampling import Floats
from qv_desktop.ui.theme import color
from qv_desktop.ui.wardrobe import of_colours

type Dash = tuple[int, int]  # px drawn, px left out

SOLID, DOTTED, DASHED, DOT_DASH = (1, 0), (1, 2), (4, 3), (7, 3)


def fill_rectangles(painter: QPainter, rows: Floats, brush: QColor) -> None:
    """Fill rectangles given as rows of whole x, y, width, height in px, shape (n, 4); an opaque brush is ten times as fast.

    QRect is four 32-bit integers, left, top, right and bottom inclusive, so an array of them is what the painter reads.
    """
    if not len(rows):
        return
    corners = rows.astype(np.int32)
    corners[:, 2:] += corners[:, :2] - 1
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(brush))
    painter.drawRects(cast(QRect, wrapInstance(corners.ctypes.data, QRect)), len(corners))


@of_colours
@cache
def faint(token: str, share: float) -> QColor:
    """``share`` of a colour over the panel's ground, opaque."""
    over, under = color(token), color("BG1")
    red, green, blue = ((over.red(), under.red()), (over.green(), under.green()), (over.blue(), under.blue()))
    return QColor(*(round(a * share + b * (1 - share)) for a, b in (red, green, blue)))


def draw_line(painter: QPainter, xs: Floats, ys: Floats, pen: QColor) -> None:
    """A one-pixel line through points, broken where a value is unknown."""
    if len(xs) < 2:
        return
    known = np.isfinite(ys)
    whole = known[:-1] & known[1:]
    segments = np.column_stack((xs[:-1][whole], ys[:-1][whole], xs[1:][whole], ys[1:][whole]))  # QLineF is four doubles
    if not len(segments):
        return
    painter.setPen(QPen(pen, 0))
    painter.drawLines(cast(QLineF, wrapInstance(segments.ctypes.data, QLineF)), len(segments))


def draw_across(painter: QPainter, y: float, left: float, right: float, ink: QColor, dash: Dash = SOLID) -> None:
    """A horizontal rule; dashes are a batch of rectangles, for the painter's own cost a hundred times as much."""
    if dash == SOLID:
        painter.fillRect(int(left), int(y), int(right) - int(left), 1, ink)
        return
    begins, lengths = _dashes(left, right, dash)
    fill_rectangles(
        painter, np.column_stack((begins, np.full(len(begins), int(y)), lengths, np.ones(len(begins)))), ink
    )


def draw_down(painter: QPainter, x: float, top: float, bottom: float, ink: QColor, dash: Dash = SOLID) -> None:
    """A vertical rule."""
    if dash == SOLID:
        painter.fillRect(int(x), int(top), 1, int(bottom) - int(top), ink)
    else:
        draw_all_down(painter, np.array([x]), top, bottom, ink, dash)


def draw_all_down(painter: QPainter, xs: Floats, top: float, bottom: float, ink: QColor, dash: Dash) -> None:
    """Vertical dashed rules, all in one batch."""
    begins, lengths = _dashes(top, bottom, dash)
    x = np.repeat(np.floor(xs), len(begins))
    rows = np.column_stack((x, np.tile(begins, len(xs)), np.ones(len(x)), np.tile(lengths, len(xs))))
    fill_rectangles(painter, rows, ink)


def _dashes(start: float, end: float, dash: Dash) -> tuple[Floats, Floats]:
    """Where the dashes begin and how long they are, in whole px."""
    begins = np.arange(int(start), max(int(start), int(end)), sum(dash), dtype=np.float64)
    return begins, np.minimum(begins + dash[0], int(end)) - begins

"""Hollow candles and bars with ticks: the strokes of candles that have no filled body."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QPainter

from qv_desktop.analytics.downsampling import Columns, Floats
from qv_desktop.ui.chart.candles import body_width, draw_candles, middles
from qv_desktop.ui.chart.strokes import fill_rectangles
from qv_desktop.ui.chart.viewport import Scale, View
from qv_desktop.ui.theme import color

NARROWEST = 3.0  # px of a body from which its inside can be seen
TICKED = 3.0  # px of a body from which open and close have ticks


def rises(columns: Columns, before: float) -> NDArray[np.bool_]:
    """Which columns close at or above the close ahead of them; ``before`` is the close ahead of the first."""
    return columns.close >= np.concatenate(([before], columns.close[:-1]))


def draw_hollow(
    painter: QPainter, view: View, scale: Scale, begin: int, columns: Columns, stride: int, before: float
) -> None:
    """Green or red by the close before; empty inside where the bar itself rose."""
    wide = body_width(view, stride)
    if wide < NARROWEST:
        draw_candles(painter, view, scale, begin, columns, stride)
        return
    x, up = middles(view, begin, len(columns), stride), rises(columns, before)
    tops, bottoms = np.round(scale.ys(columns.high)), np.round(scale.ys(columns.low))
    ends = np.round(scale.ys(columns.open)), np.round(scale.ys(columns.close))
    head, foot = np.minimum(*ends), np.maximum(np.maximum(*ends), np.minimum(*ends) + 1)
    top, bottom = np.minimum(tops, bottoms), np.maximum(tops, bottoms)
    filled = columns.close < columns.open
    for which, token in ((up, "UP"), (~up, "DOWN")):
        parts = [_box(x, top, head, 1.0), _box(x, foot, bottom, 1.0), _box(x - wide // 2, head, foot, wide, filled),
                 *_frame(x - wide // 2, head, foot, wide, ~filled)]  # fmt: skip
        fill_rectangles(painter, np.concatenate([part[which[rows]] for part, rows in parts]), color(token))


type Part = tuple[Floats, NDArray[np.int64]]  # rectangles, and the columns that they belong to


def _box(x: Floats, top: Floats, bottom: Floats, wide: float, where: NDArray[np.bool_] | None = None) -> Part:
    which = np.flatnonzero((bottom > top) if where is None else where & (bottom > top))
    rows = np.column_stack((x, top, np.full(len(x), wide), bottom - top))
    return rows[which], which


def _frame(x: Floats, top: Floats, bottom: Floats, wide: float, where: NDArray[np.bool_]) -> list[Part]:
    """The four sides of bodies that are empty inside."""
    return [_box(x, top, bottom, 1.0, where), _box(x + wide - 1, top, bottom, 1.0, where), _box(x, top, top + 1, wide, where),
            _box(x, bottom - 1, bottom, wide, where)]  # fmt: skip


def draw_ticked(painter: QPainter, view: View, scale: Scale, begin: int, columns: Columns, stride: int) -> None:
    """Bars: the range as a line, the open as a tick to the left and the close as one to the right."""
    x, wide = middles(view, begin, len(columns), stride), body_width(view, stride)
    ends = np.round(scale.ys(columns.high)), np.round(scale.ys(columns.low))
    top, bottom = np.minimum(*ends), np.maximum(np.maximum(*ends), np.minimum(*ends) + 1)
    opens, closes = np.round(scale.ys(columns.open)), np.round(scale.ys(columns.close))
    up, half = columns.close >= columns.open, wide // 2
    for which, token in ((up, "UP"), (~up, "DOWN")):
        rows = np.column_stack((x, top, np.ones(len(x)), bottom - top))[which]
        if wide >= TICKED:
            sides = [np.column_stack((at, level, np.full(len(x), half), np.ones(len(x))))[which]
                     for at, level in ((x - half, opens), (x + 1, closes))]  # fmt: skip
            rows = np.concatenate((rows, *sides))
        fill_rectangles(painter, rows, color(token))

"""Candles and volume as batches of rectangles: one call to the painter for each colour."""

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QPainter

from qv_desktop.analytics.downsampling import Columns, Floats
from qv_desktop.ui.chart.strokes import faint, fill_rectangles
from qv_desktop.ui.chart.viewport import Scale, View
from qv_desktop.ui.theme import color

BODY = 0.7  # of a bar's width
VOLUME_SHARE, CAP_SHARE = 0.33, 0.75  # of the candles' colour: volume, and the end of a bar that is cut off
CAP = 2.0  # px


def middles(view: View, begin: int, count: int, stride: int) -> Floats:
    """The pixel columns that the middles of columns fall into, whole numbers, shape (count,)."""
    index = np.arange(count, dtype=np.float64) * stride + (begin + (stride - 1) / 2)
    return np.floor(view.xs(index))


def body_width(view: View, stride: int) -> float:
    """A column's width in px, odd so that the wick stands in its middle; 1 where columns are too dense for bodies."""
    wide = int(view.spacing * stride * BODY)
    return float(max(1, wide - 1 + wide % 2))


def draw_candles(painter: QPainter, view: View, scale: Scale, begin: int, columns: Columns, stride: int) -> None:
    """Bodies and wicks of ``columns``, the first of which holds bar ``begin``."""
    rises = columns.close >= columns.open
    x, wide = middles(view, begin, len(columns), stride), body_width(view, stride)
    wicks = _rows(x, scale.ys(columns.high), scale.ys(columns.low), 1.0)
    if wide < 2:
        for which, token in ((rises, "UP"), (~rises, "DOWN")):
            fill_rectangles(painter, wicks[which], color(token))
        return
    ends = scale.ys(columns.open), scale.ys(columns.close)
    bodies = _rows(x - wide // 2, np.minimum(*ends), np.maximum(*ends), wide)
    for which, token in ((rises, "UP"), (~rises, "DOWN")):
        fill_rectangles(painter, np.concatenate((wicks[which], bodies[which])), color(token))


def _rows(x: Floats, tops: Floats, bottoms: Floats, wide: float) -> Floats:
    """Rectangles on whole pixels, at least one high, shape (n, 4)."""
    ends = np.round(tops), np.round(bottoms)
    top = np.minimum(*ends)  # on an inverted scale the low stands above
    height = np.maximum(np.maximum(*ends) - top, 1.0)
    return np.column_stack((x, top, np.full(len(x), wide), height))


def draw_volume(painter: QPainter, view: View, floor: float, tall: float, most: float, begin: int, columns: Columns,
                stride: int) -> None:  # fmt: skip
    """Faint bars that stand on ``floor``; ``most`` shares are ``tall`` px high, and more ends there with a bright cap."""
    rises: NDArray[np.bool_] = columns.close >= columns.open
    wide = body_width(view, stride)
    height = np.clip(np.round(columns.volume / most * tall), 0.0, tall)
    rows = np.column_stack((middles(view, begin, len(columns), stride) - wide // 2, floor - height,
                            np.full(len(columns), wide), height))  # fmt: skip
    for which, token in ((rises, "UP"), (~rises, "DOWN")):
        fill_rectangles(painter, rows[which], faint(token, VOLUME_SHARE))
        cut = rows[which & (columns.volume > most)]
        cut[:, 3] = CAP
        fill_rectangles(painter, cut, faint(token, CAP_SHARE))

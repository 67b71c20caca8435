"""Styles that show the closes alone: a line, an area, and a line that is green above a base and red below it."""

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPolygonF

from qv_desktop.analytics.downsampling import Columns, Floats
from qv_desktop.ui.chart.candles import middles
from qv_desktop.ui.chart.look import Style
from qv_desktop.ui.chart.strokes import DASHED, draw_across, draw_line
from qv_desktop.ui.chart.viewport import Scale, View
from qv_desktop.ui.theme import color

LINE, GROUND = "ACCENT", 34  # colour; of 255, how much of its colour the ground below it has
LONG_LINE = 1200  # points from which smoothing costs more than it shows


def draw_closes(painter: QPainter, view: View, scale: Scale, begin: int, columns: Columns, stride: int, style: Style,
                before: tuple[float, float] | None, floor: float) -> None:  # fmt: skip
    """The closes of ``columns``, joined to ``before`` (px across, close) where there is one; the ground reaches to ``floor``."""
    xs, values = middles(view, begin, len(columns), stride) + 0.5, columns.close
    if before is not None:
        xs, values = np.concatenate(([before[0]], xs)), np.concatenate(([before[1]], values))
    ys = scale.ys(values)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, len(xs) < LONG_LINE)
    if style == "baseline":
        _two_sided(painter, view, scale, xs, ys)
    else:
        if style == "area":
            _ground(painter, xs, ys, floor, LINE)
        draw_line(painter, xs, ys, color(LINE))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def base_y(scale: Scale) -> float:
    """Where the base of a two-coloured line stands: half way up."""
    return round((scale.top + scale.bottom) / 2)


def _two_sided(painter: QPainter, view: View, scale: Scale, xs: Floats, ys: Floats) -> None:
    middle, high = base_y(scale), 1e6
    upper = QRectF(0, -high, view.width, middle + high)
    lower = QRectF(0, middle, view.width, high)
    for part, token in ((upper, "DOWN" if scale.inverted else "UP"), (lower, "UP" if scale.inverted else "DOWN")):
        painter.save()
        painter.setClipRect(part, Qt.ClipOperation.IntersectClip)
        _ground(painter, xs, ys, middle, token)
        draw_line(painter, xs, ys, color(token))
        painter.restore()
    draw_across(painter, middle, 0, view.width, color("TX2"), DASHED)


def _ground(painter: QPainter, xs: Floats, ys: Floats, floor: float, token: str) -> None:
    if len(xs) < 2:
        return
    ink = QColor(color(token))
    ink.setAlpha(GROUND)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    corners = [QPointF(xs[0], floor), *(QPointF(x, y) for x, y in zip(xs, ys, strict=True)), QPointF(xs[-1], floor)]
    painter.drawPolygon(QPolygonF(corners))

"""Studies on the screen: lines, histograms, dots and the ground between two lines, thinned to the columns in view."""

import math
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPolygonF

from qv_desktop.analytics.downsampling import Floats, thinned
from qv_desktop.analytics.studies import Fill
from qv_desktop.ui.chart.candles import body_width
from qv_desktop.ui.chart.stage import Stage
from qv_desktop.ui.chart.strokes import draw_line, faint, fill_rectangles
from qv_desktop.ui.chart.study import Study
from qv_desktop.ui.chart.study_source import StudySource
from qv_desktop.ui.chart.viewport import Scale
from qv_desktop.ui.theme import color

LONG_LINE = 1200  # points from which smoothing a line's edges costs more than it shows
DOT = 3  # px
GROUND = 26  # of 255: how much of its colour the ground between two lines has


class Points(NamedTuple):
    """What is drawn of one output: px across, and values, shape (n,)."""

    xs: Floats
    values: Floats


def closed_points(stage: Stage, values: Floats, shift: int) -> Points:
    """One output over the closed bars in view, one point per column."""
    first, last = stage.view.window(len(stage.series))
    low, high = max(0, first - shift), max(0, min(len(values), last - shift + stage.stride))
    begin = max(0, low // stage.stride - 1) * stage.stride
    at, chosen = thinned(values[:high], begin, stage.stride)
    return Points(stage.view.xs(at + shift) + 0.5, chosen)


def draw_grounds(painter: QPainter, stage: Stage, study: Study, scale: Scale) -> None:
    """What lies between a study's lines, for below the bars."""
    for ground in study.kind.fills:
        upper, lower = (closed_points(stage, study.values[at], study.shifts[at]) for at in (ground.upper, ground.lower))
        _ground(painter, ground, upper, lower, scale)


def draw_study(painter: QPainter, stage: Stage, study: Study, scale: Scale) -> None:
    """The closed bars' part of a study."""
    points = [closed_points(stage, values, shift) for values, shift in zip(study.values, study.shifts, strict=True)]
    for output, token, one in zip(study.kind.outputs, study.tokens, points, strict=True):
        if output.look == "histogram":
            _histogram(painter, stage, scale, one)
        elif output.look == "dots":
            _dots(painter, scale, one, color(token))
        else:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, len(one.xs) < LONG_LINE)
            draw_line(painter, one.xs, scale.ys(one.values), color(token))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def draw_step(painter: QPainter, stage: Stage, study: Study, scale: Scale) -> None:
    """The way from the last closed bar's value to the live one's."""
    series = stage.series
    live = study.live(StudySource(series), series.live)
    last = len(series) - 1
    for output, token, values, shift, now in zip(
        study.kind.outputs, study.tokens, study.values, study.shifts, live, strict=True
    ):
        before = float(values[-1]) if len(values) else math.nan
        if not math.isfinite(now):
            continue
        x = stage.view.x(last + shift) + 0.5
        if output.look == "histogram":
            _histogram(painter, stage, scale, Points(np.array([x]), np.array([now])), before)
        elif output.look == "dots":
            _dots(painter, scale, Points(np.array([x]), np.array([now])), color(token))
        elif math.isfinite(before):
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
            painter.setPen(QPen(color(token), 0))
            painter.drawLine(QPointF(x - stage.view.spacing, scale.y(before)), QPointF(x, scale.y(now)))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _histogram(painter: QPainter, stage: Stage, scale: Scale, points: Points, before: float = math.nan) -> None:
    """Bars from zero: green above and red below, paler where they come nearer to it."""
    known = np.isfinite(points.values)
    xs, values = points.xs[known], points.values[known]
    if not len(values):
        return
    wide, zero = body_width(stage.view, stage.stride), round(scale.y(0.0))
    ends = np.round(scale.ys(values))
    rows = np.column_stack((np.floor(xs) - wide // 2, np.minimum(ends, zero), np.full(len(xs), wide),
                            np.maximum(np.abs(ends - zero), 1.0)))  # fmt: skip
    earlier = np.concatenate(([before if before == before else values[0]], values[:-1]))
    growing, rises = np.abs(values) >= np.abs(earlier), values >= 0
    for which, token, share in ((rises & growing, "UP", 0.8), (rises & ~growing, "UP", 0.4),
                                (~rises & growing, "DOWN", 0.8), (~rises & ~growing, "DOWN", 0.4)):  # fmt: skip
        fill_rectangles(painter, rows[which], faint(token, share))


def _dots(painter: QPainter, scale: Scale, points: Points, ink: QColor) -> None:
    known = np.isfinite(points.values)
    xs, ys = np.floor(points.xs[known]), np.round(scale.ys(points.values[known]))
    size = np.full(len(xs), DOT)
    fill_rectangles(painter, np.column_stack((xs - DOT // 2, ys - DOT // 2, size, size)), ink)


def _ground(painter: QPainter, ground: Fill, upper: Points, lower: Points, scale: Scale) -> None:
    """The area between two outputs, in another colour where they have changed places."""
    size = min(len(upper.xs), len(lower.xs))
    above, below = upper.values[:size], lower.values[:size]
    for crossed, token in ((False, ground.token), (True, ground.lower_token or ground.token)):
        inside = np.isfinite(above) & np.isfinite(below) & ((above < below) == crossed)
        ink = QColor(color(token))
        ink.setAlpha(GROUND)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        for first, last in _runs(inside):
            xs = upper.xs[first:last]
            path = [*zip(xs, scale.ys(above[first:last]), strict=True),
                    *zip(xs[::-1], scale.ys(below[first:last])[::-1], strict=True)]  # fmt: skip
            painter.drawPolygon(QPolygonF([QPointF(x, y) for x, y in path]))


def _runs(inside: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> list[tuple[int, int]]:
    """First and one past the last of each run of at least two."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], inside, [False]))))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True) if b - a > 1]

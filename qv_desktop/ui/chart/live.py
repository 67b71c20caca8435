"""What every tick moves: the live bar with its volume, the indicators' last step, and the last price with its countdown."""

import math

import numpy as np
from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from qv_desktop.ui.chart.candles import draw_candles, draw_volume
from qv_desktop.ui.chart.indicators import Study
from qv_desktop.ui.chart.stage import Stage
from qv_desktop.ui.chart.strokes import DOTTED, draw_across
from qv_desktop.ui.chart.tags import draw_tag, tag_box
from qv_desktop.ui.chart.viewport import Scale
from qv_desktop.ui.theme import color


def draw_live(painter: QPainter, stage: Stage) -> None:
    """The column that holds the live bar and the indicators up to it."""
    panes, view = stage.panes, stage.view
    begin, column = stage.series.live_column(stage.stride)
    painter.setClipRect(0, 0, panes.width, panes.floor, Qt.ClipOperation.IntersectClip)
    if stage.volume:
        draw_volume(painter, view, panes.floor, panes.volume, stage.most, begin, column, stage.stride)
    draw_candles(painter, view, stage.scale, begin, column, stage.stride)
    for average in stage.averages:
        _step(painter, stage, stage.scale, average)


def draw_live_strength(painter: QPainter, stage: Stage) -> None:
    """The strength index's last step, in its own pane."""
    if stage.panes.study and stage.strength is not None:
        _step(painter, stage, stage.strength_scale, stage.strength)


def _step(painter: QPainter, stage: Stage, scale: Scale, study: Study) -> None:
    before = float(study.values[-1]) if len(study.values) else math.nan
    now = study.live(stage.series)
    if math.isnan(before) or math.isnan(now):
        return
    last = len(stage.series) - 1
    # thinned lines end at a column's last bar; the step goes on from the last closed one
    x = np.array([last - 1, last])
    ends = stage.view.xs(x) + 0.5
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setPen(QPen(color(study.token), 0))
    painter.drawLine(QLineF(float(ends[0]), scale.y(before), float(ends[1]), scale.y(now)))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def countdown(seconds: float | None) -> str:
    """Time left as ``02:43`` or ``1:02:43``; nothing where it is unknown."""
    if seconds is None:
        return ""
    whole = math.ceil(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes:02d}:{whole % 60:02d}"


def last_box(stage: Stage, left: float | None) -> QRectF:
    """Where the last price's tag stands on the axis."""
    lines = 2 if countdown(left) else 1
    half = tag_box(stage.panes, 0.0, lines).height() / 2
    y = max(half, min(stage.scale.y(stage.series.live.close), stage.panes.floor - half))
    return tag_box(stage.panes, y, lines)


def draw_last(painter: QPainter, stage: Stage, left: float | None, day_change: float | None) -> None:
    """A dotted line from the live bar to the axis and the price's tag, green or red by the day's change where it is known."""
    live = stage.series.live
    rises = live.close >= live.open if day_change is None else day_change >= 0
    token = "UP" if rises else "DOWN"
    y = int(stage.scale.y(live.close))
    x = int(stage.view.x(len(stage.series) - 1))
    if 0 <= y <= stage.panes.floor and x < stage.panes.width:
        draw_across(painter, y, max(0, x), stage.panes.width, color(token), DOTTED)
    text = f"{live.close:,.{stage.decimals}f}"
    draw_tag(painter, last_box(stage, left), color(token), text, countdown(left))

"""What every tick moves: the live bar with its volume, the studies' last step, and the last price with its countdown."""

import math

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from qv_desktop.ui.chart.axis import percentage
from qv_desktop.ui.chart.bars import draw_live as draw_live_bar
from qv_desktop.ui.chart.stage import Stage
from qv_desktop.ui.chart.strokes import DOTTED, draw_across
from qv_desktop.ui.chart.study_painting import draw_step
from qv_desktop.ui.chart.tags import draw_tag, tag_box
from qv_desktop.ui.theme import color


def draw_live(painter: QPainter, stage: Stage) -> None:
    """The column that holds the live bar and the studies up to it."""
    panes = stage.panes
    painter.save()
    painter.setClipRect(0, 0, panes.width, panes.floor, Qt.ClipOperation.IntersectClip)
    draw_live_bar(painter, stage)
    for study in stage.overlays:
        draw_step(painter, stage, study, stage.scale)
    painter.restore()
    for lower in stage.lower:
        if lower.seen:
            painter.save()
            painter.setClipRect(0, lower.top, panes.width, lower.bottom - lower.top, Qt.ClipOperation.IntersectClip)
            draw_step(painter, stage, lower.study, lower.scale)
            painter.restore()


def countdown(seconds: float | None) -> str:
    """Time left as ``02:43`` or ``1:02:43``; nothing where it is unknown."""
    if seconds is None:
        return ""
    whole = math.ceil(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes:02d}:{whole % 60:02d}"


def price_text(stage: Stage, price: float) -> str:
    """A price as the axis writes it: in dollars, or as a change in percent."""
    if stage.base:
        return percentage((price / stage.base - 1) * 100)
    return f"{price:,.{stage.decimals}f}"


def last_box(stage: Stage, left: float | None) -> QRectF:
    """Where the last price's tag stands on the axis."""
    lines = 2 if countdown(left) else 1
    half = tag_box(stage.panes, 0.0, lines).height() / 2
    y = max(half, min(stage.scale.y(stage.real.live.close), stage.panes.floor - half))
    return tag_box(stage.panes, y, lines)


def draw_last(painter: QPainter, stage: Stage, left: float | None, day_change: float | None) -> None:
    """A dotted line from the live bar to the axis and the price's tag, green or red by the day's change where it is known."""
    live = stage.real.live
    rises = live.close >= live.open if day_change is None else day_change >= 0
    token = "UP" if rises else "DOWN"
    y = int(stage.scale.y(live.close))
    x = int(stage.view.x(len(stage.series) - 1))
    if 0 <= y <= stage.panes.floor and x < stage.panes.width:
        draw_across(painter, y, max(0, x), stage.panes.width, color(token), DOTTED)
    draw_tag(painter, last_box(stage, left), color(token), price_text(stage, live.close), countdown(left))

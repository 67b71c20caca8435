"""The still layer: ground, grid, closed bars, studies and axes; painted once and kept until the view changes."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from qv_desktop.ui import theme
from qv_desktop.ui.chart.axis import Mark, price_marks, step_for, time_marks
from qv_desktop.ui.chart.bars import draw_closed
from qv_desktop.ui.chart.comparison import Comparison, levelled
from qv_desktop.ui.chart.profile import draw_profile
from qv_desktop.ui.chart.session_shading import draw_halts, draw_holes, draw_hours, draw_separators
from qv_desktop.ui.chart.stage import Lower, Stage
from qv_desktop.ui.chart.strokes import DASHED, draw_across, draw_down, draw_line, faint
from qv_desktop.ui.chart.study import number
from qv_desktop.ui.chart.study_painting import closed_points, draw_grounds, draw_study
from qv_desktop.ui.theme import color

AT_AXIS = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def draw_history(painter: QPainter, stage: Stage) -> None:
    """Everything but the live bar and what follows the pointer."""
    panes, view = stage.panes, stage.view
    painter.fillRect(0, 0, panes.width + panes.axis, panes.height, color("BG1"))
    painter.setClipRect(0, 0, panes.width, panes.bottom)
    draw_hours(painter, stage.series, view, panes.bottom, stage.regular)
    moments = time_marks(stage.series, view)
    _bands(painter, stage)
    _grid(painter, stage, price_marks(stage.scale, stage.decimals, stage.base), moments)
    draw_separators(painter, stage.series, view, panes.bottom)
    _prices(painter, stage)
    for lower in stage.lower:
        if lower.seen:
            painter.setClipRect(0, lower.top + 1, panes.width, lower.bottom - lower.top - 1)
            draw_grounds(painter, stage, lower.study, lower.scale)
            draw_study(painter, stage, lower.study, lower.scale)
    painter.setClipping(False)
    _axes(painter, stage, moments)
    for mark in stage.figures:
        right_figure(painter, stage, mark.at, mark.text)


def _grid(painter: QPainter, stage: Stage, prices: Sequence[Mark], moments: Sequence[Mark]) -> None:
    ink = color("GRID")
    for mark in prices:
        if 0 <= mark.at < stage.panes.floor:
            draw_across(painter, mark.at, 0, stage.panes.width, ink)
    for mark in moments:
        draw_down(painter, mark.at, 0, stage.panes.bottom, ink)


def _prices(painter: QPainter, stage: Stage) -> None:
    panes = stage.panes
    if not panes.floor:
        return
    painter.setClipRect(0, 0, panes.width, panes.floor)
    for study in stage.overlays:
        if study.kind.profile:
            draw_profile(painter, stage, study)
        else:
            draw_grounds(painter, stage, study, stage.scale)
    draw_closed(painter, stage)
    for study in stage.overlays:
        if not study.kind.profile:
            draw_study(painter, stage, study, stage.scale)
    for comparison in stage.comparisons:
        _comparison(painter, stage, comparison)
    draw_holes(painter, list(stage.holes), stage.series, stage.view, panes.floor)
    draw_halts(painter, list(stage.halts), stage.series, stage.view, panes.floor)
    painter.setClipRect(0, 0, panes.width, panes.bottom)


def _comparison(painter: QPainter, stage: Stage, comparison: Comparison) -> None:
    if stage.base is None:
        return
    first, _ = stage.view.window(len(stage.series))
    points = closed_points(stage, levelled(comparison, first, stage.base), 0)
    draw_line(painter, points.xs, stage.scale.ys(points.values), color(comparison.token))


def _bands(painter: QPainter, stage: Stage) -> None:
    """The ground between the outermost levels of each lower pane, and the levels."""
    for lower in stage.lower:
        if not lower.seen:
            continue
        levels = lower.study.kind.levels
        if len(levels) >= 2:
            top, bottom = sorted((lower.scale.y(levels[0]), lower.scale.y(levels[-1])))
            painter.fillRect(QRectF(0, top, stage.panes.width, bottom - top), faint("VIOLET", 0.05))
        for level in levels:
            draw_across(painter, lower.scale.y(level), 0, stage.panes.width, faint("VIOLET", 0.3), DASHED)


def _axes(painter: QPainter, stage: Stage, moments: Sequence[Mark]) -> None:
    panes = stage.panes
    whole = panes.width + panes.axis
    draw_down(painter, panes.width, 0, panes.height, color("LINE"))
    draw_across(painter, panes.bottom, 0, whole, color("LINE"))
    painter.setFont(theme.small())
    for lower in stage.lower:
        if lower.seen:
            draw_across(painter, lower.top, 0, whole, color("LINE"))
            for mark in lower_marks(lower):
                right_figure(painter, stage, mark.at, mark.text)
    for mark in moments:
        painter.setPen(color("TX1" if mark.strong else "TX2"))
        box = QRectF(mark.at - 40, panes.bottom + 1, 80, panes.height - panes.bottom - 1)
        if 14 < mark.at < panes.width - 14:
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, mark.text)
    painter.setPen(color("TX2"))
    painter.setFont(theme.tiny())
    corner = QRectF(panes.width, panes.bottom, panes.axis, panes.height - panes.bottom)
    painter.drawText(corner, Qt.AlignmentFlag.AlignCenter, stage.look.clock_name)


def lower_marks(lower: Lower) -> list[Mark]:
    """What a lower pane's axis writes: its levels, or round values."""
    scale = lower.scale
    if lower.study.kind.levels:
        values: Sequence[float] = lower.study.kind.levels
    else:
        step = step_for(scale.high - scale.low, (scale.bottom - scale.top) * 1.4, 1e-9)
        first = int(-(-scale.low // step))
        values = [(first + place) * step for place in range(max(0, int(scale.high // step) - first + 1))]
    digits = 0 if all(float(value).is_integer() for value in values) else 2
    marks = [Mark(scale.y(value), number(value, digits)) for value in values]
    return [mark for mark in marks if lower.top + 8 < mark.at < lower.bottom - 6]


def clear_prices(painter: QPainter, stage: Stage, taken: Sequence[QRectF]) -> None:
    """Take away the price axis' figures that a tag would cover in part."""
    for mark in stage.figures:
        box = QRectF(stage.panes.width + 1, mark.at - 7, stage.panes.axis - 1, 14)
        if any(box.intersects(other) for other in taken):
            painter.fillRect(box, color("BG1"))


def right_figure(painter: QPainter, stage: Stage, y: float, text: str) -> None:
    """A figure on the axis at ``y``."""
    painter.setPen(color("TX2"))
    box = QRectF(stage.panes.width, y - 8, stage.panes.axis - 8, 16)
    painter.drawText(box, AT_AXIS, text)

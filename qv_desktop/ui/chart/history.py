"""The still layer: ground, grid, closed bars, indicator lines and axes; painted once and kept until the view changes."""

from collections.abc import Sequence

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter

from qv_desktop.analytics.downsampling import Floats, thinned
from qv_desktop.ui import theme
from qv_desktop.ui.chart.axis import Mark, price_marks, time_marks
from qv_desktop.ui.chart.candles import draw_candles, draw_volume
from qv_desktop.ui.chart.session_shading import draw_holes, draw_hours, draw_separators
from qv_desktop.ui.chart.stage import Stage
from qv_desktop.ui.chart.strokes import DASHED, draw_across, draw_down, draw_line, faint
from qv_desktop.ui.chart.viewport import Scale
from qv_desktop.ui.theme import color

GRID = "#1a212d"
OVERBOUGHT, OVERSOLD = 70.0, 30.0  # RSI, as its inventor drew them
LONG_LINE = 1200  # points from which smoothing a line's edges costs more than it shows


def draw_history(painter: QPainter, stage: Stage) -> None:
    """Everything but the live bar and what follows the pointer."""
    panes, series, view = stage.panes, stage.series, stage.view
    whole = panes.width + panes.axis
    painter.fillRect(0, 0, whole, panes.height, color("BG1"))
    painter.setClipRect(0, 0, panes.width, panes.bottom)
    draw_hours(painter, series, view, panes.bottom, stage.regular)
    if panes.study:
        top, bottom = (stage.strength_scale.y(level) for level in (OVERBOUGHT, OVERSOLD))
        painter.fillRect(QRectF(0, top, panes.width, bottom - top), faint("VIOLET", 0.05))
    prices, moments = price_marks(stage.scale, stage.decimals), time_marks(series, view)
    _grid(painter, stage, prices, moments)
    draw_separators(painter, series, view, panes.bottom)
    _bars(painter, stage)
    draw_holes(painter, list(stage.holes), series, view, panes.floor)
    if panes.study and stage.strength is not None:
        _strength(painter, stage, stage.strength.values)
    painter.setClipping(False)
    _axes(painter, stage, moments)


def _grid(painter: QPainter, stage: Stage, prices: Sequence[Mark], moments: Sequence[Mark]) -> None:
    for mark in prices:
        if mark.at < stage.panes.floor:
            draw_across(painter, mark.at, 0, stage.panes.width, color(GRID))
    for mark in moments:
        draw_down(painter, mark.at, 0, stage.panes.bottom, color(GRID))


def _bars(painter: QPainter, stage: Stage) -> None:
    first, last = stage.view.window(len(stage.series))
    end = min(last, len(stage.series.closed) // stage.stride * stage.stride)  # the rest shares the live bar's column
    painter.setClipRect(0, 0, stage.panes.width, stage.panes.floor)
    if end > first:
        begin, columns = stage.series.closed.columns(first, end, stage.stride)
        if stage.volume:
            draw_volume(
                painter, stage.view, stage.panes.floor, stage.panes.volume, stage.most, begin, columns, stage.stride
            )
        draw_candles(painter, stage.view, stage.scale, begin, columns, stage.stride)
    for average in stage.averages:
        draw_values(painter, stage, stage.scale, average.values, color(average.token))
    painter.setClipRect(0, 0, stage.panes.width, stage.panes.bottom)


def draw_values(painter: QPainter, stage: Stage, scale: Scale, values: Floats, pen: QColor) -> None:
    """One indicator's line over the closed bars in view."""
    first, last = stage.view.window(len(values))
    begin = max(0, first // stage.stride - 1) * stage.stride
    at, chosen = thinned(values[: last + stage.stride], begin, stage.stride)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, len(at) < LONG_LINE)
    draw_line(painter, stage.view.xs(at) + 0.5, scale.ys(chosen), pen)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)


def _strength(painter: QPainter, stage: Stage, values: Floats) -> None:
    panes, scale = stage.panes, stage.strength_scale
    painter.setClipRect(0, panes.floor + 1, panes.width, panes.bottom - panes.floor - 1)
    for level in (OVERBOUGHT, OVERSOLD):
        draw_across(painter, scale.y(level), 0, panes.width, color("#3a3350"), DASHED)
    draw_values(painter, stage, scale, values, color("VIOLET"))


def _axes(painter: QPainter, stage: Stage, moments: Sequence[Mark]) -> None:
    panes = stage.panes
    whole = panes.width + panes.axis
    draw_down(painter, panes.width, 0, panes.height, color("LINE"))
    draw_across(painter, panes.bottom, 0, whole, color("LINE"))
    if panes.study:
        draw_across(painter, panes.floor, 0, whole, color("LINE"))
    painter.setFont(theme.small())
    if panes.study:
        for level in (OVERBOUGHT, OVERSOLD):
            _right(painter, stage, stage.strength_scale.y(level), f"{level:.0f}")
    for mark in moments:
        painter.setPen(color("TX1" if mark.strong else "TX2"))
        box = QRectF(mark.at - 40, panes.bottom + 1, 80, panes.height - panes.bottom - 1)
        if 14 < mark.at < panes.width - 14:
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, mark.text)
    painter.setPen(color("TX2"))
    painter.setFont(theme.tiny())
    corner = QRectF(panes.width, panes.bottom, panes.axis, panes.height - panes.bottom)
    painter.drawText(corner, Qt.AlignmentFlag.AlignCenter, "ET")


def draw_prices(painter: QPainter, stage: Stage, taken: Sequence[QRectF]) -> None:
    """The price axis' figures, save those that a tag would cover."""
    painter.setFont(theme.small())
    for mark in price_marks(stage.scale, stage.decimals):
        box = QRectF(stage.panes.width, mark.at - 6, stage.panes.axis, 12)
        if 8 < mark.at < stage.panes.floor - 8 and not any(box.intersects(other) for other in taken):
            _right(painter, stage, mark.at, mark.text)


def _right(painter: QPainter, stage: Stage, y: float, text: str) -> None:
    painter.setPen(color("TX2"))
    box = QRectF(stage.panes.width, y - 8, stage.panes.axis - 8, 16)
    painter.drawText(box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)

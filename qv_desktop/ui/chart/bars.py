"""The bars in the chosen style: closed ones for the still layer, and the column that holds the live one."""

from PySide6.QtGui import QPainter

from qv_desktop.analytics.downsampling import Columns
from qv_desktop.ui.chart.candles import draw_candles, draw_volume, middles
from qv_desktop.ui.chart.closes import draw_closes
from qv_desktop.ui.chart.look import LINES
from qv_desktop.ui.chart.outlines import draw_hollow, draw_ticked
from qv_desktop.ui.chart.stage import Stage


def draw_closed(painter: QPainter, stage: Stage) -> None:
    """The closed bars in view, but for those that share the live bar's column."""
    series, stride = stage.series, stage.stride
    first, last = stage.view.window(len(series))
    end = min(last, len(series.closed) // stride * stride)
    if end <= first:
        return
    begin, columns = series.closed.columns(max(0, first - stride) if stage.look.style in LINES else first, end, stride)
    _draw(painter, stage, begin, columns, joined=False)


def draw_live(painter: QPainter, stage: Stage) -> None:
    """The column that holds the live bar, with the closed bars that share it."""
    begin, column = stage.series.live_column(stage.stride)
    _draw(painter, stage, begin, column, joined=True)


def _draw(painter: QPainter, stage: Stage, begin: int, columns: Columns, *, joined: bool) -> None:
    view, scale, stride, style = stage.view, stage.scale, stage.stride, stage.look.style
    if stage.look.volume:
        draw_volume(painter, view, stage.panes.floor, stage.panes.volume, stage.most, begin, columns, stride)
    if style in LINES:
        before = _before(stage, begin) if joined else None
        draw_closes(painter, view, scale, begin, columns, stride, style, before, stage.panes.floor)
    elif style == "hollow":
        earlier = float(stage.series.closed.bars.close[begin - 1]) if begin else float(columns.open[0])
        draw_hollow(painter, view, scale, begin, columns, stride, earlier)
    elif style == "bars":
        draw_ticked(painter, view, scale, begin, columns, stride)
    else:
        draw_candles(painter, view, scale, begin, columns, stride)


def _before(stage: Stage, begin: int) -> tuple[float, float] | None:
    """Where the line of closes ends ahead of column ``begin``."""
    if begin == 0:
        return None
    x = float(middles(stage.view, begin - stage.stride, 1, stage.stride)[0]) + 0.5
    return x, float(stage.series.closed.bars.close[begin - 1])

"""The painted columns equal a picture drawn bar by bar without any cleverness, at three zooms."""

import numpy as np
import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from qv_desktop.analytics.downsampling import Columns
from qv_desktop.domain.market import Bar
from qv_desktop.ui import theme
from qv_desktop.ui.chart.candles import VOLUME_SHARE, body_width, draw_candles, draw_volume
from qv_desktop.ui.chart.series import Series
from qv_desktop.ui.chart.strokes import faint
from qv_desktop.ui.chart.viewport import Scale, View, fitted, stride_of
from tests.ui.chart_market import FIVE, walk

WIDTH, HEIGHT = 300, 200


def blank() -> QImage:
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
    image.fill(theme.color("BG1"))
    return image


def fill(image: QImage, x: int, y: int, wide: int, tall: int, ink: QColor) -> None:
    for column in range(max(0, x), min(WIDTH, x + wide)):
        for row in range(max(0, y), min(HEIGHT, y + tall)):
            image.setPixelColor(column, row, ink)


def groups(bars: list[Bar], view: View, stride: int) -> list[tuple[int, list[Bar]]]:
    """Bars by column, counted from the first of all, that the view can see."""
    first, last = view.window(len(bars))
    begin = first // stride * stride
    return [(at, bars[at : at + stride]) for at in range(begin, last, stride)]


def by_hand(bars: list[Bar], view: View, scale: Scale, stride: int) -> QImage:
    image, wide = blank(), int(body_width(view, stride))
    drawn = []
    for at, group in groups(bars, view, stride):
        x = int(np.floor(view.x(at + (stride - 1) / 2)))
        opening, closing = group[0].open, group[-1].close
        ends = sorted((round(scale.y(opening)), round(scale.y(closing))))
        top, bottom = round(scale.y(max(b.high for b in group))), round(scale.y(min(b.low for b in group)))
        drawn.append((closing >= opening, x, top, max(1, bottom - top), ends[0], max(1, ends[1] - ends[0])))
    for rises in (True, False):  # the painter draws all of one colour, then all of the other
        for up, x, top, tall, body_top, body_tall in drawn:
            if up is rises:
                fill(image, x, top, 1, tall, theme.color("UP" if up else "DOWN"))
                if wide >= 2:
                    fill(image, x - wide // 2, body_top, wide, body_tall, theme.color("UP" if up else "DOWN"))
    return image


@pytest.mark.parametrize("spacing", [9.0, 3.0, 0.2])
def test_candles_equal_the_picture_drawn_bar_by_bar(spacing: float) -> None:
    bars = walk(1801)
    series = Series("AAPL", FIVE, bars)
    view = View(WIDTH, 1500.0, spacing)
    stride, (first, last) = stride_of(view), view.window(1600)
    scale = fitted(*series.extent(first, last), 0, HEIGHT)
    begin, columns = series.closed.columns(first, last, stride)
    image = blank()
    painter = QPainter(image)
    draw_candles(painter, view, scale, begin, columns, stride)
    painter.end()
    assert image == by_hand(bars[: begin + len(columns) * stride], view, scale, stride)


def test_the_live_column_joins_the_closed_bars_that_share_it() -> None:
    bars = walk(11)
    begin, column = Series("AAPL", FIVE, bars).live_column(4)
    assert begin == 8
    assert column.open[0] == bars[8].open
    assert column.high[0] == max(b.high for b in bars[8:])
    assert column.low[0] == min(b.low for b in bars[8:])
    assert column.close[0] == bars[10].close
    assert column.volume[0] == sum(b.volume for b in bars[8:])


def test_volume_stands_on_its_floor_and_the_greatest_is_as_tall_as_there_is_room() -> None:
    one = np.array([1.0, 2.0])
    columns = Columns(one, one, one, one, np.array([50.0, 100.0]))
    image = blank()
    painter = QPainter(image)
    draw_volume(painter, View(WIDTH, 1.0, 100.0), HEIGHT, 40.0, 100.0, 0, columns, 1)
    painter.end()
    ink = faint("UP", VOLUME_SHARE)
    column = [image.pixelColor(WIDTH - 1, y) == ink for y in range(HEIGHT)]
    assert column.index(True) == HEIGHT - 40
    assert all(column[HEIGHT - 40 :])

"""Painted candles, pixel by pixel, beside a picture that is made from the bars one by one by the documented rules alone.

The rules: columns hold a power of two of bars, counted from the first bar, the fewest with which a column is two pixels wide; a column's
wick goes from its highest to its lowest price in the pixel that its middle falls into; its body is an odd number of pixels, at most
0.7 of the column, from the first open to the last close, and is left out where it would be no wider than the wick; a body or wick
without height is one pixel high; it is in the colour of a rise if it closed no lower than it opened.
"""

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QPainter

from qv_desktop.analytics.downsampling import Columns, Pyramid
from qv_desktop.ui import theme
from qv_desktop.ui.chart.candles import draw_candles
from qv_desktop.ui.chart.viewport import View, fitted, stride_of

WIDTH, HEIGHT, TOP, BOTTOM = 1600, 600, 20, 580  # px
BARS = 20_000

type Pixels = NDArray[np.uint32]


def market(count: int = BARS) -> Columns:
    """A walk in which some bars close where they opened, and some have no height at all."""
    rng = np.random.default_rng(17)
    close = 50 + np.cumsum(rng.normal(0, 0.03, count))
    open_ = np.concatenate(([50.0], close[:-1]))
    open_[::7] = close[::7]
    high, low = np.maximum(open_, close), np.minimum(open_, close)
    tall = np.arange(count) % 14 != 0
    high[tall] += rng.uniform(0, 0.06, tall.sum())
    low[tall] -= rng.uniform(0, 0.06, tall.sum())
    return Columns(open_, high, low, close, np.ones(count))


def pixels(image: QImage) -> Pixels:
    return np.frombuffer(image.constBits(), dtype=np.uint32).reshape(HEIGHT, WIDTH) & 0xFFFFFF


def ink(token: str) -> int:
    return theme.color(token).rgb() & 0xFFFFFF


def prices(bars: Columns, view: View) -> tuple[float, float]:
    """What the picture's height is made to hold."""
    seen = [i for i in range(len(bars)) if -1 <= view.width - (view.right - i) * view.spacing <= view.width + 1]
    return min(float(bars.low[i]) for i in seen), max(float(bars.high[i]) for i in seen)


def painted(bars: Columns, view: View) -> Pixels:
    """As the chart paints them."""
    image = QImage(WIDTH, HEIGHT, QImage.Format.Format_RGB32)
    image.fill(theme.color("BG1"))
    stride, (first, last) = stride_of(view), view.window(len(bars))
    begin, columns = Pyramid(bars).columns(first, last, stride)
    painter = QPainter(image)
    draw_candles(painter, view, fitted(*prices(bars, view), TOP, BOTTOM), begin, columns, stride)
    painter.end()
    return pixels(image)


def by_hand(bars: Columns, view: View) -> Pixels:
    """Column after column from the bars themselves, whether they can be seen or not."""
    out = np.full((HEIGHT, WIDTH), ink("BG1"), dtype=np.uint32)
    stride = 1
    while view.width / view.spacing / stride > view.width / 2:
        stride *= 2
    low, high = prices(bars, view)
    low, high = low - (high - low) * 0.03, high + (high - low) * 0.03
    wide = math.floor(view.spacing * stride * 0.7)
    wide -= wide % 2 == 0
    for begin in range(0, len(bars), stride):
        end = min(begin + stride, len(bars))
        middle = begin + (stride - 1) / 2
        x = math.floor(view.width - (view.right - middle) * view.spacing)
        opened, closed = float(bars.open[begin]), float(bars.close[end - 1])
        body = (max(opened, closed), min(opened, closed))
        wick = (max(map(float, bars.high[begin:end])), min(map(float, bars.low[begin:end])))
        parts = [(wick, x, x + 1)] + [(body, x - wide // 2, x - wide // 2 + wide)] * (wide >= 3)
        for (upper, lower), left, right in parts:
            top, bottom = (round(BOTTOM - (value - low) / (high - low) * (BOTTOM - TOP)) for value in (upper, lower))
            rows, columns = slice(top, max(bottom, top + 1)), slice(max(left, 0), max(right, 0))
            out[rows, columns] = ink("UP" if closed >= opened else "DOWN")
    return out


ZOOMS = pytest.mark.parametrize("shown", [20, 300, BARS + 10])
PLACES = pytest.mark.parametrize("moved", [0.0, 0.37, -3.5])


def looking_at(shown: int, moved: float) -> View:
    """So many bars, ending at the newest one with its margin, or ``moved`` bars from there."""
    return View(WIDTH, BARS - 1 + 5.5 + moved, WIDTH / shown)


@ZOOMS
@PLACES
def test_the_picture_equals_the_one_made_by_hand(shown: int, moved: float) -> None:
    bars, view = market(), looking_at(shown, moved)
    got, expected = painted(bars, view), by_hand(bars, view)
    assert {ink("UP"), ink("DOWN"), ink("BG1")} == set(np.unique(expected).tolist())
    assert int((got != expected).sum()) == 0


@ZOOMS
def test_in_the_middle_of_all_bars_too(shown: int) -> None:
    bars, view = market(), View(WIDTH, BARS / 2 + 0.21, WIDTH / shown)
    assert int((painted(bars, view) != by_hand(bars, view)).sum()) == 0


@pytest.mark.parametrize("at", [3, 9_999, BARS - 2])
def test_one_spike_among_all_bars_is_seen_to_its_tip(at: int) -> None:
    bars, view = market(), looking_at(BARS + 10, 0.0)
    highest = float(bars.high.max())
    bars.high[at] = highest + 5.0
    got = painted(bars, view)
    tip = fitted(*prices(bars, view), TOP, BOTTOM).y(highest + 5.0)
    column = math.floor(view.x(at // 32 * 32 + 15.5))
    assert got[round(tip), column] in {ink("UP"), ink("DOWN")}
    assert int((got[: round(tip)] != ink("BG1")).sum()) == 0
    assert int((got != by_hand(bars, view)).sum()) == 0


def test_bodies_are_as_wide_near_by_as_the_rule_says_and_columns_stand_apart_where_all_is_in_view() -> None:
    near, far = (painted(market(), looking_at(shown, 0.0)) != ink("BG1") for shown in (20, BARS + 10))
    assert longest_run(near) == 55  # 0.7 of 80 px, odd
    assert longest_run(far) == 1  # 2.6 px each: no bodies, and ground between the wicks


def longest_run(marks: NDArray[np.bool_]) -> int:
    """The most pixels side by side in any row."""
    best = 0
    for row in marks:
        steps = np.flatnonzero(np.diff(np.concatenate(([0], row.astype(np.int8), [0]))))
        best = max(best, int((steps[1::2] - steps[::2]).max(initial=0)))
    return best

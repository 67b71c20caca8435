"""What the chart shows: which bars across, which prices up; values and pure functions, in pixels from the top left."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from qv_desktop.analytics.downsampling import stride_for

OPENING_BARS, OPENING_SPACING = 250, 6.0  # bars, px per bar
FEWEST_BARS, RIGHT_MARGIN = 20, 5  # bars
SMALLEST_SPACING, WIDEST_OPENING = 0.5, 12.0  # px per bar
PAD, BAND = (
    0.03,
    0.05,
)  # of the price range: air above and below, and how near an edge the price may come before it rescales
LEAST, MOST = 1e-6, 1e9  # dollars: what a price scale can be dragged to
LEAST_LOG, MOST_LOG = math.log(LEAST), math.log(MOST)


@dataclass(frozen=True, slots=True)
class View:
    """Bars across ``width`` px at ``spacing`` px per bar; ``right`` is the bar index at the right edge. Bar i is centred at i."""

    width: float
    right: float
    spacing: float

    @property
    def bars(self) -> float:
        """How many bars fit."""
        return self.width / self.spacing

    def x(self, index: float) -> float:
        """Where the middle of a bar stands, in px."""
        return self.width - (self.right - index) * self.spacing

    def xs(self, index: NDArray[np.float64] | NDArray[np.int64]) -> NDArray[np.float64]:
        """The same for many bars."""
        return np.asarray(self.width - (self.right - index) * self.spacing, dtype=np.float64)

    def index(self, x: float) -> float:
        """Which bar stands at ``x``, as a fraction."""
        return self.right - (self.width - x) / self.spacing

    def window(self, count: int) -> tuple[int, int]:
        """First and one past the last of ``count`` bars that can be seen, even in part."""
        first = math.floor(self.right - self.bars - 0.5)
        return max(0, min(first, count)), max(0, min(math.ceil(self.right + 0.5) + 1, count))


def opened(width: float, count: int) -> View:
    """The view a chart opens with: at most 250 bars, 6 px each or wider, the newest at the right with a margin."""
    least = max(OPENING_SPACING, width / OPENING_BARS)
    few = width / (count + RIGHT_MARGIN + 1)
    return latest(View(width, 0.0, max(least, min(few, WIDEST_OPENING))), count)


def latest(view: View, count: int) -> View:
    """The newest bar at the right edge, with its margin."""
    return replace(view, right=count - 1 + RIGHT_MARGIN + 0.5)


def earliest(view: View, count: int) -> View:
    """The first bar at the left edge, with a margin."""
    return clamped(replace(view, right=view.bars - RIGHT_MARGIN), count)


def follows(view: View, count: int) -> bool:
    """Whether the newest bar is in view, so that the chart moves on with it."""
    return count - 1 <= view.right + 0.5 and count - 1 >= view.right - view.bars


def moved(view: View, bars: float, count: int) -> View:
    """Panned by ``bars``: positive goes to newer ones."""
    return clamped(replace(view, right=view.right + bars), count)


def zoomed(view: View, factor: float, x: float, count: int) -> View:
    """Bars ``factor`` times as wide, while what stands at ``x`` stays there."""
    fixed = view.index(x)
    low, high = least_spacing(view.width, count), view.width / FEWEST_BARS
    spacing = max(low, min(view.spacing * factor, high))
    return clamped(View(view.width, fixed + (view.width - x) / spacing, spacing), count)


def least_spacing(width: float, count: int) -> float:
    """Half a pixel per bar, or less where all bars together need it."""
    return min(SMALLEST_SPACING, width / (count + 2 * RIGHT_MARGIN))


def clamped(view: View, count: int) -> View:
    """Never so far off that no bar is left to see."""
    lowest = min(count, FEWEST_BARS) - 0.5
    room = view.bars / 2 if view.bars < count else view.bars - count  # all bars stay in view where all fit
    return replace(view, right=max(lowest, min(view.right, count - 1 + max(room, RIGHT_MARGIN + 0.5))))


def resized(view: View, width: float, count: int) -> View:
    """The same bars' width in another window width; the right edge stays."""
    spacing = max(least_spacing(width, count), min(view.spacing, width / FEWEST_BARS))
    return clamped(View(width, view.right, spacing), count)


def stride_of(view: View) -> int:
    """Bars per drawn column: columns are at least two px wide."""
    return stride_for(view.bars, max(1, int(view.width / 2)))


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from ``low`` at ``bottom`` px to ``high`` at ``top`` px, the other way round when ``inverted``.

    On a ``log`` scale equal ratios take equal room; what is not above zero stands at its lower edge.
    """

    top: float
    bottom: float
    low: float
    high: float
    log: bool = False
    inverted: bool = False

    @property
    def _ends(self) -> tuple[float, float]:
        """Low and high as they are spread over the pixels."""
        return (math.log(self.low), math.log(self.high)) if self.log else (self.low, self.high)

    @property
    def _edge(self) -> tuple[float, float]:
        """The pixel of the low, and the pixels that one unit of the spread takes upwards."""
        low, high = self._ends
        span = max(1.0, self.bottom - self.top)
        return (self.top, -span / (high - low)) if self.inverted else (self.bottom, span / (high - low))

    def y(self, value: float) -> float:
        """Where ``value`` stands, in px."""
        at, each = self._edge
        if self.log:
            value = math.log(value) if value > 0 else self._ends[0]
        return at - (value - self._ends[0]) * each

    def ys(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same for many values."""
        at, each = self._edge
        low = self._ends[0]
        if self.log:
            values = np.log(np.where(values > 0, values, self.low))
        return at - (values - low) * each

    def value(self, y: float) -> float:
        """What stands at ``y``."""
        at, each = self._edge
        spread = self._ends[0] + (at - y) / each
        return math.exp(min(spread, 700.0)) if self.log else spread

    def holds(self, value: float) -> bool:
        """Whether ``value`` is within the middle 90 % of the range."""
        edge = (self.bottom - self.top) * BAND
        return self.top + edge <= self.y(value) <= self.bottom - edge

    def stretched(self, factor: float) -> "Scale":
        """A range ``factor`` times as great around the same middle."""
        low, high = self._ends
        middle, half = (low + high) / 2, (high - low) / 2 * factor
        return self._spread(middle - half, middle + half)

    def shifted(self, pixels: float) -> "Scale":
        """The same range seen ``pixels`` lower."""
        low, high = self._ends
        change = pixels / self._edge[1]
        return self._spread(low + change, high + change)

    def _spread(self, low: float, high: float) -> "Scale":
        """As far as there are prices to read: a scale dragged beyond that stays where it is."""
        if self.log:
            low, high = math.exp(max(LEAST_LOG, min(low, MOST_LOG))), math.exp(max(LEAST_LOG, min(high, MOST_LOG)))
        usable = MOST > high - low > LEAST and abs(high) < MOST and abs(low) < MOST
        return replace(self, low=low, high=high) if usable else self


def fitted(low: float, high: float, top: float, bottom: float, *, log: bool = False, inverted: bool = False) -> Scale:
    """A scale for values between ``low`` and ``high`` with 3 % of air at both ends; logarithmic only where all are above zero."""
    log = log and low > 0
    least, most = (math.log(low), math.log(high)) if log else (low, high)
    spread = most - least if most > least else (0.005 if log else max(abs(high) * 0.005, 0.01))
    middle = (least + most) / 2
    half = spread / 2 + spread * PAD
    ends = middle - half, middle + half
    if log:
        ends = math.exp(ends[0]), math.exp(ends[1])
    return Scale(top, bottom, *ends, log, inverted)

"""Where the axes are marked: round prices on the right, and boundaries of time below."""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from qv_desktop.ui import format
from qv_desktop.ui.chart import times
from qv_desktop.ui.chart.series import Series
from qv_desktop.ui.chart.viewport import Scale, View

PRICE_GAP, TIME_GAP = 40.0, 64.0  # least px between marks
MOST_MARKS = 200  # of one kind that are tried


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark at ``at`` px with its text; a strong one begins a day or more."""

    at: float
    text: str
    strong: bool = False


def step_for(span: float, room: float, least: float) -> float:
    """The smallest step of 1, 2 or 5 times a power of ten that leaves 40 px between marks; never below ``least``."""
    raw = max(span * PRICE_GAP / max(room, 1.0), least)
    power = 10.0 ** math.floor(math.log10(raw))
    return next(power * many for many in (1.0, 2.0, 5.0, 10.0) if power * many >= raw * 0.999999)


def price_marks(scale: Scale, decimals: int, base: float | None = None) -> list[Mark]:
    """Round prices within the scale, with ``decimals`` digits; with a ``base`` round percentages away from it."""
    if base:
        return _percent_marks(scale, base)
    if scale.log and scale.high / scale.low > 1.5:
        return [Mark(scale.y(value), f"{value:,.{decimals}f}") for value in _ratios(scale)]
    return [
        Mark(scale.y(value), f"{value:,.{decimals}f}")
        for value in _rounds(scale, scale.low, scale.high, 10.0**-decimals)
    ]


def _rounds(scale: Scale, low: float, high: float, least: float) -> list[float]:
    """Multiples of a round step from ``low`` to ``high``."""
    step = step_for(high - low, scale.bottom - scale.top, least)
    first = math.ceil(low / step)
    return [(first + i) * step for i in range(math.floor(high / step) - first + 1)]


def _percent_marks(scale: Scale, base: float) -> list[Mark]:
    ends = ((scale.low / base - 1) * 100, (scale.high / base - 1) * 100)
    found = _rounds(scale, ends[0], ends[1], 0.01)
    digits = 2 if len(found) > 1 and found[1] - found[0] < 1 else 0
    return _apart([Mark(scale.y(base * (1 + value / 100)), percentage(value, digits)) for value in found])


def percentage(value: float, digits: int = 2) -> str:
    """A change in percent with its sign, ``+1.50%``."""
    return f"{format.signed(round(value, digits), digits)}%"


def _ratios(scale: Scale) -> list[float]:
    """1, 2 and 5 times powers of ten, and more between them where there is room, lowest first."""
    for digits in ((1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9), (1, 2, 3, 5, 7), (1, 2, 5), (1,)):
        powers = range(math.floor(math.log10(scale.low)), math.ceil(math.log10(scale.high)) + 1)
        values = [
            digit * 10.0**power
            for power in powers
            for digit in digits
            if scale.low <= digit * 10.0**power <= scale.high
        ]
        ends = [scale.y(value) for value in values]
        if all(abs(b - a) >= PRICE_GAP / 2 for a, b in pairwise(ends)):
            return values
    return values


def _apart(marks: list[Mark]) -> list[Mark]:
    """Those of the marks that keep their distance, which on a log scale not all do."""
    kept: list[Mark] = []
    for mark in marks:
        if not kept or abs(mark.at - kept[-1].at) >= PRICE_GAP / 2:
            kept.append(mark)
    return kept


def time_marks(series: Series, view: View) -> list[Mark]:
    """Boundaries of time within the view, left to right."""
    first, last = view.window(len(series))
    return [_mark(series, view, first + i) for i in boundaries(series.ranks[first:last], view.spacing, view.width)]


def boundaries(rank: NDArray[np.int8], spacing: float, width: float) -> list[int]:
    """Which of the bars in view to mark, by their rank, when each is ``spacing`` px wide in ``width`` px.

    A kind of boundary is marked whole or not at all, so that marks do not jump while a person pans; the greatest kind in view
    is marked as far as there is room.
    """
    placed: list[int] = []
    near = TIME_GAP * 0.75 / spacing
    for kind in range(times.FIVE_YEARLY, 0, -1):
        found = np.flatnonzero(rank == kind)
        if placed and np.count_nonzero(rank >= kind) * TIME_GAP > max(width, TIME_GAP) * 1.2:
            break
        for i in found[:: max(1, len(found) // MOST_MARKS)].tolist():
            if all(abs(i - other) >= near for other in placed):
                placed.append(i)
    return sorted(placed)


def _mark(series: Series, view: View, index: int) -> Mark:
    rank, intraday = int(series.ranks[index]), series.frame.intraday
    strong = rank >= (times.DAILY if intraday else times.YEARLY)
    return Mark(view.x(index), times.label(series.wall(index), rank, intraday), strong)


def axis_width(high: float, decimals: int, figure: float) -> float:
    """Px that the price axis needs for prices up to ``high`` when one figure is ``figure`` px wide."""
    return max(60.0, len(f"{high:,.{decimals}f}") * figure + 18.0)

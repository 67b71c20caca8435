"""Where the axes are marked: round prices on the right, and boundaries of time below."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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


def price_marks(scale: Scale, decimals: int) -> list[Mark]:
    """Round prices within the scale, lowest first, with ``decimals`` digits."""
    step = step_for(scale.high - scale.low, scale.bottom - scale.top, 10.0**-decimals)
    first = math.ceil(scale.low / step)
    count = math.floor(scale.high / step) - first + 1
    values = [(first + i) * step for i in range(count)]
    return [Mark(scale.y(value), f"{value:,.{decimals}f}") for value in values]


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
    return Mark(view.x(index), times.label(int(series.local[index]), rank, intraday), strong)


def axis_width(high: float, decimals: int, figure: float) -> float:
    """Px that the price axis needs for prices up to ``high`` when one figure is ``figure`` px wide."""
    return max(56.0, len(f"{high:,.{decimals}f}") * figure + 18.0)

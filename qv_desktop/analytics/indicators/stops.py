"""Trailing stops that turn with the trend: SuperTrend and Wilder's parabolic; dollars, shape (n,).

Each bar's stop depends on the one before by a comparison, so these two go bar by bar in plain Python.
"""

from math import inf, nan

import numpy as np

from qv_desktop.analytics.indicators.carried import Run, State, carried
from qv_desktop.analytics.indicators.library import Floats
from qv_desktop.analytics.indicators.ranges import atr_run


def supertrend(high: Floats, low: Floats, close: Floats, period: int = 10, width: float = 3.0) -> tuple[Floats, Floats]:
    """The stop below a rising market and the stop above a falling one; each NaN while the other holds.

    Bands lie ``width`` average true ranges (Wilder's) from the bar's middle and only ever come closer, until a close has crossed them.
    The first stands at bar ``period``; the market rises there if it closes at or above its middle.
    """
    below, above = supertrend_run(high, low, close, period, width).outputs
    return below, above


def supertrend_run(
    high: Floats, low: Floats, close: Floats, period: int, width: float, state: State | None = None
) -> Run:
    """``supertrend`` that goes on behind ``state``: upper and lower band, whether it rises, then close and average range."""

    def step(kept: State | None, high: Floats, low: Floats, close: Floats) -> Run:
        reach = atr_run(high, low, close, period, kept and kept[3:])
        apart = width * reach.outputs[0]
        begin = int(np.count_nonzero(np.isnan(apart)))
        middle = (high[begin:] + low[begin:]) / 2
        bands = kept or (_first_bands(middle, apart[begin:], close[begin:]) + (nan,) if len(middle) else None)
        if bands is None or reach.state is None:
            return Run((apart, apart.copy()), None)
        lines, turned = _bands(bands, middle + apart[begin:], middle - apart[begin:], close[begin:])
        outputs = tuple(np.concatenate((apart[:begin], line)) for line in lines)
        return Run(outputs, turned + reach.state)

    return carried(step, state, high, low, close)


def _first_bands(middle: Floats, apart: Floats, close: Floats) -> tuple[float, float, float]:
    return float(middle[0] + apart[0]), float(middle[0] - apart[0]), float(close[0] >= middle[0])


def _bands(
    state: State, uppers: Floats, lowers: Floats, close: Floats
) -> tuple[tuple[Floats, Floats], tuple[float, float, float]]:
    upper, lower, rises, last = state[0], state[1], state[2] > 0, state[3]
    below, above = np.full(len(close), nan), np.full(len(close), nan)
    for i, (high, low, price) in enumerate(zip(uppers.tolist(), lowers.tolist(), close.tolist(), strict=True)):
        if high < upper or last > upper:
            upper = high
        if low > lower or last < lower:
            lower = low
        rises = price > (lower if rises else upper)
        if rises:
            below[i] = lower
        else:
            above[i] = upper
        last = price
    return (below, above), (upper, lower, float(rises))


def psar(high: Floats, low: Floats, step: float = 0.02, most: float = 0.2) -> tuple[Floats, Floats]:
    """The parabolic stop below a rising market and the one above a falling market; each NaN while the other holds.

    As Wilder has it (New Concepts, 1978): the stop moves towards the extreme of the trend by ``step`` of the distance, by one ``step``
    more with each new extreme up to ``most``, and never into the two bars before. At a turn it is the old trend's extreme. The first
    trend is guessed to rise, so nothing is shown until the first turn is over.
    """
    below, above = psar_run(high, low, step, most).outputs
    return below, above


def psar_run(high: Floats, low: Floats, step: float, most: float, state: State | None = None) -> Run:
    """``psar`` that goes on behind ``state``: stop, extreme, acceleration, rises, known, and the two bars before."""
    return carried(lambda kept, high, low: _parabola(kept, high, low, step, most), state, high, low)


def _parabola(state: State | None, high: Floats, low: Floats, step: float, most: float) -> Run:
    below, above = np.full(len(high), nan), np.full(len(high), nan)
    bars = list(zip(high.tolist(), low.tolist(), strict=True))
    if state is None and not bars:
        return Run((below, above), None)
    begin = 0 if state else 1
    stop, extreme, pace, rises, known, high2, low2, high1, low1 = state or _guess(*bars[0], step)
    for i, (top, bottom) in enumerate(bars[begin:], begin):
        stop, shown = stop + pace * (extreme - stop), known
        if rises:
            stop = min(stop, low1, low2)
            turns, further, edge = bottom < stop, top > extreme, top
        else:
            stop = max(stop, high1, high2)
            turns, further, edge = top > stop, bottom < extreme, bottom
        if turns:
            stop, extreme, pace, rises, known = extreme, bottom if rises else top, step, not rises, True
        elif further:
            extreme, pace = edge, min(pace + step, most)
        if shown:
            (below if rises else above)[i] = stop
        high2, low2, high1, low1 = high1, low1, top, bottom
    return Run((below, above), (stop, extreme, pace, float(rises), float(known), high2, low2, high1, low1))


def _guess(high: float, low: float, step: float) -> State:
    """After the first bar of all: a trend that rises from its low, with no bar before it that could hold the stop back."""
    return low, high, step, 1.0, 0.0, -inf, inf, high, low

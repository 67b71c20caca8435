"""Sums, averages, deviations and extremes of the last ``period`` values, each from those values alone.

A running sum that adds the new value and takes away the old keeps the rounding of every value it has ever seen: a quiet hour after
a wild one then has a deviation that is not zero, and one unknown value spoils all that follow. Here a window is put together from
windows of 1, 2, 4, 8 … values, which costs n·log(period) and has neither fault. What a window gives depends on what is in it and on
nothing else, so the newest value can be had from the newest bars and is the same to the last bit.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from qv_desktop.analytics.indicators.library import Floats

type Parts = tuple[Floats, ...]
type Merge = Callable[
    [Parts, int, Parts, int], Parts
]  # older windows, their width, the newer ones behind them, their width

BLOCK = 8192  # windows that are looked at together, so that they stay in the processor's cache


def window_sum(values: Floats, period: int) -> Floats:
    """Sum of the last ``period`` values; shape (n,), NaN until there are as many and while one of them is unknown."""
    return _padded(_folded((values,), period, _sums)[0], len(values))


def window_mean(values: Floats, period: int) -> Floats:
    """Mean of the last ``period`` values; shape (n,)."""
    return window_sum(values, period) / period


def weighted_sum(values: Floats, period: int) -> Floats:
    """Sum of the last ``period`` values with the weights 1, 2, … ``period``, the newest the heaviest; shape (n,)."""
    return _padded(_folded((values, values), period, _weighted_sums)[1], len(values))


def moments(values: Floats, period: int) -> tuple[Floats, Floats]:
    """Mean and variance of the last ``period`` values as a population; each of shape (n,), the variance of equal ones zero.

    Means and squares are merged as in Chan, Golub and LeVeque, Updating Formulae and a Pairwise Algorithm (1979).
    """
    mean, squares = _folded((values, np.zeros(len(values))), period, _moments)
    return _padded(mean, len(values)), _padded(squares, len(values)) / period


def highest(values: Floats, period: int) -> Floats:
    """Greatest of the last ``period`` values; shape (n,)."""
    return _padded(_folded((values,), period, _maxima)[0], len(values))


def lowest(values: Floats, period: int) -> Floats:
    """Least of the last ``period`` values; shape (n,)."""
    return _padded(_folded((values,), period, _minima)[0], len(values))


def mean_distance(values: Floats, centre: Floats, period: int) -> Floats:
    """Mean distance of the last ``period`` values from each bar's ``centre``; shape (n,). Costs n·period."""
    out = np.full(len(values), np.nan)
    for begin in range(period - 1, len(values), BLOCK):
        middle = centre[begin : begin + BLOCK]
        total = np.zeros(len(middle))
        for back in range(period):
            total += np.abs(values[begin - back : begin - back + len(middle)] - middle)
        out[begin : begin + BLOCK] = total / period
    return out


def age_of_extreme(values: Floats, period: int) -> Floats:
    """Bars since the greatest of the last ``period`` values, the oldest of equal ones; shape (n,). Costs n·period."""
    out = np.full(len(values), np.nan)
    if len(values) < period:
        return out
    windows = sliding_window_view(values, period)
    for begin in range(0, len(windows), BLOCK):
        part = windows[begin : begin + BLOCK]
        age = (period - 1) - np.argmax(part, axis=1).astype(np.float64)
        age[np.isnan(part).any(axis=1)] = np.nan
        out[begin + period - 1 : begin + period - 1 + len(part)] = age
    return out


def ratio(above: Floats, below: Floats) -> Floats:
    """``above / below``, NaN where ``below`` is zero: a share of nothing is unknown."""
    return np.asarray(np.divide(above, below, out=np.full(np.shape(below), np.nan), where=below != 0))


def _folded(level: Parts, period: int, merge: Merge) -> Parts:
    """Every whole window of ``period`` values, by its oldest; shape (n - period + 1,) or empty."""
    size = len(level[0])
    if size < period:
        return tuple(array[:0] for array in level)
    windows, covered, width = None, 0, 1
    while True:
        if period & width:
            windows = _tailed(windows, covered, level, width, merge)
            covered += width
        if covered == period and windows is not None:
            return tuple(array[: size - period + 1] for array in windows)
        level = merge(_cut(level, 0, -width), width, _cut(level, width, None), width)
        width *= 2


def _tailed(windows: Parts | None, covered: int, level: Parts, width: int, merge: Merge) -> Parts:
    """Windows of ``covered`` values with those of ``width`` values that follow them."""
    if windows is None:
        return level
    newer = _cut(level, covered, None)
    return merge(_cut(windows, 0, len(newer[0])), covered, newer, width)


def _cut(parts: Sequence[Floats], begin: int, end: int | None) -> Parts:
    return tuple(array[begin:end] for array in parts)


def _padded(windows: Floats, size: int) -> Floats:
    """By each window's newest bar instead of its oldest."""
    out = np.full(size, np.nan)
    if len(windows):
        out[size - len(windows) :] = windows
    return out


def _sums(older: Parts, _: int, newer: Parts, __: int) -> Parts:
    return (older[0] + newer[0],)


def _weighted_sums(older: Parts, width: int, newer: Parts, _: int) -> Parts:
    return older[0] + newer[0], older[1] + newer[1] + width * newer[0]


def _moments(older: Parts, width: int, newer: Parts, more: int) -> Parts:
    apart, share = newer[0] - older[0], more / (width + more)
    return older[0] + apart * share, older[1] + newer[1] + apart * apart * (width * share)


def _maxima(older: Parts, _: int, newer: Parts, __: int) -> Parts:
    return (np.maximum(older[0], newer[0]),)


def _minima(older: Parts, _: int, newer: Parts, __: int) -> Parts:
    return (np.minimum(older[0], newer[0]),)

"""Moving averages: one line through the prices, or any values, shape (n,) in and out."""

from math import isqrt

import numpy as np

from qv_desktop.analytics.indicators.carried import Run, State, carried, remembered
from qv_desktop.analytics.indicators.library import Floats
from qv_desktop.analytics.indicators.smoothing import exponential, following
from qv_desktop.analytics.indicators.windows import ratio, weighted_sum, window_mean, window_sum


def sma(values: Floats, period: int) -> Floats:
    """Simple moving average of the last ``period`` values."""
    return window_mean(np.asarray(values, dtype=np.float64), period)


def wma(values: Floats, period: int) -> Floats:
    """Average with weights 1, 2, … ``period``, the newest value the heaviest."""
    return weighted_sum(np.asarray(values, dtype=np.float64), period) / (period * (period + 1) / 2)


def hma(values: Floats, period: int) -> Floats:
    """Hull's average (2005): twice the WMA of half the period less the WMA of all, smoothed by a WMA of the period's root.

    Half and root are rounded down and are at least 1; the first value stands at bar ``period + root - 2``.
    """
    return wma(2 * wma(values, max(period // 2, 1)) - wma(values, period), isqrt(period))


def hma_window(period: int) -> int:
    """How many values Hull's average looks at."""
    return period + isqrt(period) - 1


def vwma(close: Floats, volume: Floats, period: int) -> Floats:
    """Average of the last ``period`` closes weighted by volume; NaN where nothing was traded."""
    close, volume = np.asarray(close, dtype=np.float64), np.asarray(volume, dtype=np.float64)
    return ratio(window_sum(close * volume, period), window_sum(volume, period))


def ema(values: Floats, period: int) -> Floats:
    """Exponential average with weight 2 / (period + 1), seeded with the simple average of the first ``period`` values."""
    return ema_run(values, period).outputs[0]


def next_ema(before: float, value: float, period: int) -> float:
    """The average one value after ``before``: what a live bar needs instead of the whole array."""
    return before + (value - before) * 2.0 / (period + 1)


def dema(values: Floats, period: int) -> Floats:
    """Mulloy's double exponential average (1994): ``2·e1 - e2``, e2 the average of e1.

    e2 starts as e1's first value, at bar ``period - 1``, as in the reference; TA-Lib waits until e2 has a simple average for a seed.
    """
    return dema_run(values, period).outputs[0]


def tema(values: Floats, period: int) -> Floats:
    """Mulloy's triple exponential average (1994): ``3·e1 - 3·e2 + e3``, seeded like ``dema``."""
    return tema_run(values, period).outputs[0]


def ema_run(values: Floats, period: int, state: State | None = None) -> Run:
    """``ema`` that goes on behind ``state``."""
    return carried(lambda kept, known: _chained(kept, known, period, (1,)), state, values)


def dema_run(values: Floats, period: int, state: State | None = None) -> Run:
    """``dema`` that goes on behind ``state``."""
    return carried(lambda kept, known: _chained(kept, known, period, (2, -1)), state, values)


def tema_run(values: Floats, period: int, state: State | None = None) -> Run:
    """``tema`` that goes on behind ``state``."""
    return carried(lambda kept, known: _chained(kept, known, period, (3, -3, 1)), state, values)


def _chained(state: State | None, values: Floats, period: int, weights: tuple[int, ...]) -> Run:
    """The weighted sum of averages of averages; the state is the last of each."""
    before = state or (None,) * len(weights)
    chain = [exponential(values, period, before[0])]
    for last in before[1:]:
        chain.append(following(chain[-1], period, last))
    total = chain[0] * weights[0]
    for weight, average in zip(weights[1:], chain[1:], strict=True):
        total += weight * average
    return Run((total,), remembered(*chain))

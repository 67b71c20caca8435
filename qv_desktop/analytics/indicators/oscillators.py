"""Oscillators: how strong, how far or how fast, mostly on a fixed scale; shape (n,) in and out."""

import numpy as np

from qv_desktop.analytics.indicators.carried import Run, State, carried, remembered
from qv_desktop.analytics.indicators.library import Floats
from qv_desktop.analytics.indicators.ranges import before_each
from qv_desktop.analytics.indicators.smoothing import exponential, wilder
from qv_desktop.analytics.indicators.windows import highest, lowest, mean_distance, moments, ratio, window_mean

SCALE = 0.015  # Lambert's constant, by which most values of the commodity channel index fall between -100 and 100


def rsi(close: Floats, period: int = 14) -> Floats:
    """Relative strength index from 0 to 100, Wilder's smoothing (New Concepts, 1978); the first value at bar ``period``.

    NaN while prices have not moved at all: nothing has gained or lost.
    """
    return rsi_run(close, period).outputs[0]


def rsi_run(close: Floats, period: int, state: State | None = None) -> Run:
    """``rsi`` that goes on behind ``state``: the last close, the average gain and the average loss."""

    def step(kept: State | None, close: Floats) -> Run:
        last, gain, loss = kept or (np.nan, None, None)
        change = close - before_each(close, last)
        gains, losses = wilder(np.maximum(change, 0.0), period, gain), wilder(np.maximum(-change, 0.0), period, loss)
        return Run((100 * ratio(gains, gains + losses),), remembered(close, gains, losses))

    return carried(step, state, close)


def macd(close: Floats, fast: int = 12, slow: int = 26, signal: int = 9) -> tuple[Floats, Floats, Floats]:
    """Appel's MACD line, its signal and their difference, in dollars.

    Each average is seeded by its own first closes, so the line starts at bar ``slow - 1``; TA-Lib seeds the fast one where the slow one
    begins. The signal is seeded by the line's first ``signal`` values.
    """
    line, average, histogram = macd_run(close, fast, slow, signal).outputs
    return line, average, histogram


def macd_run(close: Floats, fast: int, slow: int, signal: int, state: State | None = None) -> Run:
    """``macd`` that goes on behind ``state``: the three averages."""

    def step(kept: State | None, close: Floats) -> Run:
        before = kept or (None, None, None)
        quick, lazy = exponential(close, fast, before[0]), exponential(close, slow, before[1])
        line = quick - lazy
        average = exponential(line, signal, before[2])
        return Run((line, average, line - average), remembered(quick, lazy, average))

    return carried(step, state, close)


def stochastic(high: Floats, low: Floats, close: Floats, period: int = 14, slowing: int = 3,
               signal: int = 3) -> tuple[Floats, Floats]:  # fmt: skip
    """Lane's %K, smoothed by a simple average of ``slowing``, and %D, the simple average of ``signal`` of it; 0 to 100.

    NaN where the last ``period`` bars have no range.
    """
    high, low, close = (np.asarray(array, dtype=np.float64) for array in (high, low, close))
    bottom = lowest(low, period)
    k = window_mean(100 * ratio(close - bottom, highest(high, period) - bottom), slowing)
    return k, window_mean(k, signal)


def stoch_rsi(
    close: Floats, period: int = 14, window: int = 14, slowing: int = 3, signal: int = 3
) -> tuple[Floats, Floats]:
    """Chande and Kroll's stochastic of the RSI (1994): %K and %D of the last ``window`` values of ``rsi(close, period)``; 0 to 100."""
    k, d = stoch_rsi_run(close, period, window, slowing, signal).outputs
    return k, d


def stoch_rsi_run(
    close: Floats, period: int, window: int, slowing: int, signal: int, state: State | None = None
) -> Run:
    """``stoch_rsi`` that goes on behind ``state``: what the RSI remembers, then its newest values."""
    past = window + slowing + signal - 3

    def step(kept: State | None, close: Floats) -> Run:
        strength = rsi_run(close, period, kept and kept[:3])
        values = np.concatenate((kept[3:] if kept else (), strength.outputs[0]))
        k, d = stochastic(values, values, values, window, slowing, signal)
        size = len(close)
        full = strength.state is not None and len(values) - (0 if kept else period) >= past
        newest = tuple(values[len(values) - past :].tolist())
        return Run((k[len(k) - size :], d[len(d) - size :]), (strength.state or ()) + newest if full else None)

    return carried(step, state, close)


def cci(high: Floats, low: Floats, close: Floats, period: int = 20) -> Floats:
    """Lambert's commodity channel index: the typical price's distance from its simple average, in mean deviations of 0.015.

    NaN where the last ``period`` typical prices are equal.
    """
    typical = np.asarray((high + low + close) / 3, dtype=np.float64)
    mean = moments(typical, period)[0]
    return ratio(typical - mean, SCALE * mean_distance(typical, mean, period))


def williams_r(high: Floats, low: Floats, close: Floats, period: int = 14) -> Floats:
    """Williams' %R from -100 to 0: how far the close lies below the highest high; NaN where the last bars have no range."""
    top = highest(np.asarray(high, dtype=np.float64), period)
    return -100 * ratio(top - close, top - lowest(np.asarray(low, dtype=np.float64), period))


def roc(close: Floats, period: int = 9) -> Floats:
    """Rate of change: percent above the close ``period`` bars ago."""
    out = np.full(len(close), np.nan)
    out[period:] = 100 * (ratio(close[period:], close[:-period]) - 1)
    return out

"""Exponential averages: how they are seeded, and how they go on from a value.

TA-Lib does the recursion. It is made to start from a given value by as many copies of that value as it takes its own seed from.
"""

import numpy as np

from qv_desktop.analytics.indicators.library import Floats, ran

SHORT = 48  # values up to which a plain loop is quicker than the call of the library


def smoothed(values: Floats, span: int, before: float) -> Floats:
    """Averages that go on from ``before``, each ``(value - average) · 2 / (span + 1)`` further; shape (n,)."""
    if span == 1:
        return values.copy()
    if len(values) > SHORT:
        return np.asarray(ran("EMA", np.concatenate((np.full(span, before), values)), timeperiod=span)[span:])
    out, weight = np.empty(len(values)), 2.0 / (span + 1)
    for i, value in enumerate(values.tolist()):
        before += (value - before) * weight
        out[i] = before
    return out


def exponential(values: Floats, period: int, before: float | None = None) -> Floats:
    """Averages with weight 2 / (period + 1) that go on from ``before``.

    Without it the first is the simple average of the first ``period`` known values, and what lies before it is NaN.
    """
    return _seeded(values, period, period, before)


def wilder(values: Floats, period: int, before: float | None = None) -> Floats:
    """The same with Wilder's weight 1 / period (New Concepts in Technical Trading Systems, 1978)."""
    return _seeded(values, period, 2 * period - 1, before)


def following(values: Floats, period: int, before: float | None = None) -> Floats:
    """Exponential averages that start at the first known value itself, or go on from ``before``."""
    return _seeded(values, 1, period, before)


def _seeded(values: Floats, seeds: int, span: int, before: float | None) -> Floats:
    if before is not None:
        return smoothed(values, span, before)
    out = np.full(len(values), np.nan)
    first = _unknown(values) + seeds - 1
    if first < len(values):
        out[first] = values[first - seeds + 1 : first + 1].mean()
        out[first + 1 :] = smoothed(values[first + 1 :], span, float(out[first]))
    return out


def _unknown(values: Floats) -> int:
    """How many values at the front are NaN."""
    known = ~np.isnan(values)
    return int(np.argmax(known)) if known.any() else len(values)

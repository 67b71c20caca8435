"""True range and its average, which bands and trends are measured in; dollars, shape (n,)."""

import numpy as np

from qv_desktop.analytics.indicators.carried import Run, State, carried, remembered
from qv_desktop.analytics.indicators.library import Floats
from qv_desktop.analytics.indicators.smoothing import wilder


def true_range(high: Floats, low: Floats, close: Floats, before: float = np.nan) -> Floats:
    """How far each bar reaches, the gap from the last close included; the first needs the close ``before``, or is NaN."""
    last = before_each(close, before)
    return np.maximum(high, last) - np.minimum(low, last)


def before_each(values: Floats, before: float) -> Floats:
    """The value one bar earlier, ``before`` for the first."""
    out = np.empty(len(values))
    out[:1] = before
    out[1:] = values[:-1]
    return out


def atr(high: Floats, low: Floats, close: Floats, period: int = 14) -> Floats:
    """Average true range, Wilder's smoothing, seeded with the simple average of the first ``period`` true ranges.

    The first true range needs a previous close, so the first value stands at bar ``period``.
    """
    return atr_run(high, low, close, period).outputs[0]


def atr_run(high: Floats, low: Floats, close: Floats, period: int, state: State | None = None) -> Run:
    """``atr`` that goes on behind ``state``: the last close and the last average."""

    def step(kept: State | None, high: Floats, low: Floats, close: Floats) -> Run:
        last, average = kept or (np.nan, None)
        out = wilder(true_range(high, low, close, last), period, average)
        return Run((out,), remembered(close, out))

    return carried(step, state, high, low, close)

"""Bands around the price: Bollinger, Keltner and Donchian, and the deviation they are measured in; dollars, shape (n,)."""

import numpy as np

from qv_desktop.analytics.indicators.averages import ema_run
from qv_desktop.analytics.indicators.carried import Run, State, carried
from qv_desktop.analytics.indicators.library import Floats
from qv_desktop.analytics.indicators.ranges import atr_run, before_each
from qv_desktop.analytics.indicators.windows import highest, lowest, moments


def deviation(values: Floats, period: int = 14) -> Floats:
    """Standard deviation of the last ``period`` values as a population (divided by ``period``)."""
    return np.asarray(np.sqrt(moments(np.asarray(values, dtype=np.float64), period)[1]))


def bollinger(close: Floats, period: int = 20, width: float = 2.0) -> tuple[Floats, Floats, Floats]:
    """Upper band, simple average and lower band, ``width`` population deviations apart."""
    middle, variance = moments(np.asarray(close, dtype=np.float64), period)
    apart = width * np.sqrt(variance)
    return middle + apart, middle, middle - apart


def donchian(high: Floats, low: Floats, period: int = 20, current: bool = False) -> tuple[Floats, Floats, Floats]:
    """Highest high, the middle and lowest low of the ``period`` bars before each bar, as channel breakouts are traded.

    With ``current`` the bar itself is the last of the period, as many charts draw it.
    """
    upper, lower = (
        highest(np.asarray(high, dtype=np.float64), period),
        lowest(np.asarray(low, dtype=np.float64), period),
    )
    if not current:
        upper, lower = before_each(upper, np.nan), before_each(lower, np.nan)
    return upper, (upper + lower) / 2, lower


def keltner(high: Floats, low: Floats, close: Floats, period: int = 20, width: float = 2.0,
            range_period: int = 10) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    """Upper band, exponential average of closes and lower band, ``width`` average true ranges of ``range_period`` apart."""
    upper, middle, lower = keltner_run(high, low, close, period, width, range_period).outputs
    return upper, middle, lower


def keltner_run(high: Floats, low: Floats, close: Floats, period: int, width: float, range_period: int,
                state: State | None = None) -> Run:  # fmt: skip
    """``keltner`` that goes on behind ``state``: the average, then what the true range remembers."""

    def step(kept: State | None, high: Floats, low: Floats, close: Floats) -> Run:
        middle = ema_run(close, period, kept and kept[:1])
        reach = atr_run(high, low, close, range_period, kept and kept[1:])
        centre, apart = middle.outputs[0], width * reach.outputs[0]
        known = middle.state and reach.state
        centre = np.where(np.isnan(apart), np.nan, centre)
        return Run(
            (centre + apart, centre, centre - apart), (middle.state or ()) + (reach.state or ()) if known else None
        )

    return carried(step, state, high, low, close)

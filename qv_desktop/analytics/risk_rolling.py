"""Value at risk of each day from the days before it alone, by each method, to be held against what the day brought.

What stands at place ``i`` is for day ``window + i``, and nothing of that day or a later one is in it.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from qv_desktop.analytics.risk_historical import tail
from qv_desktop.analytics.risk_monte_carlo import factors, simulated
from qv_desktop.analytics.risk_parametric import DECAY, normal_tail
from qv_desktop.analytics.risk_student import freedom, quantile

type Array = NDArray[np.float64]


def historical(earned: Array, window: int, confidence: float) -> Array:
    """Dollars (days − window,), from ``earned`` (days,), what the book would have earned on each."""
    return np.array([tail(earned[at - window : at], confidence)[0] for at in range(window, len(earned))])


def parametric(earned: Array, window: int, confidence: float, *, weighted: bool = False) -> Array:
    """The same of a normal distribution with mean zero.

    √(vᵀ Σ v) is the standard deviation of what the book earned, for profits are linear in the returns: no matrix is needed.
    """
    past = np.lib.stride_tricks.sliding_window_view(earned, window)[:-1]
    if weighted:
        weights = DECAY ** np.arange(window - 1, -1, -1)
        sigmas = np.sqrt((past**2) @ (weights / weights.sum()))
    else:
        sigmas = past.std(axis=1, ddof=1)
    return sigmas * normal_tail(1.0, confidence)[0]


def monte_carlo(
    logs: Array, values: Array, window: int, confidences: Sequence[float], paths: int, seed: int, step: int = 1,
    between: Callable[[], None] = lambda: None,
) -> Array:  # fmt: skip
    """The same of ``paths`` drawn as ``simulated`` draws them, (confidences, days − window), from ``logs`` (days, names); made anew each
    ``step`` days, and standing until then."""
    days = range(window, len(logs))
    found = np.empty((len(confidences), len(days)))
    for place in range(0, len(days), step):
        at = days[place]
        drawn = simulated(factors(logs[at - window : at]), values, paths, seed, between=between)[0]
        for row, confidence in enumerate(confidences):
            found[row, place : place + step] = tail(drawn, confidence)[0]
    return found


def student(earned: Array, window: int, confidences: Sequence[float], step: int) -> Array:
    """The same of Student's t, (confidences, days − window): to first order what its paths tell, for every book of names that are
    jointly t is t as well. The degrees of freedom are fitted anew each ``step`` days, and stand until then."""
    past = np.lib.stride_tricks.sliding_window_view(earned, window)[:-1]
    found = np.tile(past.std(axis=1, ddof=1), (len(confidences), 1))
    for place in range(0, len(past), step):
        degrees = freedom(past[place])
        for row, confidence in enumerate(confidences):
            found[row, place : place + step] *= quantile(confidence, degrees)
    return found

"""Whether a value at risk was passed as often as it should be, and not in bunches.

Sources: Kupiec, "Techniques for Verifying the Accuracy of Risk Measurement Models", Journal of Derivatives 3(2), 1995; Christoffersen,
"Evaluating Interval Forecasts", International Economic Review 39(4), 1998. The tails of chi-squared with 1 and 2 degrees of freedom are
erfc(√(x / 2)) and e^(−x / 2).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Test:
    """A likelihood ratio and the chance of one as large under a right model."""

    ratio: float
    p: float


def kupiec(exceptions: int, days: int, rate: float) -> Test:
    """Whether ``exceptions`` in ``days`` fit the ``rate`` (0.01 for a VaR of 99 %): proportion of failures, 1 degree of freedom."""
    other = days - exceptions
    ratio = 2 * (_log(other, exceptions, exceptions / days) - _log(other, exceptions, rate))
    return one_degree(ratio)


def christoffersen(hits: NDArray[np.bool_]) -> Test | None:
    """Whether exceptions come independently of the day before, 1 degree of freedom; ``hits`` (days,) oldest first.

    None where it says nothing: without any exception that has a day after it.
    """
    before, after = hits[:-1], hits[1:]
    counts = [int(((before == was) & (after == now)).sum()) for was in (False, True) for now in (False, True)]
    return independence(*counts)


def independence(n00: int, n01: int, n10: int, n11: int) -> Test | None:
    """The same from counts: n01 is the days with an exception after days without."""
    if n10 + n11 == 0 or n00 + n01 == 0:
        return None
    free = _log(n00, n01, n01 / (n00 + n01)) + _log(n10, n11, n11 / (n10 + n11))
    bound = _log(n00 + n10, n01 + n11, (n01 + n11) / (n00 + n01 + n10 + n11))
    return one_degree(2 * (free - bound))


def conditional(count: Test, bunching: Test) -> Test:
    """Both at once: the ratios add up, 2 degrees of freedom."""
    ratio = count.ratio + bunching.ratio
    return Test(ratio, math.exp(-ratio / 2))


def one_degree(ratio: float) -> Test:
    """The test of a ratio with 1 degree of freedom; rounding below zero is zero."""
    kept = max(0.0, ratio)
    return Test(kept, math.erfc(math.sqrt(kept / 2)))


def _log(misses: int, hits: int, rate: float) -> float:
    """ln((1 − rate)^misses · rate^hits), where 0 ln 0 is 0."""
    return (misses * math.log1p(-rate) if misses else 0.0) + (hits * math.log(rate) if hits else 0.0)

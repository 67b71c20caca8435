"""Value at risk and expected shortfall by historical simulation: the present book through the days that were.

Source: Hull, "Risk Management and Financial Institutions", ch. 13: with n scenarios and confidence c the VaR is the k-th worst loss,
k = n (1 − c), and the expected shortfall the mean of the k worst. Where k is no whole number it is taken down: the larger loss.
"""

import math

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]

ROUNDING = 1e-9  # 500 × (1 − 0.99) is a hair above 5 or below it


def tail(profits: Array, confidence: float) -> tuple[float, float]:
    """VaR and expected shortfall in dollars of loss, from ``profits`` (n,) in dollars. Raises ValueError for no profits."""
    if profits.size == 0:
        raise ValueError("There is no day to look at.")
    worst = max(1, math.floor(profits.size * (1.0 - confidence) + ROUNDING))
    lowest = np.partition(profits, worst - 1)[:worst]
    return -float(lowest.max()), -float(lowest.mean())


def profits(returns: Array, values: Array, days: int = 1) -> Array:
    """Dollars that ``values`` (names,), held unchanged, would have earned over each ``days`` days in a row.

    ``returns`` (n, names) are simple and daily; the answer is (n − days + 1,), and its neighbours overlap when ``days`` > 1.
    """
    if days == 1:
        return returns @ values
    growth = np.vstack([np.zeros(returns.shape[1]), np.cumsum(np.log1p(returns), axis=0)])
    moved: Array = np.expm1(growth[days:] - growth[:-days])
    return moved @ values

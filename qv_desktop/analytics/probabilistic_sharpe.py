"""The probabilistic Sharpe ratio: how likely a Sharpe ratio that was seen stands for a true one above a benchmark."""

import math
from statistics import NormalDist
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NORMAL = NormalDist()


class Moments(NamedTuple):
    """Of returns by period: Sharpe ratio by period (not annualised), skewness, kurtosis (3 for a normal one), and their number."""

    sharpe: float
    skew: float
    kurtosis: float
    periods: int


def moments(returns: NDArray[np.float64]) -> Moments:
    """Sample moments of ``returns`` (periods,), fractions; NaN where there are too few or none of them moves.

    The Sharpe ratio takes the deviation with n − 1; skewness and kurtosis are those of the sample (with n).
    """
    count = len(returns)
    mean = float(np.mean(returns)) if count else math.nan
    apart = returns - mean
    spread = float(np.mean(apart**2)) if count else 0.0
    if count < 3 or spread <= 1e-12 * float(np.mean(returns**2)):
        return Moments(math.nan, math.nan, math.nan, count)
    deviation = math.sqrt(spread * count / (count - 1))
    skew, kurtosis = (float(np.mean(apart**power)) / spread ** (power / 2) for power in (3, 4))
    return Moments(mean / deviation, skew, kurtosis, count)


def variance_term(sharpe: float, skew: float, kurtosis: float) -> float:
    """1 − γ₃·SR + (γ₄ − 1)/4·SR²: the variance of an estimated Sharpe ratio times (n − 1)."""
    return 1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe**2


def probabilistic_sharpe(seen: Moments, benchmark: float = 0.0) -> float:
    """The probability, 0 to 1, that the true Sharpe ratio exceeds ``benchmark`` (by period, as ``seen``); NaN where unknown.

    PSR(SR*) = Φ[(SR − SR*)·√(n − 1) / √(1 − γ₃·SR + (γ₄ − 1)/4·SR²)]

    Source: Bailey & López de Prado (2012), “The Sharpe Ratio Efficient Frontier”, Journal of Risk 15(2).
    """
    term = variance_term(seen.sharpe, seen.skew, seen.kurtosis)
    if seen.periods < 2 or not term > 0 or math.isnan(benchmark):
        return math.nan
    return NORMAL.cdf((seen.sharpe - benchmark) * math.sqrt(seen.periods - 1) / math.sqrt(term))

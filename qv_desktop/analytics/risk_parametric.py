"""Value at risk by variance and covariance: returns are taken as normal with mean zero.

Sources: Hull, "Risk Management and Financial Institutions", ch. 14; J.P. Morgan/Reuters, "RiskMetrics Technical Document", 1996,
ch. 5 for exponential weights with a decay of 0.94 a day.
"""

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]

DECAY = 0.94  # RiskMetrics, daily
NORMAL = NormalDist()


def covariance(returns: Array) -> Array:
    """The sample covariance (names, names) of ``returns`` (days, names), each day as heavy, over days − 1."""
    centred = returns - returns.mean(axis=0)
    return centred.T @ centred / (len(returns) - 1)


def weighted_covariance(returns: Array, decay: float = DECAY) -> Array:
    """The exponentially weighted covariance about zero: the newest day weighs 1 − ``decay``, each older one ``decay`` times that,
    and the weights are scaled to add up to 1."""
    weights = decay ** np.arange(len(returns) - 1, -1, -1)
    weighted = returns * np.sqrt(weights / weights.sum())[:, None]
    return weighted.T @ weighted


def deviation(values: Array, covariances: Array) -> float:
    """The standard deviation, in dollars, of a day's profit of ``values`` (names,): √(vᵀ Σ v)."""
    return math.sqrt(max(0.0, float(values @ covariances @ values)))


def normal_tail(sigma: float, confidence: float, days: int = 1) -> tuple[float, float]:
    """VaR and expected shortfall in dollars: z σ √days, and φ(z) / (1 − c) σ √days (Hull, eq. 12.2)."""
    z, scale = NORMAL.inv_cdf(confidence), sigma * math.sqrt(days)
    return z * scale, NORMAL.pdf(z) / (1.0 - confidence) * scale

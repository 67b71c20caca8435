"""How names move with a benchmark and with each other."""

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]


def betas(returns: Array, benchmark: Array) -> Array:
    """Beta of each name, (names,): covariance with the benchmark over its variance; ``returns`` (days, names), ``benchmark`` (days,).

    NaN for all when the benchmark does not move or there are fewer than two days. (Sharpe, "Capital Asset Prices", Journal of
    Finance 19(3), 1964; ordinary least squares with a constant.)
    """
    if len(benchmark) < 2:
        return np.full(returns.shape[1], np.nan)
    centred = benchmark - benchmark.mean()
    variance = float(centred @ centred)
    if variance == 0:
        return np.full(returns.shape[1], np.nan)
    return centred @ (returns - returns.mean(axis=0)) / variance


def correlations(returns: Array) -> Array:
    """Pearson's correlations (names, names); NaN beside a name that does not move, whose own is NaN too."""
    centred = returns - returns.mean(axis=0)
    lengths = np.sqrt((centred**2).sum(axis=0))
    lengths[lengths < 1e-12] = np.nan
    unit = centred / lengths
    return np.clip(unit.T @ unit, -1.0, 1.0)

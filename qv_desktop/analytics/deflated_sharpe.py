"""The deflated Sharpe ratio: the probabilistic one against what the best of so many trials would show by luck alone."""

import math

import numpy as np
from numpy.typing import NDArray

from qv_desktop.analytics.probabilistic_sharpe import NORMAL, Moments, probabilistic_sharpe

EULER_MASCHERONI = 0.57721566490153286


def expected_maximum_sharpe(variance: float, trials: float) -> float:
    """The Sharpe ratio that the best of ``trials`` worthless strategies is expected to show, in the unit of √``variance``.

    E[max SR] ≈ √V · ((1 − γ)·Φ⁻¹[1 − 1/N] + γ·Φ⁻¹[1 − 1/(N·e)]), γ ≈ 0.5772 (Euler-Mascheroni); 0 for a single trial.
    ``variance`` is that of the Sharpe ratios over the trials.

    Source: Bailey & López de Prado (2014), “The Deflated Sharpe Ratio”, Journal of Portfolio Management 40(5), equation 1.
    """
    if not trials > 1:
        return 0.0
    late = NORMAL.inv_cdf(1 - 1 / trials), NORMAL.inv_cdf(1 - 1 / (trials * math.e))
    return math.sqrt(variance) * ((1 - EULER_MASCHERONI) * late[0] + EULER_MASCHERONI * late[1])


def deflated_sharpe(seen: Moments, variance: float, trials: float) -> float:
    """The probability, 0 to 1, that the chosen strategy's true Sharpe ratio is above 0 after ``trials`` were tried; NaN if unknown.

    DSR = PSR(E[max SR]). ``variance`` is that of the trials' Sharpe ratios by period, as ``seen`` is.

    Source: Bailey & López de Prado (2014), equation 2.
    """
    if math.isnan(variance) or variance < 0:
        return math.nan
    return probabilistic_sharpe(seen, expected_maximum_sharpe(variance, trials))


def independent_trials(trials: int, correlation: float) -> float:
    """How many independent trials ``trials`` of this mean pairwise ``correlation`` amount to: N̂ = ρ + (1 − ρ)·M.

    Source: Bailey & López de Prado (2014), appendix. A correlation below 0 counts as 0.
    """
    within = min(max(correlation, 0.0), 1.0)
    return within + (1 - within) * trials


def mean_correlation(returns: NDArray[np.float64]) -> float:
    """Mean correlation over all pairs of columns of ``returns`` (periods × trials); columns that never move are left out.

    Each pair need not be formed: the variance of the sum of standardised columns is their number plus all pairs' correlations.
    NaN with fewer than two columns that move.
    """
    apart = returns - returns.mean(axis=0)
    spread = np.sqrt((apart**2).mean(axis=0))
    moving = spread > 1e-9
    count = int(moving.sum())
    if count < 2:
        return math.nan
    together = (apart[:, moving] / spread[moving]).sum(axis=1)
    return float(((together**2).mean() - count) / (count * (count - 1)))

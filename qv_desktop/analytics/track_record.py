"""The minimum track record length: how many periods a Sharpe ratio must have been seen for before it can be believed."""

import math

from qv_desktop.analytics.probabilistic_sharpe import NORMAL, Moments, variance_term


def minimum_track_record(seen: Moments, benchmark: float = 0.0, confidence: float = 0.95) -> float:
    """Periods needed to say with ``confidence`` that the true Sharpe ratio exceeds ``benchmark`` (by period, as ``seen``).

    MinTRL = 1 + (1 − γ₃·SR + (γ₄ − 1)/4·SR²) · (Φ⁻¹[confidence] / (SR − SR*))²; endless where SR does not exceed SR*; NaN if unknown.

    Source: Bailey & López de Prado (2012), “The Sharpe Ratio Efficient Frontier”, Journal of Risk 15(2).
    """
    if any(math.isnan(value) for value in (*seen[:3], benchmark)):
        return math.nan
    if seen.sharpe <= benchmark:
        return math.inf
    return (
        1
        + variance_term(seen.sharpe, seen.skew, seen.kurtosis)
        * (NORMAL.inv_cdf(confidence) / (seen.sharpe - benchmark)) ** 2
    )

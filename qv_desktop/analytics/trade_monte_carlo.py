"""Monte-Carlo of trades: the same trades in another order, or drawn again, to see how much of a result was luck."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from qv_desktop.analytics.probabilistic_sharpe import NORMAL

type Floats = NDArray[np.float64]
type Method = Literal["shuffle", "bootstrap"]

PERCENTILES = (5.0, 25.0, 50.0, 75.0, 95.0)
POINTS = 200  # of the fan, at most
STEP = 2_000_000  # cells of (runs × trades) at a time


@dataclass(frozen=True, slots=True)
class MonteCarlo:
    """``final`` (runs,): the last equity over the first. ``drawdown`` (runs,): the deepest fall from a high, ≤ 0.

    ``trade`` (points,) and ``fan``, ``drawdown_fan`` (percentiles × points): equity over the first, and the depth below the high so
    far, after so many trades. ``ruin`` is the share of runs that fell to the ruin level, from ``ruin_low`` to ``ruin_high`` with 95%
    confidence.
    """

    method: Method
    seed: int
    final: Floats
    drawdown: Floats
    trade: NDArray[np.int64]
    fan: Floats
    drawdown_fan: Floats
    ruin: float
    ruin_low: float
    ruin_high: float

    def percentiles(self, values: Floats) -> tuple[float, ...]:
        """``values`` at the 5th, 25th, 50th, 75th and 95th percentile."""
        return tuple(float(v) for v in np.percentile(values, PERCENTILES))


def monte_carlo(
    returns: Floats,
    method: Method,
    seed: int,
    runs: int = 5_000,
    ruin: float = 0.5,
    going: Callable[[float], None] = lambda done: None,
) -> MonteCarlo:
    """``runs`` histories of ``returns`` (trades,), each trade's profit as a fraction of the equity before it; the same seed, the same.

    “shuffle” keeps every trade and changes their order (the final equity is then the same in all, the drawdown is not); “bootstrap”
    draws as many trades with replacement. Trades are taken as one after another and independent. ``ruin`` is the loss of the first
    equity, as a fraction, that ends it. A loss of all or more leaves nothing. ``going`` hears the share done and may raise to stop.
    Raises ValueError with fewer than two trades.

    Sources: Efron (1979), “Bootstrap Methods: Another Look at the Jackknife”, Annals of Statistics 7(1); the confidence interval of the
    share ruined is Wilson's (1927), Journal of the American Statistical Association 22.
    """
    count = len(returns)
    if count < 2:
        raise ValueError(f"a Monte-Carlo of trades needs two, not {count}")
    draw, left = np.random.default_rng(seed), runs
    trade = np.unique(np.linspace(0, count, min(count, POINTS) + 1).round().astype(np.int64))
    finals, depths, paths, falls, ruined = [], [], [], [], 0
    while left:
        part = min(left, max(1, STEP // count))
        drawn = _drawn(returns, method, draw, part)
        equity = np.concatenate((np.ones((part, 1)), np.cumprod(np.maximum(1 + drawn, 0.0), axis=1)), axis=1)
        fall = equity / np.maximum.accumulate(equity, axis=1) - 1
        finals.append(equity[:, -1])
        depths.append(fall.min(axis=1))
        paths.append(equity[:, trade])
        falls.append(fall[:, trade])
        ruined += int((equity.min(axis=1) <= 1 - ruin + 1e-12).sum())
        left -= part
        going(1 - left / runs)
    low, high = wilson(ruined, runs)
    fans = [np.percentile(np.concatenate(parts), PERCENTILES, axis=0) for parts in (paths, falls)]
    return MonteCarlo(method, seed, np.concatenate(finals), np.concatenate(depths), trade, fans[0], fans[1],
                      ruined / runs, low, high)  # fmt: skip


def _drawn(returns: Floats, method: Method, draw: np.random.Generator, runs: int) -> Floats:
    if method == "bootstrap":
        return returns[draw.integers(0, len(returns), (runs, len(returns)))]
    return draw.permuted(np.tile(returns, (runs, 1)), axis=1)


def wilson(hits: int, tries: int, confidence: float = 0.95) -> tuple[float, float]:
    """The interval of the true share with ``confidence`` after ``hits`` in ``tries`` (Wilson's score interval)."""
    z, share = NORMAL.inv_cdf(0.5 + confidence / 2), hits / tries
    middle = (share + z**2 / (2 * tries)) / (1 + z**2 / tries)
    half = z / (1 + z**2 / tries) * math.sqrt(share * (1 - share) / tries + z**2 / (4 * tries**2))
    return max(0.0, middle - half), min(1.0, middle + half)

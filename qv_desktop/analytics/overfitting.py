"""The probability of backtest overfitting, by combinatorially symmetric cross-validation of all that was tried."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from qv_desktop.analytics.blocks import Blocks, Flags, Floats, merged, sharpe

STEP = 4_000_000  # cells of (splits × trials) at a time
LEVELS = 200  # of performance at which distributions are compared
HALVABLE = 16  # blocks, of which half are chosen in 12,870 ways: as many as the authors take


@dataclass(frozen=True, slots=True)
class Overfitting:
    """What the splits told.

    ``logits``, ``inside`` and ``outside`` (splits,): the chosen trial's rank out of sample as a logit, and its Sharpe ratio by bar in
    and out of sample. ``levels``, ``chosen_below``, ``any_below`` (levels,): the share of outcomes out of sample at or below each
    level, of the chosen trial and of any.
    """

    probability: float
    logits: Floats
    inside: Floats
    outside: Floats
    slope: float  # of outside over inside: below 0, what did better in sample did worse out of it
    intercept: float
    fit: float  # R²
    loss: float  # the share of splits in which the chosen trial lost out of sample
    levels: Floats
    chosen_below: Floats
    any_below: Floats
    first_order: bool  # choosing is at least as good as any trial at every level
    second_order: bool  # … so for whoever shuns risk


def overfitting(blocks: Blocks, going: Callable[[float], None] = lambda done: None) -> Overfitting:
    """CSCV over ``blocks``, joined to 16 when there are more; ``going`` hears the share done and may raise to stop.

    For each choice of half of the blocks the trial with the best Sharpe ratio in them is ranked, by its Sharpe ratio in the others,
    from 1 (worst) to N; with ω = rank/(N + 1) the logit is λ = ln(ω/(1 − ω)), and the probability of overfitting is the share of
    λ ≤ 0. Ties share a rank; a trial that does not move has a ratio of 0.

    Raises ValueError with fewer than two trials, fewer than two blocks, or an odd number of up to 16.

    Source: Bailey, Borwein, López de Prado & Zhu (2015/2017), “The Probability of Backtest Overfitting”, Journal of Computational
    Finance 20(4), section 3 (PBO, performance degradation, probability of loss, stochastic dominance).
    """
    blocks = merged(blocks, HALVABLE)
    count = len(blocks.counts)
    if blocks.trials < 2 or count < 2 or count % 2:
        raise ValueError(f"overfitting needs two trials and an even number of blocks, not {blocks.trials} and {count}")
    halves = _halves(count)
    step = max(1, STEP // blocks.trials)
    parts = [halves[at : at + step] for at in range(0, len(halves), step)]
    logits, inside, outside, bounds = [], [], [], []
    for done, part in enumerate(parts):
        going(done / len(parts) / 2)
        within, without = sharpe(blocks, part), sharpe(blocks, ~part)
        best, rows = within.argmax(axis=1), np.arange(len(part))
        chosen = without[rows, best]
        logits.append(_logits(without, chosen))
        inside.append(within[rows, best])
        outside.append(chosen)
        bounds.append((without.min(), without.max()))
    levels = np.linspace(min(low for low, _ in bounds), max(high for _, high in bounds), LEVELS)
    below = np.zeros(LEVELS)
    for done, part in enumerate(parts):
        going(0.5 + done / len(parts) / 2)
        below += np.searchsorted(np.sort(sharpe(blocks, ~part), axis=None), levels, side="right")
    tried = np.concatenate(logits), np.concatenate(inside), np.concatenate(outside)
    return _told(*tried, levels, below / (len(halves) * blocks.trials))


def _told(logits: Floats, inside: Floats, outside: Floats, levels: Floats, any_below: Floats) -> Overfitting:
    slope, intercept, fit = _line(inside, outside)
    chosen_below = np.searchsorted(np.sort(outside), levels, side="right") / len(outside)
    apart = any_below - chosen_below
    area = np.cumsum(apart)
    first = bool(np.all(apart >= -1e-12) and np.any(apart > 1e-12))
    second = bool(np.all(area >= -1e-9) and np.any(area > 1e-9))
    return Overfitting(float(np.mean(logits <= 0)), logits, inside, outside, slope, intercept, fit, float(np.mean(outside < 0)),
                       levels, chosen_below, any_below, first, second)  # fmt: skip


def _halves(blocks: int) -> Flags:
    """Every choice of half of the blocks, (splits × blocks)."""
    chosen = list(combinations(range(blocks), blocks // 2))
    flags = np.zeros((len(chosen), blocks), dtype=bool)
    flags[np.arange(len(chosen))[:, None], np.array(chosen)] = True
    return flags


def _logits(without: Floats, chosen: Floats) -> Floats:
    low = (without < chosen[:, None]).sum(axis=1)
    upto = (without <= chosen[:, None]).sum(axis=1)
    share = (low + upto + 1) / 2 / (without.shape[1] + 1)
    found: Floats = np.log(share / (1 - share))
    return found


def _line(x: Floats, y: Floats) -> tuple[float, float, float]:
    """Slope, intercept and R² of the straight line of least squares; NaN where x does not vary."""
    apart, rise = x - x.mean(), y - y.mean()
    across, up = float((apart**2).sum()), float((rise**2).sum())
    if across <= 1e-18:
        return math.nan, math.nan, math.nan
    slope = float((apart * rise).sum()) / across
    return slope, float(y.mean() - slope * x.mean()), slope**2 * across / up if up > 0 else math.nan

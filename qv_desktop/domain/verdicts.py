"""Verdicts on validations: what the figures amount to, in one plain sentence, and how good the news is."""

import math
from collections.abc import Mapping

from qv_desktop.domain.validation import Level, Verdict

CERTAIN = 0.95  # the deflated Sharpe ratio from which a discovery stands
RARE = (
    0.05  # the probability of overfitting up to which there is no sign of it (Neyman-Pearson, as its authors propose)
)
HALF = 0.5
EFFICIENT = 0.5  # Pardo: a walk-forward efficiency below this is doubtful

type Figures = Mapping[str, float]


def on_overfitting(figures: Figures) -> Verdict:
    """By the probability of backtest overfitting and the deflated Sharpe ratio of the best combination."""
    probability, deflated, trials = figures["probability"], figures["deflated"], int(figures["trials"])
    if math.isnan(probability):
        return Verdict("unknown", "Nothing can be said: the best combination never moved.")
    least = -1.0 if math.isnan(deflated) else deflated  # what is unknown proves nothing
    level: Level = "doubtful"
    if probability >= HALF or least < HALF:
        level = "bad"
    elif probability <= RARE and least >= CERTAIN:
        level = "good"
    words = {"bad": "Probably overfitted", "doubtful": "Doubtful", "good": "No sign of overfitting"}[level]
    return Verdict(level, f"{words}: PBO {probability:.2f} ({probability:.0%} of the splits put the best of {trials:,} combinations into "
                          f"the lower half out of sample), deflated Sharpe {_share(deflated)}.")  # fmt: skip


def on_walk_forward(figures: Figures) -> Verdict:
    """By the return out of sample and the walk-forward efficiency."""
    total, efficiency, won, steps = (figures[name] for name in ("total_return", "efficiency", "steps_won", "steps"))
    told = f"{_signed(total)} out of sample, efficiency {_share(efficiency)}, {won:.0f} of {steps:.0f} steps won"
    if total <= 0:
        return Verdict("bad", f"The choice did not carry forward: {told}.")
    if math.isnan(efficiency) or efficiency < EFFICIENT or won * 2 < steps:
        return Verdict("doubtful", f"Much was lost out of sample: {told}.")
    return Verdict("good", f"The choice carried forward: {told}.")


def on_cross_validation(figures: Figures) -> Verdict:
    """By how the choice of the other folds did in each: against nothing, and against the middle of all combinations."""
    ahead, folds, outside, inside = (figures[name] for name in ("folds_ahead", "folds", "outside", "inside"))
    told = (f"Sharpe {_number(outside)} in the folds that judged, {_number(inside)} in those that chose; "
            f"better than the median in {ahead:.0f} of {folds:.0f}")  # fmt: skip
    if outside <= 0 or ahead * 2 <= folds:
        return Verdict("bad", f"Choosing did not help: {told}.")
    if outside < inside / 2 or ahead < folds * 0.75:
        return Verdict("doubtful", f"Choosing helped a little: {told}.")
    return Verdict("good", f"Choosing helped: {told}.")


def on_monte_carlo(figures: Figures) -> Verdict:
    """By the risk of ruin, the poor ends and the deep drawdowns among the histories."""
    ruin, low, high = (figures[name] for name in ("ruin", "ruin_low", "ruin_high"))
    deep, seen, poor = (figures[name] for name in ("drawdown_5", "drawdown_seen", "final_5"))
    told = (f"one history in twenty falls by {-deep:.0%} or more (seen: {-seen:.0%}) and one in twenty ends at "
            f"{_signed(poor - 1)} or less; risk of losing {figures['ruin_at']:.0%}: {ruin:.1%} ({low:.1%} to {high:.1%})")  # fmt: skip
    if high > RARE or figures["final_50"] <= 1:
        return Verdict("bad", f"Fragile: {told}.")
    if poor < 1 or deep < 1.5 * seen:
        return Verdict("doubtful", f"Luck had a part: {told}.")
    return Verdict("good", f"Robust: {told}.")


def _share(value: float) -> str:
    return "unknown" if math.isnan(value) else f"{value:.2f}".replace("-", "−")


def _number(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def _signed(value: float) -> str:
    return f"{value:+.1%}".replace("-", "−")

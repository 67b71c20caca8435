"""Tests of a sweep: overfitting, walk-forward, purged cross-validation and Monte-Carlo, as figures and curves by name."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from qv_desktop.analytics.blocks import Blocks, Flags, Floats, growth, sharpe
from qv_desktop.analytics.deflated_sharpe import (
    deflated_sharpe,
    expected_maximum_sharpe,
    independent_trials,
    mean_correlation,
)
from qv_desktop.analytics.overfitting import overfitting
from qv_desktop.analytics.probabilistic_sharpe import Moments, probabilistic_sharpe
from qv_desktop.analytics.purged_folds import cross_validated, horizon_ends, purged_folds
from qv_desktop.analytics.sweep_table import Places, blocks_of_rows
from qv_desktop.analytics.track_record import minimum_track_record
from qv_desktop.analytics.trade_monte_carlo import PERCENTILES, monte_carlo
from qv_desktop.analytics.walk_forward import Objective, Step, choices, stitched, windows
from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.sweeps import SweepResult
from qv_desktop.domain.validation import FoldsAsked, TradesAsked, WalkAsked

type Going = Callable[[float], None]
type Values = tuple[float, ...]

POINTS = 1_000  # of a curve that is kept
SAME = 1e-6  # by which a combination run alone may differ from the sweep's returns of a block


@dataclass(frozen=True, slots=True)
class Told:
    """Figures and curves by name."""

    figures: dict[str, float]
    curves: dict[str, Values]


@dataclass(frozen=True, slots=True)
class Walk:
    """The choices of a walk-forward, and the combinations that have to be run for its curves."""

    steps: tuple[Step, ...]
    places: Places  # of the trials' columns in the sweep's rows
    needed: tuple[Values, ...]


def tried(result: SweepResult) -> tuple[Blocks, Places]:
    """The returns by block of the combinations that have any. Raises BadInput with fewer than two."""
    blocks, places = blocks_of_rows(result.rows, result.block_bars)
    if blocks.trials < 2 or len(blocks.counts) < 2:
        raise BadInput(
            "A test takes at least two combinations with results, and their returns by block; run the sweep again."
        )
    return blocks, places


def objective_of(result: SweepResult) -> Objective:
    """What choices are made by: the total return if the sweep asks for it, else the Sharpe ratio, which block sums give exactly."""
    return growth if result.spec.objective == "total_return" else sharpe


# ---- overfitting


def overfitting_told(result: SweepResult, going: Going) -> Told:
    """The probability of overfitting over all combinations, and the deflated Sharpe ratio of the best by it. Raises BadInput."""
    blocks, places = tried(result)
    if len(blocks.counts) % 2 and len(blocks.counts) <= 16:
        raise BadInput("The sweep kept an odd number of blocks; run it again.")
    found = overfitting(blocks, going)
    year = math.sqrt(result.year_bars)
    rows = [result.rows[at] for at in places]
    ratios = np.array([row.sharpe for row in rows]) / year
    best = rows[int(np.nanargmax(np.where(np.isfinite(ratios), ratios, -np.inf)))]
    seen = Moments(best.sharpe / year, best.skew, best.kurtosis, result.bars)
    known = ratios[np.isfinite(ratios)]
    variance = float(np.var(known, ddof=1)) if len(known) > 1 else math.nan
    trials, alone = len(known), independent_trials(len(known), mean_correlation(blocks.sums))
    figures = {
        "probability": found.probability, "loss": found.loss, "slope": found.slope, "fit": found.fit,
        "first_order": float(found.first_order), "second_order": float(found.second_order), "splits": float(len(found.logits)),
        "trials": float(trials), "independent": alone, "sharpe": best.sharpe,
        "probabilistic": probabilistic_sharpe(seen), "deflated": deflated_sharpe(seen, variance, trials),
        "deflated_independent": deflated_sharpe(seen, variance, alone),
        "expected_maximum": expected_maximum_sharpe(variance, trials) * year if not math.isnan(variance) else math.nan,
        "years": result.bars / result.year_bars, "years_needed": minimum_track_record(seen) / result.year_bars,
    }  # fmt: skip
    curves = {"logits": _kept(found.logits, 4), "levels": _kept(found.levels * year), "chosen_below": _kept(found.chosen_below),
              "any_below": _kept(found.any_below)}  # fmt: skip
    return Told(figures, curves)


# ---- walk-forward


def walk(result: SweepResult, asked: WalkAsked) -> Walk:
    """The choice of each step. Raises BadInput where the stretches do not fit."""
    blocks, places = tried(result)
    count = len(blocks.counts)
    inside, outside = (max(1, round(count * share / 100)) for share in (asked.inside, asked.outside))
    try:
        steps = choices(blocks, windows(count, inside, outside, anchored=asked.anchored), objective_of(result))
    except ValueError as error:
        raise BadInput(f"The walk cannot be made: {error}; choose shorter stretches.") from None
    hindsight = _best_place(result, places)
    columns = dict.fromkeys([*(step.chosen for step in steps), hindsight])
    return Walk(steps, places, tuple(result.rows[places[column]].values for column in columns))


def walk_told(result: SweepResult, made: Walk, runs: Mapping[Values, BacktestResult]) -> Told:
    """The stitched curve out of sample, from the ``runs`` of the chosen combinations over all bars. Raises BadInput.

    At each step the position of the former choice is given up and that of the next taken at once, which costs fees and slippage on
    both; within a step the strategy runs as it always has, so that its indicators are warm.
    """
    edges = np.concatenate(([0], np.cumsum(result.block_bars))).astype(int)
    returns = {values: returns_of(run) for values, run in runs.items()}
    _agree(result, returns, edges)
    before: Values | None = None
    inside, outside, costs = [], [], []
    for step in made.steps:
        values = result.rows[made.places[step.chosen]].values
        start, split, end = (int(edges[at]) for at in (step.window.start, step.window.split, step.window.end))
        former = runs.get(before) if before is not None else None
        cost = 0.0 if values == before else _given_up(runs[values], split) + _given_up(former, split)
        before = values
        part = returns[values][split:end].copy()
        part[0] -= cost
        inside.append(returns[values][start:split])
        outside.append(part)
        costs.append(cost)
    joined = stitched(inside, outside)
    first = int(edges[made.steps[0].window.split])
    return Told(_walk_figures(result, made, joined.equity, outside, costs, joined.inside_rate, joined.outside_rate, joined.efficiency),
                _walk_curves(result, made, runs, joined.equity, first, edges))  # fmt: skip


def returns_of(run: BacktestResult) -> Floats:
    """Returns by bar (bars,) of a run, the first one counted from its cash."""
    equity = np.concatenate(([run.spec.cash], run.equity))
    found: Floats = equity[1:] / equity[:-1] - 1
    return found


def _agree(result: SweepResult, returns: Mapping[Values, Floats], edges: Places) -> None:
    """Raises BadInput when a combination that runs alone makes something else than it did in the sweep."""
    by_values = {row.values: row for row in result.rows}
    for values, found in returns.items():
        if len(found) != edges[-1]:
            raise BadInput("There are other bars than when the sweep ran; run the sweep again, then test it.")
        sums = np.add.reduceat(found, edges[:-1])
        if float(np.abs(sums - by_values[values].block_sums).max()) > SAME:
            raise BadInput("A combination run alone does not make what it made in the sweep, so nothing can be said of it; "
                           "run the sweep again, and if this comes back, send in the log.")  # fmt: skip


def _given_up(run: BacktestResult | None, split: int) -> float:
    """What it costs, as a part of equity, to give up or to take the position that ``run`` has just before ``split``."""
    if run is None or not run.exposure or split <= 0:
        return 0.0
    spec, at = run.spec, run.at[split - 1]
    shares = sum(one.size for one in run.trades if one.entered <= at and (one.open or one.left > at))
    rate = (spec.fees + spec.slippage) / 10_000
    return rate * abs(run.exposure[split - 1]) + spec.fees_per_share * shares / run.equity[split - 1]


def _walk_figures(result: SweepResult, made: Walk, equity: Floats, outside: Sequence[Floats], costs: Sequence[float],
                  inside_rate: float, outside_rate: float, efficiency: float) -> dict[str, float]:  # fmt: skip
    traded = np.concatenate(outside)
    spread = float(traded.std(ddof=1)) if len(traded) > 1 else 0.0
    chosen = [step.chosen for step in made.steps]
    return {
        "total_return": float(equity[-1] - 1), "efficiency": efficiency,
        "sharpe": float(traded.mean()) / spread * math.sqrt(result.year_bars) if spread > 0 else math.nan,
        "max_drawdown": float((equity / np.maximum.accumulate(equity) - 1).min()),
        "inside_year": math.expm1(inside_rate * result.year_bars), "outside_year": math.expm1(outside_rate * result.year_bars),
        "steps": float(len(made.steps)), "steps_won": float(sum(np.prod(1 + part) > 1 for part in outside)),
        "changes": float(sum(a != b for a, b in pairwise(chosen))), "change_cost": float(sum(costs)),
        "bars": float(len(traded)),
    }  # fmt: skip


def _walk_curves(result: SweepResult, made: Walk, runs: Mapping[Values, BacktestResult], equity: Floats, first: int,
                 edges: Places) -> dict[str, Values]:  # fmt: skip
    """Curves from the bar before the first traded one on, thinned to the same places."""
    hindsight = runs[result.rows[made.places[_best_place(result, made.places)]].values]
    last = first + len(equity) - 1
    begin = max(first - 1, 0)
    kept = np.unique(np.linspace(0, len(equity) - 1, min(len(equity), POINTS)).round().astype(int))
    shown = {"equity": equity}
    for name, curve in (("hindsight", hindsight.equity), ("benchmark", hindsight.benchmark)):
        part = np.asarray(curve, dtype=np.float64)[begin:last]
        shown[name] = np.concatenate((part[:1], part)) if first == 0 else part
    at = np.asarray(hindsight.at, dtype=np.float64)[begin:last]
    at = np.concatenate((at[:1], at)) if first == 0 else at
    curves = {name: _kept(values[kept]) for name, values in shown.items()}
    curves["at"] = tuple(float(v) for v in at[kept])
    splits = [int(edges[step.window.split]) - first for step in made.steps]
    curves["edges"] = tuple(float(np.searchsorted(kept, split)) for split in splits)
    curves["inside"] = tuple(step.inside * math.sqrt(result.year_bars) for step in made.steps)
    curves["outside"] = tuple(step.outside * math.sqrt(result.year_bars) for step in made.steps)
    for place, name in enumerate(result.spec.names):
        curves[f"chosen {name}"] = tuple(result.rows[made.places[step.chosen]].values[place] for step in made.steps)
    return curves


def _best_place(result: SweepResult, places: Places) -> int:
    """The column of the combination that is best over all bars, by what the choices are made by."""
    blocks, _ = tried(result)
    every: Flags = np.ones(len(blocks.counts), dtype=bool)
    return int(np.nanargmax(objective_of(result)(blocks, every)[0]))


# ---- cross-validation


def folds_told(result: SweepResult, asked: FoldsAsked) -> Told:
    """Purged cross-validation, in whole blocks: what is purged and embargoed is rounded up to them. Raises BadInput."""
    blocks, _ = tried(result)
    width = float(np.mean(blocks.counts))
    purge = asked.purge if asked.purge is not None else _longest_hold(result)
    horizon, embargo = math.ceil(purge / width), math.ceil(asked.embargo / 100 * result.bars / width)
    try:
        folds = purged_folds(horizon_ends(len(blocks.counts), horizon), asked.folds, embargo)
        judged = cross_validated(blocks, folds, sharpe)
    except ValueError as error:
        raise BadInput(f"The bars cannot be cut so: {error}; take fewer folds, or purge and embargo less.") from None
    year = math.sqrt(result.year_bars)
    inside, outside, median = (
        np.array([getattr(fold, name) for fold in judged]) * year for name in ("inside", "outside", "median")
    )
    figures = {
        "folds": float(len(judged)), "folds_ahead": float((outside > median).sum()), "inside": float(inside.mean()),
        "outside": float(outside.mean()), "median": float(median.mean()), "purge": float(purge),
        "purged": width * float(sum(fold.fold.purged for fold in judged)),
        "embargoed": width * float(sum(fold.fold.embargoed for fold in judged)),
    }  # fmt: skip
    return Told(figures, {"inside": _kept(inside), "outside": _kept(outside), "median": _kept(median)})


def _longest_hold(result: SweepResult) -> int:
    """The longest mean hold of any combination, in bars: time in the market over trades."""
    holds = [
        row.exposure * result.bars / row.trades for row in result.rows if row.trades and not math.isnan(row.exposure)
    ]
    return math.ceil(max(holds, default=0.0))


# ---- Monte-Carlo


def trades_told(result: SweepResult, run: BacktestResult, asked: TradesAsked, going: Going) -> Told:
    """Monte-Carlo of the run's trades, which are taken as one after another also where they overlap. Raises BadInput with fewer than two.

    A trade's return is its profit over the equity before it: the cash and the profits of all trades before.
    """
    _agree(result, {asked.values: returns_of(run)}, np.concatenate(([0], np.cumsum(result.block_bars))).astype(int))
    returns = trade_returns(run)
    if len(returns) < 2:
        raise BadInput(
            f"The combination made {len(returns)} trades, and a Monte-Carlo takes two at least; choose another one."
        )
    found = monte_carlo(returns, "shuffle" if asked.shuffle else "bootstrap", asked.seed, asked.runs, asked.ruin, going)
    seen = np.concatenate(([1.0], np.cumprod(1 + returns)))
    figures = {"trades": float(len(returns)), "runs": float(asked.runs), "ruin": found.ruin, "ruin_low": found.ruin_low,
               "ruin_high": found.ruin_high, "ruin_at": asked.ruin, "final_seen": float(seen[-1]),
               "drawdown_seen": float((seen / np.maximum.accumulate(seen) - 1).min())}  # fmt: skip
    curves = {"trade": tuple(float(v) for v in found.trade)}
    for name, values in (("final", found.final), ("drawdown", found.drawdown)):
        figures |= {f"{name}_{p:g}": v for p, v in zip(PERCENTILES, found.percentiles(values), strict=True)}
    for name, fan in (("fan", found.fan), ("fall", found.drawdown_fan)):
        curves |= {f"{name}_{p:g}": _kept(line) for p, line in zip(PERCENTILES, fan, strict=True)}
    return Told(figures, curves)


def trade_returns(run: BacktestResult) -> Floats:
    """Each closed trade's profit over the equity before it, in the order they were left."""
    equity, found = run.spec.cash, []
    for trade in sorted(run.trades, key=lambda trade: trade.left):
        found.append(trade.profit / equity if equity > 0 else -1.0)
        equity += trade.profit
    return np.array(found, dtype=np.float64)


def _kept(values: Floats, digits: int = 6) -> Values:
    return tuple(round(float(value), digits) for value in values)

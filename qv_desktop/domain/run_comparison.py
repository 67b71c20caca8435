"""Runs of backtests beside each other: what differs between them, which is best by each statistic, and which trades they share."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from qv_desktop.domain.backtests import BacktestResult, BacktestSpec, BacktestTrade
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.statistic_words import LESS, NEITHER

FEWEST, MOST = 2, 6  # runs that can be compared
LETTERS = "ABCDEF"
WORDS = {
    "strategy": "Strategy", "version": "Version", "symbols": "Symbols", "timeframe": "Timeframe", "first": "First day",
    "last": "Last day", "fees": "Fees, bps", "slippage": "Slippage, bps", "sizing": "Sizing", "cash": "Cash, $",
    "fees_per_share": "Fees a share, $", "stops": "Stops", "direction": "Direction", "hours": "Session", "benchmark": "Benchmark",
    "adjustment": "Adjustment", "seed": "Seed",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """Something of the terms, the code, the data or the versions that is not the same in every run: its value in each."""

    what: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StatisticRow:
    """One statistic of every run; ``best`` are the places of the best ones, none where there is no better or all are alike."""

    name: str
    values: tuple[float, ...]
    best: frozenset[int]

    @property
    def spread(self) -> tuple[float, ...]:
        """How far each is from the first run's; not a number where either is unknown."""
        return tuple(value - self.values[0] for value in self.values)


@dataclass(frozen=True, slots=True)
class Shared:
    """Trades of two runs, by their places in the list of runs: in both, in the first alone, in the second alone."""

    one: int
    other: int
    both: int
    only_one: int
    only_other: int


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Two to six runs, the first is what the others are measured against."""

    runs: tuple[BacktestResult, ...]
    differences: tuple[Difference, ...]
    statistics: tuple[StatisticRow, ...]
    shared: tuple[Shared, ...]


def compared(runs: Sequence[BacktestResult]) -> RunComparison:
    """The comparison. Raises BadInput when there are too few or too many, or one is there twice."""
    if not FEWEST <= len(runs) <= MOST:
        raise BadInput(f"Choose {FEWEST} to {MOST} runs to compare; {len(runs)} are chosen.")
    if len({run.id for run in runs}) < len(runs):
        raise BadInput("A run cannot be compared with itself; choose another one.")
    shared = tuple(
        Shared(i, j, *in_common(runs[i].trades, runs[j].trades))
        for i in range(len(runs))
        for j in range(i + 1, len(runs))
    )
    return RunComparison(tuple(runs), differences(runs), statistic_rows(runs), shared)


def differences(runs: Sequence[BacktestResult]) -> tuple[Difference, ...]:
    """What is not the same in all runs: terms first, then parameters, then code, data and versions."""
    told: list[tuple[str, list[str]]] = [
        (WORDS.get(field.name, field.name), [said(run.spec, field.name) for run in runs])
        for field in fields(BacktestSpec) if field.name != "parameters"
    ]  # fmt: skip
    parameters = dict.fromkeys(name for run in runs for name, _ in run.spec.parameters)
    told += [(name, [_number(dict(run.spec.parameters).get(name)) for run in runs]) for name in parameters]
    told += [("Code", [run.code_hash[:12] for run in runs]), ("Data", [run.data_hash[:12] for run in runs]),
             ("Bars", [f"{run.bars:,}" for run in runs]), ("Engine", [run.engine for run in runs])]  # fmt: skip
    versions = dict.fromkeys(name for run in runs for name, _ in run.versions)
    told += [(name.capitalize(), [dict(run.versions).get(name, "—") for run in runs]) for name in versions]
    return tuple(Difference(what, tuple(values)) for what, values in told if len(set(values)) > 1)


def said(spec: BacktestSpec, name: str) -> str:
    """One of the terms in words."""
    value = getattr(spec, name)
    match name:
        case "symbols":
            return ", ".join(value)
        case "stops":
            parts = (("loss", spec.stops.loss), ("target", spec.stops.profit), ("trailing", spec.stops.trailing))
            return ", ".join(f"{word} {part * 100:.4g}%" for word, part in parts if part is not None) or "none"
        case "hours":
            hours = spec.hours
            return f"{hours.first:%H:%M} to {hours.last:%H:%M}" if hours.first and hours.last else hours.kind
        case "benchmark":
            return value or "the symbols, held"
        case "fees" | "slippage" | "cash" | "fees_per_share":
            return _number(value)
    return str(value)


def _number(value: float | None) -> str:
    return "—" if value is None else f"{value:,.10g}"


def statistic_rows(runs: Sequence[BacktestResult]) -> tuple[StatisticRow, ...]:
    """Every statistic that any of the runs has, in their order."""
    numbers = [run.numbers for run in runs]
    names = dict.fromkeys(name for run in runs for name, _ in run.statistics)
    return tuple(_row(name, numbers) for name in names)


def _row(name: str, numbers: Sequence[Mapping[str, float]]) -> StatisticRow:
    values = tuple(each.get(name, math.nan) for each in numbers)
    return StatisticRow(name, values, best_of(name, values))


def best_of(name: str, values: Sequence[float]) -> frozenset[int]:
    """Places of the best values; none where no value is better by nature, where fewer than two are known, or all are alike."""
    known = [value for value in values if not math.isnan(value)]
    if name in NEITHER or len(known) < 2 or min(known) == max(known):
        return frozenset()
    best = min(known) if name in LESS else max(known)
    return frozenset(place for place, value in enumerate(values) if value == best)


def in_common(one: Sequence[BacktestTrade], other: Sequence[BacktestTrade]) -> tuple[int, int, int]:
    """Trades in both, in ``one`` alone and in ``other`` alone: the same symbol, side, entry and exit, whatever size and price."""
    ours, theirs = Counter(map(_same, one)), Counter(map(_same, other))
    both = (ours & theirs).total()
    return both, ours.total() - both, theirs.total() - both


def _same(trade: BacktestTrade) -> tuple[str, str, int, int]:
    return trade.symbol, trade.side, trade.entered, trade.left

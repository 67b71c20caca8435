"""Sweeps: one strategy over many combinations of its parameters, and what each of them came to."""

import hashlib
import json
import math
import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import product

from qv_desktop.domain.backtests import BacktestSpec
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.sweep_constraints import Constraint

MOST = 100_000  # combinations of one sweep
TRIES = 50  # draws for each combination wanted, before a random search says that the constraint leaves too few
BLOCKS = 16  # spans of time whose returns are kept for the probability of overfitting
OBJECTIVES = ("sharpe", "total_return", "max_drawdown", "profit_factor", "calmar")  # of each, more is better
GRID, RANDOM = "grid", "random"


@dataclass(frozen=True, slots=True)
class Axis:
    """One swept parameter: ``values`` as they stand, or all from ``low`` to ``high`` by ``step``; step 0 is any value between."""

    name: str
    values: tuple[float, ...] = ()
    low: float = 0.0
    high: float = 0.0
    step: float = 0.0

    @property
    def points(self) -> tuple[float, ...]:
        """Every value of the grid. Raises BadInput for a range that gives none."""
        if self.values:
            return tuple(dict.fromkeys(float(value) for value in self.values))
        if not self.step > 0 or not self.high >= self.low:
            raise BadInput(f"{self.name} has no values; say it as 5,10,20 or as low:high:step with a step above 0.")
        count = math.floor((self.high - self.low) / self.step + 1e-9) + 1
        if count > MOST:
            raise BadInput(f"{self.name} has {count:,} values; a sweep takes {MOST:,} combinations at most.")
        return tuple(float(round(self.low + i * self.step, 10)) for i in range(count))

    def drawn(self, chance: random.Random) -> float:
        """One value by chance: of the points, or any between the ends where there is no step."""
        if self.values or self.step > 0:
            return chance.choice(self.points)
        return chance.uniform(self.low, self.high)


@dataclass(frozen=True, slots=True)
class SweepSpec:
    """What to run: ``base`` says on what and at which costs, its parameters are those that stay as they are.

    ``search`` is ``grid`` (every combination) or ``random`` (``samples`` different ones by ``seed``). ``constraint`` is an
    expression over the parameters such as ``fast < slow``; ``objective`` is one of ``OBJECTIVES``. ``blocks`` equal spans of
    the bars have their returns summed for each combination.
    """

    base: BacktestSpec
    axes: tuple[Axis, ...]
    constraint: str = ""
    objective: str = "sharpe"
    search: str = GRID
    samples: int = 0
    seed: int = 1
    blocks: int = BLOCKS

    @property
    def names(self) -> tuple[str, ...]:
        """The swept parameters, in the order of a row's values."""
        return tuple(axis.name for axis in self.axes)

    def backtest(self, values: tuple[float, ...]) -> BacktestSpec:
        """The backtest of one combination."""
        fixed = {**dict(self.base.parameters), **dict(zip(self.names, values, strict=True))}
        return replace(self.base, parameters=tuple(fixed.items()))


@dataclass(frozen=True, slots=True)
class SweepRow:
    """One combination: ``values`` in the order of the axes, and its figures (fractions; NaN where there is none).

    ``sharpe`` and ``volatility`` are annualised as the backtest's; ``skew`` and ``kurtosis`` (3 for a normal one) are of the
    returns per bar. ``block_sums`` and ``block_squares`` are, for each block, the sum of the bars' returns and of their squares.
    ``error`` says why a combination has no figures.
    """

    values: tuple[float, ...]
    total_return: float = math.nan
    sharpe: float = math.nan
    max_drawdown: float = math.nan  # ≤ 0
    trades: int = 0
    volatility: float = math.nan
    exposure: float = math.nan  # fraction of bars with a position
    profit_factor: float = math.nan
    calmar: float = math.nan
    skew: float = math.nan
    kurtosis: float = math.nan
    block_sums: tuple[float, ...] = ()
    block_squares: tuple[float, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What a sweep gave; ``rows`` in the order of ``combinations(spec)``. ``block_bars`` counts each block's bars."""

    id: str
    spec: SweepSpec
    user: str
    started: datetime
    seconds: float
    rows: tuple[SweepRow, ...]
    block_bars: tuple[int, ...]
    bars: int
    year_bars: float  # bars in a year, by which Sharpe and volatility are annualised
    code_hash: str
    data_hash: str
    spec_hash: str
    rows_hash: str
    engine: str
    workers: str  # where it ran, such as "2 processes"
    missing: tuple[str, ...] = ()  # which data was not there, in sentences

    @property
    def best(self) -> SweepRow | None:
        """The row with the most of the objective; None when none has figures."""
        return best(self.rows, self.spec.objective)


def best(rows: tuple[SweepRow, ...], objective: str) -> SweepRow | None:
    """The row with the most of ``objective``, the first of equals; None when none has a figure."""
    known = [row for row in rows if not math.isnan(getattr(row, objective))]
    return max(known, key=lambda row: float(getattr(row, objective)), default=None)


def combinations(spec: SweepSpec) -> tuple[tuple[float, ...], ...]:
    """Every combination to run, always in the same order. Raises BadInput with what to correct."""
    _check(spec)
    keeps = Constraint(spec.constraint, (*spec.names, *(name for name, _ in spec.base.parameters)))
    fixed = {name: value for name, value in spec.base.parameters if name not in spec.names}

    def kept(values: tuple[float, ...]) -> bool:
        return keeps.holds({**fixed, **dict(zip(spec.names, values, strict=True))})

    found = tuple(_random(spec, kept) if spec.search == RANDOM else filter(kept, _grid(spec)))
    if not found:
        raise BadInput(f"No combination fulfils “{spec.constraint}”; widen the values or change the constraint.")
    return found


def _check(spec: SweepSpec) -> None:
    if not spec.axes:
        raise BadInput("Nothing is swept; choose at least one parameter and its values.")
    if len(set(spec.names)) < len(spec.names):
        raise BadInput("A parameter is swept twice; name each one once.")
    if spec.objective not in OBJECTIVES:
        raise BadInput(f"“{spec.objective}” is no objective; choose one of {', '.join(OBJECTIVES)}.")
    if spec.search not in (GRID, RANDOM):
        raise BadInput(f"“{spec.search}” is no search; choose grid or random.")
    if spec.search == RANDOM and not 0 < spec.samples <= MOST:
        raise BadInput(f"A random search needs from 1 to {MOST:,} samples, not {spec.samples:,}.")
    if not 0 <= spec.blocks <= 64:
        raise BadInput(f"A sweep keeps from 0 to 64 blocks, not {spec.blocks}.")
    for axis in spec.axes:
        if not all(map(math.isfinite, (*axis.values, axis.low, axis.high, axis.step))):
            raise BadInput(f"{axis.name} has a value that is no number; correct it.")


def _grid(spec: SweepSpec) -> Iterator[tuple[float, ...]]:
    points = [axis.points for axis in spec.axes]
    count = math.prod(map(len, points))
    if count > MOST:
        raise BadInput(f"The grid has {count:,} combinations; take {MOST:,} at most, or a random search.")
    return product(*points)


def _random(spec: SweepSpec, kept: Callable[[tuple[float, ...]], bool]) -> Iterator[tuple[float, ...]]:
    """Different ones by chance; fewer than were asked for only where there are no more."""
    steps = [axis.points if axis.values or axis.step > 0 else () for axis in spec.axes]
    count = math.prod(map(len, steps))  # 0 when an axis takes any value
    chance = random.Random(spec.seed)  # noqa: S311 - reproducible, and no secret
    if 0 < count <= MOST:
        every = list(filter(kept, product(*steps)))
        yield from every if len(every) <= spec.samples else chance.sample(every, spec.samples)
        return
    seen: set[tuple[float, ...]] = set()
    for _ in range(spec.samples * TRIES):
        drawn = tuple(axis.drawn(chance) for axis in spec.axes)
        if drawn not in seen and kept(drawn):
            seen.add(drawn)
            yield drawn
            if len(seen) == spec.samples:
                return
    raise BadInput(
        f"Of {spec.samples * TRIES:,} draws only {len(seen):,} fulfil “{spec.constraint}”; widen the values."
    )


def spec_hash(spec: SweepSpec) -> str:
    """SHA-256 of everything that the sweep was asked."""
    return hashlib.sha256(json.dumps(asdict(spec), default=str, sort_keys=True).encode()).hexdigest()


def same_numbers(before: SweepResult, after: SweepResult) -> tuple[str, ...]:
    """What makes two runs of a sweep differ, in sentences; none when their numbers are the same to the last bit."""
    if before.rows_hash == after.rows_hash:
        return ()
    causes = (
        (before.code_hash != after.code_hash, "The strategy's code is another one."),
        (before.data_hash != after.data_hash, "The bars are not the same."),
        (before.spec_hash != after.spec_hash, "The sweep was asked for something else."),
        (before.engine != after.engine, f"It was computed by {before.engine} and now by {after.engine}."),
    )
    pairs = zip(before.rows, after.rows, strict=False)
    differ = sum(rows_hash((one,)) != rows_hash((other,)) for one, other in pairs)
    found = tuple(sentence for differs, sentence in causes if differs)
    return (f"{max(differ, 1):,} of {len(after.rows):,} rows have other numbers.", *found)


def rows_hash(rows: tuple[SweepRow, ...]) -> str:
    """SHA-256 of every figure to its last bit: two sweeps with the same one gave the same numbers."""
    digest = hashlib.sha256()
    for row in rows:
        plain = (row.total_return, row.sharpe, row.max_drawdown, float(row.trades), row.volatility, row.exposure, row.profit_factor,
                 row.calmar, row.skew, row.kurtosis)  # fmt: skip
        numbers = [
            value if value == value else math.nan
            for value in (*row.values, *plain, *row.block_sums, *row.block_squares)
        ]
        digest.update(struct.pack(f"<{len(numbers)}d", *numbers) + row.error.encode())
    return digest.hexdigest()

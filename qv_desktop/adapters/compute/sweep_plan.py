"""A sweep taken apart into chunks and put together again from their parts, whoever computes them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np

from qv_desktop.adapters.compute.sweep_arrays import data_hash
from qv_desktop.adapters.compute.sweep_messages import SweepChunk, SweepPart
from qv_desktop.analytics.sweep_blocks import bars_a_year, block_edges
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import Bar
from qv_desktop.domain.strategies import Strategy, with_defaults
from qv_desktop.domain.sweeps import SweepResult, SweepRow, SweepSpec, rows_hash, spec_hash

WORK = 2_000_000  # bars × combinations of a chunk: some 15 ms, and so often there is a word of progress
SHARE = 256  # combinations of a chunk at most
A_BAR = 400  # bytes that a worker needs for each bar: the strategy's arrays, the kernel's and the mapped prices
CANCELLED = "The sweep was cancelled."
ALONE = 250  # MB of a worker before it has any bars
FIGURES = (
    "total_return",
    "sharpe",
    "max_drawdown",
    "trades",
    "volatility",
    "exposure",
    "profit_factor",
    "calmar",
    "skew",
    "kurtosis",
)

type Show = Callable[[int, tuple[SweepRow, ...]], None]  # index of the first row, rows


@dataclass(frozen=True, slots=True)
class Work:
    """A sweep ready to run: its chunks, and what the result is made of."""

    run: str
    spec: SweepSpec
    strategy: Strategy
    user: str
    began: datetime
    bars: int
    content: bytes
    total: int
    chunks: tuple[SweepChunk, ...]


def one_symbol(spec: SweepSpec, bars: Mapping[str, Sequence[Bar]]) -> Sequence[Bar]:
    """The bars of the one symbol that the kernel sweeps over. Raises BadInput for several."""
    if len(spec.base.symbols) != 1:
        raise BadInput(
            f"A sweep takes one symbol, not {len(spec.base.symbols)}; sweep each of {spec.base.symbol} by itself."
        )
    return bars[spec.base.symbols[0]]


def planned(run: str, spec: SweepSpec, strategy: Strategy, content: bytes, bars: int, user: str,
            combos: Sequence[tuple[float, ...]], megabytes: int) -> Work:  # fmt: skip
    """The chunks, each within the budget of ``megabytes`` for a worker. Raises BadInput when no chunk fits."""
    if ALONE + bars * A_BAR / 1e6 > megabytes:
        raise BadInput(f"{bars:,} bars need {ALONE + bars * A_BAR / 1e6:,.0f} MB in each worker, but the setting sweep_megabytes "
                       f"allows {megabytes:,}; sweep fewer days or longer bars, or raise it.")  # fmt: skip
    size = max(1, min(SHARE, WORK // max(bars, 1)))
    fixed = {
        name: value
        for name, value in with_defaults(strategy, dict(spec.base.parameters)).items()
        if name not in spec.names
    }
    chunks = tuple(
        _chunk(run, spec, strategy, fixed, bars, first, combos[first : first + size])
        for first in range(0, len(combos), size)
    )
    return Work(run, spec, strategy, user, datetime.now(UTC), bars, content, len(combos), chunks)


def _chunk(run: str, spec: SweepSpec, strategy: Strategy, fixed: dict[str, float], bars: int, first: int,
           combos: Sequence[tuple[float, ...]]) -> SweepChunk:  # fmt: skip
    base, stops = spec.base, spec.base.stops
    return SweepChunk(
        run, first, strategy.source, list(spec.names), np.array(combos, dtype=np.float64).tobytes(), fixed, bars, spec.blocks,
        base.direction, base.sizing.kind, base.sizing.amount, base.fees / 10_000, base.fees_per_share, base.slippage / 10_000, base.cash,
        stops.stop, stops.trailing is not None, stops.profit, base.seed,
    )  # fmt: skip


def rows(chunk: SweepChunk, part: SweepPart) -> tuple[SweepRow, ...]:
    """The rows of a chunk. Raises BadInput for a part that does not fit it."""
    values = np.frombuffer(chunk.values).reshape(-1, len(chunk.names))
    width = len(FIGURES) + 2 * chunk.blocks
    if part.first != chunk.first or len(part.figures) != len(values) * width * 8:
        raise BadInput("A worker answered something else than it was asked; run the sweep again.")
    figures = np.frombuffer(part.figures).reshape(len(values), width).tolist()
    return tuple(
        _row(tuple(one), numbers, chunk.blocks, part.errors.get(i, ""))
        for i, (one, numbers) in enumerate(zip(values.tolist(), figures, strict=True))
    )


def _row(values: tuple[float, ...], numbers: list[float], blocks: int, error: str) -> SweepRow:
    if error:
        return SweepRow(values, error=error)
    plain, sums = numbers[: len(FIGURES)], numbers[len(FIGURES) :]
    named = dict(zip(FIGURES, plain, strict=True)) | {"trades": int(plain[FIGURES.index("trades")])}
    return SweepRow(values, block_sums=tuple(sums[:blocks]), block_squares=tuple(sums[blocks:]), **named)  # type: ignore[arg-type]


def result(work: Work, parts: Sequence[tuple[SweepRow, ...]], engine: str, workers: str) -> SweepResult:
    """The whole sweep. Raises BadInput when no combination has figures, with what the first one said."""
    every = tuple(row for part in parts for row in part)
    if all(row.error for row in every):
        raise BadInput(f"The strategy failed at every combination, first with {every[0].error}")
    edges = block_edges(work.bars, work.spec.blocks)
    counts = tuple(int(b - a) for a, b in pairwise(edges))
    year_bars = bars_a_year(np.frombuffer(work.content, dtype=np.int64, count=work.bars))
    seconds = (datetime.now(UTC) - work.began).total_seconds()
    return SweepResult(
        work.run, work.spec, work.user, work.began, seconds, every, counts, work.bars, year_bars, work.strategy.code_hash,
        data_hash(work.content), spec_hash(work.spec), rows_hash(every), engine, workers,
    )  # fmt: skip

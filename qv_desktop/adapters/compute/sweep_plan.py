"""A sweep taken apart into chunks and put together again from their parts, whoever computes them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np

from qv_desktop.adapters.compute.messages import Terms
from qv_desktop.adapters.compute.pool import YEAR, terms_of
from qv_desktop.adapters.compute.sweep_messages import SweepChunk, SweepPart
from qv_desktop.analytics.sweep_blocks import bars_a_year, block_edges
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import timeframe
from qv_desktop.domain.strategies import Strategy, with_defaults
from qv_desktop.domain.strategy_source import read
from qv_desktop.domain.sweeps import SweepResult, SweepRow, SweepSpec, rows_hash, spec_hash

WORK = 4_000_000  # bars × combinations of a chunk: some 40 ms, and so often there is a word of progress
SHARE = 256  # combinations of a chunk at most
A_BAR = 400  # bytes that a worker needs for each bar: the strategy's arrays, the kernel's and the mapped prices
ALONE = 250  # MB of a worker before it has any bars
CANCELLED = "The sweep was cancelled."
FIGURES = ("total_return", "sharpe", "max_drawdown", "trades", "volatility", "exposure", "profit_factor", "calmar", "skew",
           "kurtosis")  # fmt: skip

type Show = Callable[[int, tuple[SweepRow, ...]], None]  # index of the first row, rows


@dataclass(frozen=True, slots=True)
class Asked:
    """What a result is made of beside its rows. ``bars`` rows of data, ``year_bars`` of them in a year."""

    run: str
    spec: SweepSpec
    strategy: Strategy
    user: str
    began: datetime
    bars: int
    year_bars: float
    data_hash: str


def kernel_takes(spec: SweepSpec, strategy: Strategy) -> bool:
    """Whether the kernel can run it: one symbol and a strategy of signals. Everything else is run as backtests."""
    return len(spec.base.symbols) == 1 and read(strategy.source).kind != "weights"


def year_of(spec: SweepSpec, at: "np.typing.NDArray[np.int64]") -> float:
    """Bars in a year as a backtest counts them: by the calendar of daily and longer bars, else by those of a day."""
    frame = timeframe(spec.base.timeframe)
    return bars_a_year(at) if frame.intraday else YEAR[frame.unit] / frame.count


def chunks(asked: Asked, combos: Sequence[tuple[float, ...]], megabytes: int) -> tuple[SweepChunk, ...]:
    """Each within the budget of ``megabytes`` for a worker. Raises BadInput when no chunk fits."""
    needed = ALONE + asked.bars * A_BAR / 1e6
    if needed > megabytes:
        raise BadInput(f"{asked.bars:,} bars need {needed:,.0f} MB in each worker, but the setting sweep_megabytes allows {megabytes:,}; "
                       "sweep fewer days or longer bars, or raise it.")  # fmt: skip
    size = max(1, min(SHARE, WORK // max(asked.bars, 1)))
    terms = terms_of(asked.spec.base)
    return tuple(_chunk(asked, terms, first, combos[first : first + size]) for first in range(0, len(combos), size))


def _chunk(asked: Asked, terms: Terms, first: int, combos: Sequence[tuple[float, ...]]) -> SweepChunk:
    spec, every = asked.spec, with_defaults(asked.strategy, dict(asked.spec.base.parameters))
    fixed = {name: value for name, value in every.items() if name not in spec.names}
    return SweepChunk(asked.run, first, asked.strategy.source, list(spec.names), np.array(combos, dtype=np.float64).tobytes(), fixed,
                      asked.bars, spec.blocks, asked.year_bars, terms)  # fmt: skip


def rows(chunk: SweepChunk, part: SweepPart) -> tuple[SweepRow, ...]:
    """The rows of a chunk. Raises BadInput for a part that does not fit it."""
    values = np.frombuffer(chunk.values).reshape(-1, len(chunk.names))
    width = len(FIGURES) + 2 * chunk.blocks
    if part.first != chunk.first or len(part.figures) != len(values) * width * 8:
        raise BadInput("A worker answered something else than it was asked; run the sweep again.")
    figures = np.frombuffer(part.figures).reshape(len(values), width).tolist()
    return tuple(
        SweepRow(tuple(one), error=part.errors[i]) if i in part.errors else row_of(tuple(one), numbers, chunk.blocks)
        for i, (one, numbers) in enumerate(zip(values.tolist(), figures, strict=True))
    )


def row_of(values: tuple[float, ...], numbers: Sequence[float], blocks: int) -> SweepRow:
    """A row from ``FIGURES``, the blocks' sums and their sums of squares, one after the other."""
    plain, sums = numbers[: len(FIGURES)], tuple(numbers[len(FIGURES) :])
    named = dict(zip(FIGURES, plain, strict=True)) | {"trades": int(plain[FIGURES.index("trades")])}
    return SweepRow(values, block_sums=sums[:blocks], block_squares=sums[blocks:], **named)  # type: ignore[arg-type]


def result(asked: Asked, parts: Sequence[tuple[SweepRow, ...]], engine: str, workers: str) -> SweepResult:
    """The whole sweep. Raises BadInput when no combination has figures, with what the first one said."""
    every = tuple(row for part in parts for row in part)
    if all(row.error for row in every):
        raise BadInput(f"The strategy failed at every combination, first with {every[0].error}")
    counts = tuple(int(b - a) for a, b in pairwise(block_edges(asked.bars, asked.spec.blocks)))
    seconds = (datetime.now(UTC) - asked.began).total_seconds()
    return SweepResult(
        asked.run, asked.spec, asked.user, asked.began, seconds, every, counts, asked.bars, asked.year_bars, asked.strategy.code_hash,
        asked.data_hash, spec_hash(asked.spec), rows_hash(every), engine, workers,
    )  # fmt: skip

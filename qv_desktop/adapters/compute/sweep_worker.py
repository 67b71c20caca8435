"""A part of a sweep, computed: the strategy's signals and then the kernel, one combination after the other."""

import math
import mmap
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

import numpy as np

from qv_desktop.adapters.compute.sweep_messages import COLUMNS, SweepChunk, SweepPart
from qv_desktop.strategies.bars import Bars
from qv_desktop.strategies.flags import Directed, directed

if TYPE_CHECKING:
    from qv_desktop.analytics.sweep import Terms

LONGEST = 200  # characters of what a strategy's failure says
_mapped: dict[str, memoryview] = {}  # file -> its bytes, read only


def prepare(chunk: SweepChunk) -> None:
    """Map the bars, before this process is confined."""
    if chunk.file and chunk.file not in _mapped:
        with Path(chunk.file).open("rb") as file:
            _mapped[chunk.file] = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def warm() -> None:
    """Import and compile once what every part needs."""
    import talib  # noqa: F401 - the strategies' library

    from qv_desktop.adapters.compute.kept_kernels import one_at_a_time
    from qv_desktop.analytics import sweep
    from qv_desktop.analytics.sweep_blocks import block_edges

    one_at_a_time()
    none, price = np.zeros(4, dtype=np.bool_), np.ones(4)
    price.setflags(write=False)  # as it is when it is mapped
    prices = sweep.Prices(price, price, price, price)
    sweep.figures(prices, (none, none, none, none), sweep.Terms(), block_edges(4, 2), np.empty(4))


def serve(chunk: SweepChunk, tell: Callable[[float, str], None]) -> SweepPart:
    """The figures of a chunk. A combination that fails says why in the part and the others go on."""
    from qv_desktop.analytics import sweep, sweep_compiled
    from qv_desktop.analytics.sweep_blocks import block_edges

    prepare(chunk)
    bars = arrays(_mapped[chunk.file] if chunk.file else memoryview(chunk.columns), chunk.bars)
    code = compile(chunk.source, "<strategy>", "exec")
    values = np.frombuffer(chunk.values).reshape(-1, len(chunk.names))
    prices, terms = sweep.Prices(bars.open, bars.high, bars.low, bars.close), _terms(chunk)
    edges, space = block_edges(chunk.bars, chunk.blocks), np.empty(chunk.bars)
    found = np.full((len(values), sweep.FIGURES + 2 * chunk.blocks), np.nan)
    errors: dict[int, str] = {}
    for i, row in enumerate(values):
        parameters = {**chunk.fixed, **dict(zip(chunk.names, row.tolist(), strict=True))}
        try:
            way = flags(code, bars, parameters, chunk.terms.direction, chunk.terms.seed)
        except Exception as error:  # noqa: BLE001 - a strategy may raise anything; the person gets the sentence
            errors[i] = f"{type(error).__name__}: {error}"[:LONGEST]
            continue
        found[i] = sweep.figures(prices, way, terms, edges, space)
    return SweepPart(chunk.first, found.tobytes(), errors, engine(), sweep_compiled.unkept[:1])


def engine() -> str:
    """What computes, with its version."""
    import numba

    return f"sweep kernel 1, numba {numba.__version__}, numpy {np.__version__}"


def arrays(raw: memoryview, count: int) -> Bars:
    """The six columns of ``raw``, not to be written to. Raises ValueError when they do not fill it."""
    if len(raw) != COLUMNS * 8 * count:
        raise ValueError(f"the bars are {len(raw)} bytes, but {count} bars need {COLUMNS * 8 * count}")
    at, *prices = (raw[i * 8 * count : (i + 1) * 8 * count] for i in range(COLUMNS))
    return Bars(np.frombuffer(at, dtype=np.int64), *(np.frombuffer(column, dtype=np.float64) for column in prices))


def flags(code: CodeType, bars: Bars, parameters: Mapping[str, float], direction: str, seed: int) -> Directed:
    """The flags of one combination.

    The source runs anew and chance starts anew for each, so that no combination hangs on what ran before it in its process.
    """
    random.seed(seed)
    np.random.seed(seed)  # strategies may use the old generator, too
    space: dict[str, Any] = {"__name__": "strategy"}
    exec(code, space)  # noqa: S102 - running the strategy is what this process is for
    if not callable(space.get("signals")):
        raise ValueError("it defines no signals(bars, params)")  # noqa: TRY004 - the strategy lacks it
    found = directed(space["signals"](bars, parameters), direction, len(bars.at))
    return Directed(*(np.require(one, requirements=("C", "W")) for one in found))


def _terms(chunk: SweepChunk) -> "Terms":
    from qv_desktop.analytics.sweep import Terms
    from qv_desktop.analytics.sweep_rules import KINDS

    told = chunk.terms
    trails = not math.isnan(told.trailing)
    return Terms(KINDS[told.sizing], told.amount, told.fees, told.fees_per_share, told.slippage, told.trailing if trails else told.loss,
                 trails, told.profit, told.cash, chunk.year_bars)  # fmt: skip

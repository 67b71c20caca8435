"""One backtest in a worker: signals or weights, vectorbt's portfolio, figures. The only place that brings vectorbt in."""

import hashlib
import platform
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from qv_desktop.adapters.compute.calling import TINY, Space, bounded, called, called_weights, listened, loaded, rotates
from qv_desktop.adapters.compute.laid_out import bars_of, filled, next_bars, next_opens, universe_of
from qv_desktop.adapters.compute.messages import Done, Run, Terms
from qv_desktop.domain.errors import BadInput
from qv_desktop.strategies.bars import Bars, Floats, Universe
from qv_desktop.strategies.flags import directed

if TYPE_CHECKING:
    from qv_desktop.adapters.compute.planning import Plan
    from qv_desktop.adapters.compute.portfolio import OnRows

type Tell = Callable[[float, str], None]

WARM_SIGNALS = "def signals(bars, params):\n    return bars.close > bars.open, bars.close < bars.open"
WARM_WEIGHTS = "def weights(universe, params):\n    return universe.close * 0 + 0.4"
BUSY = 40  # bars of a small run


def warm() -> None:
    """Import and compile what every run needs, by running small ones."""
    from qv_desktop.adapters.compute.portfolio import prepare

    prepare()
    for source in (WARM_SIGNALS, WARM_WEIGHTS):
        for symbols in (["A"], ["A", "B"]):  # numba compiles anew for one column, whose memory is laid out otherwise
            serve(_small(source, symbols), lambda fraction, step: None)


def serve(run: Run, tell: Tell) -> Done:
    """The result of a run. Raises BadInput with a sentence when the strategy fails or does not fit the run's terms."""
    began = time.perf_counter()
    tell(0.1, "laying out bars")
    each = [bars_of(columns) for columns in run.columns]
    universe = universe_of(run.symbols, each)
    made, printed = _asked(run, each, universe, tell)
    tell(0.5, "simulating")
    portfolio, plan, notes = _portfolio(run, made, universe)
    tell(0.7, "computing statistics")
    return _done(run, universe, portfolio, plan, notes, printed, began)


def _asked(run: Run, each: list[Bars], universe: Universe, tell: Tell) -> "tuple[Floats | OnRows, str]":
    """What the strategy wants, and the end of what it printed."""
    try:
        with listened(run.terms.seed) as printed:
            space = loaded(run.source)
            made = _weights(run, space, universe, tell) if rotates(space) else _flags(run, space, each, universe, tell)
    except BaseException as error:  # a strategy may raise anything, SystemExit, too; the person gets the sentence
        if isinstance(error, MemoryError | KeyboardInterrupt):
            raise
        raise BadInput(f"The strategy failed: {type(error).__name__}: {error}") from error
    return made, printed.text


def _portfolio(run: Run, made: "Floats | OnRows", universe: Universe) -> "tuple[Any, Plan | None, list[str]]":
    from qv_desktop.adapters.compute import portfolio as simulated

    if isinstance(made, simulated.OnRows):
        portfolio, plan = simulated.of_signals(universe, made, run.terms, run.frame_seconds)
        return portfolio, plan, _touched(plan)
    notes = _weighing(run)
    targets = next_opens(made, universe.open)
    portfolio = simulated.of_weights(universe, targets, run.terms, run.frame_seconds)
    if cut := simulated.unpaid(portfolio, universe, targets, run.terms.cash):
        notes.append(
            f"In {cut:,} {'order' if cut == 1 else 'orders'} the free cash did not pay for the whole weight: positions that were left as "
            "they were, or shorts, held the rest. Give every symbol a weight in a row that sets one."
        )
    return portfolio, None, notes


def _flags(run: Run, space: Space, each: list[Bars], universe: Universe, tell: Tell) -> "OnRows":
    from qv_desktop.adapters.compute.portfolio import OnRows

    rows = len(universe.at)
    grids = OnRows(*(np.zeros((rows, len(each)), dtype=np.bool_) for _ in range(4)))
    for column, bars in enumerate(each):
        tell(0.2 + 0.3 * column / len(each), f"computing signals of {run.symbols[column]}")
        flags = directed(called(space, bars, run.parameters), run.terms.direction, len(bars.at))
        place = np.searchsorted(universe.at, bars.at)
        for grid, flag in zip(grids, flags, strict=True):
            grid[:, column] = next_bars(flag, place, rows)
    return grids


def _weights(run: Run, space: Space, universe: Universe, tell: Tell) -> Floats:
    tell(0.2, "computing weights")
    return bounded(called_weights(space, universe, run.parameters), run.terms.direction)


def _touched(plan: "Plan") -> list[str]:
    if not plan.touched:
        return []
    return [
        f"In {plan.touched:,} entries the price reached the stop within the bar of entry, where a stop is not watched: it acts from the "
        "next bar on. Test on shorter bars to see what that hides."
    ]


def _weighing(run: Run) -> list[str]:
    stops = (run.terms.loss, run.terms.profit, run.terms.trailing)
    if not all(np.isnan(stop) for stop in stops):
        raise ValueError(
            "Stops belong to strategies of signals; a strategy of weights says itself when it leaves. Turn them off."
        )
    return ["The strategy weighs its symbols itself: the run's sizing was not used."]


def _done(
    run: Run, universe: Universe, portfolio: Any, plan: "Plan | None", notes: list[str], log: str, began: float
) -> Done:
    from qv_desktop.adapters.compute import figures

    equity = portfolio.value().to_numpy(dtype=np.float64)
    other = (
        (np.frombuffer(run.benchmark[0], dtype=np.int64), np.frombuffer(run.benchmark[1])) if run.benchmark else None
    )
    benchmark = figures.benchmark_of(universe, filled(universe.close), other, run.terms.cash)
    year_bars = figures.bars_a_year(universe.at, run.year_bars)
    monthly = figures.months(universe.at, equity, run.terms.cash)
    rows = figures.statistics(portfolio, benchmark, year_bars, run.terms.cash, monthly)
    drawdown = equity / np.maximum.accumulate(np.maximum(equity, TINY)) - 1
    exposure = portfolio.gross_exposure().to_numpy(dtype=np.float64)
    return Done(run.run, time.perf_counter() - began, universe.at.tobytes(), equity.tobytes(), benchmark.tobytes(),
                drawdown.tobytes(), exposure.tobytes(), rows, monthly,
                figures.trades_of(portfolio, universe, plan), figures.contributions(portfolio, len(run.symbols)),
                [*notes, *figures.ruin(universe.at, equity)], log,
                data_hash(run.symbols, run.columns), versions(), f"vectorbt {dict(versions())['vectorbt']}")  # fmt: skip


def data_hash(symbols: list[str], columns: list[list[bytes]]) -> str:
    """SHA-256 of the arrays that the strategy saw; with several symbols, each after its name and its number of bars."""
    digest = hashlib.sha256()
    for symbol, arrays in zip(symbols, columns, strict=True):
        if len(symbols) > 1:
            digest.update(f"{symbol} {len(arrays[0]) // 8}\n".encode())
        for array in arrays:
            digest.update(array)
    return digest.hexdigest()


def versions() -> list[tuple[str, str]]:
    """Of what the numbers depend on."""
    import numba
    import pandas as pd
    import vectorbt as vbt

    return [("python", platform.python_version()), ("numpy", np.__version__), ("numba", numba.__version__),
            ("pandas", pd.__version__), ("vectorbt", vbt.__version__)]  # fmt: skip


def _small(source: str, symbols: list[str]) -> Run:
    """A run over short made-up bars that goes through all of the code."""
    at = np.arange(BUSY, dtype=np.int64) * 86_400_000_000_000
    prices = 100 + np.sin(np.arange(BUSY) * 1.7)
    columns = [at, prices, prices + 1, prices - 1, prices + np.cos(np.arange(BUSY)) / 2, prices]
    loss = 0.02 if "signals" in source else np.nan
    terms = Terms("percent", 0.5, 1e5, 1e-4, 0.01, 1e-4, loss, loss, np.nan, "both" if "signals" in source else "long")
    raw = [column.tobytes() for column in columns]
    return Run("warm", source, {}, symbols, [raw] * len(symbols), [], 86_400, 252.0, terms)

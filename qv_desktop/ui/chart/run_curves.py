"""The curves of a run as arrays, made on any thread: a minute's bars of years take longer to turn than a frame lasts."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.domain.market import timeframe
from qv_desktop.ui.chart import times

type Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bars:
    """When bars began: New York's wall-clock seconds, how great a boundary each begins, and whether times of day count."""

    local: times.Whole
    ranks: NDArray[np.int8]
    intraday: bool


@dataclass(frozen=True, slots=True)
class RunCurves:
    """All of a run that is drawn, one value per bar; ``deepest`` is the worst drawdown and ``held`` the mean exposure."""

    bars: Bars
    equity: Floats
    benchmark: Floats
    drawdown: Floats
    exposure: Floats
    deepest: float
    held: float


@dataclass(frozen=True, slots=True)
class ComparedRuns:
    """Several runs on one axis of time: ``at`` in ns, and for each run where its bars stand on it and what it had made by then."""

    at: NDArray[np.int64]
    bars: Bars
    places: tuple[NDArray[np.int64], ...]
    gains: tuple[Floats, ...]


def bars_of(at: Sequence[int] | NDArray[np.int64], intraday: bool) -> Bars:
    """Of starts in ns."""
    local = times.local_seconds(np.asarray(at, dtype=np.int64))
    return Bars(local, times.ranks(local), intraday)


def curves_of(run: BacktestResult) -> RunCurves:
    """The arrays of a whole run."""
    drawdown, exposure = np.array(run.drawdown, dtype=np.float64), np.array(run.exposure, dtype=np.float64)
    return RunCurves(
        bars_of(run.at, timeframe(run.spec.timeframe).intraday), np.array(run.equity, dtype=np.float64),
        np.array(run.benchmark, dtype=np.float64), drawdown, exposure, float(drawdown.min()) if len(drawdown) else 0.0,
        float(exposure.mean()) if len(exposure) else 0.0,
    )  # fmt: skip


def compared_curves(runs: Sequence[BacktestResult]) -> ComparedRuns:
    """The runs' equity, each from nothing at its own first bar."""
    own = [np.array(run.at, dtype=np.int64) for run in runs]
    at = np.unique(np.concatenate(own)) if own else np.empty(0, dtype=np.int64)
    intraday = any(timeframe(run.spec.timeframe).intraday for run in runs)
    return ComparedRuns(
        at, bars_of(at, intraday), tuple(np.searchsorted(at, one) for one in own), tuple(map(_gain, runs))
    )


def _gain(run: BacktestResult) -> Floats:
    equity = np.array(run.equity, dtype=np.float64)
    return equity / (equity[0] or 1.0) - 1.0 if len(equity) else equity

"""Bars, a strategy and a sweep for the tests of sweeps, and what a sweep gives when no process stands between."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import msgspec
import numpy as np

from qv_desktop.adapters.compute.sweep_arrays import prepared
from qv_desktop.adapters.compute.sweep_messages import SweepPart
from qv_desktop.adapters.compute.sweep_plan import chunks, result, rows
from qv_desktop.adapters.compute.sweep_task import computed
from qv_desktop.domain.backtests import BacktestSpec, RunData
from qv_desktop.domain.market import SECOND, Bar
from qv_desktop.domain.strategies import Strategy
from qv_desktop.domain.sweep_axes import read_axis
from qv_desktop.domain.sweeps import SweepResult, SweepSpec, combinations
from qv_desktop.strategies.built_in import built_in

NOW = datetime(2026, 11, 20, tzinfo=UTC)
MINUTE = 60 * SECOND
BASE = BacktestSpec("sma_cross", 1, ("SPY",), "1m", date(2020, 1, 1), date(2020, 3, 1), (), fees=1.0, slippage=2.0)
SPEC = SweepSpec(BASE, (read_axis("fast=3:15:2"), read_axis("slow=10:40:5")), "fast < slow", blocks=4)


def walk(count: int = 2_000, seed: int = 3) -> list[Bar]:
    """One-minute bars around the clock, with gaps between a close and the next open."""
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0.00003, 0.002, count)))
    opens = np.concatenate(([100.0], close[:-1])) * np.exp(rng.normal(0, 0.0006, count))
    high = np.maximum(opens, close) * np.exp(np.abs(rng.normal(0, 0.0008, count)))
    low = np.minimum(opens, close) * np.exp(-np.abs(rng.normal(0, 0.0008, count)))
    table = np.column_stack((opens, high, low, close)).tolist()
    return [Bar("SPY", i * MINUTE, o, h, lo, c, 1e4) for i, (o, h, lo, c) in enumerate(table)]


def strategy(source: str = "") -> Strategy:
    """The two averages, or another source with the same parameters."""
    shipped = next(one for one in built_in(NOW) if one.name == "sma_cross")
    return Strategy("x", "sma_cross", "SMA cross", 1, shipped.parameters, source or shipped.source, "hash", "test", NOW)


def slow(seconds: float) -> str:
    """The two averages, taking their time over each combination."""
    return strategy().source.replace(
        "    import talib\n", f"    import time\n\n    import talib\n\n    time.sleep({seconds})\n"
    )


def alone(spec: SweepSpec, code: Strategy, bars: Sequence[Bar], megabytes: int = 1024) -> SweepResult:
    """The sweep in this process, one chunk after the other."""
    asked, content = prepared("alone", spec, code, data_of(bars), "test")
    work = chunks(asked, combinations(spec), megabytes)
    answers = [
        msgspec.msgpack.decode(computed(msgspec.msgpack.encode(chunk), content), type=SweepPart) for chunk in work
    ]
    return result(asked, [rows(chunk, part) for chunk, part in zip(work, answers, strict=True)], answers[0].engine, "1")


def data_of(bars: Sequence[Bar]) -> RunData:
    """Bars of the one symbol."""
    return RunData({"SPY": tuple(bars)})

"""The sweep's kernel and a backtest give the same figures under every term that a backtest has."""

import math

import msgspec
import numpy as np
import pytest

from qv_desktop.adapters.compute.messages import Done, Terms
from qv_desktop.adapters.compute.sweep_messages import SweepChunk, SweepPart
from qv_desktop.adapters.compute.sweep_plan import FIGURES, rows
from qv_desktop.adapters.compute.sweep_task import computed
from qv_desktop.domain.sweeps import SweepRow
from tests.adapters.compute.runs import NAN, Columns, run, served, terms, walk

NAMES = {"total_return": "Total return", "sharpe": "Sharpe", "max_drawdown": "Max drawdown", "trades": "Trades",
         "volatility": "Volatility", "exposure": "Exposure", "profit_factor": "Profit factor", "calmar": "Calmar"}  # fmt: skip
SOURCE = """
import numpy as np
def signals(bars, params):
    flags = np.random.rand(4, len(bars.close)) < params["often"]
    return tuple(flags)
"""


def kernels(columns: Columns, told: Terms, often: float) -> SweepRow:
    """The row of one combination."""
    at, *prices = columns
    chunk = SweepChunk("r", 0, SOURCE, ["often"], np.array([often]).tobytes(), {}, len(at), 3, 252.0, told)
    part = computed(msgspec.msgpack.encode(chunk), at.tobytes() + b"".join(column.tobytes() for column in prices))
    (row,) = rows(chunk, msgspec.msgpack.decode(part, type=SweepPart))
    assert not row.error
    return row


def backtests(columns: Columns, told: Terms, often: float) -> Done:
    return served(run(SOURCE, [columns], told, {"often": often}))


def agree(row: SweepRow, done: Done) -> None:
    figures = dict(done.statistics)
    for name, statistic in NAMES.items():
        one, other = float(getattr(row, name)), figures[statistic]
        both_none = math.isnan(one) and math.isnan(other)
        assert both_none or one == other or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12), (name, one, other)
    equity = np.frombuffer(done.equity)
    returns = np.diff(equity, prepend=equity[0]) / np.concatenate((equity[:1], equity[:-1]))
    assert sum(row.block_sums) == pytest.approx(returns[1:].sum() + equity[0] / 10_000 - 1, abs=1e-9)


SIZES = [
    ("percent", 0.5),
    ("percent", 1.0),
    ("dollars", 4_000.0),
    ("dollars", 50_000.0),
    ("shares", 7.0),
    ("risk", 0.02),
    ("equal", 0.9),
]
STOPS = [(NAN, NAN, NAN), (0.03, NAN, NAN), (NAN, 0.04, NAN), (0.02, 0.05, NAN), (NAN, NAN, 0.03), (NAN, 0.03, 0.05)]


@pytest.mark.parametrize("direction", ["long", "short", "both"])
@pytest.mark.parametrize("seed", range(7))
def test_a_sweeps_row_is_the_backtests(direction: str, seed: int) -> None:
    rng = np.random.default_rng([seed, len(direction)])
    sizing, amount = SIZES[seed % len(SIZES)]
    loss, profit, trailing = STOPS[int(rng.integers(len(STOPS)))]
    if sizing == "risk" and math.isnan(loss) and math.isnan(trailing):
        loss = 0.04
    told = terms(sizing, amount, fees=float(rng.choice([0, 0.0001, 0.002])), fees_per_share=float(rng.choice([0, 0.01])),
                 slippage=float(rng.choice([0, 0.0005])), loss=loss, profit=profit, trailing=trailing, direction=direction,
                 seed=seed)  # fmt: skip
    columns, often = walk(seed, 600), float(rng.choice([0.02, 0.15, 0.5]))
    agree(kernels(columns, told, often), backtests(columns, told, often))


def test_every_figure_has_a_name_of_the_backtests_or_is_of_the_returns() -> None:
    assert set(FIGURES) == {*NAMES, "skew", "kurtosis"}

"""The sweep kernel gives vectorbt's figures: on random flags, long, short and both ways, and where nothing is traded."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy import stats

from qv_desktop.analytics import sweep, sweep_compiled
from qv_desktop.analytics.sweep_blocks import bars_a_year, block_edges
from qv_desktop.analytics.sweep_rules import PERCENT, SHARES
from qv_desktop.strategies.flags import Directed, directed

BARS, BLOCKS = 3_000, 7
AT = np.arange(BARS, dtype=np.int64) * 60_000_000_000
EDGES = block_edges(BARS, BLOCKS)
NAMES = ("total return", "sharpe", "max drawdown", "trades", "volatility", "exposure", "profit factor", "calmar")


def prices(seed: int) -> sweep.Prices:
    rng = np.random.default_rng(seed)
    close = 50 * np.exp(np.cumsum(rng.normal(0, 0.004, BARS)))
    opens = np.concatenate(([50.0], close[:-1])) * np.exp(rng.normal(0, 0.001, BARS))
    return sweep.Prices(opens, np.maximum(opens, close) * 1.001, np.minimum(opens, close) * 0.999, close)


def chance(seed: int, often: float, arrays: int = 2) -> list[sweep.Flags]:
    rng = np.random.default_rng(seed)
    return [rng.random(BARS) < often for _ in range(arrays)]


def ours(seed: int, way: Directed, terms: sweep.Terms) -> tuple[sweep.Floats, sweep.Floats]:
    """The figures, and the returns."""
    space = np.full(BARS, np.nan)
    return sweep.figures(prices(seed), tuple(way), terms, EDGES, space), space


def theirs(seed: int, way: Directed, terms: sweep.Terms, size_type: str) -> list[float]:
    """The same by vectorbt, whose flags act on their own bar."""
    import pandas as pd
    import vectorbt as vbt

    def moved(flags: sweep.Flags) -> Any:
        return np.concatenate(([False], flags[:-1]))

    table, index = prices(seed), pd.DatetimeIndex(pd.to_datetime(AT, unit="ns", utc=True))
    made = vbt.Portfolio.from_signals(
        pd.Series(table.closes, index=index), entries=moved(way.long_in), exits=moved(way.long_out), short_entries=moved(way.short_in),
        short_exits=moved(way.short_out), price=table.opens, size=terms.amount, size_type=size_type, init_cash=terms.cash,
        fees=terms.fees, slippage=terms.slippage, lock_cash=True, upon_opposite_entry="reverse", freq=pd.Timedelta(minutes=1),
    )  # fmt: skip
    returns = made.get_returns_acc(year_freq=pd.Timedelta(minutes=terms.year_bars))
    return [float(value) for value in (
        made.total_return(), returns.sharpe_ratio(), made.max_drawdown(), made.trades.count(), returns.annualized_volatility(),
        made.position_coverage(), made.trades.profit_factor(), returns.calmar_ratio(),
    )]  # fmt: skip


def same(one: float, other: float) -> bool:
    return (
        one == other or (math.isnan(one) and math.isnan(other)) or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-13)
    )


def compare(seed: int, way: Directed, terms: sweep.Terms, size_type: str) -> None:
    found, _ = ours(seed, way, terms)
    for name, one, other in zip(NAMES, found.tolist(), theirs(seed, way, terms, size_type), strict=False):
        assert same(one, other), (seed, name, one, other)


YEAR = bars_a_year(AT)


@pytest.mark.parametrize("seed", range(6))
def test_longs_of_a_part_of_the_cash_are_vectorbts(seed: int) -> None:
    often = (0.01, 0.1, 0.5)[seed % 3]
    terms = sweep.Terms(
        PERCENT, (0.95, 1.0, 0.3)[seed % 3], 0.0001 * seed, 0.0, 0.0002 * (seed % 2), cash=100_000.0, year_bars=YEAR
    )
    compare(seed, directed(chance(seed, often), "long", BARS), terms, "percent")


@pytest.mark.parametrize("direction", ["long", "short", "both"])
@pytest.mark.parametrize("shares", [1.0, 900.0, 100_000.0])
def test_shares_either_way_are_vectorbts(direction: str, shares: float) -> None:
    """A hundred thousand are more than the cash pays for, so that orders are cut."""
    terms = sweep.Terms(SHARES, shares, 0.0003, 0.0, 0.0005, cash=50_000.0, year_bars=YEAR)
    for seed in range(3):
        way = directed(chance(seed, (0.02, 0.2, 0.5)[seed], 4), direction, BARS)
        compare(seed, way, terms, "amount")


def test_moments_and_blocks_are_those_of_the_returns() -> None:
    terms = sweep.Terms(PERCENT, 1.0, 0.0001, cash=1_000.0, year_bars=YEAR)
    found, returns = ours(1, directed(chance(1, 0.05), "long", BARS), terms)
    assert found[sweep.SKEW] == pytest.approx(stats.skew(returns), rel=1e-9)
    assert found[sweep.KURTOSIS] == pytest.approx(stats.kurtosis(returns, fisher=False), rel=1e-9)
    spans = [returns[a:b] for a, b in pairwise(EDGES)]
    assert np.allclose(found[sweep.FIGURES : sweep.FIGURES + BLOCKS], [span.sum() for span in spans], rtol=1e-12)
    assert np.allclose(found[sweep.FIGURES + BLOCKS :], [(span**2).sum() for span in spans], rtol=1e-12)
    assert sum(map(len, spans)) == BARS


def test_where_nothing_is_traded_there_is_no_return_and_no_ratio() -> None:
    none = np.zeros(BARS, dtype=bool)
    found, returns = ours(1, Directed(none, none, none, none), sweep.Terms(year_bars=YEAR))
    assert not returns.any()
    assert found[[sweep.TOTAL, sweep.DRAWDOWN, sweep.TRADES, sweep.EXPOSURE]].tolist() == [0, 0, 0, 0]
    assert math.isnan(found[sweep.SHARPE])  # vectorbt says infinity, and so it would be the best of the sweep
    assert all(math.isnan(found[one]) for one in (sweep.PROFIT_FACTOR, sweep.CALMAR, sweep.SKEW, sweep.KURTOSIS))


def test_a_flag_trades_at_the_next_open_and_the_last_one_nowhere() -> None:
    enters, leaves = np.zeros(BARS, dtype=bool), np.zeros(BARS, dtype=bool)
    enters[10], leaves[20], enters[-1] = True, True, True
    found, returns = ours(
        2, directed((enters, leaves), "long", BARS), sweep.Terms(PERCENT, 1.0, cash=1.0, year_bars=YEAR)
    )
    table = prices(2)
    assert found[sweep.TOTAL] == pytest.approx(table.opens[21] / table.opens[11] - 1, rel=1e-12)
    assert np.flatnonzero(returns).min() == 11
    assert found[sweep.TRADES] == 1


def test_a_stop_fills_at_its_price_and_at_the_open_beyond_it() -> None:
    flat = np.full(BARS, 100.0)
    enters, none = np.zeros(BARS, dtype=bool), np.zeros(BARS, dtype=bool)
    enters[5] = True
    for low, opened, fill in ((89.0, 100.0, 90.0), (80.0, 85.0, 85.0)):
        opens, lows = flat.copy(), flat.copy()
        opens[8], lows[8] = opened, low
        space = np.empty(BARS)
        terms = sweep.Terms(PERCENT, 1.0, loss=0.1, cash=1.0)
        found = sweep.figures(sweep.Prices(opens, flat, lows, flat), (enters, none, none, none), terms, EDGES, space)
        assert found[sweep.TOTAL] == pytest.approx(fill / 100 - 1, rel=1e-12)


def test_a_trailing_stop_follows_the_best_price_and_a_target_takes_it() -> None:
    flat = np.full(BARS, 100.0)
    enters, none = np.zeros(BARS, dtype=bool), np.zeros(BARS, dtype=bool)
    enters[5] = True
    highs, lows = flat.copy(), flat.copy()
    highs[7], lows[9] = 120.0, 100.0
    table = sweep.Prices(flat, highs, lows, flat)
    following = sweep.Terms(PERCENT, 1.0, loss=0.1, trails=True, cash=1.0)
    trailing = sweep.figures(table, (enters, none, none, none), following, EDGES, np.empty(BARS))
    assert trailing[sweep.TOTAL] == pytest.approx(0.0, abs=1e-12)  # 108 is beyond the next open of 100
    assert trailing[sweep.EXPOSURE] * BARS == pytest.approx(2)
    target = sweep.figures(
        table, (enters, none, none, none), sweep.Terms(PERCENT, 1.0, profit=0.15, cash=1.0), EDGES, np.empty(BARS)
    )
    assert target[sweep.TOTAL] == pytest.approx(0.15, rel=1e-12)


def test_what_cannot_be_kept_on_disk_is_compiled_all_the_same_and_said() -> None:
    space: dict[str, Any] = {}
    exec("def plus_one(number):\n    return number + 1", space)  # noqa: S102 - no file, so numba finds no place for it
    before = len(sweep_compiled.unkept)
    assert sweep_compiled.compiled(space["plus_one"])(1) == 2
    assert "no locator available" in sweep_compiled.unkept[before]
    del sweep_compiled.unkept[before:]

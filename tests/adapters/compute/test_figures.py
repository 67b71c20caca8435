"""Every figure of a run: vectorbt's own from its own calls over the same orders, some of them by plain numpy as well."""

import math
from typing import Any

import numpy as np
import pytest

from qv_desktop.domain.backtest_statistics import NAMES
from tests.adapters.compute.runs import DAY, Columns, run, served, terms, walk
from tests.adapters.compute.test_fills import RANDOM

YEAR = 252.0


def told(each: list[Columns], **others: Any) -> tuple[Any, Any, dict[str, float]]:
    """The answer of a run over random signals, vectorbt's portfolio of the same orders, and the statistics by name."""
    found = served(
        run(RANDOM, each, terms("percent", 0.3, fees=0.001, slippage=0.0005, **others), {"seed": 5.0, "often": 0.05})
    )
    return found, portfolio_of(found, each), dict(found.statistics)


def portfolio_of(found: Any, each: list[Columns]) -> Any:
    """The trades that the worker told of, as orders that vectorbt carries out on its own: no code of ours but the prices."""
    import pandas as pd
    import vectorbt as vbt

    rows = len(np.frombuffer(found.at, dtype=np.int64))
    size, price = (np.full((rows, len(each)), np.nan) for _ in range(2))
    cost = np.zeros((rows, len(each)))
    for trade in found.trades:
        sign = -1.0 if trade.short else 1.0
        enter, leave = (trade.entered, trade.symbol), (trade.left, trade.symbol)
        size[enter] = np.nansum([size[enter], sign * trade.size])
        price[enter] = trade.entry
        if not trade.open:
            size[leave] = np.nansum([size[leave], -sign * trade.size])
            price[leave] = trade.exit
    close = np.column_stack([columns[4] for columns in each])
    index = pd.DatetimeIndex(np.frombuffer(found.at, dtype=np.int64).view("M8[ns]"))
    cost += 0.001
    return vbt.Portfolio.from_orders(
        pd.DataFrame(close, index=index), size=size, price=price, fees=cost, init_cash=10_000.0, cash_sharing=True, group_by=True,
        min_size=0.0, freq=pd.Timedelta(days=1),
    )  # fmt: skip


def test_every_statistic_of_vectorbt_is_what_its_own_calls_give() -> None:
    import pandas as pd

    each = [walk(seed, 400) for seed in (1, 2)]
    found, portfolio, ours = told(each, loss=0.06, profit=0.1)
    benchmark = pd.Series(np.frombuffer(found.benchmark), index=portfolio.wrapper.index)
    returns = portfolio.get_returns_acc(
        year_freq=pd.Timedelta(days=YEAR), benchmark_rets=benchmark.pct_change().fillna(0.0)
    )
    trades, drawdowns = portfolio.trades, portfolio.drawdowns
    stats = portfolio.stats(
        settings={"freq": pd.Timedelta(days=1), "year_freq": pd.Timedelta(days=YEAR), "incl_open": True}
    )
    theirs = {
        "Total return": portfolio.total_return(), "CAGR": returns.annualized(), "Total profit, $": portfolio.total_profit(),
        "Final equity, $": portfolio.final_value(), "Best bar": returns.obj.max(), "Worst bar": returns.obj.min(),
        "Volatility": returns.annualized_volatility(), "Downside risk": returns.downside_risk(), "Max drawdown": portfolio.max_drawdown(),
        "Average drawdown": drawdowns.avg_drawdown(), "Drawdowns": drawdowns.count(),
        "Longest drawdown, bars": drawdowns.duration.max(wrap_kwargs={"to_timedelta": False}),
        "Average drawdown, bars": drawdowns.duration.mean(wrap_kwargs={"to_timedelta": False}),
        "VaR 95%": returns.value_at_risk(), "CVaR 95%": returns.cond_value_at_risk(), "Sharpe": returns.sharpe_ratio(),
        "Sortino": returns.sortino_ratio(), "Calmar": returns.calmar_ratio(), "Omega": returns.omega_ratio(),
        "Tail ratio": returns.tail_ratio(), "Information ratio": returns.information_ratio(), "Alpha": returns.alpha(),
        "Beta": returns.beta(), "Capture": returns.capture(), "Up capture": returns.up_capture(), "Down capture": returns.down_capture(),
        "Trades": stats["Total Trades"], "Closed trades": stats["Total Closed Trades"], "Open trades": stats["Total Open Trades"],
        "Win rate": stats["Win Rate [%]"] / 100, "Profit factor": stats["Profit Factor"], "Expectancy, $": stats["Expectancy"],
        "SQN": trades.sqn(), "Best trade": stats["Best Trade [%]"] / 100, "Worst trade": stats["Worst Trade [%]"] / 100,
        "Average winner": stats["Avg Winning Trade [%]"] / 100, "Average loser": stats["Avg Losing Trade [%]"] / 100,
        "Average winner's hold, bars": stats["Avg Winning Trade Duration"] / pd.Timedelta(days=1),
        "Average loser's hold, bars": stats["Avg Losing Trade Duration"] / pd.Timedelta(days=1),
        "Long trades": trades.long.count(), "Short trades": trades.short.count(), "Orders": portfolio.orders.count(),
        "Fees, $": stats["Total Fees Paid"], "Exposure": portfolio.position_mask().mean(),
        "Benchmark return": benchmark.iloc[-1] / benchmark.iloc[0] - 1,
    }  # fmt: skip
    assert len(found.trades) > 20
    assert {trade.short for trade in found.trades} == {True, False}
    for name, value in theirs.items():
        assert ours[name] == pytest.approx(float(value), rel=1e-9, abs=1e-9), name
    assert len(theirs) >= 30


def test_the_chief_figures_are_also_what_plain_numpy_reckons() -> None:
    each = [walk(seed, 500) for seed in (7, 8, 9)]
    found, _, ours = told(each)
    equity, benchmark = np.frombuffer(found.equity), np.frombuffer(found.benchmark)
    returns = np.diff(equity, prepend=10_000.0) / np.concatenate(([10_000.0], equity[:-1]))
    held = np.column_stack([columns[4] / columns[4][0] for columns in each]).mean(axis=1)
    np.testing.assert_allclose(benchmark, 10_000 * held, rtol=1e-12)
    growth = equity[-1] / 10_000.0
    plain = {
        "Total return": growth - 1, "CAGR": growth ** (YEAR / len(equity)) - 1,
        "Sharpe": returns.mean() / returns.std(ddof=1) * math.sqrt(YEAR), "Volatility": returns.std(ddof=1) * math.sqrt(YEAR),
        "Sortino": returns.mean() * YEAR / (math.sqrt((np.minimum(returns, 0) ** 2).mean()) * math.sqrt(YEAR)),
        "Max drawdown": (equity / np.maximum.accumulate(equity) - 1).min(), "VaR 95%": np.percentile(returns, 5),
        "Beta": np.cov(returns, np.diff(benchmark, prepend=benchmark[0]) / np.concatenate((benchmark[:1], benchmark[:-1])))[0, 1]
                / np.var(np.diff(benchmark, prepend=benchmark[0]) / np.concatenate((benchmark[:1], benchmark[:-1])), ddof=1),
        "Win rate": np.mean([trade.profit > 0 for trade in found.trades]),
        "Profit factor": sum(t.profit for t in found.trades if t.profit > 0) / -sum(t.profit for t in found.trades if t.profit < 0),
        "Fees, $": sum(trade.fees for trade in found.trades),
    }  # fmt: skip
    for name, value in plain.items():
        assert ours[name] == pytest.approx(float(value), rel=1e-9, abs=1e-9), name
    np.testing.assert_allclose(np.frombuffer(found.drawdown), equity / np.maximum.accumulate(equity) - 1, atol=1e-12)


def test_parts_add_up_to_the_whole_and_months_to_the_return() -> None:
    each = [walk(seed, 300) for seed in (3, 4)]
    found, _, ours = told(each)
    assert sum(profit for profit, _, _ in found.contributions) == pytest.approx(ours["Total profit, $"], rel=1e-9)
    assert sum(fees for _, fees, _ in found.contributions) == pytest.approx(ours["Fees, $"], rel=1e-9)
    assert sum(trades for *_, trades in found.contributions) == ours["Trades"]
    assert math.prod(1 + rate for *_, rate in found.monthly) - 1 == pytest.approx(ours["Total return"], rel=1e-9)
    assert [name for name, _ in found.statistics] == list(NAMES)
    assert len(NAMES) >= 30


def test_how_far_a_trade_went_against_and_with_it_is_read_off_its_bars() -> None:
    each = [walk(11, 200)]
    found, _, _ = told(each)
    low, high = each[0][3], each[0][2]
    for trade in found.trades:
        span = slice(trade.entered, trade.left + 1)
        down, up = min(low[span].min() / trade.entry - 1, 0), max(high[span].max() / trade.entry - 1, 0)
        assert (trade.mae, trade.mfe) == pytest.approx((-up, -down) if trade.short else (down, up))
        assert trade.bars == trade.left - trade.entered


def test_a_run_without_a_trade_has_its_figures_and_dashes_for_the_rest() -> None:
    quiet = "import numpy as np\ndef signals(bars, params):\n    none = np.zeros(len(bars.close), dtype=bool)\n    return none, none"
    found = served(run(quiet, [walk(1, 60)], terms()))
    ours = dict(found.statistics)
    assert (ours["Total return"], ours["Trades"], ours["Fees, $"], found.trades) == (0, 0, 0, [])
    assert math.isnan(ours["Win rate"])


WEIGHTS = """
import numpy as np

def weights(universe, params):
    out = np.full(universe.close.shape, np.nan)
    out[::20] = np.where(np.isnan(universe.close[::20]), 0.0, 1.0 / len(universe.symbols))
    return out
"""


def test_weights_are_bought_at_the_next_opens_and_cost_what_they_should() -> None:
    each = [walk(seed, 100) for seed in (1, 2)]
    found = served(run(WEIGHTS, each, terms(fees=0.001, fees_per_share=0.01, slippage=0.001, direction="long")))
    first = [trade for trade in found.trades if trade.entered == 1]  # each part that was sold later is a round trip
    assert {trade.symbol for trade in first} == {0, 1}
    pure = [
        trade for trade in first if trade.left == 21
    ]  # before anything was bought besides, which vectorbt averages in
    assert pure
    for trade in pure:
        assert trade.entry == pytest.approx(each[trade.symbol][1][1] * 1.001, rel=1e-12)
        assert trade.exit == pytest.approx(each[trade.symbol][1][21] * 0.999, rel=1e-12)
        assert trade.reason == "weights"
    held = np.frombuffer(found.exposure)
    assert held[0] == 0
    assert 0.98 < held[1] <= 1
    fees, orders = sum(fee for _, fee, _ in found.contributions), dict(found.statistics)["Orders"]
    value = sum(trade.size * (trade.entry + (0 if trade.open else trade.exit)) for trade in found.trades)
    shares = sum(trade.size * (1 if trade.open else 2) for trade in found.trades)
    assert orders == 10  # five times both symbols
    assert fees == pytest.approx(0.001 * value + 0.01 * shares, rel=1e-9)


def test_a_weight_waits_for_the_symbols_next_bar_and_a_newer_one_takes_its_place() -> None:
    from qv_desktop.adapters.compute.laid_out import next_opens

    nan = math.nan
    weights = np.array([[0.5], [nan], [0.2], [nan], [0.1], [nan]])
    opens = np.array([[1.0], [nan], [1.0], [nan], [nan], [1.0]])
    np.testing.assert_array_equal(next_opens(weights, opens)[:, 0], [nan, nan, 0.5, nan, nan, 0.1])


def test_weekly_bars_and_minutes_have_the_year_that_they_say() -> None:
    from qv_desktop.adapters.compute.figures import bars_a_year

    minutes = np.concatenate([(np.arange(390) + 570 + 300) * 60_000_000_000 + day * DAY for day in range(5)]).astype(
        np.int64
    )
    assert bars_a_year(minutes, 0.0) == 252 * 390
    assert bars_a_year(minutes, 52.0) == 52


def test_a_run_that_never_traded_has_no_ratio_and_none_that_is_the_best_of_all() -> None:
    none = "import numpy as np\ndef signals(bars, params):\n    none = np.zeros(len(bars.close), dtype=bool)\n    return none, none"
    found = dict(served(run(none, [walk(1, 200)], terms())).statistics)
    assert found["Trades"] == found["Volatility"] == 0
    for name in ("Sharpe", "Sortino", "Omega", "Tail ratio", "Calmar", "Profit factor"):
        assert math.isnan(found[name]), name
    assert not [name for name, value in found.items() if math.isinf(value)]

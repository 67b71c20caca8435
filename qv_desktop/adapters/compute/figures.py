"""The figures of a run. Whatever vectorbt reckons is vectorbt's own; the rest (months, payoff, turnover, MAE and MFE) is plain numpy."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qv_desktop.adapters.compute.messages import Trade
from qv_desktop.adapters.compute.planning import REASONS, Plan
from qv_desktop.domain.backtest_statistics import NAMES
from qv_desktop.strategies.bars import Floats, Universe

SESSIONS_A_YEAR = 252
DAY, NIGHT = (
    86_400_000_000_000,
    18_000_000_000_000,
)  # ns; five hours back a day of New York is one of UTC, at either clock
LONG, OPEN = 0, 0  # vectorbt's numbers of a trade's direction and status


def bars_a_year(at: NDArray[np.int64], stated: float) -> float:
    """``stated`` when it is not 0; else the bars of 252 sessions, by the median count on a day that has any."""
    if stated:
        return stated
    _, counts = np.unique((at - NIGHT) // DAY, return_counts=True)
    return SESSIONS_A_YEAR * float(np.median(counts))


def benchmark_of(
    universe: Universe, closes: Floats, other: tuple[NDArray[np.int64], Floats] | None, cash: float
) -> Floats:
    """Dollars by bar of ``cash`` held in the other symbol, else in equal parts of the traded ones from each one's first bar on."""
    if other is None:
        return np.asarray(cash * (closes / closes[0]).mean(axis=1))
    at, prices = other
    place = np.searchsorted(at, universe.at, side="right") - 1
    return np.asarray(cash * prices[np.maximum(place, 0)] / prices[max(place[0], 0)])


def months(at: NDArray[np.int64], equity: Floats, cash: float) -> list[tuple[int, int, float]]:
    """Year, month (New York) and return, from the last equity of the month before, at first from ``cash``.

    A month that begins with nothing, or with debts, has no return and is left out: a further loss would look like a gain.
    """
    local = pd.DatetimeIndex(at.view("M8[ns]"), tz="UTC").tz_convert("America/New_York")
    key = np.asarray(local.year * 12 + local.month - 1)
    last = np.flatnonzero(np.append(key[1:] != key[:-1], True))
    ends = equity[last]
    starts = np.concatenate(([cash], ends[:-1]))
    rows = zip(key[last], starts, ends, strict=True)
    return [(int(k // 12), int(k % 12 + 1), float(end / start - 1)) for k, start, end in rows if start > 0]


def ruin(at: NDArray[np.int64], equity: Floats) -> list[str]:
    """Since when there was nothing left, in a sentence; none when there always was."""
    gone = np.flatnonzero(equity <= 0)
    if not len(gone):
        return []
    day = pd.Timestamp(int(at[gone[0]]), tz="UTC").tz_convert("America/New_York").date()
    return [
        f"On {day} the equity fell to nothing or below: a broker would have ended it there. What the figures tell of later bars means "
        "nothing, and months that begin so are left out."
    ]


def statistics(
    portfolio: Any, benchmark: Floats, year_bars: float, cash: float, by_month: list[tuple[int, int, float]]
) -> list[tuple[str, float]]:
    """Every statistic of ``domain.backtest_statistics``, in its order; nan where it cannot be reckoned."""
    year = pd.Timedelta(seconds=year_bars * portfolio.wrapper.freq.total_seconds())
    index = portfolio.wrapper.index
    held = pd.Series(benchmark, index=index).pct_change().fillna(0.0)
    returns = portfolio.get_returns_acc(year_freq=year, benchmark_rets=held)
    found = _returns(portfolio, returns, benchmark) | _risk(portfolio, returns) | _ratios(returns)
    found |= _trades(portfolio.trades) | _costs(portfolio, len(index) / year_bars) | _months(by_month)
    return [(name, float(found.get(name, np.nan))) for name in NAMES]


def _returns(portfolio: Any, returns: Any, benchmark: Floats) -> dict[str, float]:
    return {
        "Total return": portfolio.total_return(), "Benchmark return": benchmark[-1] / benchmark[0] - 1, "CAGR": returns.annualized(),
        "Total profit, $": portfolio.total_profit(), "Final equity, $": portfolio.final_value(),
        "Best bar": returns.obj.max(), "Worst bar": returns.obj.min(),
    }  # fmt: skip


def _months(by_month: list[tuple[int, int, float]]) -> dict[str, float]:
    rates = np.array([rate for *_, rate in by_month])
    return {"Best month": rates.max(), "Worst month": rates.min(), "Positive months": float((rates > 0).mean())}


def _risk(portfolio: Any, returns: Any) -> dict[str, float]:
    drawdowns = portfolio.drawdowns
    durations = drawdowns.duration.values  # in bars; vectorbt's own wrapping turns them into times
    return {
        "Volatility": returns.annualized_volatility(), "Downside risk": returns.downside_risk(),
        "Max drawdown": portfolio.max_drawdown(), "Average drawdown": drawdowns.avg_drawdown(),
        "Longest drawdown, bars": durations.max() if len(durations) else 0.0,
        "Average drawdown, bars": durations.mean() if len(durations) else 0.0,
        "Drawdowns": drawdowns.count(), "VaR 95%": returns.value_at_risk(), "CVaR 95%": returns.cond_value_at_risk(),
        "Skewness": returns.obj.skew(), "Kurtosis": returns.obj.kurt(),
    }  # fmt: skip


def _ratios(returns: Any) -> dict[str, float]:
    found = _theirs(returns)
    if returns.obj.to_numpy().any():
        return found
    # a run that never traded has no ratio; vectorbt says infinity, which would be the best of all
    return {name: np.nan if np.isinf(value) else value for name, value in found.items()}


def _theirs(returns: Any) -> dict[str, float]:
    return {
        "Sharpe": returns.sharpe_ratio(), "Sortino": returns.sortino_ratio(), "Calmar": returns.calmar_ratio(),
        "Omega": returns.omega_ratio(), "Tail ratio": returns.tail_ratio(),
        "Information ratio": returns.information_ratio(), "Alpha": returns.alpha(),
        "Beta": returns.beta(), "Capture": returns.capture(), "Up capture": returns.up_capture(), "Down capture": returns.down_capture(),
    }  # fmt: skip


def _trades(trades: Any) -> dict[str, float]:
    hold, wins, losses = trades.duration.values, trades.winning, trades.losing
    rates = trades.returns.values
    counts = {
        "Trades": trades.count(), "Closed trades": trades.closed.count(), "Open trades": trades.open.count(),
        "Long trades": trades.long.count(), "Short trades": trades.short.count(),
    }  # fmt: skip
    if not len(rates):
        return {**counts, "Longest winning streak": 0.0, "Longest losing streak": 0.0, "Average hold, bars": 0.0}
    winner, loser = wins.returns.values, losses.returns.values
    average, loss = (float(v.mean()) if len(v) else np.nan for v in (winner, loser))
    return {
        **counts, "Win rate": trades.win_rate(), "Profit factor": trades.profit_factor(), "Expectancy, $": trades.expectancy(),
        "SQN": trades.sqn(), "Payoff ratio": average / -loss if loss else np.nan, "Best trade": rates.max(),
        "Worst trade": rates.min(), "Average winner": average, "Average loser": loss,
        **_streaks(trades), "Average hold, bars": hold.mean(),
        "Average winner's hold, bars": wins.duration.values.mean() if len(winner) else np.nan,
        "Average loser's hold, bars": losses.duration.values.mean() if len(loser) else np.nan,
    }  # fmt: skip


def _streaks(trades: Any) -> dict[str, float]:
    """Over all symbols in the order in which trades were left, which vectorbt counts by symbol only."""
    records = trades.records_arr
    won = records["pnl"][np.lexsort((records["id"], records["exit_idx"]))]
    out = {}
    for name, hits in (("Longest winning streak", won > 0), ("Longest losing streak", won < 0)):
        ends = np.flatnonzero(np.concatenate(([True], ~hits, [True])))
        out[name] = float(np.diff(ends).max() - 1)
    return out


def _costs(portfolio: Any, years: float) -> dict[str, float]:
    orders, exposure = portfolio.orders, portfolio.gross_exposure().to_numpy()
    records = orders.records_arr
    traded, equity = float((records["size"] * records["price"]).sum()), float(portfolio.value().mean())
    return {
        "Exposure": float((portfolio.assets().to_numpy() != 0).any(axis=1).mean()), "Average gross exposure": np.nanmean(exposure),
        "Largest gross exposure": np.nanmax(exposure), "Orders": orders.count(),
        "Turnover a year": traded / equity / years if equity > 0 and years else np.nan, "Fees, $": float(records["fees"].sum()),
    }  # fmt: skip


def trades_of(portfolio: Any, universe: Universe, plan: Plan | None) -> list[Trade]:
    """Every round trip as vectorbt tells it, by the time of entry, with how far the price went against and with it meanwhile."""
    records = portfolio.trades.records_arr
    order = np.lexsort((records["col"], records["entry_idx"]))
    return [_trade(row, universe, plan) for row in records[order]]


def _trade(row: Any, universe: Universe, plan: Plan | None) -> Trade:
    column, first, last, entry = int(row["col"]), int(row["entry_idx"]), int(row["exit_idx"]), float(row["entry_price"])
    short, is_open = int(row["direction"]) != LONG, int(row["status"]) == OPEN
    low, high = (
        float(np.nanmin(universe.low[first : last + 1, column])),
        float(np.nanmax(universe.high[first : last + 1, column])),
    )
    fall, rise = min(low / entry - 1, 0.0), max(high / entry - 1, 0.0)
    reason = "end" if is_open else "weights" if plan is None else REASONS[plan.reason[last, column]]
    return Trade(column, first, last, float(row["size"]), entry, float(row["exit_price"]), float(row["pnl"]), float(row["return"]), short,
                 float(row["entry_fees"] + row["exit_fees"]), -rise if short else fall, -fall if short else rise, is_open,
                 last - first, reason)  # fmt: skip


def contributions(portfolio: Any, symbols: int) -> list[tuple[float, float, int]]:
    """By symbol: profit after fees, open positions at the last close; fees of every order; round trips."""
    profits = np.atleast_1d(np.asarray(portfolio.total_profit(group_by=False)))
    orders, trades = portfolio.orders.records_arr, portfolio.trades.records_arr
    return [
        (float(profits[j]), float(orders["fees"][orders["col"] == j].sum()), int((trades["col"] == j).sum()))
        for j in range(symbols)
    ]

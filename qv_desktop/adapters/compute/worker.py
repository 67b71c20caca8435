"""The worker process: the only place that imports vectorbt. It reads runs from standard input and answers on standard output."""

import os
import sys
import time
from collections.abc import Mapping
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from qv_desktop.adapters.compute.evaluating import Evaluate, serve
from qv_desktop.adapters.compute.messages import Done, Failed, Progress, Ready, Run, Trade, read_run, write
from qv_desktop.strategies.bars import Bars, Flags, Floats

if TYPE_CHECKING:
    import pandas as pd

SESSIONS_A_YEAR = 252
DAY = 86_400_000_000_000  # ns


def main() -> None:
    """Serve runs until standard input closes."""
    answers = os.fdopen(os.dup(1), "wb")
    if os.name == "posix":
        os.nice(10)  # the window and the feeds come first
    os.dup2(2, 1)  # what a strategy prints must not reach the protocol
    import vectorbt as vbt

    engine = f"vectorbt {vbt.__version__}"
    write(answers, Ready(engine))
    while (run := read_run(sys.stdin.buffer)) is not None:
        _serve(run, answers, engine)


def _serve(run: Run | Evaluate, answers: IO[bytes], engine: str) -> None:
    try:
        write(answers, serve(run) if isinstance(run, Evaluate) else _result(run, answers, engine))
    except Exception as error:  # noqa: BLE001 - a strategy may raise anything; the person gets the sentence
        write(answers, Failed(run.run, f"The strategy failed: {type(error).__name__}: {error}"))


def _result(run: Run, answers: IO[bytes], engine: str) -> Done:
    began = time.perf_counter()
    write(answers, Progress(run.run, 0.2, "computing signals"))
    bars = _bars(run.columns)
    entries, exits = _signals(run.source, bars, run.parameters)
    write(answers, Progress(run.run, 0.5, "simulating"))
    portfolio = _portfolio(run, bars, entries, exits)
    write(answers, Progress(run.run, 0.8, "computing statistics"))
    equity = portfolio.value().to_numpy(dtype=np.float64)
    benchmark = run.cash * bars.close / bars.close[0]
    drawdown = equity / np.maximum.accumulate(equity) - 1
    return Done(run.run, time.perf_counter() - began, equity.tobytes(), benchmark.tobytes(), drawdown.tobytes(),
                _statistics(portfolio, bars, benchmark), _trades(portfolio), engine)  # fmt: skip


def _bars(columns: list[bytes]) -> Bars:
    at, *prices = columns
    return Bars(np.frombuffer(at, dtype=np.int64), *(np.frombuffer(column, dtype=np.float64) for column in prices))


def _signals(source: str, bars: Bars, parameters: Mapping[str, float]) -> tuple[Flags, Flags]:
    """Entries and exits by the strategy's source, checked for shape."""
    space: dict[str, Any] = {"__name__": "strategy"}
    exec(compile(source, "<strategy>", "exec"), space)  # noqa: S102 - running the strategy is what this process is for
    entries, exits = space["signals"](bars, parameters)
    for name, flags in (("entries", entries), ("exits", exits)):
        if np.shape(flags) != bars.close.shape:
            raise ValueError(f"{name} have shape {np.shape(flags)}, but there are {len(bars.close)} bars")
    return np.asarray(entries, dtype=bool), np.asarray(exits, dtype=bool)


def _portfolio(run: Run, bars: Bars, entries: Flags, exits: Flags) -> Any:
    """Signals of bar i trade at the open of bar i + 1, so that no price is used before it was known."""
    import pandas as pd
    import vectorbt as vbt

    index = pd.DatetimeIndex(pd.to_datetime(bars.at, unit="ns", utc=True))
    close = pd.Series(bars.close, index=index)
    return vbt.Portfolio.from_signals(
        close,
        entries=_next(entries, index),
        exits=_next(exits, index),
        price=pd.Series(bars.open, index=index),
        size=run.size,
        size_type="percent",
        init_cash=run.cash,
        fees=run.fees / 10_000,
        slippage=run.slippage / 10_000,
        freq=pd.Timedelta(seconds=run.frame_seconds),
    )


def _next(flags: Flags, index: "pd.DatetimeIndex") -> "pd.Series[bool]":
    import pandas as pd

    return pd.Series(np.concatenate(([False], flags[:-1])), index=index)


def _statistics(portfolio: Any, bars: Bars, benchmark: Floats) -> list[tuple[str, float]]:
    """vectorbt's own figures; fractions unless named otherwise, annualised over 252 sessions of the bars seen."""
    import pandas as pd

    year = pd.Timedelta(seconds=_bars_a_year(bars) * portfolio.wrapper.freq.total_seconds())
    returns = portfolio.get_returns_acc(year_freq=year)
    trades, drawdowns = portfolio.trades, portfolio.drawdowns
    hold = trades.duration.values
    rows: list[tuple[str, float]] = [
        ("Total return", portfolio.total_return()),
        ("Buy and hold", benchmark[-1] / benchmark[0] - 1),
        ("CAGR", returns.annualized()),
        ("Sharpe", returns.sharpe_ratio()),
        ("Sortino", returns.sortino_ratio()),
        ("Calmar", returns.calmar_ratio()),
        ("Max drawdown", portfolio.max_drawdown()),
        ("Longest drawdown, bars", float(drawdowns.duration.values.max()) if len(drawdowns.duration.values) else 0.0),
        ("Volatility", returns.annualized_volatility()),
        ("VaR 95%", returns.value_at_risk()),
        ("Win rate", trades.win_rate()),
        ("Profit factor", trades.profit_factor()),
        ("Expectancy, $", trades.expectancy()),
        ("Trades", float(trades.count())),
        ("Average hold, bars", float(hold.mean()) if len(hold) else 0.0),
        ("Exposure", portfolio.position_coverage()),
        ("Fees, $", float(portfolio.orders.fees.sum())),
        ("Final equity, $", portfolio.final_value()),
    ]
    return [(name, float(value)) for name, value in rows]


def _bars_a_year(bars: Bars) -> float:
    """Bars in 252 sessions, by the median count of bars on a day that has any."""
    _, counts = np.unique(bars.at // DAY, return_counts=True)
    return SESSIONS_A_YEAR * float(np.median(counts))


def _trades(portfolio: Any) -> list[Trade]:
    rows = portfolio.trades.records_arr
    return [Trade(int(r["entry_idx"]), int(r["exit_idx"]), float(r["size"]), float(r["entry_price"]), float(r["exit_price"]),
                  float(r["pnl"]), float(r["return"])) for r in rows]  # fmt: skip


if __name__ == "__main__":
    main()

"""How a backtest's figures read: columns of its trades and of stored runs, and the statistics as name and value."""

import math
from dataclasses import dataclass

from qv_desktop.domain.backtests import BacktestResult, BacktestTrade
from qv_desktop.domain.market import timeframe, utc
from qv_desktop.ui import format
from qv_desktop.ui.models.table_model import Column

SIGNED = frozenset(
    {"Total return", "Benchmark return", "Buy and hold", "CAGR", "Max drawdown", "VaR 95%"}
)  # fractions, gain or loss
SHARES = frozenset({"Volatility", "Win rate", "Exposure"})  # fractions without a sign
COUNTS = frozenset({"Trades"})


@dataclass(frozen=True, slots=True)
class Statistic:
    """One line: what it is, how it reads, and its colour token."""

    title: str
    text: str
    token: str


@dataclass(frozen=True, slots=True)
class NumberedTrade:
    """A round trip with its place in the run, from 1, and whether its times show the time of day."""

    number: int
    trade: BacktestTrade
    intraday: bool


def statistic(name: str, value: float) -> Statistic:
    """A statistic in its unit; what is not a number is unknown, and endless ratios read ∞."""
    title, _, unit = name.partition(", ")
    if math.isnan(value):
        return Statistic(title, format.UNKNOWN, "TX1")
    if math.isinf(value):
        return Statistic(title, "∞" if value > 0 else f"{format.MINUS}∞", "TX0")
    if name in SIGNED:
        return Statistic(title, format.percent(value, 1), format.trend(value))
    if name in SHARES:
        return Statistic(title, format.percent(value, 1, sign=False), "TX0")
    if unit == "$":
        return Statistic(title, format.money(value), "TX0")
    if unit or name in COUNTS:
        return Statistic(title, f"{value:,.0f}{f' {unit}' if unit else ''}", "TX0")
    return Statistic(title, format.signed(value) if value < 0 else format.price(value), "TX0")


def statistics(result: BacktestResult) -> list[Statistic]:
    """All of a run's statistics, in the order they were stored."""
    return [statistic(name, value) for name, value in result.statistics]


def numbered(result: BacktestResult) -> list[NumberedTrade]:
    """A run's trades in order."""
    intraday = timeframe(result.spec.timeframe).intraday
    return [NumberedTrade(i, trade, intraday) for i, trade in enumerate(result.trades, 1)]


def _when(row: NumberedTrade, at: int) -> str:
    moment = utc(at)
    return f"{format.day(moment)} {format.clock(moment)[:5]}" if row.intraday else format.day(moment)


TRADE_COLUMNS: tuple[Column[NumberedTrade], ...] = (
    Column("#", lambda r: f"{r.number}", key=lambda r: r.number, right=True, width=34, color=lambda r: "TX2"),
    Column("Entered", lambda r: _when(r, r.trade.entered), key=lambda r: r.trade.entered, width=112),
    Column("Left", lambda r: _when(r, r.trade.left), key=lambda r: r.trade.left, width=112),
    Column("Size", lambda r: f"{r.trade.size:,.2f}", key=lambda r: r.trade.size, right=True, width=66),
    Column("Entry", lambda r: format.price(r.trade.entry), key=lambda r: r.trade.entry, right=True, width=66),
    Column("Exit", lambda r: format.price(r.trade.exit), key=lambda r: r.trade.exit, right=True, width=66),
    Column("Profit, $", lambda r: format.signed(r.trade.profit), key=lambda r: r.trade.profit, right=True, width=92,
           color=lambda r: format.trend(r.trade.profit)),
    Column("Return", lambda r: format.percent(r.trade.fraction), key=lambda r: r.trade.fraction, right=True, width=70,
           color=lambda r: format.trend(r.trade.fraction)),
)  # fmt: skip


def _number(name: str, title: str, width: int) -> Column[BacktestResult]:
    def value(run: BacktestResult) -> float | None:
        found = run.numbers.get(name, math.nan)
        return None if math.isnan(found) else found

    return Column(title, lambda run: statistic(name, run.numbers.get(name, math.nan)).text, key=value, right=True, width=width,
                  color=lambda run: statistic(name, run.numbers.get(name, math.nan)).token)  # fmt: skip


RUN_COLUMNS: tuple[Column[BacktestResult], ...] = (
    Column("Started", lambda r: f"{format.day(r.started)} {format.clock(r.started)}", key=lambda r: r.started, width=128),
    Column("Strategy", lambda r: f"{r.spec.strategy} v{r.spec.version}", bold=True, width=116),
    Column("Symbol", lambda r: r.spec.symbol, bold=True, width=58),
    Column("TF", lambda r: r.spec.timeframe, width=40),
    Column("Parameters", lambda r: " ".join(f"{name} {value:g}" for name, value in r.spec.parameters), width=130,
           color=lambda r: "TX1", stretch=True),
    _number("Total return", "Return", 74),
    _number("Max drawdown", "Max DD", 70),
    _number("Sharpe", "Sharpe", 58),
    _number("Trades", "Trades", 54),
    Column("User", lambda r: r.user, width=70, color=lambda r: "TX1", shown=False),
    Column("Hash", lambda r: r.spec_hash[:8], mono=True, width=74, color=lambda r: "TX1", shown=False,
           tip=lambda r: f"terms {r.spec_hash}\ncode {r.code_hash}\ndata {r.data_hash}"),
)  # fmt: skip

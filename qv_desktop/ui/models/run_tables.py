"""How a backtest's figures read: statistics as name and value, and the columns of its trades and symbols and of stored runs."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from qv_desktop.domain.backtest_statistics import GROUPS, NAMES, UNITS, group_of
from qv_desktop.domain.backtests import BacktestResult, BacktestTrade, Contribution
from qv_desktop.domain.market import timeframe, utc
from qv_desktop.domain.statistic_words import DEFINITIONS
from qv_desktop.ui import format
from qv_desktop.ui.models.table_model import Column


@dataclass(frozen=True, slots=True)
class Statistic:
    """One line: what it is, how it reads, its colour token, and what it means."""

    title: str
    text: str
    token: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class NumberedTrade:
    """A round trip with its place in the run, from 1, and whether its times show the time of day."""

    number: int
    trade: BacktestTrade
    intraday: bool


def statistic(name: str, value: float) -> Statistic:
    """A statistic in its unit; what is not a number is unknown, and endless ratios read ∞."""
    title, _, unit = name.partition(", ")
    return Statistic(title, *_read(name, value, unit), DEFINITIONS.get(name, ""))


def _read(name: str, value: float, unit: str) -> tuple[str, str]:
    """Text and colour token."""
    if math.isnan(value):
        return format.UNKNOWN, "TX1"
    if math.isinf(value):
        return ("∞" if value > 0 else f"{format.MINUS}∞"), "TX0"
    match UNITS.get(name, "dollars" if unit == "$" else "ratio"):
        case "gain":
            return format.percent(value, 1 if abs(value) >= 0.01 else 2), format.trend(value)
        case "fraction":
            return format.percent(value, 1, sign=False), "TX0"
        case "dollars":
            return format.money(value), "TX0"
        case "bars" | "count":
            return f"{format.quantity(round(value, 1))}{f' {unit}' if unit else ''}", "TX0"
    return (format.signed(value) if value < 0 else format.price(value)), "TX0"


def statistics(result: BacktestResult) -> list[Statistic]:
    """All of a run's statistics, in the order they were stored."""
    return [statistic(name, value) for name, value in result.statistics]


def grouped(result: BacktestResult) -> dict[str, list[Statistic]]:
    """The same by group, groups in their usual order; empty ones are left out."""
    out: dict[str, list[Statistic]] = {group: [] for group in GROUPS}
    for name, value in result.statistics:
        out[group_of(name)].append(statistic(name, value))
    return {group: rows for group, rows in out.items() if rows}


def numbered(result: BacktestResult) -> list[NumberedTrade]:
    """A run's trades in order."""
    intraday = timeframe(result.spec.timeframe).intraday
    return [NumberedTrade(i, trade, intraday) for i, trade in enumerate(result.trades, 1)]


def when(at: int, intraday: bool) -> str:
    """A bar's time in New York: the day, and the time of day where bars are shorter."""
    moment = utc(at)
    return f"{format.day(moment)} {format.clock(moment)[:5]}" if intraday else format.day(moment)


def side(trade: BacktestTrade) -> str:
    """Long or short in words."""
    return trade.side.upper()


def left_by(trade: BacktestTrade) -> str:
    """Why a trade ended."""
    return "still open" if trade.open else trade.reason or format.UNKNOWN


def trade_words(row: NumberedTrade) -> tuple[str, ...]:
    """A trade in the few lines that a chart's pointer reads."""
    trade = row.trade
    held = f"{row.trade.bars:,} bar{'' if row.trade.bars == 1 else 's'}"
    return (
        f"#{row.number} {side(trade)} {format.quantity(round(trade.size, 4))} {trade.symbol}".rstrip(),
        f"{format.signed_money(trade.profit)}  {format.percent(trade.fraction)}",
        f"in   {when(trade.entered, row.intraday)}  at {format.price(trade.entry)}",
        f"out {when(trade.left, row.intraday)}  at {format.price(trade.exit)}",
        f"{held} · {left_by(trade)}",
        f"against {format.percent(trade.mae, 1)} · in favour {format.percent(trade.mfe, 1)}",
    )


TRADE_COLUMNS: tuple[Column[NumberedTrade], ...] = (
    Column("#", lambda r: f"{r.number}", key=lambda r: r.number, right=True, width=34, color=lambda r: "TX2"),
    Column("Symbol", lambda r: r.trade.symbol or format.UNKNOWN, bold=True, width=58, whole=True),
    Column("Side", lambda r: side(r.trade), width=52, whole=True, color=lambda r: "BUY_INK" if r.trade.side == "long" else "SELL_INK"),
    Column("Entered", lambda r: when(r.trade.entered, r.intraday), key=lambda r: r.trade.entered, width=80, whole=True),
    Column("Left", lambda r: "open" if r.trade.open else when(r.trade.left, r.intraday), key=lambda r: r.trade.left, width=80, whole=True),
    Column("Size", lambda r: format.quantity(round(r.trade.size, 2)), key=lambda r: r.trade.size, right=True, width=60),
    Column("Entry", lambda r: format.price(r.trade.entry), key=lambda r: r.trade.entry, right=True, width=60),
    Column("Exit", lambda r: format.price(r.trade.exit), key=lambda r: r.trade.exit, right=True, width=60),
    Column("Profit, $", lambda r: format.signed(r.trade.profit), key=lambda r: r.trade.profit, right=True, width=80,
           color=lambda r: format.trend(r.trade.profit)),
    Column("Return", lambda r: format.percent(r.trade.fraction), key=lambda r: r.trade.fraction, right=True, width=64,
           color=lambda r: format.trend(r.trade.fraction)),
    Column("Bars", lambda r: f"{r.trade.bars:,}", key=lambda r: r.trade.bars, right=True, width=46),
    Column("MAE", lambda r: format.percent(r.trade.mae, 1), key=lambda r: r.trade.mae, right=True, width=56,
           tip=lambda r: "Maximal adverse excursion: how far the price went against the trade"),
    Column("MFE", lambda r: format.percent(r.trade.mfe, 1), key=lambda r: r.trade.mfe, right=True, width=56,
           tip=lambda r: "Maximal favourable excursion: how far the price went with the trade"),
    Column("Left by", lambda r: left_by(r.trade), width=70, color=lambda r: "TX1", stretch=True),
    Column("Fees, $", lambda r: format.price(r.trade.fees), key=lambda r: r.trade.fees, right=True, width=62, shown=False),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """What a symbol added, and its share of the greatest contribution, by size."""

    of: Contribution
    share: float


def parts(result: BacktestResult) -> list[Part]:
    """The contributions of a run's symbols, the largest profit first."""
    most = max((abs(one.profit) for one in result.contributions), default=0.0) or 1.0
    return [Part(one, abs(one.profit) / most) for one in sorted(result.contributions, key=lambda one: -one.profit)]


PART_COLUMNS: tuple[Column[Part], ...] = (
    Column("Symbol", lambda r: r.of.symbol, bold=True, width=70, whole=True),
    Column("Profit, $", lambda r: format.signed(r.of.profit), key=lambda r: r.of.profit, right=True, width=110,
           color=lambda r: format.trend(r.of.profit)),
    Column("Of the largest", lambda r: format.percent(r.share, 0, sign=False), key=lambda r: r.share, bar=lambda r: r.share,
           width=140, color=lambda r: format.trend(r.of.profit), stretch=True),
    Column("Trades", lambda r: f"{r.of.trades:,}", key=lambda r: r.of.trades, right=True, width=60),
    Column("Fees, $", lambda r: format.price(r.of.fees), key=lambda r: r.of.fees, right=True, width=80),
)  # fmt: skip


def _number(name: str, title: str, width: int, shown: bool = True) -> Column[BacktestResult]:
    def value(run: BacktestResult) -> float | None:
        found = run.numbers.get(name, math.nan)
        return None if math.isnan(found) else found

    return Column(title, lambda run: statistic(name, run.numbers.get(name, math.nan)).text, key=value, right=True, width=width,
                  color=lambda run: statistic(name, run.numbers.get(name, math.nan)).token, shown=shown,
                  tip=lambda run: DEFINITIONS.get(name, ""))  # fmt: skip


_SHORT = {"Total return": ("Return", 74), "Max drawdown": ("Max DD", 70), "Sharpe": ("Sharpe", 58), "Trades": ("Trades", 54),
          "CAGR": ("CAGR", 64), "Win rate": ("Win rate", 62)}  # fmt: skip


def run_columns(names: Sequence[str] = NAMES) -> tuple[Column[BacktestResult], ...]:
    """The columns of stored runs: any statistic can be chosen and sorted by; a few are shown at first."""
    first = [_number(name, title, width) for name, (title, width) in _SHORT.items()]
    rest = [_number(name, name.partition(",")[0], 84, shown=False) for name in names if name not in _SHORT]
    return (
        Column("★", lambda r: "★" if r.starred else "", key=lambda r: r.starred, width=28, color=lambda r: "YELLOW"),
        Column("Started", lambda r: f"{format.day(r.started)} {format.clock(r.started)[:5]}", key=lambda r: r.started, width=118,
               whole=True),
        Column("Strategy", lambda r: f"{r.spec.strategy} v{r.spec.version}", bold=True, width=116),
        Column("Symbols", lambda r: symbols(r.spec.symbols), bold=True, width=70, tip=lambda r: ", ".join(r.spec.symbols)),
        Column("TF", lambda r: r.spec.timeframe, width=40),
        Column("Parameters", lambda r: " ".join(f"{name} {value:g}" for name, value in r.spec.parameters), width=120,
               color=lambda r: "TX1", stretch=True),
        *first,
        Column("From", lambda r: f"{r.spec.first}", width=80, shown=False),
        Column("To", lambda r: f"{r.spec.last}", width=80, shown=False),
        Column("Note", lambda r: r.remark, width=130, color=lambda r: "TX1", tip=lambda r: r.remark),
        *rest,
        Column("User", lambda r: r.user, width=70, color=lambda r: "TX1", shown=False),
        Column("Hash", lambda r: r.spec_hash[:8], mono=True, width=74, color=lambda r: "TX1", shown=False,
               tip=lambda r: f"terms {r.spec_hash}\ncode {r.code_hash}\ndata {r.data_hash}"),
    )  # fmt: skip


def symbols(names: Sequence[str]) -> str:
    """A few symbols by name, many by the first and how many more."""
    return ", ".join(names) if len(names) <= 2 else f"{names[0]} +{len(names) - 1}"

"""A backtest in words and cells, for reports that stand alone: statistics in their units, terms, trades."""

import math
from collections.abc import Sequence
from datetime import datetime

from qv_desktop.domain.backtest_statistics import UNITS
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec, BacktestTrade
from qv_desktop.domain.market import NEW_YORK, timeframe, utc
from qv_desktop.domain.run_comparison import WORDS, said

UNKNOWN, MINUS = "—", "−"
TRADES = ("#", "Symbol", "Side", "Entered", "Left", "Size", "Entry", "Exit", "Profit, $", "Return, %", "Bars", "MAE, %", "MFE, %",
          "Left by", "Fees, $")  # fmt: skip
FIGURES = frozenset({0, 5, 6, 7, 8, 9, 10, 11, 12, 14})  # columns of numbers


def figure(name: str, value: float) -> str:
    """A statistic in its unit; signs are typographic, unknown is a dash."""
    if math.isnan(value):
        return UNKNOWN
    if math.isinf(value):
        return "∞" if value > 0 else f"{MINUS}∞"
    match UNITS.get(name, "ratio"):
        case "gain":
            text = f"{value * 100:+,.2f}%"
        case "fraction":
            text = f"{value * 100:,.1f}%"
        case "dollars":
            text = f"{'-' if value < 0 else ''}${abs(value):,.2f}"
        case "bars":
            text = f"{value:,.1f}".removesuffix(".0") + " bars"
        case "count":
            text = f"{value:,.1f}".removesuffix(".0")
        case _:
            text = f"{value:,.2f}"
    return text.replace("-", MINUS)


def trend(name: str, value: float) -> str:
    """Whether a statistic is a gain or a loss: ``up``, ``down``, or nothing."""
    if UNITS.get(name) != "gain" or math.isnan(value) or value == 0:
        return ""
    return "up" if value > 0 else "down"


def title(run: BacktestResult) -> str:
    """Which run it is."""
    names = run.spec.symbols
    shown = ", ".join(names) if len(names) <= 5 else f"{', '.join(names[:4])} and {len(names) - 4} more"
    return f"{run.spec.strategy} v{run.spec.version} · {shown} · {run.spec.timeframe}"


def terms(spec: BacktestSpec) -> list[tuple[str, str]]:
    """Every term of a run in words, then the strategy's parameters."""
    told = [(words, said(spec, name)) for name, words in WORDS.items()]
    return told + [(name, f"{value:,.10g}") for name, value in spec.parameters]


def moment(at: int, intraday: bool) -> str:
    """A bar's start in New York: the day, and the time of day where bars are shorter."""
    return utc(at).astimezone(NEW_YORK).strftime("%Y-%m-%d %H:%M" if intraday else "%Y-%m-%d")


def trade_cells(run: BacktestResult) -> list[list[str]]:
    """The trades under ``TRADES``, for people to read."""
    intraday = timeframe(run.spec.timeframe).intraday
    return [_cells(number, trade, intraday) for number, trade in enumerate(run.trades, 1)]


def _cells(number: int, trade: BacktestTrade, intraday: bool) -> list[str]:
    left = "open" if trade.open else moment(trade.left, intraday)
    cells = [
        str(number), trade.symbol or UNKNOWN, trade.side, moment(trade.entered, intraday), left,
        f"{trade.size:,.4f}".rstrip("0").rstrip("."),
        f"{trade.entry:,.2f}", f"{trade.exit:,.2f}", f"{trade.profit:+,.2f}", f"{trade.fraction * 100:+,.2f}", f"{trade.bars:,}",
        _share(trade.mae), _share(trade.mfe), "still open" if trade.open else trade.reason or UNKNOWN, f"{trade.fees:,.2f}",
    ]  # fmt: skip
    return [cell.replace("-", MINUS) if place in FIGURES else cell for place, cell in enumerate(cells)]


def _share(fraction: float | None) -> str:
    return UNKNOWN if fraction is None else f"{fraction * 100:+,.2f}"


CSV = ("run", "number", "symbol", "side", "entered", "left", "open", "size", "entry", "exit", "profit", "return", "bars", "mae", "mfe",
       "reason", "fees")  # fmt: skip


def trade_values(run: BacktestResult) -> Sequence[Sequence[str | int | float | bool | datetime | None]]:
    """The trades under ``CSV`` as values: times aware and in UTC, fractions as they are."""
    return [
        (run.id, number, t.symbol, t.side, utc(t.entered), utc(t.left), t.open, t.size, t.entry, t.exit, t.profit, t.fraction, t.bars,
         t.mae, t.mfe, t.reason, t.fees)
        for number, t in enumerate(run.trades, 1)
    ]  # fmt: skip

"""The statistics of a backtest: their names, in groups, and the unit of each."""

import math
from typing import Literal

type Unit = Literal["gain", "fraction", "ratio", "dollars", "bars", "count"]

# gain: a signed fraction; fraction: one without a sign; ratio: a plain number
GROUPS: dict[str, dict[str, Unit]] = {  # group -> name -> unit, in the order in which they are shown
    "Return": {
        "Total return": "gain",
        "Benchmark return": "gain",
        "CAGR": "gain",
        "Total profit, $": "dollars",
        "Final equity, $": "dollars",
        "Best bar": "gain",
        "Worst bar": "gain",
        "Best month": "gain",
        "Worst month": "gain",
        "Positive months": "fraction",
    },
    "Risk": {
        "Volatility": "fraction",
        "Downside risk": "fraction",
        "Max drawdown": "gain",
        "Average drawdown": "gain",
        "Longest drawdown, bars": "bars",
        "Average drawdown, bars": "bars",
        "Drawdowns": "count",
        "VaR 95%": "gain",
        "CVaR 95%": "gain",
        "Skewness": "ratio",
        "Kurtosis": "ratio",
    },
    "Ratios": {
        "Sharpe": "ratio",
        "Sortino": "ratio",
        "Calmar": "ratio",
        "Omega": "ratio",
        "Tail ratio": "ratio",
        "Information ratio": "ratio",
        "Alpha": "gain",
        "Beta": "ratio",
        "Capture": "ratio",
        "Up capture": "ratio",
        "Down capture": "ratio",
    },
    "Trades": {
        "Trades": "count",
        "Closed trades": "count",
        "Open trades": "count",
        "Long trades": "count",
        "Short trades": "count",
        "Win rate": "fraction",
        "Profit factor": "ratio",
        "Expectancy, $": "dollars",
        "SQN": "ratio",
        "Payoff ratio": "ratio",
        "Best trade": "gain",
        "Worst trade": "gain",
        "Average winner": "gain",
        "Average loser": "gain",
        "Longest winning streak": "count",
        "Longest losing streak": "count",
        "Average hold, bars": "bars",
        "Average winner's hold, bars": "bars",
        "Average loser's hold, bars": "bars",
    },
    "Exposure and costs": {
        "Exposure": "fraction",
        "Average gross exposure": "fraction",
        "Largest gross exposure": "fraction",
        "Orders": "count",
        "Turnover a year": "ratio",
        "Fees, $": "dollars",
    },
}

UNITS: dict[str, Unit] = {name: unit for group in GROUPS.values() for name, unit in group.items()} | {
    "Buy and hold": "gain"  # what runs of earlier versions call the benchmark's return
}
NAMES: tuple[str, ...] = tuple(name for group in GROUPS.values() for name in group)


def group_of(name: str) -> str:
    """The group that a statistic is shown in; what no group names is of the first."""
    return next((group for group, names in GROUPS.items() if name in names), "Return")


def told(name: str, value: float) -> str:
    """A statistic in its unit as plain text; what cannot be reckoned is a dash."""
    unit = UNITS.get(name, "ratio")
    if math.isnan(value):
        return "—"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if unit in ("gain", "fraction"):
        return f"{value:+.2%}" if unit == "gain" else f"{value:.2%}"
    if unit == "dollars":
        return f"${value:,.2f}" if value >= 0 else f"-${-value:,.2f}"
    if unit in ("bars", "count"):
        return f"{value:,.0f} bars" if unit == "bars" else f"{value:,.0f}"
    return f"{value:.3f}"

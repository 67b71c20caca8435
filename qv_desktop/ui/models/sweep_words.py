"""How a sweep's figures and combinations read."""

import math
from collections.abc import Callable, Sequence

from qv_desktop.domain.sweeps import SweepRow
from qv_desktop.ui import format

FIGURES: dict[str, str] = {  # figure -> its title
    "sharpe": "Sharpe", "total_return": "Return", "max_drawdown": "Max drawdown", "profit_factor": "Profit factor", "calmar": "Calmar",
    "trades": "Trades", "volatility": "Volatility", "exposure": "Exposure",
}  # fmt: skip
SIGNED = ("total_return", "max_drawdown")
SHARES = ("volatility", "exposure")


def figure(name: str, value: float) -> str:
    """A figure's value in its unit; unknown is a dash, endless ∞."""
    if math.isnan(value):
        return format.UNKNOWN
    if math.isinf(value):
        return "∞" if value > 0 else f"{format.MINUS}∞"
    if name in SIGNED:
        return format.percent(value, 1)
    if name in SHARES:
        return format.percent(value, 1, sign=False)
    if name == "trades":
        return f"{value:,.0f}"
    return f"{value:.2f}".replace("-", format.MINUS)


def writer(name: str) -> Callable[[float], str]:
    """What writes values of one figure."""
    return lambda value: figure(name, value)


def combination(names: Sequence[str], values: Sequence[float]) -> str:
    """``fast 20 · slow 90``."""
    return " · ".join(f"{name} {value:g}" for name, value in zip(names, values, strict=False)) or "as it is"


def summary(row: SweepRow) -> str:
    """A combination's figures in a line; why there are none when there are none."""
    if row.error:
        return row.error
    told = (("sharpe", "Sharpe"), ("total_return", "return"), ("max_drawdown", "drawdown"), ("trades", "trades"))
    return " · ".join(f"{title} {figure(name, float(getattr(row, name)))}" for name, title in told)

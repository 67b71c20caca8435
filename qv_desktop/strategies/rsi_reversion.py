"""Mean reversion by RSI: buy weakness, leave when strength returns."""

from collections.abc import Mapping

from qv_desktop.domain.strategies import Parameter
from qv_desktop.strategies.bars import Bars, Flags

TITLE = "RSI reversion"
PARAMS = (Parameter("period", 14, 2, 60), Parameter("buy_below", 30, 5, 50), Parameter("sell_above", 55, 40, 95))


def signals(bars: Bars, params: Mapping[str, float]) -> tuple[Flags, Flags]:
    """Entries while RSI (Wilder's smoothing) is below ``buy_below``, exits while it is above ``sell_above``."""
    import talib

    rsi = talib.RSI(bars.close, int(params["period"]))
    return rsi < params["buy_below"], rsi > params["sell_above"]  # comparisons with NaN are False

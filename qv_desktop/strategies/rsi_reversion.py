"""Mean reversion by RSI: buy weakness, leave when strength returns."""

from collections.abc import Mapping

import numpy as np

from qv_desktop.domain.strategies import Parameter
from qv_desktop.strategies.bars import Bars, Flags

TITLE = "RSI reversion"
PARAMS = (Parameter("period", 14, 2, 60), Parameter("buy_below", 30, 5, 50), Parameter("sell_above", 55, 40, 95))


def signals(bars: Bars, params: Mapping[str, float]) -> tuple[Flags, Flags]:
    """Entries while RSI (Wilder's smoothing) is below ``buy_below``, exits while it is above ``sell_above``."""
    import talib

    rsi = talib.RSI(bars.close, int(params["period"]))
    missing = np.isnan(bars.close)
    begun = np.logical_or.accumulate(~missing)
    known = ~np.logical_or.accumulate(missing & begun)  # TA-Lib says 0 after a hole, and that is no weakness
    return known & (rsi < params["buy_below"]), known & (rsi > params["sell_above"])  # comparisons with NaN are False

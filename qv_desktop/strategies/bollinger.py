"""Bollinger bands: buy a close that comes back over the lower band, leave at the middle or at the upper band."""

from collections.abc import Mapping

import numpy as np

from qv_desktop.domain.strategies import Parameter
from qv_desktop.strategies.bars import Bars, Flags

TITLE = "Bollinger reversion"
PARAMS = (
    Parameter("period", 20, 5, 200),
    Parameter("width", 2.0, 0.5, 4.0, whole=False),  # standard deviations from the middle to a band
    Parameter("upper_exit", 0, 0, 1),  # 0 leaves at the middle, 1 at the upper band
)


def signals(bars: Bars, params: Mapping[str, float]) -> tuple[Flags, Flags]:
    """Entries where the close crosses back above the lower band, exits from the middle (or the upper band) up.

    The middle is the simple average of ``period`` closes, the bands are ``width`` standard deviations (of the population) off it.
    Flags have the bars' length; bar i uses no bar after i.
    """
    import talib

    upper, middle, lower = talib.BBANDS(
        bars.close, int(params["period"]), nbdevup=params["width"], nbdevdn=params["width"]
    )
    below = bars.close < lower  # comparisons with NaN are False
    was_below = np.concatenate(([False], below[:-1]))
    target = upper if params["upper_exit"] else middle
    exits = bars.close >= target
    return (bars.close >= lower) & was_below & ~exits, exits

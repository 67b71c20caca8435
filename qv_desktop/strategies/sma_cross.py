"""Trend following by two averages: long while the fast one is above the slow one."""

from collections.abc import Mapping

import numpy as np

from qv_desktop.domain.strategies import Parameter
from qv_desktop.strategies.bars import Bars, Flags

TITLE = "SMA cross"
PARAMS = (Parameter("fast", 20, 2, 200), Parameter("slow", 50, 5, 400))


def signals(bars: Bars, params: Mapping[str, float]) -> tuple[Flags, Flags]:
    """Entries where the fast average crosses above the slow one, exits where it crosses below.

    Flags have the bars' length; bar i uses no bar after i.
    """
    import talib

    fast = talib.SMA(bars.close, int(params["fast"]))
    slow = talib.SMA(bars.close, int(params["slow"]))
    above = fast > slow  # False while either average is not yet known
    known = ~np.isnan(fast) & ~np.isnan(slow)
    before = np.concatenate(([False], above[:-1]))
    was_known = np.concatenate(([False], known[:-1]))
    return above & ~before & known, ~above & before & was_known

"""Donchian breakout: buy a new high, leave at a new low of a shorter window."""

from collections.abc import Mapping

import numpy as np

from qv_desktop.domain.strategies import Parameter
from qv_desktop.strategies.bars import Bars, Flags

TITLE = "Donchian breakout"
PARAMS = (Parameter("entry", 20, 2, 250), Parameter("exit", 10, 2, 250))


def signals(bars: Bars, params: Mapping[str, float]) -> tuple[Flags, Flags]:
    """Entries where the close exceeds the highest high of the ``entry`` bars before it, exits below the lowest low of ``exit``."""
    import talib

    highest = talib.MAX(bars.high, int(params["entry"]))
    lowest = talib.MIN(bars.low, int(params["exit"]))
    channel_top = np.concatenate(([np.nan], highest[:-1]))
    channel_bottom = np.concatenate(([np.nan], lowest[:-1]))
    return bars.close > channel_top, bars.close < channel_bottom

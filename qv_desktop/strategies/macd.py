"""MACD: long while the line of two averages is above its own average."""

from collections.abc import Mapping

import numpy as np

from qv_desktop.domain.strategies import Parameter
from qv_desktop.strategies.bars import Bars, Flags

TITLE = "MACD cross"
PARAMS = (Parameter("fast", 12, 2, 100), Parameter("slow", 26, 3, 200), Parameter("signal", 9, 2, 50))


def signals(bars: Bars, params: Mapping[str, float]) -> tuple[Flags, Flags]:
    """Entries where MACD (fast less slow exponential average of the close) crosses above its signal line, exits where it falls below.

    Flags have the bars' length; bar i uses no bar after i. Of two periods the shorter is the fast one, whichever is named so.
    """
    import talib

    _, _, histogram = talib.MACD(bars.close, int(params["fast"]), int(params["slow"]), int(params["signal"]))
    known = ~np.isnan(histogram)
    above = histogram > 0  # False while it is not yet known
    before = np.concatenate(([False], above[:-1]))
    was_known = np.concatenate(([False], known[:-1]))
    return above & ~before & was_known, ~above & before & known

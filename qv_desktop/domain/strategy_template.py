"""The source that a new strategy begins with: it runs as it stands, and its comments say what may be changed."""

_COMMON = '''"""What this strategy does, in a sentence."""

import numpy as np
{library}
from qv_desktop.domain.strategies import Parameter

TITLE = "{title}"

# The knobs: Parameter(name, default, low, high), whole numbers unless whole=False is added.
# Write them out as here: the program reads them without running this file.
'''

_SIGNALS = '''PARAMS = (
    Parameter("length", 20, 2, 200),
    Parameter("band", 1.0, 0.0, 10.0, whole=False),  # percent
)


def signals(bars, params):
    """Buy when the close rises above its average by the band, sell when it falls below the average.

    bars.at is the time (ns), bars.open, .high, .low, .close and .volume are arrays, oldest first.
    Return (entries, exits), or (entries, exits, short_entries, short_exits): True or False for each bar.
    The flag of bar i may use bars up to i and no later one; it trades at the open of bar i + 1.
    """
    average = talib.SMA(bars.close, int(params["length"]))  # NaN while there are too few bars
    top = average * (1 + params["band"] / 100)
    above = bars.close > top  # comparing with NaN gives False
    before = np.concatenate(([False], above[:-1]))  # the flag of the bar before; never the other way round
    entries = above & ~before
    exits = bars.close < average
    return entries, exits
'''

_WEIGHTS = '''PARAMS = (Parameter("lookback", 60, 5, 500), Parameter("every", 20, 1, 250))


def weights(universe, params):
    """Hold what rose over the lookback, in equal parts, set anew every so many bars.

    universe.close (and .open, .high, .low, .volume) has a row for each bar and a column for each of universe.symbols;
    NaN where a symbol has no bar. Return an array of the same shape: the part of equity to hold of each symbol from the
    next open on; NaN leaves it as it is. Row i may use rows up to i and no later one.
    """
    lookback, every = int(params["lookback"]), int(params["every"])
    close = universe.close
    targets = np.full(close.shape, np.nan)
    for i in range(lookback, len(close), every):
        rose = close[i] > close[i - lookback]  # comparing with NaN gives False
        targets[i] = rose / max(rose.sum(), 1)
    return targets
'''

SIGNALS_TITLE, WEIGHTS_TITLE = "Close above its average", "What rose, in equal parts"


def template(kind: str = "signals") -> str:
    """The source of a new strategy: ``signals`` for one symbol, ``weights`` for a universe."""
    if kind == "weights":
        return _COMMON.format(library="", title=WEIGHTS_TITLE) + _WEIGHTS
    return _COMMON.format(library="import talib\n", title=SIGNALS_TITLE) + _SIGNALS

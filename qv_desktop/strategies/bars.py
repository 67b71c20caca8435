"""What a strategy sees: the bars of one symbol, or of a universe, as arrays."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Flags = NDArray[np.bool_]


class Bars(NamedTuple):
    """Arrays of equal length, oldest first; ``at`` in ns since the epoch, prices in dollars, volume in shares."""

    at: NDArray[np.int64]
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats


class Universe(NamedTuple):
    """Bars of several symbols on one axis of time: ``at`` in ns, the rest bars × symbols, NaN where a symbol has no bar.

    Column j is of ``symbols[j]``; prices in dollars, volume in shares.
    """

    at: NDArray[np.int64]
    symbols: tuple[str, ...]
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

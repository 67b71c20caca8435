"""What a strategy sees: the bars of one symbol as arrays."""

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

"""How far an equity curve is below its highest point."""

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]


def drawdowns(equity: Array) -> Array:
    """Fractions, 0 or negative, below the highest before; ``equity`` (n,) in dollars. Below zero equity all is lost: −1 at most."""
    highest = np.maximum.accumulate(equity)
    with np.errstate(divide="ignore", invalid="ignore"):
        fell = np.where(highest > 0, equity / highest - 1.0, 0.0)
    return np.clip(fell, -1.0, 0.0)

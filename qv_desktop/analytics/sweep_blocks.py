"""How a sweep's bars are counted: in a year, and in blocks of time. No compiled code, so that the program itself may ask."""

import numpy as np
from numpy.typing import NDArray

DAY, NIGHT = (
    86_400_000_000_000,
    18_000_000_000_000,
)  # ns; five hours back a day of New York is one of UTC, at either clock
SESSIONS_A_YEAR = 252


def bars_a_year(at: NDArray[np.int64]) -> float:
    """Bars in 252 sessions, by the median count of bars on a day that has any."""
    _, counts = np.unique((at - NIGHT) // DAY, return_counts=True)
    return SESSIONS_A_YEAR * float(np.median(counts))


def block_edges(bars: int, blocks: int) -> NDArray[np.int64]:
    """Where ``blocks`` spans of equal length begin, and where the last ends: blocks + 1 indices."""
    return np.array([bars * i // blocks for i in range(blocks + 1)] if blocks else [0], dtype=np.int64)

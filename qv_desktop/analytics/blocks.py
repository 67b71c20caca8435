"""Returns summed over spans of time for many combinations: enough for the exact Sharpe ratio of any union of the spans."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Flags = NDArray[np.bool_]


class Blocks(NamedTuple):
    """Consecutive spans of bars: ``counts`` (blocks,) of their bars, and the sums of the returns and of their squares.

    ``sums`` and ``squares`` are (blocks × trials), of returns by bar as fractions.
    """

    counts: Floats
    sums: Floats
    squares: Floats

    @property
    def trials(self) -> int:
        """How many combinations there are."""
        return int(self.sums.shape[1])


def merged(blocks: Blocks, count: int) -> Blocks:
    """Neighbours joined into ``count`` spans of about equally many blocks; as they are when there are no more."""
    if len(blocks.counts) <= count:
        return blocks
    starts = np.linspace(0, len(blocks.counts), count + 1).astype(np.int64)[:-1]
    return Blocks(*(np.add.reduceat(part, starts, axis=0) for part in blocks))


def sharpe(blocks: Blocks, chosen: Flags) -> Floats:
    """Sharpe ratios by bar (rows × trials) over the blocks that each row of ``chosen`` (rows × blocks) names.

    Deviations with n − 1; 0 for a trial that does not move there, NaN where a trial's sums are.
    """
    rows = np.atleast_2d(chosen).astype(np.float64)
    count = (rows @ blocks.counts)[:, None]
    mean, square = rows @ blocks.sums / count, rows @ blocks.squares / count
    spread = (square - mean**2) * count / (count - 1)
    still = spread <= 1e-12 * square
    found: Floats = np.where(still, 0.0, mean / np.sqrt(np.where(still, 1.0, spread)))
    return found


def growth(blocks: Blocks, chosen: Flags) -> Floats:
    """Log returns (rows × trials) over the blocks that each row names, as Σr − Σr²/2: exact to the third order of a bar's return."""
    rows = np.atleast_2d(chosen).astype(np.float64)
    found: Floats = rows @ (blocks.sums - blocks.squares / 2)
    return found


def named(places: Sequence[int] | NDArray[np.int64], count: int) -> Flags:
    """Flags (count,) that are set at ``places``."""
    flags = np.zeros(count, dtype=bool)
    flags[np.asarray(places, dtype=np.int64)] = True
    return flags

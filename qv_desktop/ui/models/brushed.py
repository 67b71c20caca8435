"""Which rows pass the ranges that are brushed on axes, and the lines that stand for many rows between two axes."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Range = tuple[float, float]  # shares of an axis, from 0 at the bottom to 1

LEVELS = 160  # places on an axis that lines are told apart by


def shares(columns: Floats) -> tuple[Floats, Floats, Floats]:
    """Each value as a share of its column's range (rows × axes), and the ranges' lows and highs; unknown and endless ones are NaN."""
    known = np.isfinite(columns)
    low = np.where(known, columns, np.inf).min(axis=0, initial=np.inf)
    high = np.where(known, columns, -np.inf).max(axis=0, initial=-np.inf)
    varies = high > low
    start, span = np.where(np.isfinite(low), low, 0.0), np.where(varies, high - low, 1.0)
    places = (np.where(known, columns, np.nan) - start) / np.where(np.isfinite(span), span, 1.0)
    return places + np.where(varies, 0.0, 0.5), low, high  # what never varies stands in the middle


def passing(places: Floats, brushes: Mapping[int, Range]) -> NDArray[np.bool_]:
    """Rows (rows,) of ``places`` (rows × axes, shares) that lie within every brushed range; unknown ones do not."""
    found = np.ones(len(places), dtype=bool)
    for axis, (low, high) in brushes.items():
        found &= (places[:, axis] >= low - 1e-9) & (places[:, axis] <= high + 1e-9)
    return found


def strands(left: Floats, right: Floats, scores: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Lines between two axes, rows that would lie on one another joined: (lines × 2) places, and the best level of each.

    ``left`` and ``right`` (rows,) are shares, ``scores`` (rows,) levels of colour. However many rows there are, no more lines than
    ``LEVELS`` by ``LEVELS`` come out, and of a grid no more than it has pairs of values.
    """
    known = np.isfinite(left) & np.isfinite(right)
    start, end = (np.rint(side[known] * (LEVELS - 1)).astype(np.int64) for side in (left, right))
    best = np.full(LEVELS * LEVELS, -1, dtype=np.int64)
    np.maximum.at(best, start * LEVELS + end, scores[known])
    lines = np.flatnonzero(best >= 0)
    lines = lines[np.argsort(best[lines], kind="stable")]  # the best are drawn last, on top
    return np.stack((lines // LEVELS, lines % LEVELS), axis=1), best[lines]

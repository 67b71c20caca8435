"""A sweep's rows as arrays: what heat maps, parallel axes and the neighbourhood of a combination are made of."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from qv_desktop.analytics.blocks import Blocks, Floats
from qv_desktop.domain.sweeps import SweepRow

type Places = NDArray[np.int64]
type Others = Literal[
    "best", "mean", "fixed"
]  # what a cell shows of the combinations that differ in the other parameters only

FIGURES = ("sharpe", "total_return", "max_drawdown", "trades", "volatility", "exposure", "profit_factor", "calmar")
BOX = 4  # parameters up to which a neighbour may be a step away in each at once
NEAREST = 8  # neighbours where the values lie on no grid


@dataclass(frozen=True, slots=True)
class SweepTable:
    """``values`` (rows × names) and ``figures`` by name (rows,), NaN where there is none; rows as the sweep has them."""

    names: tuple[str, ...]
    values: Floats
    figures: Mapping[str, Floats]


@dataclass(frozen=True, slots=True)
class Grid:
    """Scores (y × x) over two parameters, NaN where there is no combination; ``rows`` (y × x) is the best row of each, or -1."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    scores: Floats
    rows: Places
    counts: Places


def table_of(names: Sequence[str], rows: Sequence[SweepRow]) -> SweepTable:
    """The arrays of ``rows``."""
    values = np.array([row.values for row in rows], dtype=np.float64).reshape(len(rows), len(names))
    figures = {
        name: np.array([math.nan if row.error else getattr(row, name) for row in rows], dtype=np.float64)
        for name in FIGURES
    }
    return SweepTable(tuple(names), values, figures)


def grid(table: SweepTable, x: str, y: str, figure: str, others: Others, fixed: Mapping[str, float]) -> Grid:
    """Scores of ``figure`` over ``x`` and ``y``; with ``fixed`` others, only rows that have those values count."""
    across, up = (table.values[:, table.names.index(name)] for name in (x, y))
    xs, column = np.unique(across, return_inverse=True)
    ys, line = np.unique(up, return_inverse=True)
    scores = table.figures[figure]
    counts_in = np.isfinite(scores)
    if others == "fixed":
        for name, value in fixed.items():
            if name not in (x, y):
                counts_in &= np.isclose(table.values[:, table.names.index(name)], value)
    shape, used = (len(ys), len(xs)), np.flatnonzero(counts_in)
    cell = line[used] * len(xs) + column[used]
    counts = np.bincount(cell, minlength=len(xs) * len(ys))
    order = np.lexsort((-scores[used], cell))  # the best of each cell comes first
    first = np.unique(cell[order], return_index=True)
    best = np.full(len(counts), -1, dtype=np.int64)
    best[first[0]] = used[order[first[1]]]
    if others == "mean":
        sums = np.bincount(cell, weights=scores[used], minlength=len(counts))
        shown = np.divide(sums, counts, out=np.full(len(counts), math.nan), where=counts > 0)
    else:
        shown = np.where(best >= 0, scores[best], math.nan)
    return Grid(
        tuple(xs.tolist()), tuple(ys.tolist()), shown.reshape(shape), best.reshape(shape), counts.reshape(shape)
    )


def bounds(scores: Floats) -> tuple[float, float]:
    """The range for colours: from the 2nd to the 98th percentile, so that one outlier does not pale all others; NaN without scores."""
    known = scores[np.isfinite(scores)]
    if not len(known):
        return math.nan, math.nan
    low, high = np.percentile(known, (2, 98))
    return float(low), float(high)


def neighbourhood(table: SweepTable, figure: str) -> Floats:
    """For each row the mean ``figure`` of its neighbours (rows,), NaN where it has none.

    On a grid those are the combinations one step away, in any of up to four parameters at once, else in one; where values are drawn by
    chance, the eight nearest with each parameter scaled to its range.
    """
    if not len(table.values):
        return np.zeros(0)
    codes = np.stack([np.unique(column, return_inverse=True)[1] for column in table.values.T], axis=1)
    sizes = codes.max(axis=0) + 1
    if np.prod(sizes.astype(np.float64)) > 4 * len(codes) and len(codes) > NEAREST:
        return _nearest(table, figure)
    return _beside(codes, table.figures[figure])


def _beside(codes: Places, scores: Floats) -> Floats:
    count, axes = codes.shape
    steps = np.cumprod(np.concatenate(([1], codes.max(axis=0)[:-1] + 3))).astype(np.int64)
    keys = ((codes + 1) * steps).sum(axis=1)
    order = np.argsort(keys)
    sums, seen = np.zeros(count), np.zeros(count)
    for offset in _offsets(axes):
        wanted = keys + int((np.array(offset) * steps).sum())
        place = np.minimum(np.searchsorted(keys, wanted, sorter=order), count - 1)
        found = order[place]
        there = (keys[found] == wanted) & np.isfinite(scores[found])
        sums += np.where(there, scores[found], 0.0)
        seen += there
    mean: Floats = np.divide(sums, seen, out=np.full(count, math.nan), where=seen > 0)
    return mean


def _offsets(axes: int) -> list[tuple[int, ...]]:
    if axes <= BOX:
        return [offset for offset in product((-1, 0, 1), repeat=axes) if any(offset)]
    return [tuple(way if axis == moved else 0 for axis in range(axes)) for moved in range(axes) for way in (-1, 1)]


def _nearest(table: SweepTable, figure: str) -> Floats:
    from scipy.spatial import cKDTree

    scores = table.figures[figure]
    known = np.flatnonzero(np.isfinite(scores))
    if len(known) <= 1:
        return np.full(len(scores), math.nan)
    spans = np.ptp(table.values, axis=0)
    scaled = table.values / np.where(spans > 0, spans, 1.0)
    _, near = cKDTree(scaled[known]).query(scaled, k=min(NEAREST + 1, len(known)))
    own = known[near] == np.arange(len(scores))[:, None]
    found: Floats = np.where(own, 0.0, scores[known[near]]).sum(axis=1) / (~own).sum(axis=1)
    return found


def blocks_of_rows(rows: Sequence[SweepRow], block_bars: Sequence[int]) -> tuple[Blocks, Places]:
    """The block sums of the rows that have them, as columns, and the places of those rows."""
    places = [at for at, row in enumerate(rows) if not row.error and len(row.block_sums) == len(block_bars)
              and math.isfinite(sum(row.block_sums))]  # fmt: skip
    sums, squares = (
        np.array([getattr(rows[at], name) for at in places], dtype=np.float64).reshape(len(places), len(block_bars)).T
        for name in ("block_sums", "block_squares")
    )
    return Blocks(np.array(block_bars, dtype=np.float64), sums, squares), np.array(places, dtype=np.int64)

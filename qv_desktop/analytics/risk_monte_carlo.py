"""Value at risk by Monte Carlo: the logarithmic return of each name is drawn jointly normal, and each name is revalued on each path.

Where the days are fewer than the names the sample covariance has no more than days − 1 directions. A path then is one weight drawn for
each *day* of history instead of one for each name: with C the centred returns and z standard normal, zᵀC / √(days − 1) has just the
covariance CᵀC / (days − 1), so nothing is approximated and nothing needs repair. Else a root of the covariance serves (``root``).
Paths come in pairs, z and −z (antithetic variates: Glasserman, "Monte Carlo Methods in Financial Engineering", 2003, ch. 4.2).
A profit is v (eʳ − 1): a short's loss has no bound and a long's has. Several days: r √days, with no drift. Arithmetic is float32, whose
rounding (a part in ten million of each name) is far below the error of the sample.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]
type Small = NDArray[np.float32]

BLOCK = 4_000  # paths at once: they fit into the cache, and other threads get a turn between two blocks
NEGATIVE = -1e-8  # share of the largest eigenvalue down to which a negative one is rounding


def factors(logs: Array) -> Array:
    """What to draw with, (k, names), from logarithmic returns ``logs`` (days, names): FᵀF is their sample covariance."""
    days, names = logs.shape
    centred = (logs - logs.mean(axis=0)) / math.sqrt(days - 1)
    return centred if days <= names else root(centred.T @ centred)


def root(covariance: Array) -> Array:
    """F with FᵀF = ``covariance`` (names, names): by Cholesky, or by eigenvalues with the negative ones set to nothing.

    A covariance put together of pairs or typed by hand may have some; the names' own variances are then kept by scaling
    (Rebonato and Jäckel, "The most general methodology to create a valid correlation matrix", 1999).
    """
    try:
        return np.linalg.cholesky(covariance).T
    except np.linalg.LinAlgError:
        return _repaired(covariance)


def _repaired(covariance: Array) -> Array:
    lengths, directions = np.linalg.eigh((covariance + covariance.T) / 2)
    found = np.sqrt(np.clip(lengths, 0.0, None))[:, None] * directions.T
    if lengths[0] >= NEGATIVE * max(lengths[-1], 0.0):
        return found  # it was rounding
    had, wanted = np.sqrt((found**2).sum(axis=0)), np.sqrt(np.clip(np.diag(covariance), 0.0, None))
    return found * np.divide(wanted, had, out=np.zeros_like(had), where=had > 0)


def simulated(
    drawing: Array, values: Array, paths: int, seed: int, days: tuple[int, ...] = (1,),
    between: Callable[[], None] = lambda: None,
) -> Array:  # fmt: skip
    """Profits in dollars, (len(days), paths), of ``values`` (names,) on paths drawn with ``drawing`` (k, names).

    The same seed gives the same numbers, however many threads there are. ``between`` is called after each block, and may raise to
    end it. Raises ValueError when ``paths`` is odd or not positive.
    """
    if paths <= 0 or paths % 2:
        raise ValueError("Paths come in pairs; ask for an even number of them.")
    spread, held = np.ascontiguousarray(drawing, np.float32), np.ascontiguousarray(values, np.float32)
    scales = [np.float32(math.sqrt(one)) for one in days]
    found = np.empty((len(days), paths), np.float32)
    half = paths // 2
    starts = range(0, half, BLOCK)
    for start, source in zip(starts, np.random.SeedSequence(seed).spawn(len(starts)), strict=True):
        end = min(start + BLOCK, half)
        _block(np.random.Generator(np.random.SFC64(source)), spread, held, scales, found[:, start:end],
               found[:, half + start : half + end])  # fmt: skip
        between()
    return found.astype(np.float64)


def _block(
    source: np.random.Generator, spread: Small, held: Small, scales: list[np.float32], one: Small, other: Small
) -> None:
    """A block of draws and its mirror image."""
    logs = source.standard_normal((one.shape[1], len(spread)), np.float32) @ spread
    moved = np.empty_like(logs)
    for row, scale in enumerate(scales):
        np.expm1(np.multiply(logs, scale, out=moved), out=moved)
        one[row] = moved @ held
        np.expm1(np.multiply(logs, -scale, out=moved), out=moved)
        other[row] = moved @ held

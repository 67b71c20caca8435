"""Value at risk by Monte Carlo with fat tails: the simple returns of all names are drawn jointly from Student's t distribution.

A multivariate t with ν degrees of freedom is a normal whose every path is stretched by the same √((ν − 2) / χ²ν), which keeps the
covariance: on a bad day all names have one (Glasserman, "Monte Carlo Methods in Financial Engineering", 2003, ch. 9.3; McNeil, Frey
and Embrechts, "Quantitative Risk Management", 2015, ch. 6.2). Every portfolio of the names then has the same ν, so that it is fitted
to the days of the book itself. The returns are simple ones and no logarithms: eʳ of a t has no mean, and a short's shortfall would
have none either. No name loses more than all of its worth. Several days: √days, as of the normal paths.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from qv_desktop.analytics.risk_monte_carlo import BLOCK
from qv_desktop.analytics.risk_parametric import NORMAL

type Array = NDArray[np.float64]
type Small = NDArray[np.float32]

LOW, HIGH = 2.5, 100.0  # degrees of freedom: below two there is no variance, and beyond a hundred a t is a normal
ROUNDS, CLOSE = 200, 1e-9  # of the fit of the scale, at most, and how little it may still change
FINE = 2e-4  # of 1 / ν: far finer than some hundred days can tell
STEPS = 20_001  # of a quantile
GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


def freedom(returns: Array) -> float:
    """Degrees of freedom ν of a t distribution that ``returns`` (n,) are most likely of, its middle and scale fitted with it.

    From ``LOW`` up to ``HIGH``, from where on infinity is said: the tails are a normal's. Infinity too where nothing varies.
    """
    if returns.size < 2 or not np.ptp(returns) > 0:
        return math.inf
    plain = (returns - returns.mean()) / returns.std()
    left, right = 1.0 / HIGH, 1.0 / LOW  # golden section over 1 / ν, in which the likelihood is nearly round
    a, b = right - GOLDEN * (right - left), left + GOLDEN * (right - left)
    at_a, at_b = likelihood(plain, 1.0 / a), likelihood(plain, 1.0 / b)
    while right - left > FINE:
        if at_a > at_b:
            right, b, at_b = b, a, at_a
            a = right - GOLDEN * (right - left)
            at_a = likelihood(plain, 1.0 / a)
        else:
            left, a, at_a = a, b, at_b
            b = left + GOLDEN * (right - left)
            at_b = likelihood(plain, 1.0 / b)
    found = 2.0 / (left + right)
    return math.inf if found > HIGH * 0.99 else found


def likelihood(values: Array, degrees: float) -> float:
    """The greatest logarithmic likelihood of ``values`` (n,) under a t of so many ``degrees`` (Lange, Little and Taylor, "Robust
    statistical modeling using the t distribution", 1989: weighted means until they stand still)."""
    middle, scale = float(np.median(values)), float(values.var())
    for _ in range(ROUNDS):
        weights = (degrees + 1.0) / (degrees + (values - middle) ** 2 / scale)
        middle = float(weights @ values / weights.sum())
        before, scale = scale, float(weights @ (values - middle) ** 2) / values.size
        if abs(scale - before) <= CLOSE * before:
            break
    terms = np.log1p((values - middle) ** 2 / (degrees * scale)).sum()
    constant = (
        math.lgamma((degrees + 1.0) / 2.0) - math.lgamma(degrees / 2.0) - math.log(degrees * math.pi * scale) / 2.0
    )
    return values.size * constant - (degrees + 1.0) / 2.0 * float(terms)


def quantile(confidence: float, degrees: float) -> float:
    """The t quantile at ``confidence`` (above a half), of the deviation 1: √((ν − 2) / ν) times t's own.

    With x = √ν tan θ the density is cosine to the power ν − 1, which is summed up finely.
    """
    if math.isinf(degrees):
        return NORMAL.inv_cdf(confidence)
    angles = np.linspace(0.0, math.pi / 2.0, STEPS)
    heights = np.cos(angles) ** (degrees - 1.0)
    parts = np.concatenate([[0.0], np.cumsum((heights[1:] + heights[:-1]) / 2.0)])
    angle = float(np.interp((confidence - 0.5) * 2.0 * parts[-1], parts, angles))
    return math.sqrt(degrees - 2.0) * math.tan(angle)


def simulated(
    drawing: Array, values: Array, paths: int, seed: int, degrees: float, days: tuple[int, ...] = (1,),
    between: Callable[[], None] = lambda: None,
) -> Array:  # fmt: skip
    """Profits in dollars, (len(days), paths), of ``values`` (names,) on paths drawn with ``drawing`` (k, names) of simple returns.

    ``degrees`` may be infinity. The same seed gives the same numbers. ``between`` is called after each block, and may raise to end
    it. Raises ValueError when ``paths`` is odd or not positive, or when the degrees are two or fewer.
    """
    if paths <= 0 or paths % 2:
        raise ValueError("Paths come in pairs; ask for an even number of them.")
    if not degrees > 2.0:
        raise ValueError("Two degrees of freedom and fewer have no variance.")
    spread, held = np.ascontiguousarray(drawing, np.float32), np.ascontiguousarray(values, np.float32)
    found, half = np.empty((len(days), paths), np.float32), paths // 2
    starts = range(0, half, BLOCK)
    for start, source in zip(starts, np.random.SeedSequence(seed).spawn(len(starts)), strict=True):
        end = min(start + BLOCK, half)
        chance = np.random.Generator(np.random.SFC64(source))
        drawn = chance.standard_normal((end - start, len(spread)), np.float32)
        drawn *= _stretched(chance, end - start, degrees)[:, None]
        moves = drawn @ spread
        kept = np.empty_like(moves)
        for row, scale in enumerate(np.sqrt(np.array(days, np.float32))):
            for part, sign in ((found[row, start:end], scale), (found[row, half + start : half + end], -scale)):
                np.maximum(np.multiply(moves, sign, out=kept), np.float32(-1.0), out=kept)
                part[:] = kept @ held
        between()
    return found.astype(np.float64)


def _stretched(chance: np.random.Generator, count: int, degrees: float) -> Small:
    """What each path is stretched by: √((ν − 2) / χ²ν)."""
    if math.isinf(degrees):
        return np.ones(count, np.float32)
    squared = 2.0 * chance.standard_gamma(degrees / 2.0, count)
    return np.sqrt((degrees - 2.0) / squared).astype(np.float32)

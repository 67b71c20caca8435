"""How long it takes to leave positions without being most of the market, and how much of a book sits in few names.

Concentration is the Herfindahl–Hirschman index, the sum of the squared shares (US Department of Justice and Federal Trade Commission,
"Merger Guidelines", 2023, 2.1, there times 10,000), and its inverse, the number of equal positions that would be as concentrated.
"""

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]


def left_within(values: Array, days: Array, horizon: float) -> float:
    """The fraction of the gross ``values`` (n,) that is out after ``horizon`` days; what has no known ``days`` never is."""
    gross = np.abs(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        done = np.where(days > 0, np.minimum(1.0, horizon / days), np.where(np.isnan(days), 0.0, 1.0))
    return float((gross * done).sum() / gross.sum()) if gross.sum() > 0 else 0.0


def concentration(values: Array) -> tuple[float, float, float, float]:
    """Largest share of the gross, the five largest together, the index, and its inverse; ``values`` (n,) with some dollars in them."""
    shares = np.sort(np.abs(values))[::-1]
    shares = shares / shares.sum()
    index = float((shares**2).sum())
    return float(shares[0]), float(shares[:5].sum()), index, 1.0 / index

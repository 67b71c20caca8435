"""Daily returns of several names on the same days, as arrays."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]
type Series = tuple[NDArray[np.int64], Array]  # ascending day numbers, and closes

LEAST = 60  # days that make a history
PRESENT = 0.9  # of the days that a name must have traded on


@dataclass(frozen=True, slots=True)
class Returns:
    """``values`` (days, names) are simple returns from one day's close to the next's; ``days`` (days,) are of the later close.

    ``short`` names have too few days and are in no column: name -> days it has. A name that did not trade on a day stands at its last
    close there, as a book would value it, and its whole move is on the day on which it traded again.
    """

    names: tuple[str, ...]
    days: NDArray[np.int64]
    values: Array
    short: dict[str, int]


def aligned(closes: Mapping[str, Series], longest: int) -> Returns:
    """The returns of the last ``longest`` days, from the first on which all kept names had a price.

    ``closes`` is name -> (ascending day numbers, adjusted closes above 0). The calendar is the days on which at least half of the
    names that had begun by then traded; names that lack more than a tenth of its last ``longest`` + 1 days are left out. No day in
    the middle is: a return that spans several days of all names, for one of them lacks some, would pass for one day's.
    """
    calendar = _calendar(closes, longest + 1)
    table = {name: _on(calendar, *series) for name, series in closes.items()}
    enough = max(LEAST, int(PRESENT * len(calendar)))
    had = {name: int(np.isfinite(column).sum()) for name, column in table.items()}
    kept = tuple(name for name in table if had[name] >= enough)
    short = {name: days for name, days in had.items() if name not in kept}
    if not kept:
        return Returns((), np.empty(0, np.int64), np.empty((0, 0)), short)
    prices = _carried(np.column_stack([table[name] for name in kept]))
    first = int(np.isnan(prices).any(axis=1).sum())
    prices, days = prices[first:], calendar[first:]
    return Returns(kept, days[1:], prices[1:] / prices[:-1] - 1.0, short)


def _carried(prices: Array) -> Array:
    """Each gap filled with the price before it; what is before a name's first price stays NaN."""
    rows = np.where(np.isfinite(prices), np.arange(len(prices))[:, None], 0)
    carried: Array = np.take_along_axis(prices, np.maximum.accumulate(rows, axis=0), axis=0)
    return carried


def _calendar(closes: Mapping[str, Series], longest: int) -> NDArray[np.int64]:
    every = [days for days, _ in closes.values() if len(days)]
    if not every:
        return np.empty(0, np.int64)
    days, counts = np.unique(np.concatenate(every), return_counts=True)
    begun = np.searchsorted(np.sort([own[0] for own in every]), days, "right")
    return days[counts * 2 >= begun][-longest:]


def _on(calendar: NDArray[np.int64], own: NDArray[np.int64], prices: Array) -> Array:
    column = np.full(len(calendar), np.nan)
    if not len(own) or not len(calendar):
        return column
    places = np.searchsorted(calendar, own)
    inside = (places < len(calendar)) & (prices > 0) & np.isfinite(prices)
    inside[inside] &= calendar[places[inside]] == own[inside]
    column[places[inside]] = prices[inside]
    return column

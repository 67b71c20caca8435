"""Columns of several symbols laid on one axis of time, as a universe and as the flags that trade on it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qv_desktop.strategies.bars import Bars, Flags, Floats, Universe


def bars_of(columns: Sequence[bytes]) -> Bars:
    """``at`` as int64 and open, high, low, close, volume as float64, from little-endian bytes; nobody can write to them."""
    at, *prices = columns
    return Bars(np.frombuffer(at, dtype=np.int64), *(np.frombuffer(column, dtype=np.float64) for column in prices))


def universe_of(symbols: Sequence[str], each: Sequence[Bars]) -> Universe:
    """Every symbol's bars on the axis of all their times; NaN where a symbol has none."""
    at = each[0].at if len(each) == 1 else np.unique(np.concatenate([bars.at for bars in each]))
    places = [np.searchsorted(at, bars.at) for bars in each]

    def grid(name: str) -> Floats:
        out = np.full((len(at), len(each)), np.nan)
        for column, (bars, place) in enumerate(zip(each, places, strict=True)):
            out[place, column] = getattr(bars, name)
        return out

    return Universe(at, tuple(symbols), *(grid(name) for name in ("open", "high", "low", "close", "volume")))


def next_bars(flags: Flags, place: NDArray[np.int64], rows: int) -> Flags:
    """Flags of a symbol's own bars, moved to the rows where its next bar opens; the last bar's flag trades nowhere."""
    out = np.zeros(rows, dtype=np.bool_)
    out[place[1:]] = flags[:-1]
    return out


def next_opens(weights: Floats, opens: Floats) -> Floats:
    """Weights of row i moved to row i + 1; where a symbol has no bar there, to its next one unless a newer weight comes first."""
    out = np.full(weights.shape, np.nan)
    out[1:] = weights[:-1]
    for column in np.flatnonzero(np.isnan(opens).any(axis=0)):
        waiting = np.nan
        for row in range(len(out)):
            waiting = out[row, column] if not np.isnan(out[row, column]) else waiting
            there = not np.isnan(opens[row, column])
            out[row, column] = waiting if there else np.nan
            waiting = np.nan if there else waiting
    return out


def filled(close: Floats) -> Floats:
    """Closes where a symbol has no bar: the one before, and before its first bar that bar's."""
    out = close.copy()
    rows = np.arange(len(out))[:, None]
    known = ~np.isnan(out)
    last = np.maximum.accumulate(np.where(known, rows, -1), axis=0)
    first = np.argmax(known, axis=0)
    return np.asarray(out[np.where(last >= 0, last, first), np.arange(out.shape[1])])

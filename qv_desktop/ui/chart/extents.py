"""The least and greatest value within any stretch of a long line, without looking at all of it."""

import numpy as np

from qv_desktop.analytics.downsampling import Floats

BLOCK = 512


class Extents:
    """Least and greatest of each block of a growing line; unknown values count for nothing."""

    def __init__(self) -> None:
        self._low, self._high = np.empty(0), np.empty(0)
        self._known = 0  # values that the whole blocks cover

    def forget(self) -> None:
        """The line is another now."""
        self._low, self._high, self._known = np.empty(0), np.empty(0), 0

    def of(self, values: Floats, first: int, last: int) -> tuple[float, float] | None:
        """Least and greatest of ``values[first:last]``, None where all are unknown."""
        self._learn(values)
        begin, end = -(-first // BLOCK), min(last, self._known) // BLOCK
        if begin >= end:
            return _span(values[first:last])
        found = [_span(values[first : begin * BLOCK]), _span(values[end * BLOCK : last])]
        low, high = self._low[begin:end], self._high[begin:end]
        found.append(_span(np.concatenate((low, high))))
        known = [one for one in found if one is not None]
        return (min(low for low, _ in known), max(high for _, high in known)) if known else None

    def _learn(self, values: Floats) -> None:
        whole = len(values) // BLOCK * BLOCK
        if whole <= self._known:
            return
        part = values[self._known : whole].reshape(-1, BLOCK)
        self._low = np.concatenate((self._low, np.fmin.reduce(part, axis=1)))
        self._high = np.concatenate((self._high, np.fmax.reduce(part, axis=1)))
        self._known = whole


def _span(values: Floats) -> tuple[float, float] | None:
    if not len(values):
        return None
    low, high = float(np.fmin.reduce(values)), float(np.fmax.reduce(values))
    return None if low != low else (low, high)

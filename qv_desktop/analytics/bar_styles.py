"""Bars made of other bars: averaged ones (Heikin-Ashi) and bricks of equal height (Renko). Arrays in, arrays out."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

BLOCK = 64  # closes that are looked at together: about as many as one brick lasts


def heikin_ashi(open: Floats, high: Floats, low: Floats, close: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Open, high, low and close of the averaged bars, each of shape (n,).

    A close is the mean of its bar's four prices; an open is half way between the open and the close before it, and the first one's
    half way through its own bar (D. Valcu, Stocks & Commodities 22:2, 2004).
    """
    closes = (open + high + low + close) / 4
    if not len(closes):
        return closes, closes, closes, closes
    opens = np.concatenate(([(open[0] + close[0]) / 2], closes[:-1] / 2))
    for step in (
        1,
        2,
        4,
        8,
        16,
        32,
    ):  # each pass doubles how far back an open looks; 64 halvings are nothing to a double
        opens[step:] = opens[step:] + 0.5**step * opens[:-step]
    return opens, np.maximum(high, np.maximum(opens, closes)), np.minimum(low, np.minimum(opens, closes)), closes


def next_heikin_ashi(
    open: float, close: float, bar: tuple[float, float, float, float]
) -> tuple[float, float, float, float]:
    """The averaged bar of ``bar`` (open, high, low, close) after one with this ``open`` and ``close``."""
    opening, closing = (open + close) / 2, sum(bar) / 4
    return opening, max(bar[1], opening, closing), min(bar[2], opening, closing), closing


@dataclass(slots=True)
class Renko:
    """Where the bricks stand: the last one's ends, in dollars, and the height of each. Both ends are equal before the first."""

    box: float
    low: float
    high: float

    @classmethod
    def begun(cls, close: float, box: float) -> "Renko":
        """Before the first brick: at the first close, on a multiple of the height."""
        level = round(close / box) * box
        return cls(box, level, level)

    def take(self, close: float) -> list[tuple[float, float]]:
        """The bricks that a close completes, each as its open and close; turning round takes two heights."""
        found: list[tuple[float, float]] = []
        edge = self.box * (1 - 1e-9)  # sums of boxes are not exact
        while close - self.high >= edge:
            found.append((self.high, self.high + self.box))
            self.low, self.high = self.high, self.high + self.box
        while self.low - close >= edge:  # never after the loop above: a close is not beyond both ends
            found.append((self.low, self.low - self.box))
            self.low, self.high = self.low - self.box, self.low
        return found


def bricks(close: Floats, state: Renko) -> tuple[NDArray[np.int64], Floats, Floats]:
    """Of each brick that the closes complete: the bar that completed it, its open and its close, each of shape (bricks,).

    ``state`` moves on to the last of them.
    """
    at: list[int] = []
    ends: list[tuple[float, float]] = []
    place = 0
    while place < len(close):
        beyond = np.flatnonzero(_beyond(close[place : place + BLOCK], state))
        if not len(beyond):
            place += BLOCK
            continue
        place += int(beyond[0])
        found = state.take(float(close[place]))
        ends += found
        at += [place] * len(found)
        place += 1
    pairs = np.array(ends, dtype=np.float64).reshape(-1, 2)
    return np.array(at, dtype=np.int64), pairs[:, 0], pairs[:, 1]


def _beyond(close: Floats, state: Renko) -> NDArray[np.bool_]:
    edge = state.box * (1 - 1e-9)
    return (close - state.high >= edge) | (state.low - close >= edge)

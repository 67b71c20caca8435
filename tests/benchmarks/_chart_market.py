"""The bars, the looks and the prints that every chart of the benchmark is given: seeded, and plain numpy, for peers run apart."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

MINUTE = 60_000_000_000  # ns
BEGAN = 1_600_000_020_000_000_000  # ns
MARGIN = 5  # bars of air at both ends when all are in view
A_BAR = 10  # prints from one bar's close to the next


@dataclass(frozen=True, slots=True)
class Candle:
    """One bar: its start in ns, prices in dollars, volume in shares."""

    start: int
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True, slots=True)
class Market:
    """Bars as parallel arrays, shape (n,), oldest first; starts in ns."""

    start: NDArray[np.int64]
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __len__(self) -> int:
        return len(self.start)

    @property
    def rows(self) -> Iterator[tuple[int, float, float, float, float, float]]:
        """Bar by bar: start, open, high, low, close, volume."""
        arrays = (self.start, self.open, self.high, self.low, self.close, self.volume)
        return zip(*(array.tolist() for array in arrays), strict=True)

    @property
    def last(self) -> Candle:
        """The newest bar."""
        return Candle(
            int(self.start[-1]), *(float(a[-1]) for a in (self.open, self.high, self.low, self.close, self.volume))
        )


def market(count: int) -> Market:
    """A random walk of ``count`` one-minute bars without a gap, near 100 dollars at first."""
    rng = np.random.default_rng(7)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 2e-4, count)))
    open_ = np.concatenate(([100.0], close[:-1]))
    high = np.maximum(open_, close) + rng.uniform(0, 0.05, count)
    low = np.minimum(open_, close) - rng.uniform(0, 0.05, count)
    volume = rng.integers(100, 10_000, count).astype(np.float64)
    return Market(BEGAN + np.arange(count) * MINUTE, open_, high, low, close, volume)


def prints(last: Candle, count: int) -> Iterator[tuple[Candle, bool]]:
    """The live bar after each of ``count`` prints, and whether that print began it; every tenth does."""
    rng = np.random.default_rng(3)
    for i in range(1, count + 1):
        price = last.close + float(rng.normal(0, 0.005))
        began = i % A_BAR == 0
        if began:
            last = Candle(last.start + MINUTE, price, price, price, price, 100.0)
        else:
            last = replace(
                last, high=max(last.high, price), low=min(last.low, price), close=price, volume=last.volume + 100
            )
        yield last, began


def looks_at_all(count: int, frames: int) -> list[tuple[float, float]]:
    """First and last bar in view while all, or nearly all, of ``count`` bars are: zoomed at each third frame, else panned."""
    rng, whole, out = np.random.default_rng(11), count + 2.0 * MARGIN, []
    wide = whole
    for i in range(frames):
        if i % 3 == 0:
            wide = whole * (1.0 if i % 2 else float(rng.uniform(0.95, 0.999)))
        left = float(rng.uniform(0, whole - wide)) - MARGIN
        out.append((left, left + wide))
        if wide == whole:  # nothing can be panned where all is in view
            wide = whole * float(rng.uniform(0.95, 0.999))
    return out


def looks_at_some(count: int, bars: int, frames: int) -> list[tuple[float, float]]:
    """The same for about ``bars`` bars: dragged back by odd amounts, zoomed at each third frame, at each 50th elsewhere."""
    rng, out = np.random.default_rng(13), []
    wide, right = float(bars), count - bars * 2.0
    for i in range(frames):
        if i % 50 == 0:
            right = float(rng.uniform(bars * 20, count - bars))
        elif i % 3 == 0:
            wide = bars * float(rng.uniform(0.85, 1.15))
        else:
            right -= float(rng.uniform(1, 37))
        out.append((right - wide, right))
    return out

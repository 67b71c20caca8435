"""Level of detail: many bars drawn as few columns whose open, high, low, close and volume are those of the bars within."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Rows = Callable[
    [int, int], Iterable[Floats]
]  # first and one past the last bar -> opens, highs, lows, closes, volumes

STEP = 8  # each level of a pyramid holds one column for eight of the level below
BLOCK = 65_536  # bars that are copied at once
LEAST = 1024  # a level this small needs no coarser one


@dataclass(frozen=True, slots=True)
class Columns:
    """Parallel arrays of shape (n,): prices in dollars and volume in shares, oldest first."""

    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __len__(self) -> int:
        return len(self.open)

    def part(self, first: int, last: int) -> Self:
        """The columns ``first:last`` as views."""
        return type(self)(self.open[first:last], self.high[first:last], self.low[first:last], self.close[first:last],
                          self.volume[first:last])  # fmt: skip


def reduced(bars: Columns, stride: int) -> Columns:
    """One column for every ``stride`` bars, counted from the first; the last may hold fewer. Shape (ceil(n / stride),)."""
    if stride == 1 or not len(bars):
        return bars
    begins = np.arange(0, len(bars), stride)
    ends = np.minimum(begins + stride, len(bars)) - 1
    return Columns(bars.open[begins], np.maximum.reduceat(bars.high, begins), np.minimum.reduceat(bars.low, begins),
                   bars.close[ends], np.add.reduceat(bars.volume, begins))  # fmt: skip


def stride_for(bars: float, columns: int) -> int:
    """The smallest power of two that brings ``bars`` down to at most ``columns``.

    Powers of two, counted from the first bar of all, keep a bar in the same column while a person pans.
    """
    stride = 1
    while bars > columns * stride:
        stride *= 2
    return stride


class _Level:
    """One level's columns in a buffer with room to grow; rows are open, high, low, close, volume."""

    def __init__(self, size: int, rows: Rows, width: int) -> None:
        self.width = width  # bars per column
        self.size = size
        self.buffer = np.empty((5, size + _room(size)))
        for first in range(0, size, BLOCK):
            last = min(size, first + BLOCK)
            for place, row in enumerate(rows(first, last)):
                self.buffer[place, first:last] = row

    def columns(self) -> Columns:
        """Views of what is filled."""
        return Columns(*self.buffer[:, : self.size])

    def take(self, index: int, bar: tuple[float, float, float, float, float]) -> None:
        """Put bar number ``index`` into its column: a new one, or the last."""
        if index // self.width == self.size:
            self._begin(bar)
            return
        last, (_, high, low, close, volume) = self.buffer[:, self.size - 1], bar
        last[1], last[2], last[3], last[4] = max(last[1], high), min(last[2], low), close, last[4] + volume

    def _begin(self, bar: tuple[float, float, float, float, float]) -> None:
        if self.size == self.buffer.shape[1]:
            self.buffer = np.concatenate((self.buffer, np.empty((5, _room(self.size)))), axis=1)
        self.buffer[:, self.size] = bar
        self.size += 1


def _rows(columns: Columns) -> Rows:
    return lambda first, last: [
        row[first:last] for row in (columns.open, columns.high, columns.low, columns.close, columns.volume)
    ]


def _room(size: int) -> int:
    """How many more are given room at once: a sixteenth, so that a million bars do not hold the memory of two."""
    return max(size // 16, 64)


class Pyramid:
    """Levels of columns, each ``STEP`` times coarser, so that a million bars cost what the visible columns cost."""

    def __init__(self, bars: Columns) -> None:
        self._build(len(bars), _rows(bars))

    @classmethod
    def filled(cls, size: int, rows: Rows) -> Self:
        """``size`` bars, of which ``rows`` gives a stretch at a time, so that nothing but the pyramid takes memory."""
        made = cls.__new__(cls)
        made._build(size, rows)
        return made

    def _build(self, size: int, rows: Rows) -> None:
        self._stack = [_Level(size, rows, 1)]
        while self._stack[-1].size > LEAST:
            self._coarser()
        self._levels = [level.columns() for level in self._stack]

    def _coarser(self) -> None:
        top = self._stack[-1]
        coarse = reduced(top.columns(), STEP)
        self._stack.append(_Level(len(coarse), _rows(coarse), top.width * STEP))

    def append(self, open: float, high: float, low: float, close: float, volume: float) -> None:
        """One more bar, into every level; costs the same however many there are."""
        index = self._stack[0].size
        for level in self._stack:
            level.take(index, (open, high, low, close, volume))
        if self._stack[-1].size > LEAST:
            self._coarser()
        self._levels = [level.columns() for level in self._stack]

    @property
    def bars(self) -> Columns:
        """The bars themselves."""
        return self._levels[0]

    def __len__(self) -> int:
        return len(self._levels[0])

    def columns(self, first: int, last: int, stride: int) -> tuple[int, Columns]:
        """The columns of ``stride`` bars that cover bars ``first:last``, and the first bar of the first column.

        ``stride`` is a power of two; columns start at its multiples.
        """
        level, width = 0, 1
        while level + 1 < len(self._levels) and width * STEP <= stride:
            level, width = level + 1, width * STEP
        source, within = self._levels[level], stride // width
        begin = max(first, 0) // stride
        end = -(-min(last, len(self)) // stride)
        return begin * stride, reduced(source.part(begin * within, end * within), within)

    def extent(self, first: int, last: int) -> tuple[float, float] | None:
        """Lowest low and highest high of bars ``first:last``, or None where there are none."""
        first, last = max(first, 0), min(last, len(self))
        if first >= last:
            return None
        stride = stride_for(last - first, LEAST)
        inner = (-(-first // stride) * stride, last // stride * stride)
        if stride == 1 or inner[0] >= inner[1]:
            return _span([self.bars.part(first, last)])
        middle = self.columns(*inner, stride)[1]
        return _span([self.bars.part(first, inner[0]), middle, self.bars.part(inner[1], last)])


def _span(parts: Sequence[Columns]) -> tuple[float, float]:
    filled = [part for part in parts if len(part)]
    return min(float(part.low.min()) for part in filled), max(float(part.high.max()) for part in filled)


def thinned(values: Floats, first: int, stride: int) -> tuple[NDArray[np.int64], Floats]:
    """Each column's last value of a line from bar ``first`` (a multiple of ``stride``) on, with the bars they stand at."""
    begins = np.arange(first, len(values), stride)
    at = np.minimum(begins + stride, len(values)) - 1
    return at, values[at]

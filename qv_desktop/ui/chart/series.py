"""The bars of one symbol and timeframe as arrays: closed ones in a pyramid, the last one live."""

from collections.abc import Sequence
from functools import partial
from operator import attrgetter
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import DTypeLike, NDArray

from qv_desktop.analytics.downsampling import BLOCK, Columns, Floats, Pyramid
from qv_desktop.analytics.growing import Growing
from qv_desktop.domain.market import NEW_YORK, SECOND, Bar, Timeframe
from qv_desktop.ui.chart import times

OUTLIERS, TWICE = 0.97, 2.0  # share of columns that volume is scaled by when the greatest is more than twice as tall
HALF_CENTS = 0.3  # share of closes from which half a cent is taken for the price step

type Taken = Literal["moved", "closed", "ignored"]


def _field(bars: Sequence[Bar], name: str, kind: DTypeLike = np.float64) -> NDArray[Any]:
    return np.fromiter(map(attrgetter(name), bars), dtype=kind, count=len(bars))


def _rows(bars: Sequence[Bar], first: int, last: int) -> list[Floats]:
    part = bars[first:last]
    return [_field(part, name) for name in ("open", "high", "low", "close", "volume")]


class Series:
    """At least one bar, oldest first; indices count from the first bar and never change while bars are added."""

    def __init__(self, symbol: str, frame: Timeframe, bars: Sequence[Bar], zone: ZoneInfo = NEW_YORK) -> None:
        rows = partial(_rows, bars)
        starts: Growing[np.int64] = Growing.sized(len(bars), np.int64)
        for first in range(0, len(bars), BLOCK):
            starts.values[first : first + BLOCK] = _field(bars[first : first + BLOCK], "start", np.int64)
        self._fill(symbol, frame, starts, Pyramid.filled(len(bars) - 1, rows), bars[-1], zone)

    @classmethod
    def built(
        cls, symbol: str, frame: Timeframe, starts: times.Whole, closed: Columns, live: Bar, zone: ZoneInfo = NEW_YORK
    ) -> Self:
        """From arrays: ``starts`` in ns, shape (n,), the ``closed`` bars, n − 1 of them, and the live one."""
        made = cls.__new__(cls)
        made._fill(symbol, frame, Growing(starts), Pyramid(closed), live, zone)
        return made

    def _fill(
        self, symbol: str, frame: Timeframe, starts: Growing[np.int64], closed: Pyramid, live: Bar, zone: ZoneInfo
    ) -> None:
        self.symbol, self.frame, self.live, self.zone = symbol, frame, live, zone
        self.evenly = True  # each bar lasts as long as the timeframe says, which bricks do not
        self.closed = closed
        self._starts = starts
        self._ranks = Growing(times.ranks_of(starts.values, zone))

    def on_clock(self, zone: ZoneInfo) -> None:
        """Write its times in another zone from now on."""
        self.zone = zone
        self._ranks = Growing(times.ranks_of(self.starts, zone))

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def starts(self) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        """Starts in ns, shape (n,)."""
        return self._starts.values

    def local(self, first: int, last: int) -> times.Whole:
        """Starts of bars ``first:last`` in New York wall-clock seconds; made anew each time, for a million would fill memory."""
        return times.local_seconds(self.starts[first:last])

    def wall(self, index: int) -> int:
        """A bar's start in wall-clock seconds of the chart's own zone."""
        return int(times.local_seconds(self.starts[index : index + 1], self.zone)[0])

    @property
    def ranks(self) -> np.ndarray[tuple[int], np.dtype[np.int8]]:
        """How great a boundary of time each bar begins, shape (n,)."""
        return self._ranks.values

    @property
    def decimals(self) -> int:
        """Digits after the point: four below one dollar, three where many prices end in half a cent, else two.

        Single prints between the steps are common (midpoint trades) and do not make a step.
        """
        if self.live.close < 1:
            return 4
        last = np.append(self.closed.bars.close[-50:], self.live.close)
        return 3 if np.mean(np.abs(last * 100 - np.round(last * 100)) > 0.4) > HALF_CENTS else 2

    def take(self, bar: Bar) -> Taken:
        """Put a live bar in: it replaces the last one or follows it; an older bar, or another symbol's, changes nothing."""
        if bar.symbol != self.symbol or bar.start < self.live.start:
            return "ignored"
        if bar.start == self.live.start:
            self.live = bar
            return "moved"
        self.begin(bar)
        return "closed"

    def begin(self, bar: Bar) -> None:
        """Close the live bar and go on with this one, whenever it starts."""
        done, self.live = self.live, bar
        self.closed.append(done.open, done.high, done.low, done.close, done.volume)
        before, now = times.local_seconds(np.array([done.start, bar.start], dtype=np.int64), self.zone).tolist()
        self._ranks.append(int(times.ranks(np.array([now]), before)[0]))
        self._starts.append(bar.start)

    def bar(self, index: int) -> Bar:
        """Bar number ``index``."""
        if index >= len(self.closed):
            return self.live
        values = self.closed.bars
        prices = [float(array[index]) for array in (values.open, values.high, values.low, values.close, values.volume)]
        return Bar(self.symbol, int(self.starts[index]), prices[0], prices[1], prices[2], prices[3], prices[4])

    def index_at(self, at: int) -> int:
        """The bar that holds a moment in ns; −1 before the first."""
        return int(np.searchsorted(self.starts, at, side="right")) - 1

    def past(self, index: int, at: int) -> bool:
        """Whether a moment in ns comes after a day's last bar, ``index``, has ended: in hours that have no bars here."""
        if (
            not self.evenly
            or not 0 <= index < len(self) - 1
            or at < int(self.starts[index]) + self.frame.seconds * SECOND
        ):
            return False
        this, following = self.local(index, index + 2) // times.DAY
        return bool(this != following)

    def seconds_left(self, at: int) -> float | None:
        """Seconds until the live bar closes, or None for bars of a day and longer."""
        if not self.frame.intraday:
            return None
        return max(0.0, (self.live.start - at) / SECOND + self.frame.seconds)

    def extent(self, first: int, last: int) -> tuple[float, float]:
        """Lowest low and highest high of bars ``first:last``; the live bar's where the window is empty."""
        found = self.closed.extent(first, last)
        low, high = found or (self.live.low, self.live.high)
        return (min(low, self.live.low), max(high, self.live.high)) if last >= len(self) else (low, high)

    def most_volume(self, first: int, last: int, stride: int) -> float:
        """The volume in shares that is drawn full height; never zero.

        It is the greatest in the window, unless auctions dwarf the rest: then it is what 97 of 100 columns stay under.
        """
        volumes = self.closed.columns(first, last, stride)[1].volume
        if last >= len(self):
            volumes = np.append(volumes, self.live_column(stride)[1].volume)
        if not len(volumes):
            return 1.0
        most, usual = float(volumes.max()), float(np.quantile(volumes, OUTLIERS, method="lower"))
        return max(usual if most > usual * TWICE else most, 1.0)

    def live_column(self, stride: int) -> tuple[int, Columns]:
        """The column that holds the live bar, with the closed bars that share it, and its first bar."""
        begin = len(self.closed) // stride * stride
        live = self.live
        if begin == len(self.closed):
            return begin, Columns(*np.array([[live.open], [live.high], [live.low], [live.close], [live.volume]]))
        part = self.closed.bars.part(begin, len(self.closed))
        return begin, Columns(part.open[:1], np.array([max(float(part.high.max()), live.high)]),
                              np.array([min(float(part.low.min()), live.low)]), np.array([live.close]),
                              np.array([float(part.volume.sum()) + live.volume]))  # fmt: skip

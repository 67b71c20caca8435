"""Renko bricks over other bars: made of their closes, with the newest one as far as it has come."""

import numpy as np

from qv_desktop.analytics.bar_styles import Renko, bricks
from qv_desktop.analytics.downsampling import Columns
from qv_desktop.analytics.indicators import atr
from qv_desktop.domain.market import Bar
from qv_desktop.ui.chart.series import Series, Taken

PERIOD = 14  # of the average true range that a brick is high
LEAST = 0.0005  # of the price, where too few bars are known for that


class Bricks:
    """Bricks as a series: one index each, dated by the bar that completed it. ``box`` is their height in dollars."""

    def __init__(self, below: Series) -> None:
        self._below = below
        self.box = _height(below)
        bars = below.closed.bars
        first = float(bars.close[0]) if len(bars) else below.live.open
        self._state = Renko.begun(first, self.box)
        at, opens, closes = bricks(bars.close, self._state)
        gathered = np.concatenate(([0.0], np.cumsum(bars.volume)))
        ends = gathered[at + 1] if len(at) else np.empty(0)
        volumes = np.diff(ends, prepend=0.0)  # a bar of several bricks gives all to the first
        self._spent = float(ends[-1]) if len(ends) else 0.0
        self._gathered = float(gathered[-1])
        starts = np.append(below.starts[at], below.live.start)
        columns = Columns(opens, np.maximum(opens, closes), np.minimum(opens, closes), closes, volumes)
        self.series = Series.built(below.symbol, below.frame, starts, columns, self._forming(), below.zone)
        self.series.evenly = False

    def _forming(self) -> Bar:
        """The brick that is not complete: from the near end of the last one to the price."""
        live = self._below.live
        begin = min(max(live.close, self._state.low), self._state.high)
        volume = self._gathered - self._spent + live.volume
        return Bar(live.symbol, live.start, begin, max(begin, live.close), min(begin, live.close), live.close, volume)

    def follow(self, taken: Taken) -> Taken:
        """A bar has closed, and perhaps completed bricks; or the live one moved."""
        if taken == "ignored":
            return "ignored"
        found = self._complete() if taken == "closed" else []
        for brick in found:
            self.series.live = brick
            self.series.begin(brick)
        self.series.live = self._forming()
        return "closed" if found else "moved"

    def _complete(self) -> list[Bar]:
        bar = self._below.bar(len(self._below) - 2)
        self._gathered += bar.volume
        found = [Bar(bar.symbol, bar.start, opening, max(opening, closing), min(opening, closing), closing, 0.0)
                 for opening, closing in self._state.take(bar.close)]  # fmt: skip
        if found:
            first = found[0]
            found[0] = Bar(
                first.symbol, first.start, first.open, first.high, first.low, first.close, self._gathered - self._spent
            )
            self._spent = self._gathered
        return found


def _height(series: Series) -> float:
    """The average true range on whole steps of price."""
    bars = series.closed.bars.part(max(0, len(series.closed) - 500), len(series.closed))
    found = atr(bars.high, bars.low, bars.close, PERIOD)
    value = float(found[-1]) if len(found) and np.isfinite(found[-1]) else 0.0
    step = 10.0**-series.decimals
    return max(round(max(value, series.live.close * LEAST) / step), 1) * step

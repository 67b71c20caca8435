"""What is drawn of the real bars: all of them or regular hours alone, as they are, averaged (Heikin-Ashi) or as bricks (Renko)."""

from typing import Protocol

import numpy as np

from qv_desktop.analytics.downsampling import Columns
from qv_desktop.domain.market import Bar
from qv_desktop.ui.chart.bricks import Bricks
from qv_desktop.ui.chart.heikin import Heikin
from qv_desktop.ui.chart.look import Look
from qv_desktop.ui.chart.series import Series, Taken
from qv_desktop.ui.chart.session_shading import Hours


class Layer(Protocol):
    """Bars made of other bars, kept in step with them."""

    series: Series

    def follow(self, taken: Taken) -> Taken:
        """The bars below have taken a live bar: what that did here."""


def within(series: Series, hours: Hours) -> bool:
    """Whether the live bar lies within regular hours."""
    newest = series.local(len(series) - 1, len(series))
    return not bool(hours.outside(newest, series.frame.seconds)[0])


class Regular:
    """The bars within regular hours."""

    def __init__(self, below: Series, hours: Hours) -> None:
        self._below, self._hours = below, hours
        inside = np.flatnonzero(~hours.outside(below.local(0, len(below)), below.frame.seconds))
        self.any = bool(len(inside))
        if not self.any:
            self.series = below
            return
        last = int(inside[-1])
        closed, bars = inside[:-1], below.closed.bars
        columns = Columns(*(array[closed] for array in (bars.open, bars.high, bars.low, bars.close, bars.volume)))
        self.series = Series.built(
            below.symbol, below.frame, below.starts[inside], columns, below.bar(last), below.zone
        )

    def follow(self, taken: Taken) -> Taken:
        """A bar outside of regular hours changes nothing."""
        if taken == "ignored" or not within(self._below, self._hours):
            return "ignored"
        return self.series.take(self._below.live)


class Drawn:
    """The layers over the ``real`` bars; ``series`` is the topmost. ``lacking`` says when there is nothing within regular hours."""

    def __init__(self, real: Series, look: Look, regular: Hours) -> None:
        self._real, self._hours = real, regular
        self._layers: list[Layer] = []
        self.lacking = False
        if not look.extended and real.frame.intraday:
            hours = Regular(real, regular)
            self.lacking = not hours.any
            if hours.any:
                self._layers.append(hours)
        if look.style == "heikin-ashi":
            self._layers.append(Heikin(self.series))
        elif look.style == "renko":
            self._layers.append(Bricks(self.series))

    @property
    def series(self) -> Series:
        """The bars that are drawn."""
        return self._layers[-1].series if self._layers else self._real

    @property
    def opened(self) -> bool:
        """Whether the live bar lies within regular hours."""
        return within(self._real, self._hours)

    def take(self, bar: Bar) -> Taken:
        """Put a live bar in: what that did to the bars that are drawn."""
        taken = self._real.take(bar)
        for layer in self._layers:
            taken = layer.follow(taken)
        return taken

"""Heikin-Ashi bars over other bars, kept in step with them."""

from qv_desktop.analytics.bar_styles import heikin_ashi, next_heikin_ashi
from qv_desktop.analytics.downsampling import Columns
from qv_desktop.domain.market import Bar
from qv_desktop.ui.chart.series import Series, Taken


class Heikin:
    """One averaged bar for each bar below."""

    def __init__(self, below: Series) -> None:
        self._below = below
        bars = below.closed.bars
        opens, highs, lows, closes = heikin_ashi(bars.open, bars.high, bars.low, bars.close)
        self._before = (
            (float(opens[-1]), float(closes[-1])) if len(opens) else None
        )  # open and close of the last closed one
        columns = Columns(opens, highs, lows, closes, bars.volume.copy())
        self.series = Series.built(
            below.symbol, below.frame, below.starts, columns, self._averaged(below.live), below.zone
        )

    def _averaged(self, bar: Bar) -> Bar:
        before = self._before or (bar.open, bar.close)
        prices = next_heikin_ashi(*before, (bar.open, bar.high, bar.low, bar.close))
        return Bar(bar.symbol, bar.start, *prices, bar.volume)

    def follow(self, taken: Taken) -> Taken:
        """The live bar moved, or the next one began: the one before it is settled first, for it may have moved unseen."""
        if taken == "closed":
            last = len(self._below) - 2
            self.series.take(self._averaged(self._below.bar(last)))
            self._before = (self.series.live.open, self.series.live.close)
        return "ignored" if taken == "ignored" else self.series.take(self._averaged(self._below.live))

"""Another symbol's closes over the bars of a chart: level with them at the first bar in view, and in percent from there."""

from collections.abc import Sequence

import numpy as np

from qv_desktop.analytics.downsampling import Floats
from qv_desktop.domain.market import Bar
from qv_desktop.ui.chart.series import Series

COLOURS = ("PINK", "CYAN", "LIME", "ORANGE", "YELLOW")


class Comparison:
    """The closes of ``symbol`` laid onto the bars of a series, each bar with the newest close known when it ended."""

    def __init__(self, symbol: str, token: str, bars: Sequence[Bar]) -> None:
        self.symbol, self.token = symbol, token
        self._starts = np.fromiter((bar.start for bar in bars), dtype=np.int64, count=len(bars))
        self._closes = np.fromiter((bar.close for bar in bars), dtype=np.float64, count=len(bars))
        self.values: Floats = np.empty(0)

    def lay(self, series: Series) -> None:
        """One value per bar of ``series``, the live one included; NaN before the symbol's first."""
        place = np.searchsorted(self._starts, series.starts, side="right") - 1
        known = self._closes[np.maximum(place, 0)] if len(self._closes) else np.full(len(series), np.nan)
        self.values = np.where(place >= 0, known, np.nan)

    def base(self, first: int) -> float | None:
        """The first value known from bar ``first`` on; None without any."""
        part = self.values[first:]
        known = np.flatnonzero(np.isfinite(part[:4096]))
        return float(part[known[0]]) if len(known) else None

    def change(self, index: int, first: int) -> float | None:
        """Its change at a bar since bar ``first``, as a fraction; None while either is unknown."""
        base = self.base(first)
        value = float(self.values[min(index, len(self.values) - 1)]) if len(self.values) else np.nan
        return None if base is None or not base or value != value else value / base - 1


def levelled(comparison: Comparison, first: int, base: float) -> Floats:
    """Its values as prices of the chart's symbol: equal at bar ``first``, where that symbol stands at ``base``; shape (n,)."""
    own = comparison.base(first)
    return comparison.values * (base / own) if own else np.full(len(comparison.values), np.nan)

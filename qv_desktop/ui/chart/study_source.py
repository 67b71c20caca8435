"""The bars of a chart as the studies read them: any stretch as arrays, the live bar last."""

import numpy as np

from qv_desktop.analytics.studies import Bars
from qv_desktop.ui.chart.series import Series
from qv_desktop.ui.chart.times import DAY


class StudySource:
    """``studies.Source`` over a series."""

    def __init__(self, series: Series) -> None:
        self._series = series

    def __len__(self) -> int:
        return len(self._series)

    def part(self, first: int, last: int) -> Bars:
        """Bars ``first:last``; without the live one they are views."""
        series, values = self._series, self._series.closed.bars.part(first, last)
        starts, sessions = series.starts[first:last], series.local(first, last) // DAY
        if last < len(series):
            return Bars(starts, sessions, values.open, values.high, values.low, values.close, values.volume)
        live = series.live
        rows = np.empty((5, last - first))
        rows[:, :-1] = (values.open, values.high, values.low, values.close, values.volume)
        rows[:, -1] = (live.open, live.high, live.low, live.close, live.volume)
        return Bars(starts, sessions, *rows)

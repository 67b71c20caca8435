"""Lines computed from the bars: averages over the candles and the strength index in a pane of its own."""

import math

import numpy as np

from qv_desktop.analytics import indicators
from qv_desktop.analytics.downsampling import Floats
from qv_desktop.ui.chart.growing import Growing
from qv_desktop.ui.chart.series import Series

YELLOW, BLUE, VIOLET = "#f0c14b", "#7aa7ff", "VIOLET"
TAIL = 500  # bars after which Wilder's smoothing has forgotten its start to within 1e-15


class Average:
    """An exponential average of closes: one value per closed bar, and the live bar's from the last of them."""

    def __init__(self, period: int, token: str) -> None:
        self.title, self.period, self.token = f"EMA {period}", period, token
        self._values: Growing[np.float64] = Growing(np.empty(0))

    @property
    def values(self) -> Floats:
        """One value per closed bar, NaN until enough are known."""
        return self._values.values

    def rebuild(self, series: Series) -> None:
        """Compute every value anew."""
        self._values = Growing(indicators.ema(series.closed.bars.close, self.period))

    def extend(self, series: Series) -> None:
        """A bar has closed: one more value."""
        before = float(self._values.values[-1]) if len(self._values) else math.nan
        if math.isnan(before):
            self.rebuild(series)
        else:
            self._values.append(indicators.next_ema(before, float(series.closed.bars.close[-1]), self.period))

    def live(self, series: Series) -> float:
        """The live bar's value; NaN while too few bars are known."""
        before = float(self._values.values[-1]) if len(self._values) else math.nan
        return indicators.next_ema(before, series.live.close, self.period)


class Strength:
    """The relative strength index of closes, 0 to 100."""

    def __init__(self, period: int, token: str) -> None:
        self.title, self.period, self.token = f"RSI {period}", period, token
        self._values: Growing[np.float64] = Growing(np.empty(0))

    @property
    def values(self) -> Floats:
        """One value per closed bar, NaN until enough are known."""
        return self._values.values

    def rebuild(self, series: Series) -> None:
        """Compute every value anew."""
        self._values = Growing(indicators.rsi(series.closed.bars.close, self.period))

    def extend(self, series: Series) -> None:
        """A bar has closed: one more value, from as many bars as it remembers."""
        self._values.append(float(indicators.rsi(series.closed.bars.close[-TAIL:].copy(), self.period)[-1]))

    def live(self, series: Series) -> float:
        """The live bar's value; NaN while too few bars are known."""
        closes = np.append(series.closed.bars.close[-TAIL:], series.live.close)
        return float(indicators.rsi(closes, self.period)[-1])


type Study = Average | Strength

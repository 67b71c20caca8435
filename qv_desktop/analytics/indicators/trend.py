"""Whether there is a trend and where it turns: directional movement, Ichimoku and Aroon; shape (n,)."""

import numpy as np

from qv_desktop.analytics.indicators.carried import Run, State, carried, remembered
from qv_desktop.analytics.indicators.library import Floats
from qv_desktop.analytics.indicators.ranges import before_each, true_range
from qv_desktop.analytics.indicators.smoothing import wilder
from qv_desktop.analytics.indicators.windows import age_of_extreme, highest, lowest, ratio


def adx(high: Floats, low: Floats, close: Floats, period: int = 14) -> tuple[Floats, Floats, Floats]:
    """+DI, -DI and ADX from 0 to 100, all smoothed as Wilder did (New Concepts, 1978), each seeded with a simple average.

    The lines start at bar ``period`` and the index at bar ``2·period - 1``. TA-Lib seeds with one bar less and differs a little for the
    first hundred bars. Without any range the lines are NaN; without any movement in either direction there is no trend: 0.
    """
    plus, minus, index = adx_run(high, low, close, period).outputs
    return plus, minus, index


def adx_run(high: Floats, low: Floats, close: Floats, period: int, state: State | None = None) -> Run:
    """``adx`` that goes on behind ``state``: the last bar, the three averages and the index."""

    def step(kept: State | None, high: Floats, low: Floats, close: Floats) -> Run:
        high0, low0, close0 = kept[:3] if kept else (np.nan, np.nan, np.nan)
        averages = kept[3:] if kept else (None, None, None, None)
        up, down = high - before_each(high, high0), before_each(low, low0) - low
        moves = (true_range(high, low, close, close0), _where(up, down), _where(down, up))
        reach, plus, minus = (wilder(move, period, last) for move, last in zip(moves, averages[:3], strict=True))
        index = wilder(_directional(plus, minus), period, averages[3])
        lines = 100 * ratio(plus, reach), 100 * ratio(minus, reach), index
        return Run(lines, remembered(high, low, close, reach, plus, minus, index))

    return carried(step, state, high, low, close)


def _where(move: Floats, other: Floats) -> Floats:
    """The moves that are upward and the greater ones, else 0; the first of all stays unknown."""
    return np.where(np.isnan(move), np.nan, np.where((move > other) & (move > 0), move, 0.0))


def _directional(plus: Floats, minus: Floats) -> Floats:
    total = plus + minus
    return np.where(total == 0, 0.0, 100 * ratio(np.abs(plus - minus), total))


def ichimoku(high: Floats, low: Floats, close: Floats, turning: int = 9, standard: int = 26,
             span: int = 52) -> tuple[Floats, Floats, Floats, Floats, Floats]:  # fmt: skip
    """Tenkan, kijun, senkou A, senkou B and chikou, each where it is *computed*: Hosoda's lines are middles of highs and lows.

    A chart draws both senkou spans ``standard`` bars further right and chikou, which is the close, as many further left.
    """
    high, low = np.asarray(high, dtype=np.float64), np.asarray(low, dtype=np.float64)
    tenkan, kijun, far = ((highest(high, n) + lowest(low, n)) / 2 for n in (turning, standard, span))
    return tenkan, kijun, (tenkan + kijun) / 2, far, np.array(close, dtype=np.float64)


def aroon(high: Floats, low: Floats, period: int = 25) -> tuple[Floats, Floats]:
    """Aroon up and down from 0 to 100 (Chande, 1995): how lately the highest high and lowest low of ``period`` + 1 bars were.

    Of equal extremes the oldest counts, as in the reference; TA-Lib takes the latest.
    """
    since_high = age_of_extreme(np.asarray(high, dtype=np.float64), period + 1)
    since_low = age_of_extreme(-np.asarray(low, dtype=np.float64), period + 1)
    return 100 * (period - since_high) / period, 100 * (period - since_low) / period

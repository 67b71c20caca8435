"""Indicators of volume: average prices paid, balances and money flow; shape (n,) in and out.

In running totals an unknown bar counts for nothing and is NaN itself; the total goes on behind it.
"""

import numpy as np
from numpy.typing import NDArray

from qv_desktop.analytics.indicators.carried import Run, State
from qv_desktop.analytics.indicators.library import Floats
from qv_desktop.analytics.indicators.ranges import before_each
from qv_desktop.analytics.indicators.windows import ratio, window_sum


def vwap(high: Floats, low: Floats, close: Floats, volume: Floats, session: NDArray[np.int64]) -> Floats:
    """Volume-weighted average of the typical price since each session began.

    ``session`` names each bar's session by a number, in blocks; a session's bars before its first volume are NaN.
    """
    return vwap_run(high, low, close, volume, session).outputs[0]


def vwap_run(high: Floats, low: Floats, close: Floats, volume: Floats, session: NDArray[np.int64],
             state: State | None = None) -> Run:  # fmt: skip
    """``vwap`` that goes on behind ``state``: the session, then dollars and shares since it began."""
    if not len(close):
        return Run((np.empty(0),), state)
    before = state if state and state[0] == session[0] else (float(session[0]), 0.0, 0.0)
    begins = np.flatnonzero(np.diff(session)) + 1
    line, (paid, shares) = _average(high, low, close, volume, begins, before[1:])
    return Run((line,), (float(session[-1]), paid, shares))


def anchored_vwap(high: Floats, low: Floats, close: Floats, volume: Floats, first: int = 0) -> Floats:
    """Volume-weighted average of the typical price since bar ``first``; NaN before it and before the first volume."""
    return anchored_vwap_run(high, low, close, volume, np.arange(len(close)) >= first).outputs[0]


def anchored_vwap_run(high: Floats, low: Floats, close: Floats, volume: Floats, counted: NDArray[np.bool_],
                      state: State | None = None) -> Run:  # fmt: skip
    """``anchored_vwap`` of the bars that are ``counted``, behind ``state``: dollars and shares so far."""
    if not len(close):
        return Run((np.empty(0),), state)
    line, totals = _average(
        high, low, close, np.where(counted, volume, 0.0), np.empty(0, dtype=np.int64), state or (0.0, 0.0)
    )
    return Run((line,), totals)


def _average(high: Floats, low: Floats, close: Floats, volume: Floats, begins: NDArray[np.int64],
             before: tuple[float, ...]) -> tuple[Floats, tuple[float, float]]:  # fmt: skip
    """Dollars by shares since the last of ``begins``, or since the totals ``before``; and the totals at the end."""
    price = (high + low + close) / 3.0
    known = np.isfinite(price) & np.isfinite(volume)
    paid = _totals(np.where(known, price * volume, 0.0), begins, before[0])
    shares = _totals(np.where(known, volume, 0.0), begins, before[1])
    line = np.divide(paid, shares, out=np.full(len(paid), np.nan), where=known & (shares > 0))
    return line, (float(paid[-1]), float(shares[-1]))


def _totals(values: Floats, begins: NDArray[np.int64], before: float) -> Floats:
    """Running totals that go on from ``before`` and begin anew at each of ``begins``.

    Each stretch is summed by itself: the difference of two totals over years would keep the years' rounding. Few long stretches are
    summed one after the other, many short ones side by side.
    """
    values[0] += before
    starts = np.concatenate(([0], begins))
    lengths = np.diff(np.append(starts, len(values)))
    if len(lengths) <= lengths.max():
        for start, length in zip(starts.tolist(), lengths.tolist(), strict=True):
            np.cumsum(values[start : start + length], out=values[start : start + length])
        return values
    for within in range(1, int(lengths.max())):
        at = starts[lengths > within] + within
        values[at] += values[at - 1]
    return values


def obv(close: Floats, volume: Floats) -> Floats:
    """Granville's on-balance volume: volume counts for a rising close and against a falling one; 0 at the first bar."""
    return obv_run(close, volume).outputs[0]


def obv_run(close: Floats, volume: Floats, state: State | None = None) -> Run:
    """``obv`` that goes on behind ``state``: the last close and the balance."""
    out = np.full(len(close), np.nan)
    known = np.isfinite(close) & np.isfinite(volume)
    prices = np.asarray(close, dtype=np.float64)[known]
    if not len(prices):
        return Run((out,), state)
    last, balance = state or (float(prices[0]), 0.0)
    signed = np.sign(prices - before_each(prices, last)) * np.asarray(volume)[known]
    out[known] = np.cumsum(np.concatenate(([balance], signed)))[1:]
    return Run((out,), (float(prices[-1]), float(out[known][-1])))


def mfi(high: Floats, low: Floats, close: Floats, volume: Floats, period: int = 14) -> Floats:
    """Money flow index from 0 to 100: dollars traded at a rising typical price, as a share of those at a changing one.

    The first value stands at bar ``period``; NaN while no money has flowed either way.
    """
    price = np.asarray((high + low + close) / 3, dtype=np.float64)
    change = price - before_each(price, np.nan)
    flow = np.where(np.isnan(change), np.nan, price * volume)
    up, down = (
        window_sum(np.where(np.isnan(flow), np.nan, np.where(way, flow, 0.0)), period)
        for way in (change > 0, change < 0)
    )
    return 100 * ratio(up, up + down)

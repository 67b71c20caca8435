"""Indicators: float64 arrays in, float64 arrays of the same length out, NaN until enough bars are known.

TA-Lib computes them; it is imported at the first call, never at start-up. Conventions where libraries differ: an EMA is seeded
with the simple average of its first ``n`` values; RSI and ATR smooth as Wilder did; Bollinger bands use the population deviation.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from threading import get_ident
from types import ModuleType
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

type Floats = NDArray[np.float64]

_FRAMES = ("pandas", "polars")


class _WithoutFrames(MetaPathFinder):
    """Hides the data-frame packages from the thread that made it, and from no other."""

    def __init__(self) -> None:
        self._thread = get_ident()

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        """No module of ours, save that a hidden package is reported as not installed."""
        if fullname in _FRAMES and get_ident() == self._thread:
            raise ModuleNotFoundError(f"{fullname} is not needed here", name=fullname)
        return None


@contextmanager
def _without_frames() -> Iterator[None]:
    finder = _WithoutFrames()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


@cache
def _talib() -> ModuleType:
    """TA-Lib without pandas, which it would import only to accept Series: 10 ms instead of seconds of a frozen window."""
    with _without_frames():
        return import_module("talib")


def _ran(name: str, *arrays: Floats, **settings: float) -> Any:
    """What TA-Lib's function ``name`` gives for contiguous float64 copies of ``arrays``."""
    ready = [np.ascontiguousarray(array, dtype=np.float64) for array in arrays]
    return getattr(_talib(), name)(*ready, **settings)


def _single(name: str, least: int, *arrays: Floats, **settings: float) -> Floats:
    """One output array, all NaN where fewer than ``least`` bars are known."""
    size = len(arrays[0])
    if size < least:
        return np.full(size, np.nan)
    return cast(Floats, _ran(name, *arrays, **settings))


def sma(values: Floats, period: int) -> Floats:
    """Simple moving average of the last ``period`` values, shape (n,)."""
    if period == 1:
        return np.array(values, dtype=np.float64)
    return _single("SMA", period, values, timeperiod=period)


def ema(values: Floats, period: int) -> Floats:
    """Exponential moving average with weight 2 / (period + 1), seeded with the simple average; shape (n,)."""
    if period == 1:
        return np.array(values, dtype=np.float64)
    return _single("EMA", period, values, timeperiod=period)


def next_ema(before: float, value: float, period: int) -> float:
    """The average one value after ``before``: what a live bar needs instead of the whole array."""
    return before + (value - before) * 2.0 / (period + 1)


def rsi(close: Floats, period: int = 14) -> Floats:
    """Relative strength index from 0 to 100, Wilder's smoothing (New Concepts, 1978); shape (n,)."""
    return _single("RSI", period + 1, close, timeperiod=period)


def atr(high: Floats, low: Floats, close: Floats, period: int = 14) -> Floats:
    """Average true range in dollars, Wilder's smoothing; the first true range needs a previous close; shape (n,)."""
    return _single("ATR", period + 1, high, low, close, timeperiod=period)


def bollinger(close: Floats, period: int = 20, width: float = 2.0) -> tuple[Floats, Floats, Floats]:
    """Upper band, simple average and lower band, ``width`` population deviations apart; each of shape (n,)."""
    size = len(close)
    if size < period:
        return np.full(size, np.nan), np.full(size, np.nan), np.full(size, np.nan)
    upper, middle, lower = _ran("BBANDS", close, timeperiod=period, nbdevup=width, nbdevdn=width, matype=0)
    return upper, middle, lower


def vwap(high: Floats, low: Floats, close: Floats, volume: Floats, session: NDArray[np.int64]) -> Floats:
    """Volume-weighted average of the typical price since each session began; shape (n,).

    ``session`` names each bar's session by a number, in blocks; a session's bars before its first volume are NaN.
    """
    if not len(close):
        return np.empty(0)
    begins = np.flatnonzero(np.diff(session, prepend=session[0] - 1))
    lengths = np.diff(np.append(begins, len(close)))
    paid = _running((high + low + close) / 3.0 * volume, begins, lengths)
    shares = _running(np.asarray(volume, dtype=np.float64), begins, lengths)
    return cast(Floats, np.divide(paid, shares, out=np.full(len(close), np.nan), where=shares > 0))


def _running(values: Floats, begins: NDArray[np.int64], lengths: NDArray[np.int64]) -> Floats:
    """Cumulative sums that begin anew at each of ``begins``."""
    total = np.cumsum(values)
    before = np.where(begins > 0, total[begins - 1], 0.0)
    return cast(Floats, total - np.repeat(before, lengths))

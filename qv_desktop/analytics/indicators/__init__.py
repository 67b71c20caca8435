"""Indicators: float64 arrays in, float64 arrays of the same length out, NaN until enough bars are known.

Conventions where libraries differ stand with each function; they are those of the independent reference that the tests compare with.
Windowed indicators are put together from ``windows`` and give NaN while the window holds an unknown number. Those that remember
(``…_run``) go on from a state, so that the next bar costs the same however many lie before it, and begin anew after an unknown bar.
TA-Lib does the recursion of long arrays; it is imported at the first call.
"""

from qv_desktop.analytics.indicators.averages import dema, ema, hma, next_ema, sma, tema, vwma, wma
from qv_desktop.analytics.indicators.bands import bollinger, deviation, donchian, keltner
from qv_desktop.analytics.indicators.library import Floats
from qv_desktop.analytics.indicators.oscillators import cci, macd, roc, rsi, stoch_rsi, stochastic, williams_r
from qv_desktop.analytics.indicators.profile import Profile, volume_profile
from qv_desktop.analytics.indicators.ranges import atr, true_range
from qv_desktop.analytics.indicators.stops import psar, supertrend
from qv_desktop.analytics.indicators.trend import adx, aroon, ichimoku
from qv_desktop.analytics.indicators.volume import anchored_vwap, mfi, obv, vwap

__all__ = [
    "Floats", "Profile", "adx", "anchored_vwap", "aroon", "atr", "bollinger", "cci", "dema", "deviation", "donchian", "ema",
    "hma", "ichimoku", "keltner", "macd", "mfi", "next_ema", "obv", "psar", "roc", "rsi", "sma", "stoch_rsi", "stochastic",
    "supertrend", "tema", "true_range", "volume_profile", "vwap", "vwma", "williams_r", "wma",
]  # fmt: skip

"""Every kind of study, with its settings as the field knows them. Conventions stand with the functions in ``indicators``."""

from collections.abc import Callable

import numpy as np

from qv_desktop.analytics import indicators as ind
from qv_desktop.analytics.indicators.averages import dema_run, ema_run, hma_window, tema_run
from qv_desktop.analytics.indicators.bands import keltner_run
from qv_desktop.analytics.indicators.carried import Run, State
from qv_desktop.analytics.indicators.library import Floats
from qv_desktop.analytics.indicators.oscillators import macd_run, rsi_run, stoch_rsi_run
from qv_desktop.analytics.indicators.ranges import atr_run
from qv_desktop.analytics.indicators.stops import psar_run, supertrend_run
from qv_desktop.analytics.indicators.trend import adx_run
from qv_desktop.analytics.indicators.volume import anchored_vwap_run, obv_run, vwap_run
from qv_desktop.analytics.study_types import Bars, Carried, Fill, Kind, Output, Setting, Settings, Windowed

YELLOW, BLUE, PINK, CYAN, LIME, ORANGE = "YELLOW", "BLUE", "PINK", "CYAN", "LIME", "ORANGE"  # colours of the theme
LONGEST = 1000  # bars of any period
AVERAGES, BANDS, TREND, MOMENTUM, VOLATILITY, VOLUME = "Averages", "Bands", "Trend", "Momentum", "Volatility", "Volume"


def _period(default: float, least: float = 1, name: str = "period", title: str = "Length") -> Setting:
    return Setting(name, title, default, least, LONGEST)


def _width(default: float, title: str = "Width", name: str = "width") -> Setting:
    return Setting(name, title, default, 0.1, 20, 0.1)


def _n(settings: Settings, name: str = "period") -> int:
    return int(settings[name])


def _windowed(extra: int, compute: Callable[[Bars, Settings], tuple[Floats, ...]], *names: str) -> Windowed:
    """Looks at the sum of the named periods (``period`` when none is named) and ``extra`` bars."""
    wanted = names or ("period",)
    return Windowed(lambda s: sum(_n(s, name) for name in wanted) + extra, compute)


def _of_close(run: Callable[[Floats, int, State | None], Run]) -> Carried:
    return Carried(lambda b, s, state: run(b.close, _n(s), state))


def _line(name: str, token: str, title: str = "") -> Output:
    return Output(name, title or name.upper(), "line", token)


def _average(id_: str, title: str, token: str, method: Windowed | Carried, default: float = 20) -> Kind:
    return Kind(id_, title, AVERAGES, True, (_period(default),), (_line(id_, token, title),), method)


def _counted(bars: Bars, settings: Settings) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.asarray(bars.start >= int(settings["anchor"]) * 1_000_000_000)


_AVERAGES = (
    _average("sma", "SMA", ORANGE, _windowed(0, lambda b, s: (ind.sma(b.close, _n(s)),))),
    _average("ema", "EMA", YELLOW, _of_close(ema_run)),
    _average("wma", "WMA", CYAN, _windowed(0, lambda b, s: (ind.wma(b.close, _n(s)),))),
    _average("hma", "HMA", LIME, Windowed(lambda s: hma_window(_n(s)), lambda b, s: (ind.hma(b.close, _n(s)),))),
    _average("dema", "DEMA", PINK, _of_close(dema_run)),
    _average("tema", "TEMA", BLUE, _of_close(tema_run)),
    _average("vwma", "VWMA", CYAN, _windowed(0, lambda b, s: (ind.vwma(b.close, b.volume, _n(s)),))),
    Kind("vwap", "VWAP", AVERAGES, True, (), (_line("vwap", CYAN, "VWAP"),),
         Carried(lambda b, s, state: vwap_run(b.high, b.low, b.close, b.volume, b.session, state))),
    Kind("vwap_anchored", "Anchored VWAP", AVERAGES, True, (Setting("anchor", "From", 0, 0, 7_258_118_400),),
         (_line("vwap", PINK, "VWAP"),),
         Carried(lambda b, s, state: anchored_vwap_run(b.high, b.low, b.close, b.volume, _counted(b, s), state))),
)  # fmt: skip

CURRENT = Setting("current", "Period ends", 0, 0, 1, choices=("with the bar before", "with the bar"))
_THREE = (("upper", "Upper"), ("middle", "Middle"), ("lower", "Lower"))


def _bands(id_: str, title: str, settings: tuple[Setting, ...], token: str, method: Windowed | Carried) -> Kind:
    outputs = tuple(Output(name, word, "line", token) for name, word in _THREE)
    return Kind(id_, title, BANDS, True, settings, outputs, method, (Fill(0, 2, token),))


_BANDS = (
    _bands("bollinger", "Bollinger", (_period(20, 2), _width(2)), BLUE,
           _windowed(0, lambda b, s: ind.bollinger(b.close, _n(s), s["width"]))),
    _bands("keltner", "Keltner", (_period(20, 2), _width(2), _period(10, 1, "range_period", "ATR length")), CYAN,
           Carried(lambda b, s, state: keltner_run(b.high, b.low, b.close, _n(s), s["width"], _n(s, "range_period"), state))),
    _bands("donchian", "Donchian", (_period(20), CURRENT), LIME,
           _windowed(1, lambda b, s: ind.donchian(b.high, b.low, _n(s), bool(s["current"])))),
)  # fmt: skip


def _ahead(settings: Settings) -> int:
    return _n(settings, "standard")


def _behind(settings: Settings) -> int:
    return -_n(settings, "standard")


_TREND = (
    Kind("ichimoku", "Ichimoku", TREND, True, (_period(9, 1, "turning", "Tenkan"), _period(26, 1, "standard", "Kijun"),
         _period(52, 1, "span", "Senkou B")),
         (_line("tenkan", BLUE, "Tenkan"), _line("kijun", PINK, "Kijun"), Output("senkou_a", "Senkou A", "line", "UP", _ahead),
          Output("senkou_b", "Senkou B", "line", "DOWN", _ahead), Output("chikou", "Chikou", "line", "TX2", _behind)),
         _windowed(0, lambda b, s: ind.ichimoku(b.high, b.low, b.close, _n(s, "turning"), _n(s, "standard"), _n(s, "span")),
                   "turning", "standard", "span"),
         (Fill(2, 3, "UP", "DOWN"),)),
    Kind("supertrend", "SuperTrend", TREND, True, (_period(10), _width(3)),
         (_line("below", "UP", "Rising"), _line("above", "DOWN", "Falling")),
         Carried(lambda b, s, state: supertrend_run(b.high, b.low, b.close, _n(s), s["width"], state))),
    Kind("psar", "PSAR", TREND, True, (Setting("step", "Step", 0.02, 0.001, 1, 0.005), Setting("most", "Most", 0.2, 0.01, 1, 0.05)),
         (Output("below", "Rising", "dots", "UP"), Output("above", "Falling", "dots", "DOWN")),
         Carried(lambda b, s, state: psar_run(b.high, b.low, s["step"], s["most"], state))),
    Kind("adx", "ADX / DMI", TREND, False, (_period(14),),
         (_line("plus", "UP", "+DI"), _line("minus", "DOWN", "−DI"), _line("adx", YELLOW, "ADX")),
         Carried(lambda b, s, state: adx_run(b.high, b.low, b.close, _n(s), state)), levels=(20,)),
    Kind("aroon", "Aroon", TREND, False, (_period(25),), (_line("up", "UP", "Up"), _line("down", "DOWN", "Down")),
         _windowed(1, lambda b, s: ind.aroon(b.high, b.low, _n(s))), levels=(30, 70), span=(0, 100)),
)  # fmt: skip

_MOMENTUM = (
    Kind("rsi", "RSI", MOMENTUM, False, (_period(14),), (_line("rsi", "VIOLET", "RSI"),), _of_close(rsi_run), levels=(30, 70),
         span=(0, 100)),
    Kind("macd", "MACD", MOMENTUM, False,
         (_period(12, 1, "fast", "Fast"), _period(26, 2, "slow", "Slow"), _period(9, 1, "signal", "Signal")),
         (_line("macd", BLUE, "MACD"), _line("signal", ORANGE, "Signal"), Output("histogram", "Histogram", "histogram", "UP")),
         Carried(lambda b, s, state: macd_run(b.close, _n(s, "fast"), _n(s, "slow"), _n(s, "signal"), state))),
    Kind("stochastic", "Stochastic", MOMENTUM, False,
         (_period(14), _period(3, 1, "slowing", "Slowing"), _period(3, 1, "signal", "Signal")),
         (_line("k", BLUE, "%K"), _line("d", ORANGE, "%D")),
         _windowed(0, lambda b, s: ind.stochastic(b.high, b.low, b.close, _n(s), _n(s, "slowing"), _n(s, "signal")),
                   "period", "slowing", "signal"), levels=(20, 80), span=(0, 100)),
    Kind("stoch_rsi", "Stochastic RSI", MOMENTUM, False,
         (_period(14, 1, "period", "RSI length"), _period(14, 1, "window", "Length"), _period(3, 1, "slowing", "Slowing"),
          _period(3, 1, "signal", "Signal")),
         (_line("k", BLUE, "%K"), _line("d", ORANGE, "%D")),
         Carried(lambda b, s, state: stoch_rsi_run(b.close, _n(s), _n(s, "window"), _n(s, "slowing"), _n(s, "signal"), state)),
         levels=(20, 80), span=(0, 100)),
    Kind("cci", "CCI", MOMENTUM, False, (_period(20, 2),), (_line("cci", CYAN, "CCI"),),
         _windowed(0, lambda b, s: (ind.cci(b.high, b.low, b.close, _n(s)),)), levels=(-100, 100)),
    Kind("williams_r", "Williams %R", MOMENTUM, False, (_period(14),), (_line("r", PINK, "%R"),),
         _windowed(0, lambda b, s: (ind.williams_r(b.high, b.low, b.close, _n(s)),)), levels=(-80, -20), span=(-100, 0)),
    Kind("roc", "ROC", MOMENTUM, False, (_period(9),), (_line("roc", LIME, "ROC"),),
         _windowed(1, lambda b, s: (ind.roc(b.close, _n(s)),)), levels=(0,)),
)  # fmt: skip

_VOLATILITY = (
    Kind("atr", "ATR", VOLATILITY, False, (_period(14),), (_line("atr", ORANGE, "ATR"),),
         Carried(lambda b, s, state: atr_run(b.high, b.low, b.close, _n(s), state))),
    Kind("deviation", "Standard deviation", VOLATILITY, False, (_period(14, 2),), (_line("deviation", CYAN, "Deviation"),),
         _windowed(0, lambda b, s: (ind.deviation(b.close, _n(s)),))),
)  # fmt: skip

_VOLUME = (
    Kind("obv", "OBV", VOLUME, False, (), (_line("obv", BLUE, "OBV"),), Carried(lambda b, s, state: obv_run(b.close, b.volume, state))),
    Kind("mfi", "MFI", VOLUME, False, (_period(14),), (_line("mfi", YELLOW, "MFI"),),
         _windowed(1, lambda b, s: (ind.mfi(b.high, b.low, b.close, b.volume, _n(s)),)), levels=(20, 80), span=(0, 100)),
    Kind("volume_profile", "Volume profile", VOLUME, True,
         (Setting("rows", "Rows", 48, 8, 200), Setting("share", "Value area %", 70, 10, 99)), (), None),
)  # fmt: skip

KINDS: dict[str, Kind] = {kind.id: kind for kind in (*_AVERAGES, *_BANDS, *_TREND, *_MOMENTUM, *_VOLATILITY, *_VOLUME)}

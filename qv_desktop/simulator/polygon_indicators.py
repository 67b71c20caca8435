"""Polygon's technical indicators over its own aggregates: SMA, EMA, RSI (Wilder) and MACD."""

from collections.abc import Callable
from typing import Any

import numpy as np

from qv_desktop.simulator.market import Market
from qv_desktop.simulator.paths import Floats
from qv_desktop.simulator.polygon_aggs import LONGER, SECONDS, bars_of
from qv_desktop.simulator.polygon_query import Answer, Asked
from qv_desktop.simulator.polygon_words import MILLISECOND, Words, agg, cursor, ok
from qv_desktop.simulator.ticks import DAY_SECONDS, SECOND, Bar

DEFAULT_LIMIT, MOST = 10, 5000
REACH = {"second": 2, "minute": 12, "hour": 120}  # days of bars behind the first value asked for
LONGEST_REACH = 8000  # days

type Line = tuple[list[str], Callable[[Floats], list[Floats]]]  # names of the values, and how to compute them


def answers(market: Market) -> dict[str, Answer]:
    """path -> answer."""

    def simple(asked: Asked) -> object:
        window = asked.whole("window", 50, 1000)
        return _answer(market, asked, (["value"], lambda prices: [sma(prices, window)]))

    def exponential(asked: Asked) -> object:
        window = asked.whole("window", 50, 1000)
        return _answer(market, asked, (["value"], lambda prices: [ema(prices, window)]))

    def strength(asked: Asked) -> object:
        window = asked.whole("window", 14, 1000)
        return _answer(market, asked, (["value"], lambda prices: [rsi(prices, window)]))

    def convergence(asked: Asked) -> object:
        short, long = asked.whole("short_window", 12, 1000), asked.whole("long_window", 26, 1000)
        signal = asked.whole("signal_window", 9, 1000)
        names = ["value", "signal", "histogram"]
        return _answer(market, asked, (names, lambda prices: macd(prices, short, long, signal)))

    kinds = {"sma": simple, "ema": exponential, "rsi": strength, "macd": convergence}
    return {f"/v1/indicators/{kind}/{{ticker}}": answer for kind, answer in kinds.items()}


def sma(prices: Floats, window: int) -> Floats:
    """The mean of the last `window` prices; NaN until there are so many."""
    result = np.full(len(prices), np.nan)
    if len(prices) >= window:
        sums = np.concatenate([[0.0], prices.cumsum()])
        result[window - 1 :] = (sums[window:] - sums[:-window]) / window
    return result


def ema(prices: Floats, window: int) -> Floats:
    """An exponential mean with weight 2 / (window + 1), begun with the mean of the first `window` prices."""
    return _smoothed(prices, window, 2 / (window + 1))


def rsi(prices: Floats, window: int) -> Floats:
    """Wilder's relative strength index, 0 to 100."""
    moves = np.diff(prices)
    gains = _smoothed(moves.clip(0), window, 1 / window)
    losses = _smoothed((-moves).clip(0), window, 1 / window)
    total = gains + losses
    strength = np.where(total > 0, 100 * gains / np.where(total > 0, total, 1), 50.0)
    return np.concatenate([[np.nan], np.where(np.isnan(total), np.nan, strength)])


def macd(prices: Floats, short: int, long: int, signal: int) -> list[Floats]:
    """The difference of two exponential means, its own exponential mean, and the distance of the two."""
    line = ema(prices, short) - ema(prices, long)
    first = min(long - 1, len(line))
    trigger = np.concatenate([np.full(first, np.nan), ema(line[first:], signal)])
    return [line, trigger, line - trigger]


def _smoothed(values: Floats, window: int, weight: float) -> Floats:
    result = np.full(len(values), np.nan)
    if len(values) < window:
        return result
    level = float(values[:window].mean())
    result[window - 1] = level
    for index, value in enumerate(values[window:].tolist(), start=window):
        level += weight * (value - level)
        result[index] = level
    return result


def _answer(market: Market, asked: Asked, line: Line) -> Words:
    symbol, timespan = asked.ticker(), asked.text("timespan", "day", (*SECONDS, *LONGER))
    series = asked.text("series_type", "close", ("close", "open", "high", "low"))
    start, end = asked.window("timestamp", 0, market.now() + 1)
    reach = REACH.get(timespan, LONGEST_REACH) * DAY_SECONDS * SECOND
    bars = bars_of(market, symbol, 1, timespan, max(0, max(start, end - reach) - reach), end)
    values = zip(bars, _values(bars, series, line), strict=True)
    rows = [(bar, row) for bar, row in values if row and bar.t >= start]
    return _page(asked, rows, (start, end), _underlying(asked, symbol, timespan, bars))


def _page(asked: Asked, rows: list[tuple[Bar, dict[str, float]]], window: tuple[int, int], url: str) -> Words:
    newest_first = asked.text("order", "desc", ("asc", "desc")) == "desc"
    limit = asked.whole("limit", DEFAULT_LIMIT, MOST)
    ordered = rows[::-1] if newest_first else rows
    underlying: dict[str, Any] = {"url": url}
    if asked.flag("expand_underlying", False):
        underlying["aggregates"] = [agg(bar) for bar, _ in ordered[:limit]]
    answer = ok({"values": [row for _, row in ordered[:limit]], "underlying": underlying})
    if len(rows) > limit:
        edge = ordered[limit][0].t
        start, end = (window[0], edge + 1) if newest_first else (edge, window[1])
        token = cursor(**{**asked.query, "timestamp.gte": start, "timestamp.lt": end})
        answer["next_url"] = asked.next_url(token)
    return answer


def _values(bars: list[Bar], series: str, line: Line) -> list[dict[str, float]]:
    """For each bar its values by name; an empty one where there are none yet."""
    names, compute = line
    prices = np.array([getattr(bar, series) for bar in bars], dtype=np.float64)
    columns = [column.tolist() for column in compute(prices)] if len(bars) else [[] for _ in names]
    rows = zip(bars, *columns, strict=True)
    return [
        {"timestamp": bar.t // MILLISECOND, **dict(zip(names, row, strict=True))} if not np.isnan(row).any() else {}
        for bar, *row in rows
    ]


def _underlying(asked: Asked, symbol: str, timespan: str, bars: list[Bar]) -> str:
    first, last = (bars[0].t // MILLISECOND, bars[-1].t // MILLISECOND) if bars else (0, 0)
    return f"{asked.base}/v2/aggs/ticker/{symbol}/range/1/{timespan}/{first}/{last}?limit=50000&sort=desc"

"""Polygon's aggregates: ranges, the previous day, all tickers of a day, and a day's open and close."""

import asyncio
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import groupby

from qv_desktop.simulator import sessions
from qv_desktop.simulator.day_bars import folded_bars
from qv_desktop.simulator.market import Market
from qv_desktop.simulator.polygon_query import Answer, Asked, bad, moment, not_found
from qv_desktop.simulator.polygon_words import MILLISECOND, agg, cursor, ok, request_id
from qv_desktop.simulator.ticks import DAY_SECONDS, SECOND, Bar

SECONDS = {"second": 1, "minute": 60, "hour": 3600}
LONGER = ("day", "week", "month", "quarter", "year")
DEFAULT_LIMIT, MOST = 5000, 50_000
DAYS_AT_ONCE = 4
EARLIEST = sessions.midnight(date(sessions.FIRST_YEAR, 1, 1))


def answers(market: Market) -> dict[str, Answer]:
    """path -> answer."""
    return {
        "/v2/aggs/ticker/{ticker}/range/{multiplier}/{timespan}/{from}/{to}": lambda asked: _range(market, asked),
        "/v2/aggs/ticker/{ticker}/prev": lambda asked: _previous(market, asked),
        "/v2/aggs/grouped/locale/us/market/stocks/{date}": lambda asked: _grouped(market, asked),
        "/v1/open-close/{ticker}/{date}": lambda asked: _open_close(market, asked),
    }


def bars_of(market: Market, symbol: str, multiplier: int, timespan: str, start: int, end: int) -> list[Bar]:
    """Bars of any of the vendor's spans with `start` <= t < `end`, each stamped at its span's beginning."""
    if timespan in SECONDS:
        seconds = multiplier * SECONDS[timespan]
        if seconds < 60 and 60 % seconds:
            raise bad("A multiplier of seconds below a minute must divide 60")
        day_start = sessions.midnight(sessions.new_york(start).date())
        return market.bars(symbol, seconds, start - (start - day_start) % (seconds * SECOND), end)
    begin = _period(timespan, multiplier, sessions.new_york(start).date())
    days = market.bars(symbol, DAY_SECONDS, sessions.midnight(begin), end)
    periods = groupby(days, lambda bar: _period(timespan, multiplier, sessions.new_york(bar.t).date()))
    return [_joined(list(group), sessions.midnight(first)) for first, group in periods]


def _joined(bars: list[Bar], t: int) -> Bar:
    return bars[0] if len(bars) == 1 and bars[0].t == t else folded_bars(bars, t, DAY_SECONDS)


def _period(timespan: str, multiplier: int, day: date) -> date:
    """The first day of the span that holds a day; weeks start on Sunday."""
    if timespan == "day":
        return day - timedelta(days=day.toordinal() % multiplier)
    if timespan == "week":
        week = (day.toordinal()) // 7  # day 0 of the proleptic calendar counts as a Sunday
        return date.fromordinal(max(1, (week - week % multiplier) * 7))
    months = multiplier * {"month": 1, "quarter": 3, "year": 12}[timespan]
    number = (day.year * 12 + day.month - 1) // months * months
    return date(number // 12, number % 12 + 1, 1)


async def _range(market: Market, asked: Asked) -> object:
    symbol, multiplier, timespan = asked.ticker(), *_span(asked)
    start, _ = moment(asked.query.get("from", asked.parts["from"]))
    last, width = moment(asked.query.get("to", asked.parts["to"]))
    if start >= last + width:
        raise bad("'to' must not be before 'from'")
    order = asked.text("sort", "asc", ("asc", "desc"))
    limit = asked.whole("limit", DEFAULT_LIMIT, MOST)
    window = max(start, EARLIEST), min(last + width, market.now())
    bars = _asked_for(
        market, asked, await _first_bars(market, (symbol, multiplier, timespan), window, order == "desc", limit + 1)
    )
    answer = _envelope(symbol, asked, bars[:limit])
    if len(bars) > limit:
        edge = bars[limit].t // MILLISECOND
        bounds = {"from": edge} if order == "asc" else {"to": edge}
        token = cursor(**bounds, sort=order, limit=limit, adjusted=str(asked.flag("adjusted", True)).lower())
        answer["next_url"] = asked.next_url(token)
    return answer


def _asked_for(market: Market, asked: Asked, bars: list[Bar]) -> list[Bar]:
    """Adjusted for splits, which is how the vendor answers unless told otherwise, or as they traded."""
    return market.splits.as_adjusted(bars) if asked.flag("adjusted", True) else market.splits.as_traded(bars)


def _span(asked: Asked) -> tuple[int, str]:
    multiplier, timespan = asked.parts["multiplier"], asked.parts["timespan"]
    if timespan not in SECONDS and timespan not in LONGER:
        raise bad(f"timespan must be one of {', '.join((*SECONDS, *LONGER))}")
    if not multiplier.isdigit() or not 1 <= int(multiplier) <= 1000:
        raise bad("multiplier must be a whole number from 1 to 1000")
    return int(multiplier), timespan


async def _first_bars(
    market: Market, span: tuple[str, int, str], window: tuple[int, int], newest_first: bool, most: int
) -> list[Bar]:
    """The first `most` bars in the wanted order; long windows are cut so that the market goes on meanwhile."""
    if span[2] in LONGER:
        bars = bars_of(market, *span, *window)
        return bars[::-1][:most] if newest_first else bars[:most]
    found: list[Bar] = []
    windows = list(_windows(*window))
    for start, end in reversed(windows) if newest_first else windows:
        bars = bars_of(market, *span, start, end)
        found += reversed(bars) if newest_first else bars
        if len(found) >= most:
            break
        await asyncio.sleep(0)
    return found[:most]


def _windows(start: int, end: int) -> Iterator[tuple[int, int]]:
    """`start` to `end` cut at New York midnights, a few days in each piece."""
    while start < end:
        stop = min(end, sessions.midnight(sessions.new_york(start).date() + timedelta(days=DAYS_AT_ONCE)))
        yield start, stop
        start = stop


def _envelope(symbol: str, asked: Asked, bars: Iterable[Bar]) -> dict[str, object]:
    results = [agg(bar) for bar in bars]
    counts = {"queryCount": len(results), "resultsCount": len(results), "count": len(results)}
    head = {"ticker": symbol, "adjusted": asked.flag("adjusted", True), "status": "OK", "request_id": request_id()}
    # Nothing found: the vendor leaves results out.
    return {**head, **counts, "results": results} if results else {**head, **counts}


def _previous(market: Market, asked: Asked) -> object:
    symbol = asked.ticker()
    bar = market.previous_day_bar(symbol)
    bars = _asked_for(market, asked, [bar] if bar else [])
    answer = _envelope(symbol, asked, bars)
    if bars:
        answer["results"] = [{"T": symbol, **agg(bar)} for bar in bars]
    return answer


def _day_of(asked: Asked) -> date:
    try:
        return date.fromisoformat(asked.parts["date"])
    except ValueError:
        raise bad(f"Could not parse the date {asked.parts['date']!r}; use YYYY-MM-DD") from None


def _day_bar(market: Market, symbol: str, day: date) -> Bar | None:
    stamp = sessions.midnight(day)
    return next(iter(market.bars(symbol, DAY_SECONDS, stamp, stamp + 1)), None)


def _grouped(market: Market, asked: Asked) -> object:
    day = _day_of(asked)
    bars = [bar for symbol in market.symbols() if (bar := _day_bar(market, symbol, day))]
    told = [one for bar in bars for one in _asked_for(market, asked, [bar])]
    results = [{"T": bar.symbol, **agg(bar)} for bar in told]
    counts = {"queryCount": len(results), "resultsCount": len(results), "count": len(results)}
    return ok(results, adjusted=asked.flag("adjusted", True), **counts)


def _open_close(market: Market, asked: Asked) -> object:
    symbol, day = asked.ticker(), _day_of(asked)
    bar, session = _day_bar(market, symbol, day), sessions.session(day)
    if bar is None or session is None:
        raise not_found()
    early = market.bars(symbol, 60, session.pre_open, session.open)
    late = market.bars(symbol, 60, session.close, session.post_close)
    answer = {
        "status": "OK",
        "from": day.isoformat(),
        "symbol": symbol,
        "open": bar.open,
        "high": bar.high,
        "low": bar.low,
        "close": bar.close,
        "volume": bar.volume,
    }
    outside = {"preMarket": early[0].open} if early else {}
    return answer | outside | ({"afterHours": late[-1].close} if late else {})

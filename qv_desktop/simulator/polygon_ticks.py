"""Polygon's trades and quotes of the past, the last of each, and snapshots."""

from collections.abc import Callable, Sequence
from typing import Any

from qv_desktop.simulator.market import Market
from qv_desktop.simulator.polygon_query import Answer, Asked, not_found
from qv_desktop.simulator.polygon_words import (
    EXCHANGE_IDS,
    Words,
    agg,
    conditions,
    cursor,
    historic_quote,
    historic_trade,
    last_quote,
    last_trade,
    lots,
    ok,
    request_id,
)
from qv_desktop.simulator.ticks import DAY_SECONDS, SECOND, Bar, Quote, Trade

DEFAULT_LIMIT, MOST = 1000, 50_000
LONGEST = 366 * DAY_SECONDS * SECOND  # how far back ticks are looked for without a lower bound
STOCKS = "/v2/snapshot/locale/us/markets/stocks"
MOVERS = 20


def answers(market: Market) -> dict[str, Answer]:
    """path -> answer."""
    return {
        "/v3/trades/{ticker}": lambda asked: _history(asked, market, market.trades, historic_trade),
        "/v3/quotes/{ticker}": lambda asked: _history(asked, market, market.quotes, historic_quote),
        "/v2/last/trade/{ticker}": lambda asked: ok(last_trade(_found(market.last(asked.ticker())))),
        "/v2/last/nbbo/{ticker}": lambda asked: ok(last_quote(_found(market.quote(asked.ticker())))),
        f"{STOCKS}/tickers": lambda asked: _all(market, asked),
        f"{STOCKS}/tickers/{{ticker}}": lambda asked: _one(market, asked),
        f"{STOCKS}/{{direction:gainers|losers}}": lambda asked: _movers(market, asked),
    }


def _found[Tick: (Trade, Quote)](tick: Tick | None) -> Tick:
    if tick is None:
        raise not_found()
    return tick


def _history[Tick: (Trade, Quote)](
    asked: Asked, market: Market, ticks: Callable[..., Sequence[Tick]], words: Callable[[Tick], Words]
) -> Words:
    symbol, order = asked.ticker(), asked.text("order", "desc", ("asc", "desc"))
    asked.text("sort", "timestamp", ("timestamp", "sip_timestamp", "participant_timestamp"))
    limit = asked.whole("limit", DEFAULT_LIMIT, MOST)
    start, end = asked.window("timestamp", 0, market.now() + 1)
    found = ticks(symbol, max(start, end - LONGEST), end, limit + 1, newest_first=order == "desc")
    answer = ok([words(tick) for tick in market.splits.as_traded(found[:limit])])
    if len(found) > limit:
        edge = found[limit].t
        bounds = {"gte": edge, "lt": end} if order == "asc" else {"gte": start, "lt": edge + 1}
        more = {f"timestamp.{suffix}": value for suffix, value in bounds.items()}
        answer["next_url"] = asked.next_url(cursor(**more, order=order, limit=limit, sort="timestamp"))
    return answer


def snapshot(market: Market, symbol: str) -> Words | None:
    """A ticker's day, last minute, previous day, last trade and quote; None when it has not traded."""
    trade, quote, minute = market.last(symbol), market.quote(symbol), market.minute_bar(symbol)
    day, before = market.day_bar(symbol), market.previous_day_bar(symbol)
    if not (trade and quote and minute and before):
        return None
    change = round(trade.price - before.close, 4)
    return {
        "ticker": symbol,
        "day": _day(day),
        "min": {**agg(minute), "av": day.volume if day else minute.volume},
        "prevDay": _day(before),
        "lastTrade": _trade(trade),
        "lastQuote": {
            "P": quote.ask,
            "S": lots(quote.ask_size),
            "p": quote.bid,
            "s": lots(quote.bid_size),
            "t": quote.t,
        },
        "todaysChange": change,
        "todaysChangePerc": round(100 * change / before.close, 4),
        "updated": max(trade.t, quote.t),
    }


def _day(bar: Bar | None) -> Words:
    """Before the first regular trade a day is all zeros."""
    if bar is None:
        return {"c": 0, "h": 0, "l": 0, "o": 0, "v": 0, "vw": 0}
    words = agg(bar)
    return {name: words[name] for name in ("c", "h", "l", "o", "v", "vw")}


def _trade(trade: Trade) -> Words:
    return {
        "c": conditions(trade),
        "i": str(trade.id),
        "p": trade.price,
        "s": trade.size,
        "t": trade.t,
        "x": EXCHANGE_IDS[trade.exchange],
    }


def _snapshots(market: Market, symbols: Sequence[str]) -> list[dict[str, Any]]:
    return [found for symbol in symbols if (found := snapshot(market, symbol))]


def _all(market: Market, asked: Asked) -> Words:
    wanted = [name.strip() for name in asked.text("tickers", "").split(",") if name.strip()]
    tickers = _snapshots(market, wanted or market.symbols())
    return {"status": "OK", "request_id": request_id(), "count": len(tickers), "tickers": tickers}


def _one(market: Market, asked: Asked) -> Words:
    found = snapshot(market, asked.ticker())
    if found is None:
        raise not_found("NotFound")
    return {"status": "OK", "request_id": request_id(), "ticker": found}


def _movers(market: Market, asked: Asked) -> Words:
    gainers = asked.parts["direction"] == "gainers"
    tickers = [one for one in _snapshots(market, market.symbols()) if (one["todaysChange"] > 0) == gainers]
    tickers.sort(key=lambda one: one["todaysChangePerc"], reverse=gainers)
    return {"status": "OK", "request_id": request_id(), "tickers": tickers[:MOVERS]}

"""Alpaca's market-data REST for stocks: history, latest values and snapshots (wire facts: the vendor's OpenAPI)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from qv_desktop.simulator import alpaca_data_actions, alpaca_data_meta, alpaca_data_screener
from qv_desktop.simulator.alpaca_answers import RequestLimit
from qv_desktop.simulator.alpaca_data_auctions import auctions_of
from qv_desktop.simulator.alpaca_data_history import Source, bars_of, page, quotes_of, trades_of
from qv_desktop.simulator.alpaca_data_query import (
    HISTORY_FEEDS,
    LATEST_FEEDS,
    Asked,
    choice,
    frame_asked,
    history_asked,
    known_form,
    refusal,
    symbols_asked,
)
from qv_desktop.simulator.alpaca_data_words import Words, words
from qv_desktop.simulator.faults import Faults
from qv_desktop.simulator.keys import Keys
from qv_desktop.simulator.market import Market
from qv_desktop.simulator.ticks import MINUTE, Bar, Quote, Trade

RECENT = 15 * MINUTE
REQUESTS_PER_MINUTE = 10_000  # of the paid plan; counted, not enforced
NOT_ENTITLED = "subscription does not permit querying recent SIP data"
type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes(market: Market, keys: Keys, faults: Faults | None = None) -> list[web.RouteDef]:
    """Every market-data route but the news, which share their path with a stream (see alpaca_data_stream).

    A waiting `free_plan` fault at `data` refuses recent SIP data, once for each count.
    """
    stocks = StockData(market, faults)
    answers: dict[str, Handler] = {
        "/v2/stocks/snapshots": stocks.snapshots,
        "/v2/stocks/{symbol}/snapshot": stocks.snapshot,
        "/v2/stocks/{kind:bars|trades|quotes|auctions}": stocks.history,
        "/v2/stocks/{symbol}/{kind:bars|trades|quotes|auctions}": stocks.history_of_one,
        "/v2/stocks/{kind:bars|trades|quotes}/latest": stocks.latest,
        "/v2/stocks/{symbol}/{kind:bars|trades|quotes}/latest": stocks.latest_of_one,
        **alpaca_data_meta.answers(),
        **alpaca_data_screener.answers(market),
        **alpaca_data_actions.answers(market),
    }
    limit = RequestLimit(REQUESTS_PER_MINUTE)
    return [web.get(path, guarded(answer, keys, limit)) for path, answer in answers.items()]


def guarded(answer: Handler, keys: Keys, limit: RequestLimit) -> Handler:
    """The handler behind a check of the keys; every answer says how many requests are left."""

    async def checked(request: web.Request) -> web.StreamResponse:
        limit.passes()
        try:
            if not keys.alpaca_ok(request):
                raise refusal(401, "unauthorized.")
            response = await answer(request)
        except web.HTTPException as refused:
            refused.headers.update(limit.headers())
            raise
        response.headers.update(limit.headers())
        return response

    return checked


@dataclass(frozen=True, slots=True)
class StockData:
    """Bars, trades, quotes and auctions out of the market."""

    market: Market
    faults: Faults | None

    async def history(self, request: web.Request) -> web.Response:
        """A page over several symbols."""
        return web.json_response(await self._page(request, symbols_asked(request.query), _by_symbol))

    async def history_of_one(self, request: web.Request) -> web.Response:
        """A page of one symbol."""
        symbol = known_form(request.match_info["symbol"].upper())

        def alone(kind: str, points: dict[str, list[Words]]) -> Words:
            return {kind: points.get(symbol, []), "symbol": symbol}

        return web.json_response(await self._page(request, (symbol,), alone))

    async def latest(self, request: web.Request) -> web.Response:
        """The newest trade, quote or minute bar of each symbol; unknown symbols are left out."""
        kind = request.match_info["kind"]
        self._check_feed(request, LATEST_FEEDS)
        found = {symbol: self._newest(kind, symbol) for symbol in symbols_asked(request.query)}
        body: Words = {kind: {symbol: words(point) for symbol, point in found.items() if point}}
        return web.json_response(body | _currency(request))

    async def latest_of_one(self, request: web.Request) -> web.Response:
        """The newest trade, quote or minute bar of one symbol."""
        kind, symbol = request.match_info["kind"], known_form(request.match_info["symbol"].upper())
        self._check_feed(request, LATEST_FEEDS)
        point = self._newest(kind, symbol)
        if point is None:
            raise refusal(404, f"no {kind[:-1]} found for {symbol}")
        return web.json_response({"symbol": symbol, kind[:-1]: words(point)} | _currency(request))

    async def snapshots(self, request: web.Request) -> web.Response:
        """The five newest values of each known symbol."""
        self._check_feed(request, LATEST_FEEDS)
        known = [symbol for symbol in symbols_asked(request.query) if self.market.listing(symbol)]
        return web.json_response({symbol: self._snapshot(symbol) for symbol in known})

    async def snapshot(self, request: web.Request) -> web.Response:
        """The five newest values of one symbol."""
        symbol = known_form(request.match_info["symbol"].upper())
        self._check_feed(request, LATEST_FEEDS)
        if self.market.listing(symbol) is None:
            raise refusal(404, f"no snapshot found for {symbol}")
        return web.json_response({"symbol": symbol} | self._snapshot(symbol) | _currency(request))

    async def _page(
        self,
        request: web.Request,
        symbols: tuple[str, ...],
        arranged: Callable[[str, dict[str, list[Words]]], Words],
    ) -> Words:
        kind = request.match_info["kind"]
        asked = history_asked(request.query, symbols, self.market.now())
        self._check_feed(request, HISTORY_FEEDS, asked.end)
        points, token = await self._points(kind, request, asked)
        return arranged(kind, points) | {"next_page_token": token} | _currency(request)

    async def _points(self, kind: str, request: web.Request, asked: Asked) -> tuple[dict[str, list[Words]], str | None]:
        if kind == "auctions":
            days = await page(auctions_of(self.market), asked)
            return {symbol: [day.words() for day in found] for symbol, found in days.points.items()}, days.token
        if kind == "bars":
            asked = _framed(asked, request)
        sources: dict[str, Source[Any]] = {
            "bars": bars_of(self.market),
            "trades": trades_of(self.market),
            "quotes": quotes_of(self.market),
        }
        ticks = await page(sources[kind], asked)
        said = {symbol: [words(point) for point in found] for symbol, found in ticks.points.items()}
        self._estrange(kind, [point for found in said.values() for point in found])
        return said, ticks.token

    def _newest(self, kind: str, symbol: str) -> Trade | Quote | Bar | None:
        if kind == "bars":
            return self.market.minute_bar(symbol)
        return self.market.last(symbol) if kind == "trades" else self.market.quote(symbol)

    def _snapshot(self, symbol: str) -> Words:
        parts: dict[str, Trade | Quote | Bar | None] = {
            "latestTrade": self.market.last(symbol),
            "latestQuote": self.market.quote(symbol),
            "minuteBar": self.market.minute_bar(symbol),
            "dailyBar": self.market.day_bar(symbol),
            "prevDailyBar": self.market.previous_day_bar(symbol),
        }
        return {name: words(part) for name, part in parts.items() if part}

    def _estrange(self, kind: str, said: list[Words]) -> None:
        """An `unknown_enums` fault puts an exchange and a condition that no client knows into the first tick."""
        if kind != "bars" and said and self.faults and self.faults.take("unknown_enums", "data"):
            said[0] |= {"c": ["?"], **dict.fromkeys(said[0].keys() & {"x", "ax", "bx"}, "?")}

    def _check_feed(self, request: web.Request, allowed: tuple[str, ...], end: int | None = None) -> None:
        """Refuse an unknown feed, and on the free plan the last quarter of an hour of SIP data."""
        feed = choice(request.query, "feed", allowed)
        recent = end is None or end > self.market.now() - RECENT
        if feed == "sip" and recent and self.faults and self.faults.take("free_plan", "data"):
            raise refusal(403, NOT_ENTITLED, 42210000)


def _framed(asked: Asked, request: web.Request) -> Asked:
    frame, adjusted = frame_asked(request.query)
    dividends, splits = bool(adjusted & {"dividend", "all"}), bool(adjusted & {"split", "all"})
    return replace(asked, frame=frame, for_dividends=dividends, for_splits=splits)


def _by_symbol(kind: str, points: dict[str, list[Words]]) -> Words:
    return {kind: points}


def _currency(request: web.Request) -> Words:
    currency = request.query.get("currency")
    return {"currency": currency} if currency else {}

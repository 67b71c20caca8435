"""Alpaca's watchlists under /v2/watchlists, by id and by name."""

from collections.abc import Sequence

from aiohttp import web

from qv_desktop.simulator.accounts import Watchlist
from qv_desktop.simulator.alpaca_answers import Answer, Body, Json
from qv_desktop.simulator.alpaca_assets_rest import asset_json
from qv_desktop.simulator.alpaca_errors import invalid_input, not_found, unprocessable
from qv_desktop.simulator.alpaca_format import utc_text
from qv_desktop.simulator.exchange import Exchange
from qv_desktop.simulator.orders import new_id

LONGEST_NAME = 64


class WatchlistEndpoints:
    """Create, read, change and delete watchlists."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    @property
    def _lists(self) -> dict[str, Watchlist]:
        return self._exchange.account.watchlists

    def all(self, _: web.Request, __: Body) -> Answer:
        """GET /v2/watchlists: without their assets."""
        return 200, [self._head(found) for found in self._lists.values()]

    def create(self, _: web.Request, body: Body) -> Answer:
        """POST /v2/watchlists."""
        name = self._name(body, None)
        now = self._exchange.market.now()
        found = Watchlist(new_id(), name, self._symbols(body.get("symbols")), now, now)
        self._lists[found.id] = found
        return 200, self._json(found)

    def read(self, request: web.Request, _: Body) -> Answer:
        """GET one watchlist."""
        return 200, self._json(self._find(request))

    def update(self, request: web.Request, body: Body) -> Answer:
        """PUT: a new name, new symbols, or both."""
        found = self._find(request)
        if body.get("name") is None and body.get("symbols") is None:
            raise invalid_input("name or symbols is required")
        name = self._name(body, found) if body.get("name") is not None else found.name
        if body.get("symbols") is not None:
            found.symbols = self._symbols(body["symbols"])
        found.name = name
        return self._changed(found)

    def append(self, request: web.Request, body: Body) -> Answer:
        """POST a symbol onto a watchlist."""
        found = self._find(request)
        symbol = self._symbols([body.get("symbol")])[0]
        if symbol in found.symbols:
            raise unprocessable("duplicate symbol in watchlist")
        found.symbols.append(symbol)
        return self._changed(found)

    def remove(self, request: web.Request, _: Body) -> Answer:
        """DELETE a symbol from a watchlist."""
        found, symbol = self._find(request), request.match_info["symbol"].upper()
        if symbol not in found.symbols:
            raise not_found(f"symbol {symbol} not found in watchlist")
        found.symbols.remove(symbol)
        return self._changed(found)

    def delete(self, request: web.Request, _: Body) -> Answer:
        """DELETE a watchlist."""
        del self._lists[self._find(request).id]
        return 204, None

    def _changed(self, found: Watchlist) -> Answer:
        found.updated_at = self._exchange.market.now()
        return 200, self._json(found)

    def _find(self, request: web.Request) -> Watchlist:
        if "watchlist_id" in request.match_info:
            found = self._lists.get(request.match_info["watchlist_id"])
        else:
            name = request.query.get("name", "")
            found = next((one for one in self._lists.values() if one.name == name), None)
        if found is None:
            raise not_found("watchlist not found")
        return found

    def _name(self, body: Body, own: Watchlist | None) -> str:
        name = body.get("name")
        if not isinstance(name, str) or not 1 <= len(name) <= LONGEST_NAME:
            raise invalid_input(f"name must have 1 to {LONGEST_NAME} characters")
        if any(one.name == name and one is not own for one in self._lists.values()):
            raise unprocessable("watchlist name must be unique")
        return name

    def _symbols(self, given: object) -> list[str]:
        if given is None:
            return []
        if not isinstance(given, Sequence) or isinstance(given, str):
            raise invalid_input("symbols must be a list")
        symbols = []
        for name in given:
            listing = self._exchange.listing(str(name))
            if listing is None:
                raise unprocessable(f"asset {name} not found")
            symbols.append(listing.symbol)
        return list(dict.fromkeys(symbols))

    def _head(self, found: Watchlist) -> Json:
        return {
            "id": found.id,
            "account_id": self._exchange.account.id,
            "name": found.name,
            "created_at": utc_text(found.created_at),
            "updated_at": utc_text(found.updated_at),
        }

    def _json(self, found: Watchlist) -> Json:
        listings = [self._exchange.market.listing(symbol) for symbol in found.symbols]
        return self._head(found) | {"assets": [asset_json(listing) for listing in listings if listing is not None]}

"""Alpaca's position endpoints under /v2/positions."""

from decimal import Decimal, InvalidOperation

from aiohttp import web

from qv_desktop.simulator.accounts import Position
from qv_desktop.simulator.alpaca_answers import Answer, Body, Json, flag, with_unknowns
from qv_desktop.simulator.alpaca_errors import BrokerError, invalid_input, not_found
from qv_desktop.simulator.alpaca_format import SHARE, decimal_text
from qv_desktop.simulator.alpaca_orders_rest import cancelled
from qv_desktop.simulator.exchange import Exchange
from qv_desktop.simulator.orders import ZERO, order_json
from qv_desktop.simulator.ticks import Listing


class PositionEndpoints:
    """Positions: list, read, close."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    def all(self, _: web.Request, __: Body) -> Answer:
        """GET /v2/positions."""
        positions = sorted(self._exchange.account.positions.values(), key=lambda position: position.symbol)
        items = [position_json(self._exchange, position) for position in positions]
        return 200, with_unknowns(items, self._exchange.faults, asset_class="ipo", exchange="NEWX")

    def read(self, request: web.Request, _: Body) -> Answer:
        """GET /v2/positions/{symbol or asset id}."""
        return 200, position_json(self._exchange, self._position(request.match_info["name"]))

    def close(self, request: web.Request, _: Body) -> Answer:
        """DELETE /v2/positions/{symbol or asset id}, all of it or `qty` shares or `percentage` of it."""
        position = self._position(request.match_info["name"])
        return 200, self._closed(position, _part(request, abs(position.qty)))

    def close_all(self, request: web.Request, _: Body) -> Answer:
        """DELETE /v2/positions: one result for each position."""
        if flag(request, "cancel_orders"):
            cancelled(self._exchange)
            self._exchange.step()
        positions = list(self._exchange.account.positions.values())
        return 207, [self._result(position) for position in positions]

    def _result(self, position: Position) -> Json:
        try:
            body = self._closed(position, abs(position.qty))
        except BrokerError as refusal:
            return {"symbol": position.symbol, "status": refusal.status, "body": refusal.body}
        return {"symbol": position.symbol, "status": 200, "body": body}

    def _closed(self, position: Position, qty: Decimal) -> Json:
        order = {
            "symbol": position.symbol,
            "qty": decimal_text(qty),
            "side": "sell" if position.qty > 0 else "buy",
            "type": "market",
            "time_in_force": "day",
        }
        return order_json(self._exchange.submit(order), nested=True)

    def _position(self, name: str) -> Position:
        listing = self._exchange.listing(name)
        position = self._exchange.account.positions.get(listing.symbol) if listing else None
        if position is None:
            raise not_found("position does not exist")
        return position


def _part(request: web.Request, held: Decimal) -> Decimal:
    qty, percentage = request.query.get("qty"), request.query.get("percentage")
    if qty and percentage:
        raise invalid_input("only one of qty or percentage is accepted")
    try:
        part = Decimal(qty) if qty else held * Decimal(percentage or 100) / 100
    except InvalidOperation:
        raise invalid_input("qty and percentage must be numbers") from None
    if percentage and not 0 < Decimal(percentage) <= 100:
        raise invalid_input("percentage must be between 0 and 100")
    if percentage and held % 1 == 0:
        part = part.quantize(Decimal(1), "ROUND_DOWN")  # whole positions are sold in whole shares
    if part <= 0:
        raise invalid_input("qty must be > 0")
    return part.quantize(SHARE, "ROUND_DOWN")


def position_json(exchange: Exchange, position: Position) -> Json:
    """A position as Alpaca writes it, valued at the last trade."""
    symbol, qty = position.symbol, position.qty
    listing = exchange.listing(symbol)
    if listing is None:
        raise LookupError(f"{symbol} is held but not listed")
    last, previous = exchange.pricing.last(symbol), exchange.pricing.previous_close(symbol)
    value = qty * last
    free = abs(qty) - exchange.held_shares(symbol)
    return _identity(listing) | {
        "qty": decimal_text(qty),
        "qty_available": decimal_text(free if qty > 0 else -free),
        "side": "long" if qty > 0 else "short",
        "avg_entry_price": decimal_text(round(position.average, 9)),
        "cost_basis": decimal_text(round(position.cost, 9)),
        "market_value": decimal_text(value),
        "current_price": decimal_text(last),
        "lastday_price": decimal_text(previous),
        "change_today": _ratio(last - previous, previous),
        "unrealized_pl": decimal_text(round(value - position.cost, 9)),
        "unrealized_plpc": _ratio(value - position.cost, abs(position.cost)),
        "unrealized_intraday_pl": decimal_text(round(value - position.day_cost, 9)),
        "unrealized_intraday_plpc": _ratio(value - position.day_cost, abs(position.day_cost)),
    }


def _identity(listing: Listing) -> Json:
    return {
        "asset_id": listing.asset_id,
        "symbol": listing.symbol,
        "exchange": listing.exchange,
        "asset_class": "us_equity",
        "asset_marginable": listing.marginable,
    }


def _ratio(part: Decimal, whole: Decimal) -> str:
    return decimal_text(round(part / whole, 16)) if whole else decimal_text(ZERO)

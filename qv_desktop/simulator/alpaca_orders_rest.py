"""Alpaca's order endpoints under /v2/orders."""

from collections.abc import Callable

from aiohttp import web

from qv_desktop.simulator.alpaca_answers import Answer, Body, Json, choice, flag, whole, with_unknowns
from qv_desktop.simulator.alpaca_errors import BrokerError, invalid_input, not_found
from qv_desktop.simulator.alpaca_format import ns_of
from qv_desktop.simulator.exchange import Exchange
from qv_desktop.simulator.order_desk import order_missing
from qv_desktop.simulator.orders import Order, order_json
from qv_desktop.simulator.read_lag import ReadLag


class OrderEndpoints:
    """Orders: place, list, read, replace, cancel. What is read may lag behind what was taken."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._lag = ReadLag(exchange.faults)

    def place(self, _: web.Request, body: Body) -> Answer:
        """POST /v2/orders."""
        order = self._exchange.submit(body)
        self._lag.taken(order)
        return 200, order_json(order, nested=True)

    def all(self, request: web.Request, _: Body) -> Answer:
        """GET /v2/orders with all its filters."""
        nested = flag(request, "nested")
        orders = [seen for order in self._exchange.book.all() if (seen := self._lag.seen(order)) is not None]
        if nested:
            orders = [order for order in orders if order.parent is None]
        tests = _filters(request, self._exchange)
        chosen = [order for order in orders if all(test(order) for test in tests)]
        if choice(request, "direction", ("asc", "desc"), "desc") == "desc":
            chosen.reverse()
        items = [order_json(order, nested=nested) for order in chosen[: whole(request, "limit", 50, 500)]]
        return 200, with_unknowns(items, self._exchange.faults, asset_class="ipo")

    def read(self, request: web.Request, _: Body) -> Answer:
        """GET /v2/orders/{order_id}."""
        name = request.match_info["order_id"]
        return 200, self._one(self._exchange.find(name), name, nested=flag(request, "nested"))

    def read_by_client_id(self, request: web.Request, _: Body) -> Answer:
        """GET /v2/orders:by_client_order_id."""
        name = request.query.get("client_order_id", "")
        order = self._exchange.book.by_client_id(name)
        if order is None:
            raise order_missing(name) if name else not_found("client_order_id is required")
        return 200, self._one(order, name, nested=False)

    def _one(self, order: Order, name: str, *, nested: bool) -> Json:
        seen = self._lag.seen(order)
        if seen is None:
            raise order_missing(name)
        return with_unknowns([order_json(seen, nested=nested)], self._exchange.faults, asset_class="ipo")[0]

    def replace(self, request: web.Request, body: Body) -> Answer:
        """PATCH /v2/orders/{order_id}: answers the new order."""
        order = self._exchange.find(request.match_info["order_id"])
        replaced = self._lag.before(order)
        new = self._exchange.replace(order, body)
        replaced()
        self._lag.taken(new)
        return 200, order_json(new, nested=True)

    def cancel(self, request: web.Request, _: Body) -> Answer:
        """DELETE /v2/orders/{order_id}."""
        order = self._exchange.find(request.match_info["order_id"])
        cancelled = self._lag.before(order)
        self._exchange.cancel(order)
        cancelled()
        return 204, None

    def cancel_all(self, _: web.Request, __: Body) -> Answer:
        """DELETE /v2/orders: one result for each open order."""
        return 207, cancelled(self._exchange)


def cancelled(exchange: Exchange) -> list[Json]:
    """Ask to cancel every open order that does not go with another one; one result for each."""
    results: list[Json] = []
    for order in exchange.book.open():
        if order.parent is not None and order.parent.is_open:
            continue
        try:
            exchange.cancel(order)
            results.append({"id": order.id, "status": 200})
        except BrokerError as refusal:
            results.append({"id": order.id, "status": refusal.status, "body": refusal.body})
    return results


type Test = Callable[[Order], bool]


def _filters(request: web.Request, exchange: Exchange) -> list[Test]:
    query, tests = request.query, list[Test]()
    status = choice(request, "status", ("open", "closed", "all"), "open")
    if status != "all":
        tests.append(lambda order: _listed_open(order) == (status == "open"))
    if symbols := {name for name in query.get("symbols", "").upper().split(",") if name}:
        tests.append(lambda order: order.symbol in symbols)
    if "side" in query:
        side = choice(request, "side", ("buy", "sell"), "buy")
        tests.append(lambda order: order.side == side)
    if classes := {name for text in query.getall("asset_class", []) for name in text.split(",")}:
        tests.append(lambda _: bool(classes & {"us_equity", "all"}))
    return tests + _range(request, exchange)


def _listed_open(order: Order) -> bool:
    """Whether it is among the open orders: exits that are held are not, as clients of the real one have found (alpaca-trade-api-js 80
    and 87, alpaca-trade-api-python 322); nested, they come with their entry, and are with it no longer once it has filled."""  # fmt: skip
    return order.is_open and order.status != "held"


def _range(request: web.Request, exchange: Exchange) -> list[Test]:
    query, tests = request.query, list[Test]()
    if "after" in query:
        after = moment(query["after"], "after")
        tests.append(lambda order: order.submitted_at > after)
    if "until" in query:
        until = moment(query["until"], "until")
        tests.append(lambda order: order.submitted_at < until)
    if "before_order_id" in query and "after_order_id" in query:
        raise invalid_input("before_order_id and after_order_id are mutually exclusive")
    if "before_order_id" in query:
        places = _places(exchange)
        before = places[exchange.find(query["before_order_id"]).id]
        tests.append(lambda order: places[order.id] < before)
    elif "after_order_id" in query:
        places = _places(exchange)
        beyond = places[exchange.find(query["after_order_id"]).id]
        tests.append(lambda order: places[order.id] > beyond)
    return tests


def _places(exchange: Exchange) -> dict[str, int]:
    """Order id -> place in the order of arrival."""
    return {order.id: place for place, order in enumerate(exchange.book.all())}


def moment(text: str, name: str) -> int:
    """A time in a query (ns UTC); raises BrokerError (422) when it is none."""
    try:
        return ns_of(text)
    except ValueError:
        raise invalid_input(f"invalid {name}: {text}") from None

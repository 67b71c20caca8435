"""What the broker truly has, told to this machine only: every order with its ids, every execution, every position.

No fault and no lag touches it; it is what a test compares a client's books with.
"""

from aiohttp import web

from qv_desktop.simulator.alpaca_format import decimal_text
from qv_desktop.simulator.control import answered
from qv_desktop.simulator.exchange import Exchange
from qv_desktop.simulator.orders import order_json

type Words = dict[str, object]


def routes(exchange: Exchange) -> list[web.RouteDef]:
    """`GET /sim/books` tells them."""
    return [web.get("/sim/books", answered(lambda _: books(exchange)))]


def books(exchange: Exchange) -> Words:
    """The account's id, its orders oldest first, its executions oldest first, and its shares by symbol.

    `taken_ns` of an order is when its request was taken in, on the machine's monotonic clock.
    """
    account = exchange.account
    return {
        "account": account.id,
        "orders": [order_json(order) | {"taken_ns": order.taken_ns} for order in exchange.book.all()],
        "fills": [activity for activity in account.activities if activity["activity_type"] == "FILL"],
        "positions": {symbol: decimal_text(position.qty) for symbol, position in account.positions.items()},
    }

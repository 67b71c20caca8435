"""All orders of the account, and what the open ones hold of its shares and its buying power."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from qv_desktop.simulator.margin import order_value
from qv_desktop.simulator.orders import ZERO, Order

type Prices = Callable[[str], tuple[Decimal, Decimal]]  # symbol -> ask, last


class OrderBook:
    """Orders by id in the order of their arrival; legs are orders like any other."""

    def __init__(self) -> None:
        self._by_id: dict[str, Order] = {}  # order id -> order, oldest first
        self._by_client: dict[str, Order] = {}  # client order id -> order
        self._open: dict[str, dict[str, Order]] = {}  # symbol -> order id -> open order, oldest first

    def add(self, order: Order) -> None:
        """Keep a new order."""
        self._by_id[order.id] = order
        self._by_client[order.client_order_id] = order
        self._open.setdefault(order.symbol, {})[order.id] = order

    def get(self, order_id: str) -> Order | None:
        """The order with this id."""
        return self._by_id.get(order_id)

    def by_client_id(self, client_order_id: str) -> Order | None:
        """The order with this client order id."""
        return self._by_client.get(client_order_id)

    def all(self) -> list[Order]:
        """Every order, oldest first."""
        return list(self._by_id.values())

    def open(self, symbol: str | None = None) -> list[Order]:
        """The open orders (of one symbol), oldest first; closed ones are dropped from the index on the way."""
        symbols = [symbol] if symbol is not None else list(self._open)
        return [order for name in symbols for order in self._open_in(name)]

    def _open_in(self, symbol: str) -> list[Order]:
        orders = self._open.get(symbol, {})
        for order_id in [order_id for order_id, order in orders.items() if not order.is_open]:
            del orders[order_id]
        if not orders:
            self._open.pop(symbol, None)
        return list(orders.values())

    def has_open(self, symbol: str) -> bool:
        """Whether the symbol may have an open order; cheap, for the tick path."""
        return symbol in self._open

    def held_shares(self, symbol: str, position: Decimal, besides: Order | None = None) -> tuple[Decimal, list[str]]:
        """Shares of the position that open closing orders claim, and those orders' ids.

        Orders that cancel one another claim their shares once. `besides` is an order to be replaced: not counted.
        """
        claims: dict[str, Decimal] = {}  # group -> shares
        ids = []
        for order in self._closing(symbol, position):
            if besides is not None and order in besides.group:
                continue
            key = order.group[0].id
            claims[key] = max(claims.get(key, ZERO), (order.qty or ZERO) - order.filled_qty)
            ids.append(order.id)
        return sum(claims.values(), ZERO), ids

    def _closing(self, symbol: str, position: Decimal) -> Iterator[Order]:
        for order in self.open(symbol):
            closes = order.sign * position < 0
            if closes and order.status != "pending_replace" and not waits_for_parent(order):
                yield order

    def held_buying_power(
        self, prices: Prices, position: Callable[[str], Decimal], besides: Order | None = None
    ) -> Decimal:
        """Dollars that open orders claim of the buying power; exits and the order `besides` claim nothing."""
        total = ZERO
        for order in self.open():
            if order is besides or order.role or order.status == "pending_replace" or order.order_class == "oco":
                continue
            if order.sign * position(order.symbol) < 0:
                continue  # it closes: claims shares, not dollars
            ask, last = prices(order.symbol)
            total += order_value(order, ask, last, order.remaining(last))
        return total


def waits_for_parent(order: Order) -> bool:
    """Whether it is an exit whose entry has not filled yet."""
    parent = order.parent
    return parent is not None and parent.order_class != "oco" and parent.status != "filled"

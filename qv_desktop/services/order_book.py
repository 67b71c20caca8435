"""The book of orders: a dict by client order id that knows at once which orders are open, of which symbol, and how fast they came."""

from collections import OrderedDict, deque
from collections.abc import Mapping
from datetime import datetime

from qv_desktop.domain.orders import Order, OrderStatus

NONE: tuple[Order, ...] = ()
KEPT = 100_000  # newest cancels of which the times are known


class OrderBook(dict[str, Order]):  # client order id -> order
    """A dict whose every change keeps three things beside it: the open orders by symbol, the newest orders, the newest cancels.

    Each costs a few look-ups at a change and none when the gate asks.
    """

    def __init__(self, orders: Mapping[str, Order] | None = None) -> None:
        super().__init__()
        self._open: dict[str, dict[str, Order]] = {}  # symbol -> id -> open order, oldest in the book first
        self._sources: dict[str, dict[str, Order]] = {}  # source -> id -> open order
        self._tuples: dict[str, tuple[Order, ...]] = {}  # symbol -> the same orders; another tuple after every change
        self.touched: set[str] = (
            set()
        )  # symbols of orders that changed since whoever keeps sums of them has cleared this
        self._newest: OrderedDict[str, None] = OrderedDict()  # ids as they came into the book
        self._cancels: deque[datetime] = deque(maxlen=KEPT)  # when cancels were asked for
        self.update(orders or {})

    # ---- what the gate asks

    @property
    def by_symbol(self) -> Mapping[str, tuple[Order, ...]]:
        """Symbol -> its open orders; a symbol without any is missing. Changes with the book."""
        return self._tuples

    def of_source(self, source: str) -> tuple[Order, ...]:
        """The open orders that come from ``source``."""
        return tuple(self._sources.get(source, {}).values())

    def since(self, moment: datetime) -> tuple[Order, ...]:
        """Orders that were submitted after ``moment``, as they stand now. What is older is not looked at again."""
        while self._newest and self[first := next(iter(self._newest))].submitted <= moment:
            del self._newest[first]
        return tuple(order for order in map(self.__getitem__, self._newest) if order.submitted > moment)

    def cancels_since(self, moment: datetime) -> tuple[datetime, ...]:
        """When cancels were asked for after ``moment``. What is older is forgotten."""
        while self._cancels and self._cancels[0] <= moment:
            self._cancels.popleft()
        return tuple(self._cancels)

    # ---- every way in which a dict changes

    def __setitem__(self, key: str, order: Order) -> None:
        former = self.get(key)
        super().__setitem__(key, order)
        if former is None:
            self._newest[key] = None
        asked = order.status is OrderStatus.PENDING_CANCEL
        if asked and former is not None and former.status is not OrderStatus.PENDING_CANCEL:
            self._cancels.append(order.changed or order.submitted)
        if former is not None and former.open and (_place(former) != _place(order) or not order.open):
            self._drop(key, former)
        if order.open:
            symbol = order.request.symbol
            theirs = self._open.setdefault(symbol, {})
            theirs[key] = order
            if former is not None and not former.open:  # it came back, to its old place
                theirs = self._open[symbol] = {k: theirs[k] for k in self if k in theirs}
            self.touched.add(symbol)
            self._sources.setdefault(order.request.source, {})[key] = order
            self._tuples[symbol] = tuple(theirs.values())

    def __delitem__(self, key: str) -> None:
        former = self[key]
        super().__delitem__(key)
        self._newest.pop(key, None)
        if former.open:
            self._drop(key, former)

    def _drop(self, key: str, order: Order) -> None:
        symbol = order.request.symbol
        theirs = self._open[symbol]
        del theirs[key]
        self.touched.add(symbol)
        del self._sources[order.request.source][key]
        if theirs:
            self._tuples[symbol] = tuple(theirs.values())
        else:
            del self._open[symbol], self._tuples[symbol]

    def setdefault(self, key: str, order: Order) -> Order:  # there is no order without a value
        """The order that is there, or this one from now on."""
        if key not in self:
            self[key] = order
        return self[key]

    def update(self, orders: Mapping[str, Order]) -> None:  # type: ignore[override]  # of a mapping only
        """Take all of them."""
        for key, order in orders.items():
            self[key] = order

    def __ior__(self, orders: Mapping[str, Order]) -> "OrderBook":  # type: ignore[override,misc]  # of a mapping only
        self.update(orders)
        return self

    def pop(self, key: str, *default: Order | None) -> Order | None:  # type: ignore[override]
        """Take one out; without a ``default`` it must be there."""
        if key not in self and default:
            return default[0]
        order = self[key]
        del self[key]
        return order

    def popitem(self) -> tuple[str, Order]:
        """Take the newest out."""
        key = next(reversed(self))
        return key, self.pop(key)  # type: ignore[return-value]  # it is there

    def clear(self) -> None:
        """Take all of them out."""
        for key in list(self):
            del self[key]


def _place(order: Order) -> tuple[str, str]:
    """Where an order stands in the indexes."""
    return order.request.symbol, order.request.source

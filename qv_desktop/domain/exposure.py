"""What the book adds up to: what is held, what working orders may still add, and what an order is worth."""

from decimal import ROUND_DOWN, ROUND_FLOOR, Decimal
from math import inf

from qv_desktop.domain.market import money
from qv_desktop.domain.orders import Order, OrderClass, OrderRequest, OrderStatus, Side
from qv_desktop.domain.risk import RiskView

ZERO = Decimal(0)
PAIRED = (OrderClass.BRACKET, OrderClass.OCO)  # whose exits cancel each other


def touch(view: RiskView, side: Side) -> Decimal | None:
    """The price that an order on ``side`` would meet; a side of the quote that is not above zero is no price."""
    if view.quote is None:
        return None
    price = view.quote.ask if side is Side.BUY else view.quote.bid
    return money(price) if 0 < price < inf else None


def reference_price(request: OrderRequest, view: RiskView) -> Decimal | None:
    """The price at which ``request`` is valued: its limit or stop, else the far side of the quote, else the last.

    None when there is none above zero.
    """
    price = request.limit if request.limit is not None else request.stop
    if price is None:
        price = touch(view, request.side) if view.quote is not None else view.prices.get(request.symbol)
    return price if price is not None and price > 0 else None


def held(view: RiskView, symbol: str) -> Decimal:
    """Signed shares of ``symbol`` now."""
    position = view.positions.get(symbol)
    return position.quantity if position else ZERO


def working(view: RiskView, symbol: str, side: Side) -> list[Order]:
    """Open orders of ``symbol`` on ``side`` that can each still trade: of two that cancel each other only one, none that is held.

    A held leg waits for its parent, or for its twin to fail.
    """
    ours = [o for o in view.open_orders if (o.request.symbol, o.request.side) == (symbol, side)]
    found: list[Order] = []
    twins: set[tuple[Decimal, str]] = set()  # (shares, limit or stop) of the legs that count
    for order in (o for o in ours if o.status is not OrderStatus.HELD):
        request = order.request
        kind, twin = ("stop", "limit") if request.stop is not None else ("limit", "stop")
        if request.order_class in PAIRED and (request.quantity, twin) in twins:
            twins.remove((request.quantity, twin))
            continue
        if request.order_class is OrderClass.OCO or (request.order_class in PAIRED and request.take_profit is None):
            twins.add((request.quantity, kind))
        found.append(order)
    return found


def committed(view: RiskView, symbol: str, side: Side) -> Decimal:
    """Shares of ``symbol`` that open orders on ``side`` may still trade; unresolved orders count in full."""
    return sum((o.remaining for o in working(view, symbol, side)), ZERO)


def reduces(request: OrderRequest, view: RiskView) -> bool:
    """Whether the order, with those already working on its side, only brings the position nearer to zero."""
    position = held(view, request.symbol)
    return position * request.side.sign < 0 and request.quantity <= room_to_reduce(view, request.symbol, request.side)


def room_to_reduce(view: RiskView, symbol: str, side: Side) -> Decimal:
    """Shares that a new order on ``side`` may trade before it increases the position of ``symbol``."""
    position = held(view, symbol)
    return max(abs(position) - committed(view, symbol, side), ZERO) if position * side.sign < 0 else ZERO


def added(view: RiskView) -> Decimal:
    """Dollars that open orders may add to positions, each at its own price or the last; what only reduces adds nothing."""
    total = ZERO
    for symbol, side in {(o.request.symbol, o.request.side) for o in view.open_orders}:
        position = held(view, symbol)
        room = abs(position) if position * side.sign < 0 else ZERO
        for order in working(view, symbol, side):
            beyond = max(order.remaining - room, ZERO)
            room = max(room - order.remaining, ZERO)
            total += beyond * _worth(order, view)
    return total


def _worth(order: Order, view: RiskView) -> Decimal:
    request = order.request
    return request.limit or request.stop or view.prices.get(request.symbol, ZERO)


def gross(view: RiskView) -> Decimal:
    """Dollars held long and short plus what open orders may add, each at its last price or its own."""
    total = added(view)
    for symbol, position in view.positions.items():
        total += abs(position.quantity) * view.prices.get(symbol, position.average)
    return total


def whole_shares(dollars: Decimal, price: Decimal) -> Decimal:
    """Whole shares that ``dollars`` buy; none where there is no price."""
    if price <= 0:
        return ZERO
    return Decimal(int((dollars / price).to_integral_value(ROUND_FLOOR if dollars < 0 else ROUND_DOWN)))

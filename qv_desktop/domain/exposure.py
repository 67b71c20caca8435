"""What the book adds up to: what is held, what working orders may still add, and what an order is worth."""

from decimal import ROUND_DOWN, ROUND_FLOOR, Decimal
from math import inf

from qv_desktop.domain.market import money
from qv_desktop.domain.orders import OrderRequest, Side
from qv_desktop.domain.risk import RiskView

ZERO = Decimal(0)


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


def committed(view: RiskView, symbol: str, side: Side) -> Decimal:
    """Shares of ``symbol`` that open orders on ``side`` may still trade; unresolved orders count in full."""
    return sum((o.remaining for o in view.open_orders if o.request.symbol == symbol and o.request.side is side), ZERO)


def reduces(request: OrderRequest, view: RiskView) -> bool:
    """Whether the order, with those already working on its side, only brings the position nearer to zero."""
    position = held(view, request.symbol)
    room = abs(position) - committed(view, request.symbol, request.side)
    return position * request.side.sign < 0 and request.quantity <= room


def gross(view: RiskView) -> Decimal:
    """Dollars held long and short plus what open orders may add, each at its last price or its own."""
    total = ZERO
    for symbol, position in view.positions.items():
        total += abs(position.quantity) * view.prices.get(symbol, position.average)
    return total


def whole_shares(dollars: Decimal, price: Decimal) -> Decimal:
    """Whole shares that ``dollars`` buy; none where there is no price."""
    if price <= 0:
        return ZERO
    return Decimal(int((dollars / price).to_integral_value(ROUND_FLOOR if dollars < 0 else ROUND_DOWN)))

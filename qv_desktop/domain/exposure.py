"""What the book adds up to: what is held, what working orders may still add, and what an order is worth."""

from decimal import Decimal

from qv_desktop.domain.market import money
from qv_desktop.domain.orders import OrderRequest, Side
from qv_desktop.domain.risk import RiskView

ZERO = Decimal(0)


def reference_price(request: OrderRequest, view: RiskView) -> Decimal | None:
    """The price at which ``request`` is valued: its limit or stop, else the far side of the quote, else the last."""
    if request.limit is not None:
        return request.limit
    if request.stop is not None:
        return request.stop
    if view.quote is not None:
        return money(view.quote.ask if request.side is Side.BUY else view.quote.bid)
    return view.prices.get(request.symbol)


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

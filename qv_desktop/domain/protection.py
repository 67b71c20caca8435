"""What protects a position, and where its shares came from."""

from collections.abc import Iterable
from decimal import Decimal

from qv_desktop.domain.orders import Fill, Order, OrderType
from qv_desktop.domain.positions import Position

ZERO = Decimal(0)
STOPS = (OrderType.STOP, OrderType.STOP_LIMIT, OrderType.TRAILING_STOP)


def stop_cover(position: Position, orders: Iterable[Order]) -> Decimal:
    """Shares of ``position`` that resting stop orders on its other side would close; never more than are held."""
    covered = sum(
        (
            order.remaining
            for order in orders
            if order.open
            and order.request.type in STOPS
            and order.request.symbol == position.symbol
            and order.request.side.sign * position.quantity < 0
        ),
        ZERO,
    )
    return min(covered, abs(position.quantity))


def split(fills: Iterable[Fill]) -> dict[str, dict[str, Decimal]]:
    """Signed shares by symbol and by where they came from."""
    found: dict[str, dict[str, Decimal]] = {}
    for fill in fills:
        sources = found.setdefault(fill.symbol, {})
        sources[fill.source] = sources.get(fill.source, ZERO) + fill.quantity * fill.side.sign
    return found

"""What deserves a second look before an order is sent, though no rule refuses it."""

from decimal import Decimal

from qv_desktop.domain.orders import OrderRequest, OrderType, Side
from qv_desktop.domain.risk import Check

TIMES_USUAL = Decimal(5)  # of the symbol's usual size
LARGE = Decimal(100_000)  # dollars


def cautions(request: OrderRequest, price: Decimal | None, usual: Decimal | None) -> tuple[Check, ...]:
    """Passed checks that warn: the size against ``usual`` shares of this symbol, and a value beyond $100,000 at ``price``,
    and a stop-limit order whose limit lies before its stop."""
    found = []
    if (rests := _resting(request)) is not None:
        found.append(rests)
    if usual is not None and usual > 0:
        words = f"Usual in {request.symbol} are {usual:,} shares."
        times = f"{request.quantity / usual:,.1f}×"
        found.append(Check("USUAL_SIZE", "Size vs usual", True, times, f"{TIMES_USUAL}×", message=words))
    if price is not None and (value := price * request.quantity) > LARGE:
        found.append(Check("LARGE_VALUE", "Large order", True, f"${value:,.0f}", f"${LARGE:,.0f}"))
    return tuple(found)


def _resting(request: OrderRequest) -> Check | None:
    """Once triggered, a limit before the stop only fills if the price comes back; it may be meant, and is no protection."""
    limit, stop = request.limit, request.stop
    if request.type is not OrderType.STOP_LIMIT or limit is None or stop is None:
        return None
    if (limit - stop) * request.side.sign >= 0:
        return None
    way, does = ("below", "buys") if request.side is Side.BUY else ("above", "sells")
    words = (
        f"The limit {limit} lies {way} the stop {stop}: once triggered it {does} nothing until the price comes back."
    )
    return Check("STOP_LIMIT", "May rest unfilled", True, f"{limit}", f"{stop}", message=words)

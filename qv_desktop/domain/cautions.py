"""What deserves a second look before an order is sent, though no rule refuses it."""

from decimal import Decimal

from qv_desktop.domain.orders import OrderRequest
from qv_desktop.domain.risk import Check

TIMES_USUAL = Decimal(5)  # of the symbol's usual size
LARGE = Decimal(100_000)  # dollars


def cautions(request: OrderRequest, price: Decimal | None, usual: Decimal | None) -> tuple[Check, ...]:
    """Passed checks that warn: the size against ``usual`` shares of this symbol, and a value beyond $100,000 at ``price``."""
    found = []
    if usual is not None and usual > 0:
        words = f"Usual in {request.symbol} are {usual:,} shares."
        times = f"{request.quantity / usual:,.1f}×"
        found.append(Check("USUAL_SIZE", "Size vs usual", True, times, f"{TIMES_USUAL}×", message=words))
    if price is not None and (value := price * request.quantity) > LARGE:
        found.append(Check("LARGE_VALUE", "Large order", True, f"${value:,.0f}", f"${LARGE:,.0f}"))
    return tuple(found)

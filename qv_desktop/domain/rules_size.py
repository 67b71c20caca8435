"""Rules about the size of one order: shares, dollars, and the dollars that the account can still spend."""

from decimal import Decimal
from functools import partial
from math import inf

from qv_desktop.domain.exposure import held, reduces, reference_price, touch, whole_shares
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.orders import Order, OrderRequest, OrderStatus, Side
from qv_desktop.domain.risk import Check, RiskView
from qv_desktop.domain.rule_answers import answer, percent

ZERO, ONE = Decimal(0), Decimal(1)


def quantity(request: OrderRequest, view: RiskView, limits: Limits) -> Check:
    ok = ZERO < request.quantity <= limits.order_quantity or (request.quantity > 0 and reduces(request, view))
    nearest = "1" if request.quantity <= 0 else f"{limits.order_quantity:,}"
    return answer(
        "ORDER_QUANTITY",
        "Quantity",
        ok,
        f"{request.quantity:,}",
        f"{limits.order_quantity:,}",
        nearest,
        f"Quantity must lie between 1 and {limits.order_quantity:,}.",
    )


def value(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """What only reduces is bounded by what is held: a limit on size must not keep anybody in a position."""
    price = reference_price(request, view)
    if reduces(request, view):
        return None
    if price is None:
        return answer(
            "ORDER_VALUE",
            "Order value",
            False,
            "—",
            f"${limits.order_value:,.0f}",
            message="There is no price to value the order at; wait for a quote.",
        )
    value, most = price * request.quantity, whole_shares(limits.order_value, price)
    return answer(
        "ORDER_VALUE",
        "Order value",
        value <= limits.order_value,
        f"${value:,.0f}",
        f"${limits.order_value:,.0f}",
        f"{most:,}",
        f"The order is worth ${value:,.0f}; at most ${limits.order_value:,.0f}, that is {most:,} shares.",
    )


def buying_power(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    price, power = reference_price(request, view), view.account.buying_power if view.account else None
    if price is None or reduces(request, view):
        return None
    if power is None:
        words = "The account's buying power is not known; wait until the broker tells it."
        return answer("BUYING_POWER", "Buying power", False, "—", "—", message=words)
    # Alpaca values a short at the higher of the limit and 3 % over the ask
    if request.side is Side.SELL:
        price = max(price, (touch(view, Side.BUY) or ZERO) * Decimal("1.03"))
    power = power - reserved(view)
    cost = price * request.quantity
    return answer(
        "BUYING_POWER",
        "Buying power",
        cost <= power,
        f"${cost:,.0f}",
        f"${power:,.0f}",
        f"{max(whole_shares(power, price), ZERO):,}",
        f"The order needs ${cost:,.0f} of ${power:,.0f} buying power.",
    )


def volume_share(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    """What trades on an ordinary day bounds what one order may ask of the market; a volume that is not known bounds nothing."""
    volume = view.average_volume
    if volume is None or not 0 < volume < inf or reduces(request, view):
        return None
    most = whole_shares(Decimal(repr(volume)) * limits.order_volume_fraction, ONE)
    share = request.quantity / Decimal(repr(volume))
    return answer(
        "ORDER_VOLUME",
        "Share of daily volume",
        share <= limits.order_volume_fraction,
        f"{share:.2%}",
        f"{percent(limits.order_volume_fraction)}",
        f"{most:,}",
        f"The order is {share:.2%} of the {volume:,.0f} shares of {request.symbol} that trade on an ordinary day; "
        f"at most {percent(limits.order_volume_fraction)}, that is {most:,} shares.",
    )


def reserved(view: RiskView) -> Decimal:
    """Dollars that orders have taken of the buying power since the broker last told it; what only reduced a position took none."""
    return sum((opened * worth for opened, worth in map(partial(_opened, view), view.unsettled)), ZERO)


def _opened(view: RiskView, order: Order) -> tuple[Decimal, Decimal]:
    """Shares with which an order opens or adds to a position, beyond what it found to reduce, and what one is worth."""
    request, sign = order.request, order.request.side.sign
    before = held(view, request.symbol) - order.filled * sign
    shares = order.filled + (order.remaining if order.open and order.status is not OrderStatus.HELD else ZERO)
    worth = request.limit or request.stop or order.average or view.prices.get(request.symbol, ZERO)
    return max(shares - max(-before * sign, ZERO), ZERO), worth

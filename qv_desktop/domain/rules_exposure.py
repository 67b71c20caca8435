"""Rules about what the book would add up to with the order in it."""

from decimal import Decimal

from qv_desktop.domain.exposure import (
    committed,
    held,
    reduces,
    reference_price,
    room_to_reduce,
    whole_shares,
)
from qv_desktop.domain.exposure import (
    gross as gross_of,
)
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.orders import OrderRequest
from qv_desktop.domain.risk import Check, RiskView
from qv_desktop.domain.rule_answers import answer

ZERO = Decimal(0)


def single_name(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    price, equity = reference_price(request, view), view.account.equity if view.account else None
    if price is None or equity is None or equity <= 0 or reduces(request, view):
        return None
    sign, side = request.side.sign, request.side
    before = held(view, request.symbol) + committed(view, request.symbol, side) * sign
    share = abs(before + request.quantity * sign) * price / equity
    most = max(whole_shares(equity * limits.position_fraction, price) - before * sign, ZERO)
    return answer(
        "SINGLE_NAME",
        "Single-name exposure",
        share <= limits.position_fraction,
        f"{share:.1%}",
        f"{limits.position_fraction:.0%}",
        f"{most:,}",
        f"{request.symbol} would be {share:.1%} of equity, over {limits.position_fraction:.0%}: at most {most:,} shares.",
    )


def gross(request: OrderRequest, view: RiskView, limits: Limits) -> Check | None:
    price, equity = reference_price(request, view), view.account.equity if view.account else None
    if price is None or equity is None or equity <= 0 or reduces(request, view):
        return None
    before, free = gross_of(view), room_to_reduce(view, request.symbol, request.side)
    share = (before + max(request.quantity - free, ZERO) * price) / equity
    most = max(whole_shares(equity * limits.gross_fraction - before, price), ZERO) + free
    return answer(
        "GROSS",
        "Gross exposure",
        share <= limits.gross_fraction,
        f"{share:.0%}",
        f"{limits.gross_fraction:.0%}",
        f"{most:,}",
        f"Gross exposure would be {share:.0%} of equity, over {limits.gross_fraction:.0%}.",
    )

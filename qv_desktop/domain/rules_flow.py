"""Rules about the flow of orders: how many, how often the same, and none against our own."""

from datetime import timedelta
from operator import attrgetter

from qv_desktop.domain.limits import Limits
from qv_desktop.domain.orders import Order, OrderRequest, OrderType
from qv_desktop.domain.risk import Check, RiskView
from qv_desktop.domain.rule_answers import answer

_terms = attrgetter("symbol", "side", "quantity", "limit", "stop", "source")  # what makes two requests the same order


def wash(request: OrderRequest, view: RiskView, limits: Limits) -> Check:
    """Alpaca rejects an order that could trade with one of our own on the other side."""
    resting = [
        o
        for o in view.open_orders
        if o.request.symbol == request.symbol and o.request.side is request.side.opposite and _crosses(request, o)
    ]
    return answer(
        "WASH",
        "Own resting orders",
        not resting,
        f"{len(resting)}",
        "0",
        message=f"Your own {request.side.opposite} order in {request.symbol} rests there; cancel it first.",
    )


def _crosses(request: OrderRequest, order: Order) -> bool:
    ours, theirs = request.limit, order.request.limit
    if ours is None or theirs is None:
        return order.request.type in (OrderType.MARKET, OrderType.LIMIT, OrderType.UNKNOWN)
    return (ours - theirs) * request.side.sign >= 0


def rate(request: OrderRequest, view: RiskView, limits: Limits) -> Check:
    count = len(view.recent) + 1
    return answer(
        "ORDER_RATE",
        "Orders per minute",
        count <= limits.orders_per_minute,
        f"{count}",
        f"{limits.orders_per_minute}",
        message=f"{count} orders within a minute; at most {limits.orders_per_minute}.",
    )


def duplicate(request: OrderRequest, view: RiskView, limits: Limits) -> Check:
    terms, since = _terms(request), view.now - timedelta(seconds=min(float(limits.duplicate_seconds), 86_400))
    count = sum(order.submitted > since and _terms(order.request) == terms for order in view.recent)
    return answer(
        "DUPLICATE",
        "Duplicates",
        count == 0,
        f"{count}",
        "0",
        message=f"The same order was sent within {limits.duplicate_seconds} s; wait, or change it.",
    )

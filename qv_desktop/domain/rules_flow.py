"""Rules about the flow of orders: how many, how often the same, and none against our own."""

from datetime import timedelta
from operator import attrgetter

from qv_desktop.domain.exposure import reduces
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.orders import Order, OrderRequest, OrderType
from qv_desktop.domain.risk import Check, RiskView
from qv_desktop.domain.rule_answers import answer

SECOND = timedelta(seconds=1)
_terms = attrgetter("symbol", "side", "quantity", "limit", "stop", "source")  # what makes two requests the same order


def wash(request: OrderRequest, view: RiskView, limits: Limits) -> Check:
    """Alpaca rejects an order that could trade with one of our own on the other side."""
    resting = [
        o for o in view.orders_of(request.symbol) if o.request.side is request.side.opposite and _crosses(request, o)
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
    words = f"{count} orders within a minute; at most {limits.orders_per_minute}."
    free = leaves_at_once(request, view)
    return _counted("ORDER_RATE", "Orders per minute", count, limits.orders_per_minute, words, free=free)


def per_second(request: OrderRequest, view: RiskView, limits: Limits) -> Check:
    """A program that has lost its head sends hundreds a second; the way out is not held up by it."""
    since = view.now - SECOND
    count = sum(order.submitted > since for order in view.recent) + 1
    words = f"{count} orders within a second; at most {limits.orders_per_second}. Wait a second."
    free = leaves_at_once(request, view)
    return _counted("ORDERS_PER_SECOND", "Orders per second", count, limits.orders_per_second, words, free=free)


def cancels(request: OrderRequest, view: RiskView, limits: Limits) -> Check:
    """A cancel itself is never refused, for it only makes the book safer: whoever cancels too much enters nothing new for a while."""
    count = len(view.cancels)
    words = f"{count} cancels within a minute; new orders are taken again below {limits.cancels_per_minute + 1}."
    free = reduces(request, view)
    return _counted("CANCEL_RATE", "Cancels per minute", count, limits.cancels_per_minute, words, free=free)


def _counted(code: str, title: str, count: int, most: int, message: str, *, free: bool) -> Check:
    """At most so many, but for an order that is ``free``."""
    return answer(code, title, count <= most or free, f"{count}", f"{most}", message=message)


def leaves_at_once(request: OrderRequest, view: RiskView) -> bool:
    """Whether it is a market order that only reduces: that cannot go on for ever, for what is held comes to an end."""
    return request.type is OrderType.MARKET and reduces(request, view)


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

"""Orders in a trader's words: the chip of a status, type, life, price, and the reason with whose it is."""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from qv_desktop.domain.market import money
from qv_desktop.domain.orders import Order, OrderRequest, OrderStatus, OrderType, Side, TimeInForce
from qv_desktop.ui import format as words

_CHIPS: dict[OrderStatus, tuple[str, str]] = {  # status -> (text, key of theme.CHIPS)
    OrderStatus.INTENT: ("Draft", "draft"),
    OrderStatus.REFUSED: ("Refused", "refused"),
    OrderStatus.SUBMITTED: ("Sent", "sent"),
    OrderStatus.UNRESOLVED: ("Unresolved", "unresolved"),
    OrderStatus.WORKING: ("Working", "working"),
    OrderStatus.HELD: ("Held", "held"),
    OrderStatus.TRIGGERED: ("Triggered", "held"),
    OrderStatus.PARTIAL: ("Partial", "partial"),
    OrderStatus.PENDING_CANCEL: ("Cancel sent", "pending_cancel"),
    OrderStatus.PENDING_REPLACE: ("Amend sent", "pending_replace"),
    OrderStatus.PAUSED: ("Paused", "held"),
    OrderStatus.FILLED: ("Filled", "filled"),
    OrderStatus.CANCELED: ("Canceled", "canceled"),
    OrderStatus.EXPIRED: ("Expired", "expired"),
    OrderStatus.REJECTED: ("Rejected", "rejected"),
    OrderStatus.REPLACED: ("Replaced", "canceled"),
    OrderStatus.UNKNOWN: ("Unknown", "unresolved"),
}
_TYPES = {OrderType.MARKET: "Market", OrderType.LIMIT: "Limit", OrderType.STOP: "Stop", OrderType.STOP_LIMIT: "Stop-limit",
          OrderType.TRAILING_STOP: "Trailing", OrderType.UNKNOWN: "UNKNOWN"}  # fmt: skip
_AUCTIONS = {(OrderType.MARKET, TimeInForce.OPG): "MOO", (OrderType.LIMIT, TimeInForce.OPG): "LOO",
             (OrderType.MARKET, TimeInForce.CLS): "MOC", (OrderType.LIMIT, TimeInForce.CLS): "LOC"}  # fmt: skip


def chip(status: OrderStatus) -> tuple[str, str]:
    """The text and the chip of a status; refused is ours and marked as such, rejected is the broker's."""
    return _CHIPS[status]


def kind_text(request: OrderRequest) -> str:
    """The type as traders say it: ``MOO``, ``Limit``, ``Trailing``."""
    return _AUCTIONS.get((request.type, request.time_in_force), _TYPES[request.type])


def life_text(request: OrderRequest) -> str:
    """The time in force, with a plus for extended hours."""
    text = "Day" if request.time_in_force is TimeInForce.DAY else request.time_in_force.upper()
    return f"{text}+" if request.extended_hours else text


def price_text(value: Decimal | None) -> str:
    """At least two decimals, and as many more as the price has."""
    exponent = 2 if value is None else -int(value.normalize().as_tuple().exponent)
    return words.price(value, min(max(2, exponent), 4))


def last_text(price: float | None) -> str:
    """A market price in as many decimals as it was told in."""
    return price_text(None if price is None else money(price))


def side_color(order: Order) -> str:
    """The token of the order's side."""
    return "BUY_INK" if order.request.side is Side.BUY else "SELL_INK"


def reason_text(order: Order) -> str:
    """The words as they came, after whose they are: ``risk:`` refused, ``broker:`` rejected."""
    whose = {OrderStatus.REFUSED: "risk: ", OrderStatus.REJECTED: "broker: "}.get(order.status, "")
    return f"{whose}{order.reason}" if order.reason else ""


def status_tip(order: Order) -> str:
    """One sentence on what the status means."""
    return {
        OrderStatus.REFUSED: "Our risk rules refused it; it never left.",
        OrderStatus.REJECTED: "The broker rejected it.",
        OrderStatus.UNRESOLVED: "Whether the broker has it is not known; it is being asked for by its client id.",
        OrderStatus.UNKNOWN: "The broker uses a state that is not known here; it counts as open.",
    }.get(order.status, f"{order.status}".capitalize())


def trail_text(request: OrderRequest) -> str:
    """The stop price; of a trailing stop, how far it trails."""
    if request.stop is not None or request.type is not OrderType.TRAILING_STOP:
        return price_text(request.stop)
    if request.trail_percent is not None:
        return f"{request.trail_percent.normalize():f} %"
    return f"± {price_text(request.trail_price)}"


def trail_told(order: Order) -> str:
    """How far a trailing stop trails, whatever its stop is by now; nothing of other orders."""
    request = order.request
    if request.type is not OrderType.TRAILING_STOP:
        return ""
    return trail_text(replace(request, stop=None))


def acknowledged_in(order: Order) -> float | None:
    """Milliseconds from sent to acknowledged, or None while either is unknown."""
    return milliseconds(order.sent_at, order.acknowledged_at)


def milliseconds(first: datetime | None, last: datetime | None) -> float | None:
    """How long it took, or None while either end is unknown."""
    return None if first is None or last is None else (last - first).total_seconds() * 1000

"""What happened to each order and when, gathered from its successive states, for the details of a blotter."""

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise

from qv_desktop.domain.orders import Order, OrderStatus
from qv_desktop.ui import format as words
from qv_desktop.ui.models.ledger import Line
from qv_desktop.ui.models.order_words import price_text

type Moment = tuple[datetime, str]

_LONGEST = 20  # states kept of one order
_WORDS: dict[OrderStatus, str] = {
    OrderStatus.SUBMITTED: "Sent to the broker",
    OrderStatus.UNRESOLVED: "No answer; asking by client id",
    OrderStatus.WORKING: "Working",
    OrderStatus.REFUSED: "Refused by risk",
    OrderStatus.REJECTED: "Rejected by the broker",
    OrderStatus.PENDING_CANCEL: "Cancel sent",
    OrderStatus.PENDING_REPLACE: "Amend sent",
}


class Timelines:
    """Moments by order; states that were never seen are told from the times the order carries.

    Words are found only for the order that somebody looks at.
    """

    def __init__(self) -> None:
        self._seen: dict[str, list[Order]] = {}  # client order id -> as first noted, and after each change since

    def note(self, orders: Iterable[Order]) -> None:
        """Remember what changed since these orders were last noted."""
        for order in orders:
            seen = self._seen.get(order.request.client_order_id)
            if seen is None:
                self._seen[order.request.client_order_id] = [order]
            elif seen[-1].status is not order.status or seen[-1].filled != order.filled:
                seen.append(order)
                if len(seen) > _LONGEST:
                    del seen[1]

    def of(self, order: Order) -> list[Moment]:
        """The order's moments, oldest first."""
        seen = self._seen.get(order.id, [order])
        return [*_carried(seen[0]), *(_step(before, after) for before, after in pairwise(seen))]


def _carried(order: Order) -> list[Moment]:
    """What an order itself tells of its past."""
    moments: list[Moment] = [(order.submitted, "Intent recorded")]
    if order.sent_at is not None:
        moments.append((order.sent_at, "Sent to the broker"))
    if order.acknowledged_at is not None:
        moments.append((order.acknowledged_at, "Acknowledged"))
    if order.changed is not None and order.status not in (OrderStatus.INTENT, OrderStatus.SUBMITTED):
        moments.append((order.changed, _state(order.status, order.reason)))
    return moments


def _state(status: OrderStatus, reason: str) -> str:
    return _WORDS.get(status, str(status).capitalize()) + (f": {reason}" if reason else "")


def _step(before: Order, after: Order) -> Moment:
    when, gained = after.changed or after.submitted, after.filled - before.filled
    if gained <= 0:
        return when, _state(after.status, after.reason)
    what = "Filled" if after.status is OrderStatus.FILLED else "Partly filled"
    return (
        when,
        f"{what} {words.quantity(gained)}, {words.quantity(after.filled)} of {words.quantity(after.request.quantity)}",
    )


def facts(order: Order) -> list[Line]:
    """The order's terms and ids, for the head of its details."""
    request = order.request
    legs = [
        ("Take profit", request.take_profit),
        ("Stop loss", request.stop_loss),
        ("Its limit", request.stop_loss_limit),
    ]
    return [
        Line("Filled", f"{words.quantity(order.filled)} of {words.quantity(request.quantity)}"),
        Line("Average", price_text(order.average)),
        *(Line(title, price_text(price)) for title, price in legs if price is not None),
        Line("Client id", order.id, "TX1", mono=True),
        Line("Broker id", order.broker_id or words.UNKNOWN, "TX1", mono=True),
    ]

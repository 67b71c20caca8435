"""What happened to each order and when, gathered from its successive states, for the details of a blotter."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from qv_desktop.domain.orders import Order, OrderStatus
from qv_desktop.ui import format as words
from qv_desktop.ui.models.ledger import Line
from qv_desktop.ui.models.order_words import price_text

type Moment = tuple[datetime, str]
type State = tuple[datetime, str, Decimal, str]  # when, status, filled, reason

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

    Words are found only for the order that somebody looks at. What is kept are plain texts and numbers, which the collector
    of garbage need not go through.
    """

    def __init__(self) -> None:
        self._first: dict[str, Order] = {}  # client order id -> as first noted
        self._states: dict[str, list[State]] = {}  # client order id -> how it was then, and after each change since

    def note(self, orders: Iterable[Order]) -> None:
        """Remember what changed since these orders were last noted."""
        for order in orders:
            self._first.setdefault(order.id, order)
            known = self._states.setdefault(order.id, [])
            state = (order.changed or order.submitted, order.status.value, order.filled, order.reason)
            if not known or known[-1][1:3] != state[1:3]:
                known.append(state)
                if len(known) > _LONGEST:
                    del known[1]

    def of(self, order: Order) -> list[Moment]:
        """The order's moments, oldest first."""
        states = self._states.get(order.id, [])
        steps = ((after[0], _step(before, after, order.request.quantity)) for before, after in pairwise(states))
        return [*_carried(self._first.get(order.id, order)), *steps]


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


def _step(before: State, after: State, quantity: Decimal) -> str:
    status, gained = OrderStatus(after[1]), after[2] - before[2]
    if gained > 0:
        what = "Filled" if status is OrderStatus.FILLED else "Partly filled"
        return f"{what} {words.quantity(gained)}, {words.quantity(after[2])} of {words.quantity(quantity)}"
    return _state(status, after[3])


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

"""Trade updates: one message for each thing that happens to an order, as the `trade_updates` stream carries it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from qv_desktop.simulator.alpaca_format import decimal_text, utc_text
from qv_desktop.simulator.orders import Order, new_id, order_json

type Update = dict[str, object]
type Hear = Callable[[Update], None]

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
WITHOUT_EXECUTION = frozenset({"pending_new", "accepted", "pending_cancel"})


@dataclass(frozen=True, slots=True)
class Execution:
    """One fill: its id, the shares and dollars of this execution alone, and the position after it (signed)."""

    id: str
    qty: Decimal
    price: Decimal
    position_qty: Decimal


class OrderReports:
    """Tells every listener what happened, in the order in which it happened."""

    def __init__(self) -> None:
        self._hearers: list[Hear] = []

    def subscribe(self, hear: Hear) -> Callable[[], None]:
        """Call `hear` with every update from now on; returns the way to stop."""
        self._hearers.append(hear)
        return lambda: self._hearers.remove(hear)

    def publish(self, event: str, order: Order, at: int, execution: Execution | None = None) -> None:
        """Report that `event` happened to `order` at `at` (ns UTC)."""
        update = report(event, order, at, execution)
        for hear in list(self._hearers):
            hear(update)


def report(event: str, order: Order, at: int, execution: Execution | None) -> Update:
    """The `data` of one trade_updates message."""
    update: Update = {
        "event": event,
        "timestamp": utc_text(at),
        "at": utc_text(at),
        "event_id": ulid(at),
        "order": order_json(order, nested=True),
    }
    if execution is not None:
        update["execution_id"] = execution.id
        update["price"] = decimal_text(execution.price)
        update["qty"] = decimal_text(execution.qty)
        update["position_qty"] = decimal_text(execution.position_qty)
    elif event not in WITHOUT_EXECUTION:
        update["execution_id"] = new_id()
    return update


def ulid(at: int) -> str:
    """A ULID: 48 bits of milliseconds and 80 random bits, in Crockford's base 32."""
    value = (at // 1_000_000) << 80 | secrets.randbits(80)
    return "".join(CROCKFORD[value >> shift & 31] for shift in range(125, -1, -5))

"""An order's moves from state to state, and what each move does to its account and to the rest of its group.

Bracket and one-triggers-other exits wait until the entry has filled completely. Then the take-profit works and the
stop-loss is held; a partial take-profit shrinks the stop-loss, and whichever exit ends takes the other with it.
"""

from decimal import Decimal

from qv_desktop.simulator.accounts import Account
from qv_desktop.simulator.order_reports import Execution, OrderReports
from qv_desktop.simulator.order_schedule import Schedule
from qv_desktop.simulator.orders import STOP_LOSS, ZERO, Order, new_id

MOMENTS = {  # status -> the field that keeps when it was reached
    "filled": "filled_at",
    "canceled": "canceled_at",
    "expired": "expired_at",
    "rejected": "failed_at",
    "replaced": "replaced_at",
}


class OrderLife:
    """Moves orders; the only place that changes a status."""

    def __init__(self, account: Account, schedule: Schedule, reports: OrderReports) -> None:
        self._account = account
        self._schedule = schedule
        self._reports = reports

    def move(self, order: Order, status: str, at: int, event: str | None = None) -> None:
        """Put the order into `status` and report it (as `event` when that is named differently)."""
        self._set(order, status, at)
        self._reports.publish(event or status, order, at)

    def _set(self, order: Order, status: str, at: int) -> None:
        order.status, order.updated_at = status, at
        if status in MOMENTS:
            setattr(order, MOMENTS[status], at)

    def receive(self, order: Order, at: int) -> None:
        """Take a checked order in: it is on its way to the market, or waits for the session it is meant for."""
        self._schedule.place(order, at)
        self.move(order, "accepted" if order.live_from > at else "pending_new", at)
        for leg in order.legs:
            leg.expires_at = order.expires_at

    def fill(self, order: Order, qty: Decimal, price: Decimal, at: int) -> None:
        """Execute `qty` shares at `price` dollars."""
        at = max(at, order.submitted_at)
        order.filled_qty += qty
        order.filled_value += qty * price
        done = order.remaining(price) <= 0
        self._set(order, "filled" if done else "partially_filled", at)
        self._account.fill(order, qty, price)
        execution = Execution(new_id(), qty, price, self._account.quantity(order.symbol))
        self._account.record(order, execution.id, at, qty, price)
        self._reports.publish("fill" if done else "partial_fill", order, at, execution)
        self._after_fill(order, at, price, done=done)

    def _after_fill(self, order: Order, at: int, price: Decimal, *, done: bool) -> None:
        if order.order_class in ("bracket", "oto") and not order.role:
            if done:
                self._release_exits(order, at)
            return
        for other in self._others(order):
            if done:
                self.end(other, "canceled", at, alone=True)
            elif order.role != STOP_LOSS:
                other.qty, other.updated_at = order.remaining(price), at

    def _release_exits(self, entry: Order, at: int) -> None:
        for leg in entry.legs:
            leg.qty = entry.filled_qty
            self._schedule.place(leg, at)
            if leg.role != STOP_LOSS or len(entry.legs) == 1:
                self.move(leg, "new", at)

    def elect(self, order: Order, at: int) -> None:
        """A stop's price has traded: from now on it trades as a market or limit order, and its counterpart goes."""
        order.elected, order.updated_at = True, at
        for other in self._others(order):
            self.end(other, "canceled", at, alone=True)
        if order.status == "held":
            self.move(order, "new", at)

    def end(self, order: Order, status: str, at: int, *, alone: bool = False) -> None:
        """Close the order as canceled, expired or rejected, and with it (unless `alone`) what depends on it."""
        self.move(order, status, at)
        if alone:
            return
        waiting = [leg for leg in order.legs if leg.is_open]
        for other in [*waiting, *self._others(order)]:
            if other.is_open:
                self.end(other, "canceled" if status == "rejected" else status, at, alone=True)

    def _others(self, order: Order) -> list[Order]:
        return [o for o in order.group if o is not order and o.is_open]

    def ask_cancel(self, order: Order, at: int) -> None:
        """A cancel request is on its way."""
        order.before = order.status
        self.move(order, "pending_cancel", at)

    def refuse_cancel(self, order: Order, at: int) -> None:
        """The cancel request failed: the order works on as before."""
        self.move(order, order.before, at, "order_cancel_rejected")

    def ask_replace(self, order: Order, new: Order, at: int) -> None:
        """A replacement is on its way; `new` is not at the market yet."""
        self._schedule.place(new, at)
        order.before, order.replaced_by, order.updated_at = order.status, new.id, at
        order.status = "pending_replace"
        new.status = "held" if order.before == "held" else "pending_new"

    def refuse_replace(self, order: Order, new: Order, at: int) -> None:
        """The replacement failed: the old order works on, the new one is rejected."""
        order.replaced_by = None
        self.move(order, order.before, at, "order_replace_rejected")
        self.move(new, "rejected", at)

    def replace(self, order: Order, new: Order, at: int) -> None:
        """The new order takes the old one's place, in its group too."""
        self.move(order, "replaced", at)
        new.legs, order.legs = order.legs, []
        for leg in new.legs:
            leg.parent = new
            leg.qty = new.qty if leg.is_open else leg.qty
        if new.parent is not None:
            new.parent.legs = [new if leg is order else leg for leg in new.parent.legs]
        if new.status == "held":
            self._reports.publish("new", new, at)
        else:
            self.move(new, "new", at)


def replacement_size(order: Order, asked: Decimal | None) -> Decimal:
    """Shares of the order that replaces `order`: what is asked for, or what is still unfilled."""
    return asked if asked is not None else (order.qty or ZERO) - order.filled_qty

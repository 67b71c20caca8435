"""Notices: what a person should hear of, once."""

from collections import deque
from datetime import timedelta

from qv_desktop.domain.alerts import Notice, Urgency
from qv_desktop.domain.events import (
    FeedChanged,
    Filled,
    Noticed,
    OrderCameBack,
    OrderChanged,
    Reconciled,
    TradingStateChanged,
)
from qv_desktop.domain.orders import OrderStatus
from qv_desktop.domain.risk import TradingState
from qv_desktop.services.ports import Now, Publish
from qv_desktop.services.settling import NEVER_ARRIVED

AGAIN_AFTER = timedelta(seconds=10)
_BAD_FEED = ("backing off", "mute", "evicted")


class Notices:
    """Turns events into notices; equal keys within ten seconds are told once. ``told`` keeps the newest 500."""

    def __init__(self, publish: Publish, now: Now) -> None:
        self._publish, self._now = publish, now
        self.told: deque[Notice] = deque(maxlen=500)

    def tell(self, urgency: Urgency, title: str, text: str, key: str = "") -> None:
        """Tell a person, unless the same was just told."""
        now = self._now()
        chosen = key or f"{title}\n{text}"
        if any(n.key == chosen and now - n.at < AGAIN_AFTER for n in reversed(self.told)):
            return
        notice = Notice(now, urgency, title, text, chosen)
        self.told.append(notice)
        self._publish(Noticed(notice))

    def filled(self, event: Filled) -> None:
        """An execution."""
        fill = event.fill
        verb = "Bought" if fill.side.sign > 0 else "Sold"
        self.tell("good", f"{verb} {fill.quantity:,f} {fill.symbol}", f"at {fill.price:,.2f}", fill.execution_id)

    def order_changed(self, event: OrderChanged) -> None:
        """Refusals, rejections and unresolved orders."""
        order = event.order
        request = order.request
        words = f"{request.side.upper()} {request.quantity:,f} {request.symbol}"
        if order.status is OrderStatus.REFUSED:
            self.tell("warning", f"Refused: {words}", order.reason, f"refused {order.id}")
        elif order.status is OrderStatus.REJECTED and order.reason == NEVER_ARRIVED:
            self.tell("warning", f"Never arrived: {words}", order.reason, f"never arrived {order.id}")
        elif order.status is OrderStatus.REJECTED:
            self.tell("warning", f"Rejected by the broker: {words}", order.reason, f"rejected {order.id}")
        elif order.status is OrderStatus.UNRESOLVED:
            self.tell(
                "critical",
                f"Unresolved: {words}",
                "The broker has not answered; it is being asked.",
                f"unresolved {order.id}",
            )

    def order_came_back(self, event: OrderCameBack) -> None:
        """An order that was given up is at the broker after all."""
        order = event.order
        words = f"{order.request.side.upper()} {order.request.quantity:,f} {order.request.symbol}"
        told = f"It was closed here as never arrived, yet the broker has it: {order.status}. Cancel it if it is no longer wanted."
        self.tell("critical", f"Arrived after all: {words}", told, f"came back {order.id}")

    def feed_changed(self, event: FeedChanged) -> None:
        """A feed lost or found."""
        if event.state in _BAD_FEED:
            self.tell("warning", f"{event.feed} is {event.state}", event.detail, f"{event.feed} {event.state}")

    def reconciled(self, event: Reconciled) -> None:
        """Breaks."""
        run = event.run
        if not run.passed:
            self.tell(
                "critical",
                f"{len(run.breaks)} reconciliation breaks",
                f"${run.at_risk:,.2f} at risk; see Reconciliation.",
                "breaks",
            )

    def trading_state(self, event: TradingStateChanged) -> None:
        """Halt, reduce, resume."""
        if event.actor != "system":
            urgency: Urgency = "info" if event.state is TradingState.ACTIVE else "critical"
            self.tell(urgency, f"Trading is {event.state}", f"{event.reason} ({event.actor})")

"""How many orders stand where, counted as they change: a busy blotter cannot count ten thousand of them in every frame."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter

from qv_desktop.domain.orders import CLOSED, Order, OrderStatus

_KEY = attrgetter("request.client_order_id")


class OrderTally:
    """Counts by status over the orders that were taken, each in its newest state."""

    def __init__(self) -> None:
        self._status: dict[str, OrderStatus] = {}  # client order id -> as last taken
        self._counts: Counter[OrderStatus] = Counter()
        self.newest: datetime | None = None

    def take(self, orders: Iterable[Order]) -> list[Order]:
        """Count these in their newest state; those that are new, or in another state than before."""
        known, counts, coming = self._status, self._counts, list(orders)
        before_all = map(known.get, map(_KEY, coming))
        moved = [order for order, before in zip(coming, before_all, strict=True) if before is not order.status]
        for order in moved:
            before = known.get(order.id)
            if before is not None:
                counts[before] -= 1
            elif self.newest is None or order.submitted > self.newest:
                self.newest = order.submitted
            counts[order.status] += 1
            known[order.id] = order.status
        return moved

    @property
    def open(self) -> int:
        """How many can still trade."""
        return sum(count for status, count in self._counts.items() if status not in CLOSED)

    @property
    def closed(self) -> int:
        """How many cannot."""
        return len(self._status) - self.open

    @property
    def unresolved(self) -> int:
        """How many the broker may or may not have."""
        return self._counts[OrderStatus.UNRESOLVED]

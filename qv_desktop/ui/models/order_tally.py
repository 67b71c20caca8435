"""How many orders stand where, counted as they change: a busy blotter cannot count ten thousand of them in every frame."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from qv_desktop.domain.orders import CLOSED, Order, OrderStatus


class OrderTally:
    """Counts by status over the orders that were taken, each in its newest state."""

    def __init__(self) -> None:
        self._counts: Counter[OrderStatus] = Counter()
        self.newest: datetime | None = None

    def take(self, orders: Sequence[Order], before: Sequence[Order | None]) -> list[Order]:
        """Count these in their newest state; ``before`` holds what each was, None for a new one. Those whose state is another."""
        moved = [
            (one, was) for one, was in zip(orders, before, strict=True) if was is None or was.status is not one.status
        ]
        for one, was in moved:
            self._counts[one.status] += 1
            if was is not None:
                self._counts[was.status] -= 1
            elif self.newest is None or one.submitted > self.newest:
                self.newest = one.submitted
        return [one for one, _ in moved]

    @property
    def open(self) -> int:
        """How many can still trade."""
        return sum(count for status, count in self._counts.items() if status not in CLOSED)

    @property
    def closed(self) -> int:
        """How many cannot."""
        return self._counts.total() - self.open

    @property
    def unresolved(self) -> int:
        """How many the broker may or may not have."""
        return self._counts[OrderStatus.UNRESOLVED]

"""The read side of the broker, which may lag behind what it has taken: an order is not found yet, or shown as it was before."""

import copy
import time
from collections.abc import Callable

from qv_desktop.simulator.faults import Faults
from qv_desktop.simulator.orders import Order

LAG = 3.0  # seconds, unless the fault says otherwise
MOST = 600.0


class ReadLag:
    """What questions about orders are answered with while the fault `read_lag` (params: `seconds`) holds an order back."""

    def __init__(self, faults: Faults, clock: Callable[[], float] = time.monotonic) -> None:
        self._faults, self._clock = faults, clock
        self._held: dict[str, tuple[float, Order | None]] = {}  # order id -> until when it is shown as what

    def taken(self, order: Order) -> None:
        """A new order was taken in: it may be held back from questions as if it were not there."""
        self._hold(order.id, None)

    def before(self, order: Order) -> Callable[[], None]:
        """An order is about to change; call the answer once it has: it may be shown as it is now for a while."""
        shown = copy.copy(order)
        return lambda: self._hold(order.id, shown)

    def _hold(self, order_id: str, shown: Order | None) -> None:
        until, _ = self._held.get(order_id, (0.0, None))
        if self._clock() < until or (fault := self._faults.take("read_lag", "trading")) is None:
            return  # what is held back already stays as it is shown
        seconds = min(MOST, float(fault.params.get("seconds", LAG)))
        self._held[order_id] = (self._clock() + seconds, shown)

    def seen(self, order: Order) -> Order | None:
        """The order as a question finds it now; None when it is not found."""
        held = self._held.get(order.id)
        if held is None:
            return order
        until, shown = held
        if self._clock() < until:
            return shown
        del self._held[order.id]
        return order

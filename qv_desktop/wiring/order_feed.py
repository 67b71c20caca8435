"""Orders and executions on their way to the blotters: however many changed, each blotter is told once a frame."""

from collections.abc import Callable
from itertools import islice

from qv_desktop.domain.events import Filled, OrderChanged
from qv_desktop.domain.orders import Fill, Order
from qv_desktop.services.bus import Bus
from qv_desktop.ui.panels.fills import FillsPanel
from qv_desktop.ui.panels.orders import OrdersPanel

# orders of one frame; of a flood the rest comes with the next frames, each order once and as it is then
AT_ONCE = 800
MANY = 300  # orders above which a frame has no time for other things


class OrderFeed:
    """Gathers between frames. Who is in ``heard`` hears of the symbols whose orders changed, once a frame."""

    def __init__(self, bus: Bus, orders: OrdersPanel, fills: FillsPanel, count: Callable[[str, int], None]) -> None:
        """``count`` shows a number after a panel's title."""
        self._orders, self._fills, self._count = orders, fills, count
        self._changed: dict[str, Order] = {}  # client order id -> newest state since the last frame
        self._filled: list[Fill] = []
        self.heard: list[Callable[[set[str]], None]] = []
        bus.subscribe(OrderChanged, self._order_changed)
        bus.subscribe(Filled, lambda event: self._filled.append(event.fill))

    def _order_changed(self, event: OrderChanged) -> None:
        self._changed[event.order.request.client_order_id] = (
            event.order
        )  # twenty thousand times a second: without the property

    def frame(self) -> None:
        """Show what changed since the last frame."""
        if self._filled:
            filled, self._filled = self._filled, []
            self._orders.note_fills(filled)
            self._fills.upsert(filled)
            self._count("fills", self._fills.model.counts()[1])
        if not self._changed or self._only_sorted():
            return
        take = self._changed.pop
        changed = [take(key) for key in list(islice(self._changed, AT_ONCE))]
        self._orders.upsert(changed)
        self._count("orders", self._orders.open_count)
        symbols = {order.request.symbol for order in changed}
        for hear in self.heard:
            hear(symbols)

    def _only_sorted(self) -> bool:
        """Of a flood and of rows that are due to be moved, a frame has time for one; the other comes with the next."""
        due = len(self._changed) > MANY and self._orders.model.due
        if due:
            self._orders.model.settle()
        return due

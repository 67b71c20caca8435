"""Orders and executions on their way to the blotters: however many changed, each blotter is told once a frame."""

import time
from collections.abc import Callable, Iterator
from itertools import islice
from operator import attrgetter

from qv_desktop.domain.events import Filled, OrderChanged
from qv_desktop.domain.orders import Fill, Order
from qv_desktop.services.bus import Bus
from qv_desktop.ui.panels.fills import FillsPanel
from qv_desktop.ui.panels.orders import OrdersPanel

BUDGET = 0.0017  # seconds of a frame for a flood; the rest comes with the next ones, each order once and as it is then
TO_PAINT = 0.001  # seconds of it that rows on the screen take until they are painted
PIECE = 100  # orders between two looks at the clock
MANY = 300  # orders above which a frame has no time for other things
_SYMBOL = attrgetter("request.symbol")


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
        symbols: set[str] = set()
        self._orders.upsert_pieces(self._pieces(symbols))
        self._count("orders", self._orders.open_count)
        for hear in self.heard:
            hear(symbols)

    @property
    def waiting(self) -> int:
        """How many orders changed that are not shown yet."""
        return len(self._changed)

    def _pieces(self, symbols: set[str]) -> Iterator[list[Order]]:
        """What somebody looks at, then whatever waits longest until the time is up; their symbols go into ``symbols``."""
        until, keys = time.perf_counter() + BUDGET, list(islice(self._changed, PIECE))
        if len(self._changed) > PIECE and (seen := self._looked_at()):
            until, keys = until - TO_PAINT, seen
        while keys:
            piece = [self._changed.pop(key) for key in keys]
            symbols |= set(map(_SYMBOL, piece))
            yield piece
            keys = list(islice(self._changed, PIECE)) if time.perf_counter() < until else []

    def _looked_at(self) -> list[str]:
        """Of what changed the orders on the screen."""
        return [key for key in self._orders.keys_in_view() if key in self._changed]

    def _only_sorted(self) -> bool:
        """Of a flood and of rows that are due to be moved, a frame has time for one: it finds their order, the next moves them."""
        due = len(self._changed) > MANY and self._orders.model.due
        if due and not self._orders.model.prepare():
            self._orders.model.settle()
        return due

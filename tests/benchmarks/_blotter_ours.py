"""Our order blotter under load as the benchmark drives it: events on the bus, gathered and shown by the wiring."""

import gc
import os
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from qv_desktop.app.collecting import Collector
from qv_desktop.domain.events import OrderChanged
from qv_desktop.domain.orders import Order, OrderRequest, OrderStatus, OrderType, Side
from qv_desktop.services.bus import Bus
from qv_desktop.ui import theme
from qv_desktop.ui.panels.fills import FillsPanel
from qv_desktop.ui.panels.orders import OrdersPanel
from qv_desktop.wiring.order_feed import OrderFeed

DOCK = (1278, 235)  # px of the panel as the program opens, in a window of 1600 by 900
HZ = 30  # frames a second, as the program's
NOON = datetime(2026, 11, 20, 15, 41, 55, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Load:
    """How much is asked of the blotter."""

    rows: int = 10_000
    updates: int = 20_000  # a second
    seconds: float = 20.0

    @property
    def batch(self) -> int:
        """Updates of one frame."""
        return round(self.updates / HZ)

    @property
    def frames(self) -> int:
        """Frames of the run."""
        return round(self.seconds * HZ)


@dataclass(frozen=True, slots=True)
class Frame:
    """What one frame took of the GUI thread: by the clock, and of the processor, in milliseconds.

    ``collecting`` is what the program's collector took by its own timer meanwhile, and is not in the others; ``waiting`` is how
    many orders were still to be shown after it.
    """

    clock: float
    processor: float
    collecting: float
    waiting: int


class Pauses:
    """How long garbage was collected, in seconds."""

    def __init__(self) -> None:
        self.clock = self.processor = 0.0
        self.begin()

    def begin(self) -> None:
        """A collection begins."""
        self._from = time.perf_counter(), time.thread_time()

    def end(self) -> None:
        """It ends."""
        self.clock += time.perf_counter() - self._from[0]
        self.processor += time.thread_time() - self._from[1]


class Blotter:
    """The panel with ``load.rows`` orders, sorted by what has traded of them, which every update changes."""

    def __init__(self, load: Load, size: tuple[int, int] = DOCK) -> None:
        self.app = QApplication.instance() or QApplication([])
        theme.apply(self.app)  # type: ignore[arg-type]  # it is a QApplication
        self._load, self._random = load, random.Random(5)
        self.panel, self.bus = OrdersPanel("bench"), Bus()
        self.feed = OrderFeed(self.bus, self.panel, FillsPanel(), lambda name, count: None)
        self._orders = [_order(number) for number in range(load.rows)]
        self.panel.show_orders(self._orders)
        self.panel.resize(*size)
        self.panel.show()
        filled = next(i for i, column in enumerate(self.panel.model.columns) if column.title == "Filled")
        self.panel.model.sort(filled, Qt.SortOrder.DescendingOrder)
        self.app.processEvents()
        self.collector = Collector(self.app)  # as the program collects
        self._pauses = Pauses()
        gc.callbacks.append(self._collecting)

    def close(self) -> None:
        """Let Python collect as it likes again."""
        self.collector.stop()
        gc.callbacks.remove(self._collecting)
        self.panel.close()

    def rows_in_view(self) -> int:
        """How many rows the window has room for."""
        return self.panel.table.viewport().height() // self.panel.table.verticalHeader().defaultSectionSize()

    def run(self, after: Callable[[], None] = lambda: None) -> Iterator[Frame]:
        """Frame after frame at the program's pace; ``after`` looks at each."""
        due = time.perf_counter()
        for _ in range(self._load.frames):
            for order in self._moved():
                self.bus.publish(OrderChanged(order))
            yield self._frame()
            after()
            due = max(due + 1 / HZ, time.perf_counter())
            time.sleep(max(0.0, due - time.perf_counter()))

    def _frame(self) -> Frame:
        pauses = self._pauses = Pauses()
        clock, processor = time.perf_counter(), time.thread_time()
        self.feed.frame()
        for _ in range(2):  # once for what was asked for, and once more for the painting that a new layout asks for
            self.app.processEvents()
        clock, processor = time.perf_counter() - clock, time.thread_time() - processor
        return Frame((clock - pauses.clock) * 1000, (processor - pauses.processor) * 1000, pauses.clock * 1000,
                     self.feed.waiting)  # fmt: skip

    def _collecting(self, phase: str, _: object) -> None:
        self._pauses.begin() if phase == "start" else self._pauses.end()

    def _moved(self) -> list[Order]:
        """As many orders as change in a frame, each with another part filled, some with another state."""
        chosen = self._random.sample(range(self._load.rows), self._load.batch)
        for number in chosen:
            self._orders[number] = _stirred(self._orders[number], self._random)
        return [self._orders[number] for number in chosen]

    def pressed_rows(self) -> tuple[int, int]:
        """How often the row under a pressed pointer was another than at the press, of how many frames looked at."""
        table, at = self.panel.table, QPoint(200, 22 * 4 + 11)
        viewport = table.viewport()
        QTest.mousePress(viewport, Qt.MouseButton.LeftButton, pos=at)
        pressed = self.panel.model.row(table.rowAt(at.y())).id
        seen: list[str] = []
        for _ in self.run(lambda: seen.append(self.panel.model.row(table.rowAt(at.y())).id)):
            pass
        QTest.mouseRelease(viewport, Qt.MouseButton.LeftButton, pos=at)
        self.app.processEvents()
        return sum(key != pressed for key in seen), len(seen)


def _order(number: int) -> Order:
    side = Side.BUY if number % 2 else Side.SELL
    request = OrderRequest(
        f"qv-bench-{number:05d}", f"S{number % 300}", side, Decimal(1000), OrderType.LIMIT, Decimal("230.90")
    )
    at = NOON + timedelta(milliseconds=number * 37)
    return Order(request, "demo", "a", at, OrderStatus.WORKING, at, f"b-{number}", sent_at=at + timedelta(milliseconds=3),
                 acknowledged_at=at + timedelta(milliseconds=44))  # fmt: skip


def _stirred(order: Order, chance: random.Random) -> Order:
    status = OrderStatus.PENDING_REPLACE if chance.random() < 0.05 else OrderStatus.PARTIAL
    return replace(order, status=status, filled=Decimal(chance.randrange(1, 1000)), average=Decimal("230.90"),
                   changed=(order.changed or NOON) + timedelta(milliseconds=33))  # fmt: skip

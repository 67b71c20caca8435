"""vnpy's order monitor under the same load; run by the Python of the isolated environment.

Used as its main window does: an `OrderMonitor` that is given an event per change. It sorts as it ships, after a click on the
title of what has traded; and once more without sorting.
"""

import json
import random
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version

from vnpy.event import Event, EventEngine
from vnpy.trader.constant import Direction, Exchange, OrderType, Status
from vnpy.trader.event import EVENT_ORDER
from vnpy.trader.object import OrderData
from vnpy.trader.ui import QtCore, QtWidgets
from vnpy.trader.ui.widget import OrderMonitor

ROWS, BATCH, SIZE = 10_000, 667, (1278, 235)
NOON = datetime(2026, 11, 20, 15, 41, 55, tzinfo=UTC)


def order(number: int, traded: float) -> OrderData:
    """An order of theirs."""
    return OrderData(gateway_name="BENCH", symbol=f"S{number % 300}", exchange=Exchange.NASDAQ, orderid=f"{number:05d}",
                     type=OrderType.LIMIT, direction=Direction.LONG, price=230.9, volume=1000.0, traded=traded,
                     status=Status.PARTTRADED, datetime=NOON)  # fmt: skip


def measured(
    app: QtWidgets.QApplication, monitor: OrderMonitor, frames: int, seconds: float
) -> tuple[list[float], int]:
    """Milliseconds of each frame, as many as were done in the time; of one that was cut short, after how many updates (else 0)."""
    chance, end = random.Random(5), time.perf_counter() + seconds
    out: list[float] = []
    while len(out) < frames and time.perf_counter() < end:
        batch = [Event(EVENT_ORDER, order(n, float(chance.randrange(1000)))) for n in chance.sample(range(ROWS), BATCH)]
        began = time.perf_counter()
        for done, event in enumerate(batch):
            if not out and time.perf_counter() > end:
                return [(time.perf_counter() - began) * 1000], done
            monitor.process_event(event)
        app.processEvents()
        out.append((time.perf_counter() - began) * 1000)
    return sorted(out), 0


def p99(samples: list[float]) -> float:
    """The 99th percentile; of a few, the longest."""
    return samples[min(len(samples) - 1, len(samples) * 99 // 100)]


def tell(**figures: object) -> None:
    """One line of JSON."""
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


def main() -> None:
    """First without sorting, for that is soon done."""
    app = QtWidgets.QApplication.instance() or QtWidgets.QApplication([])
    monitor = OrderMonitor(None, EventEngine())
    monitor.sorting = False
    monitor.setSortingEnabled(False)
    for number in range(ROWS):
        monitor.process_event(Event(EVENT_ORDER, order(number, 0.0)))
    monitor.resize(*SIZE)
    monitor.show()
    app.processEvents()
    tell(version=version("vnpy"), qt=QtCore.qVersion(), rows=ROWS, updates_per_frame=BATCH)
    plain, _ = measured(app, monitor, 100, 15.0)
    tell(unsorted_frame_p99_ms=p99(plain), unsorted_frames=len(plain))
    monitor.sorting = True
    monitor.setSortingEnabled(True)
    monitor.sortByColumn(list(monitor.headers).index("traded"), QtCore.Qt.SortOrder.DescendingOrder)
    app.processEvents()
    sorting, cut = measured(app, monitor, 100, 25.0)
    tell(frame_p99_ms=p99(sorting), frames=len(sorting), cut_after_updates=cut)


if __name__ == "__main__":
    main()

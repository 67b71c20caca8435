"""Orders on their way to the blotters: once a frame, each as it is then, and of a flood never more than a frame has time for."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qv_desktop.domain.events import Filled, OrderChanged
from qv_desktop.domain.orders import OrderStatus
from qv_desktop.services.bus import Bus
from qv_desktop.ui import theme
from qv_desktop.ui.panels.fills import FillsPanel
from qv_desktop.ui.panels.orders import OrdersPanel
from qv_desktop.wiring import order_feed
from qv_desktop.wiring.order_feed import PIECE, OrderFeed
from tests.ui.trading_values import fill, order

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")


class Room:
    """A bus, two panels and what was counted."""

    def __init__(self, qtbot: QtBot, qapp: QApplication) -> None:
        theme.apply(qapp)
        self.bus, self.orders, self.fills = Bus(), OrdersPanel("0123456789"), FillsPanel()
        for panel in (self.orders, self.fills):
            qtbot.addWidget(panel)
        self.counts: dict[str, int] = {}
        self.feed = OrderFeed(self.bus, self.orders, self.fills, self.counts.__setitem__)
        self.symbols: list[set[str]] = []
        self.feed.heard.append(self.symbols.append)


@pytest.fixture
def room(qtbot: QtBot, qapp: QApplication) -> Room:
    return Room(qtbot, qapp)


def test_a_blotter_is_told_once_a_frame_with_each_order_as_it_is_then(room: Room) -> None:
    for status in (OrderStatus.SUBMITTED, OrderStatus.WORKING, OrderStatus.FILLED):
        room.bus.publish(OrderChanged(order(1, status)))
    room.bus.publish(OrderChanged(order(2, symbol="MSFT")))
    room.bus.publish(Filled(fill(1)))
    assert room.orders.model.counts() == (0, 0)
    room.feed.frame()
    assert {o.id: o.status for o in room.orders.model.rows()} == {
        "qv-test-001": OrderStatus.FILLED,
        "qv-test-002": OrderStatus.WORKING,
    }
    assert room.counts == {"orders": 1, "fills": 1}
    assert room.symbols == [{"AAPL", "MSFT"}]
    room.feed.frame()
    assert len(room.symbols) == 1


@pytest.fixture
def no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame has time for one piece of a flood."""
    monkeypatch.setattr(order_feed, "BUDGET", -1.0)


@pytest.mark.usefixtures("no_time")
def test_a_flood_is_spread_over_frames_and_nothing_of_it_is_lost(room: Room) -> None:
    for number in range(PIECE + 50):
        room.bus.publish(OrderChanged(order(number)))
    room.feed.frame()
    assert (room.orders.model.counts()[1], room.feed.waiting) == (PIECE, 50)
    room.bus.publish(OrderChanged(order(PIECE + 1, OrderStatus.CANCELED)))  # moved on while it waited
    room.feed.frame()
    assert (room.orders.model.counts()[1], room.feed.waiting) == (PIECE + 50, 0)
    assert room.orders.open_count == PIECE + 49
    assert room.orders._tally.closed == 1


@pytest.mark.usefixtures("no_time")
def test_of_a_flood_the_orders_on_the_screen_come_first(room: Room) -> None:
    room.orders.show_orders(order(number) for number in range(3 * PIECE))
    room.orders.resize(900, 400)
    room.orders.show()
    seen = set(room.orders.keys_in_view())
    assert 0 < len(seen) < PIECE
    for number in range(3 * PIECE):
        room.bus.publish(OrderChanged(order(number, OrderStatus.PARTIAL, filled=5)))
    room.feed.frame()
    assert {o.id for o in room.orders.model.rows() if o.filled} == seen
    while room.feed.waiting:
        room.feed.frame()
    assert all(o.filled for o in room.orders.model.rows())


def test_a_frame_either_moves_rows_or_takes_a_flood(room: Room) -> None:
    room.orders.show_orders(order(number) for number in range(400))
    filled = [c.title for c in room.orders.model.columns].index("Filled")
    room.orders.model.sort(filled, Qt.SortOrder.DescendingOrder)
    room.orders.upsert(order(399, OrderStatus.PARTIAL, filled=5))  # moves at once, the first time
    room.orders.upsert(order(7, OrderStatus.PARTIAL, filled=9))  # has to wait
    assert room.orders.model.row(0).id == "qv-test-399"
    room.orders.model._moved_at -= 1.0  # half a second later
    for number in range(400):
        room.bus.publish(OrderChanged(order(number, OrderStatus.PARTIAL, filled=number % 50)))
    room.feed.frame()  # finds the order of the rows
    assert room.orders.model.row(0).id == "qv-test-399"
    room.feed.frame()  # moves them
    assert room.orders.model.row(0).id == "qv-test-007"
    assert sum(o.filled > 0 for o in room.orders.model.rows()) == 2
    while room.feed.waiting:
        room.feed.frame()
    assert sum(o.filled > 0 for o in room.orders.model.rows()) == 392

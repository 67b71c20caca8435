"""The order blotter: what each state looks like, and that nothing is cancelled or amended without being asked for."""

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from qv_desktop.domain.orders import OrderRequest, OrderStatus, OrderType, Side, TimeInForce
from qv_desktop.ui import theme
from qv_desktop.ui.models.order_words import kind_text, life_text
from qv_desktop.ui.models.table_model import CHIP
from qv_desktop.ui.panels.orders import OrdersPanel, chip
from tests.ui.trading_values import order, with_status

D = Decimal


@pytest.fixture
def panel(qtbot: QtBot) -> OrdersPanel:
    """A blotter of three open orders and two closed ones."""
    blotter = OrdersPanel("0123456789")
    qtbot.addWidget(blotter)
    blotter.resize(1160, 280)
    blotter.show_orders(
        [
            order(1, OrderStatus.FILLED, "MSFT", Side.SELL, 120, None, filled=120),
            order(2, minutes=3),
            order(3, OrderStatus.PARTIAL, "NVDA", Side.BUY, 400, "141.18", filled=250, minutes=1),
            order(4, OrderStatus.REFUSED, "AMD", Side.BUY, 2000, None, reason="single-name 14.2% over 10%", minutes=5),
            order(5, OrderStatus.UNRESOLVED, "TSLA", Side.SELL, 50, None, minutes=9),
        ]
    )
    blotter.show()
    return blotter


def cell(panel: OrdersPanel, number: int, title: str, role: int = Qt.ItemDataRole.DisplayRole) -> object:
    column = [c.title for c in panel.model.columns].index(title)
    place = panel.model.place(f"qv-test-{number:03d}")
    assert place is not None
    return panel.model.index(place, column).data(role)


def ids(panel: OrdersPanel) -> list[str]:
    return [row.id[-1] for row in panel.model.rows()]


def test_every_status_has_a_word_and_a_chip_that_the_theme_knows() -> None:
    words = [chip(status) for status in OrderStatus]
    assert all(text and key in theme.CHIPS for text, key in words)
    assert len({text for text, _ in words}) == len(OrderStatus)


def test_refused_is_ours_and_rejected_is_the_brokers(panel: OrdersPanel) -> None:
    panel.upsert(order(6, OrderStatus.REJECTED, "XOM", reason="insufficient buying power"))
    assert (cell(panel, 4, "Status"), cell(panel, 4, "Reason")) == ("Refused", "risk: single-name 14.2% over 10%")
    assert (cell(panel, 6, "Status"), cell(panel, 6, "Reason")) == ("Rejected", "broker: insufficient buying power")
    assert cell(panel, 4, "Status", Qt.ItemDataRole.ToolTipRole) != cell(
        panel, 6, "Status", Qt.ItemDataRole.ToolTipRole
    )


def test_what_we_do_not_know_is_marked_as_such(panel: OrdersPanel) -> None:
    assert cell(panel, 5, "Status", CHIP) == "unresolved"
    assert "unresolved" in theme.HATCHED
    assert panel.count.text() == "3 open · 2 closed · 1 unresolved"


def test_open_orders_stand_first_until_that_is_switched_off(qtbot: QtBot, panel: OrdersPanel) -> None:
    assert ids(panel) == ["3", "2", "5", "1", "4"]
    qtbot.mouseClick(panel.open_first, Qt.MouseButton.LeftButton)
    assert ids(panel) == ["1", "3", "2", "4", "5"]


def test_a_row_says_what_traded_and_what_remains(panel: OrdersPanel) -> None:
    shown = [
        cell(panel, 3, title)
        for title in ("Time ET", "Side", "Qty", "Filled", "Remaining", "Type", "Limit", "Stop", "TIF", "Avg fill")
    ]
    assert shown == ["10:40:55", "BUY", "400", "250", "150", "Limit", "141.18", "—", "Day", "141.18"]


def test_the_distance_to_fill_follows_the_price(panel: OrdersPanel) -> None:
    assert cell(panel, 2, "To fill, bps") == "—"
    panel.show_prices({"AAPL": 231.43, "KO": 62.0})
    assert cell(panel, 2, "To fill, bps") == "22.9"
    panel.show_prices({"AAPL": 230.90})
    assert cell(panel, 2, "To fill, bps") == "0.0"


def test_an_order_of_an_earlier_day_shows_its_date(panel: OrdersPanel) -> None:
    panel.upsert(order(7, minutes=24 * 60))
    assert cell(panel, 7, "Time ET") == "11-19"


def test_delete_asks_with_the_count_and_cancels_only_what_is_open(qtbot: QtBot, panel: OrdersPanel) -> None:
    asked: list[list[str]] = []
    panel.cancel_asked.connect(asked.append)
    panel.table.selectAll()
    qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    assert asked == []
    assert (panel.asking.question.text(), panel.asking.yes.text()) == ("Cancel 3 open orders?", "Cancel 3 orders")
    qtbot.mouseClick(panel.asking.yes, Qt.MouseButton.LeftButton)
    assert [sorted(found) for found in asked] == [["qv-test-002", "qv-test-003", "qv-test-005"]]
    assert not panel.asking.isVisible()


def test_keeping_the_orders_cancels_nothing(qtbot: QtBot, panel: OrdersPanel) -> None:
    asked: list[list[str]] = []
    panel.cancel_asked.connect(asked.append)
    panel.table.selectRow(0)
    qtbot.mouseClick(panel.cancel, Qt.MouseButton.LeftButton)
    assert panel.asking.question.text() == "Cancel the NVDA order?"
    qtbot.keyClick(panel.asking, Qt.Key.Key_Escape)
    assert (asked, panel.asking.isVisible()) == ([], False)


def test_closed_orders_cannot_be_cancelled(qtbot: QtBot, panel: OrdersPanel) -> None:
    panel.table.select_key("qv-test-001")
    qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    assert not panel.asking.isVisible()
    assert not panel.cancel.isEnabled()


def test_cancel_all_fires_only_when_held_and_only_with_something_open(qtbot: QtBot, panel: OrdersPanel) -> None:
    held: list[bool] = []
    panel.cancel_all_asked.connect(lambda: held.append(True))
    qtbot.mouseClick(panel.cancel_all, Qt.MouseButton.LeftButton)
    assert held == []
    with qtbot.waitSignal(panel.cancel_all_asked, timeout=10_000):
        qtbot.mousePress(panel.cancel_all, Qt.MouseButton.LeftButton)
    panel.show_orders([order(1, OrderStatus.FILLED)])
    assert not panel.cancel_all.isEnabled()


def test_f2_amends_quantity_and_limit_under_an_id_of_its_own(qtbot: QtBot, panel: OrdersPanel) -> None:
    asked: list[tuple[str, OrderRequest]] = []
    panel.amend_asked.connect(lambda id_, request: asked.append((id_, request)))
    panel.table.select_key("qv-test-002")
    qtbot.keyClick(panel.table, Qt.Key.Key_F2)
    assert (panel.quantity.text(), panel.limit.text()) == ("100", "230.90")
    panel.quantity.setText("150")
    panel.limit.setText("231.00")
    qtbot.keyClick(panel.limit, Qt.Key.Key_Return)
    ((id_, request),) = asked
    assert id_ == "qv-test-002"
    assert (request.quantity, request.limit, request.symbol) == (D(150), D("231.00"), "AAPL")
    assert request.client_order_id.startswith("qv-01234567-")


def test_an_amendment_that_changes_nothing_asks_nothing(qtbot: QtBot, panel: OrdersPanel) -> None:
    asked: list[str] = []
    panel.amend_asked.connect(lambda id_, _: asked.append(id_))
    panel.table.select_key("qv-test-002")
    qtbot.keyClick(panel.table, Qt.Key.Key_F2)
    qtbot.mouseClick(panel.amending.yes, Qt.MouseButton.LeftButton)
    assert asked == []


def test_an_unreadable_amendment_stays_open_with_its_sentence(qtbot: QtBot, panel: OrdersPanel) -> None:
    asked: list[str] = []
    panel.amend_asked.connect(lambda id_, _: asked.append(id_))
    panel.table.select_key("qv-test-002")
    qtbot.keyClick(panel.table, Qt.Key.Key_F2)
    panel.quantity.setText("0")
    qtbot.mouseClick(panel.amending.yes, Qt.MouseButton.LeftButton)
    assert (asked, panel.amending.isVisible()) == ([], True)
    assert panel.amending.verdict.text() == "Type a number above zero."


def test_enter_opens_the_details_with_what_happened(qtbot: QtBot, panel: OrdersPanel) -> None:
    found = order(2, minutes=3)
    panel.table.select_key(found.id)
    qtbot.keyClick(panel.table, Qt.Key.Key_Return)
    panel.upsert(with_status(found, OrderStatus.PARTIAL, filled=40))
    panel.upsert(with_status(found, OrderStatus.FILLED, filled=100, seconds=2))
    assert panel.details.isVisible()
    assert panel.heading.text() == "BUY 100 AAPL · Filled"
    assert [text.rsplit(" ", 1)[0] for text in panel.timeline.texts()] == [
        "Intent recorded", "Sent to the broker", "Acknowledged", "Working", "Partly filled 40, 40 of 100", "Filled 60, 100 of 100",
    ]  # fmt: skip
    qtbot.keyClick(panel.table, Qt.Key.Key_Escape)
    assert not panel.details.isVisible()


def test_auctions_and_extended_hours_are_named_as_traders_do() -> None:
    close = OrderRequest("", "KO", Side.BUY, D(1), OrderType.LIMIT, D(62), time_in_force=TimeInForce.CLS)
    assert (kind_text(close), life_text(close)) == ("LOC", "CLS")
    late = OrderRequest("", "KO", Side.BUY, D(1), OrderType.LIMIT, D(62), extended_hours=True)
    assert (kind_text(late), life_text(late)) == ("Limit", "Day+")


def test_a_narrow_dock_keeps_the_dangerous_buttons_whole(qtbot: QtBot, panel: OrdersPanel) -> None:
    panel.resize(300, 200)
    assert (panel.count.isVisible(), panel.export.isVisible(), panel.cancel_all.isVisible()) == (False, False, True)
    qtbot.waitUntil(lambda: panel.cancel_all.geometry().right() <= 300)
    assert not panel.cancel.geometry().intersects(panel.cancel_all.geometry())


def test_what_the_role_may_not_do_is_grey_with_the_reason_and_keys_do_nothing(qtbot: QtBot, panel: OrdersPanel) -> None:
    why = "Your role, Viewer, lacks “trading: delete”; ask an Admin."
    panel.forbid({"cancel": why, "amend": why, "export": why})
    panel.table.select_key("qv-test-002")
    assert [part.isEnabled() for part in (panel.cancel, panel.cancel_all, panel.export)] == [False, False, False]
    assert [part.toolTip() for part in (panel.cancel, panel.cancel_all, panel.export)] == [why] * 3
    qtbot.keyClick(panel.table, Qt.Key.Key_Delete)
    qtbot.keyClick(panel, Qt.Key.Key_F2)
    assert not panel.asking.isVisible()
    assert not panel.amending.isVisible()
    panel.forbid({})
    assert panel.cancel.isEnabled()
    assert panel.export.isEnabled()


def test_at_the_width_of_its_dock_a_reason_has_room(panel: OrdersPanel) -> None:
    panel.resize(1278, 235)
    header = panel.table.horizontalHeader()
    column = [c.title for c in panel.model.columns].index("Reason")
    assert header.sectionSize(column) >= 340
    assert not panel.table.horizontalScrollBar().isVisible()

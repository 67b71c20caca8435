"""Orders, alerts and the position on the chart: dragged, asked about once more, and never sent by a slip of the hand."""

from dataclasses import replace
from datetime import UTC
from decimal import Decimal

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.orders import Order, OrderClass, OrderRequest, OrderStatus, OrderType, Side
from qv_desktop.domain.price_alerts import PriceAlert
from qv_desktop.domain.risk import Check
from qv_desktop.ui.chart.amending import drafts_at
from qv_desktop.ui.chart.order_lines import Grip, order_levels
from qv_desktop.ui.models.amend_bar import PARTLY
from qv_desktop.ui.panels.chart import ChartPanel
from tests.ui.chart_market import BEGIN, FIVE, walk

LIMIT = Decimal("227.80")


@pytest.fixture
def panel(qtbot: QtBot) -> ChartPanel:
    panel = ChartPanel("chart", "abcdefgh")
    qtbot.addWidget(panel)
    panel.resize(900, 560)
    panel.show()
    qtbot.waitExposed(panel)
    panel.show_history("AAPL", FIVE, walk(800), 229.0)
    panel.show_instrument(Instrument("AAPL", "Apple", "NASDAQ"))
    return panel


def order(
    status: OrderStatus = OrderStatus.WORKING, kind: OrderType = OrderType.LIMIT, id_: str = "c1", **prices: Decimal
) -> Order:
    terms = prices or {"limit": LIMIT}
    return Order(
        OrderRequest(id_, "AAPL", Side.BUY, Decimal(100), kind, **terms), "demo", "paper", BEGIN.astimezone(UTC), status
    )


def alert(price: float, id_: str = "a1") -> PriceAlert:
    return PriceAlert(id_, "AAPL", price, "up", "", False, "armed", BEGIN.astimezone(UTC), None)


def grip(panel: ChartPanel, place: int = 0) -> Grip:
    panel.canvas.grab()
    return panel.canvas.grips[place]


def drag(qtbot: QtBot, panel: ChartPanel, by: int) -> None:
    start = QPoint(200, int(grip(panel).y))
    qtbot.mousePress(panel.canvas, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(panel.canvas, start + QPoint(0, by // 2))
    qtbot.mouseMove(panel.canvas, start + QPoint(0, by))
    qtbot.mouseRelease(panel.canvas, Qt.MouseButton.LeftButton, pos=start + QPoint(0, by))


def test_a_dragged_order_is_asked_about_and_sent_once_with_an_id_of_its_own(panel: ChartPanel, qtbot: QtBot) -> None:
    panel.show_orders([order()])
    asked: list[tuple[str, OrderRequest]] = []
    panel.amend_asked.connect(lambda key, request: asked.append((key, request)))
    view = panel.canvas.camera
    drag(qtbot, panel, 40)
    assert asked == []
    assert panel.asking.isVisible()
    assert "227.80 → " in panel.asking.question.text()
    assert panel.canvas.camera is view
    qtbot.mouseDClick(panel.asking.yes, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.asking.yes, Qt.MouseButton.LeftButton)
    assert len(asked) == 1
    key, request = asked[0]
    assert key == "c1"
    assert request.client_order_id.startswith("qv-abcdefgh-")
    assert request.limit is not None
    assert request.limit < LIMIT
    assert request.limit == request.limit.quantize(Decimal("0.01"))
    assert replace(request, client_order_id="c1", limit=LIMIT) == order().request


def test_enter_does_not_send_what_was_dropped_and_escape_leaves_it(panel: ChartPanel, qtbot: QtBot) -> None:
    panel.show_orders([order()])
    with qtbot.assertNotEmitted(panel.amend_asked):
        drag(qtbot, panel, 30)
        qtbot.keyClick(panel.canvas, Qt.Key.Key_Return)
        assert panel.asking.isVisible()
        qtbot.keyClick(panel.canvas, Qt.Key.Key_Escape)
    assert not panel.asking.isVisible()


def test_an_order_that_has_traded_in_part_is_not_moved_and_says_so(panel: ChartPanel, qtbot: QtBot) -> None:
    panel.show_orders([replace(order(OrderStatus.PARTIAL), filled=Decimal(40))])
    with qtbot.waitSignal(panel.canvas.told) as told, qtbot.assertNotEmitted(panel.amend_drafted):
        drag(qtbot, panel, 30)
    assert told.args == [PARTLY]


def test_escape_ends_a_drag_where_it_began(panel: ChartPanel, qtbot: QtBot) -> None:
    panel.show_orders([order()])
    start = QPoint(200, int(grip(panel).y))
    qtbot.mousePress(panel.canvas, Qt.MouseButton.LeftButton, pos=start)
    qtbot.mouseMove(panel.canvas, start + QPoint(0, 25))
    assert panel.canvas.dragged is not None
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Escape)
    qtbot.mouseRelease(panel.canvas, Qt.MouseButton.LeftButton, pos=start + QPoint(0, 25))
    assert not panel.asking.isVisible()


def test_an_order_dropped_where_it_was_asks_nothing(panel: ChartPanel, qtbot: QtBot) -> None:
    panel.show_orders([order()])
    start = QPoint(200, int(grip(panel).y))
    qtbot.mouseClick(panel.canvas, Qt.MouseButton.LeftButton, pos=start)
    assert not panel.asking.isVisible()


def test_the_rules_verdict_stands_beside_the_question(panel: ChartPanel, qtbot: QtBot) -> None:
    panel.show_orders([order()])
    with qtbot.waitSignal(panel.amend_drafted) as drafted:
        drag(qtbot, panel, 40)
    assert drafted.args[0] == "c1"
    panel.show_verdict(
        [Check("collar", "Price collar", False, "12 %", "10 %", "230.00", "12 % from the quote; at least 230.00.")]
    )
    assert "✗ 12 % from the quote" in panel.asking.question.text()
    panel.show_verdict([Check("collar", "Price collar", True, "1 %", "10 %")])
    assert "✓ all rules pass" in panel.asking.question.text()


def test_an_order_that_was_filled_meanwhile_is_not_changed(panel: ChartPanel, qtbot: QtBot) -> None:
    panel.show_orders([order()])
    drag(qtbot, panel, 40)
    panel.show_orders([order(OrderStatus.FILLED)])
    with qtbot.assertNotEmitted(panel.amend_asked):
        panel.asking.accept()
    assert "can no longer be changed" in panel.bar.hint.text()


def test_without_the_permission_a_drop_says_which_one_is_lacking(panel: ChartPanel, qtbot: QtBot) -> None:
    panel.show_orders([order()])
    panel.forbid({"amend": "Your role lacks “trading: change”; ask an Admin."})
    drag(qtbot, panel, 40)
    assert not panel.asking.isVisible()
    assert "lacks “trading: change”" in panel.bar.hint.text()


def test_a_cross_asks_before_it_cancels(panel: ChartPanel, qtbot: QtBot) -> None:
    panel.show_orders([order()])
    at = grip(panel).cross.center().toPoint()
    with qtbot.assertNotEmitted(panel.cancel_asked):
        qtbot.mouseClick(panel.canvas, Qt.MouseButton.LeftButton, pos=at)
    assert "Cancel BUY 100 AAPL?" in panel.asking.question.text()
    with qtbot.waitSignal(panel.cancel_asked) as asked:
        qtbot.mouseClick(panel.asking.yes, Qt.MouseButton.LeftButton)
    assert asked.args == [["c1"]]


def test_what_is_in_flight_or_trails_cannot_be_dragged() -> None:
    moving = order_levels([order(OrderStatus.PENDING_CANCEL)], "AAPL")
    assert moving[0].handle is None
    assert moving[0].text == "BUY 100 limit · cancel sent"
    trailing = order(kind=OrderType.TRAILING_STOP, stop=Decimal(220), trail_price=Decimal(1))
    assert order_levels([trailing], "AAPL")[0].handle is None
    assert order_levels([order(OrderStatus.UNRESOLVED)], "AAPL")[0].handle is None


def test_the_legs_of_a_bracket_are_shown_before_it_fills() -> None:
    parent = order()
    request = replace(parent.request, order_class=OrderClass.BRACKET, take_profit=Decimal(235), stop_loss=Decimal(225))
    levels = order_levels([replace(parent, request=request)], "AAPL")
    assert [(level.price, level.text) for level in levels[1:]] == [(235.0, "SELL 100 target · once filled"),
                                                                   (225.0, "SELL 100 stop · once filled")]  # fmt: skip
    assert all(level.handle is None for level in levels[1:])


def test_a_stop_limit_has_two_lines_and_each_moves_its_own_price(panel: ChartPanel, qtbot: QtBot) -> None:
    panel.show_orders([order(kind=OrderType.STOP_LIMIT, limit=Decimal("228.50"), stop=Decimal("227.60"))])
    panel.canvas.grab()
    stop = next(one for one in panel.canvas.grips if one.level.handle and one.level.handle.price == "stop")
    at = QPoint(200, int(stop.y))
    qtbot.mousePress(panel.canvas, Qt.MouseButton.LeftButton, pos=at)
    qtbot.mouseMove(panel.canvas, at + QPoint(0, -20))
    qtbot.mouseRelease(panel.canvas, Qt.MouseButton.LeftButton, pos=at + QPoint(0, -20))
    with qtbot.waitSignal(panel.amend_asked) as asked:
        panel.asking.accept()
    assert asked.args[1].limit == Decimal("228.50")
    assert asked.args[1].stop > Decimal("227.60")


def test_a_price_below_a_dollar_moves_in_hundredths_of_a_cent(panel: ChartPanel) -> None:
    assert panel.amending.legal(0.53126) == 0.5313
    panel.show_instrument(Instrument("AAPL", "Apple", "NASDAQ", tick=Decimal("0.005")))
    assert panel.amending.legal(228.4012) == 228.4
    assert panel.amending.legal(228.404) == 228.405


def test_an_alert_is_set_moved_and_removed_on_the_chart(panel: ChartPanel, qtbot: QtBot) -> None:
    price = 228.2
    action = next(a for a in panel.context_menu(price).actions() if a.text().startswith("Alert"))
    with qtbot.waitSignal(panel.alert_asked) as asked:
        action.trigger()
    assert asked.args == [228.2]
    panel.show_alerts([alert(228.2), replace(alert(228.0, "a2"), state="fired")])
    panel.canvas.grab()
    assert len(panel.canvas.grips) == 1
    with qtbot.waitSignal(panel.alert_moved) as moved:
        drag(qtbot, panel, 30)
    assert moved.args[0] == "a1"
    assert moved.args[1] < 228.2
    with qtbot.waitSignal(panel.alert_removed) as removed:
        qtbot.mouseClick(panel.canvas, Qt.MouseButton.LeftButton, pos=grip(panel).cross.center().toPoint())
    assert removed.args == ["a1"]


@pytest.mark.parametrize(
    ("price", "kinds"), [(99, (OrderType.LIMIT, OrderType.STOP)), (101, (OrderType.STOP, OrderType.LIMIT))]
)
def test_a_price_below_the_market_is_a_buyer_s_limit_and_a_seller_s_stop(
    price: int, kinds: tuple[OrderType, OrderType]
) -> None:
    buy, sell = drafts_at("AAPL", Decimal(price), 100.0)
    assert (buy.side, buy.type, sell.side, sell.type) == (Side.BUY, kinds[0], Side.SELL, kinds[1])


def test_the_menu_at_a_price_fills_the_ticket_and_a_viewer_reads_why_not(panel: ChartPanel, qtbot: QtBot) -> None:
    action = next(a for a in panel.context_menu(200.0).actions() if a.text() == "Buy limit at 200.00 (into the ticket)")
    with qtbot.waitSignal(panel.order_drafted) as drafted:
        action.trigger()
    assert (drafted.args[0].symbol, drafted.args[0].price) == ("AAPL", Decimal("200.0"))
    panel.forbid({"trade": "Your role lacks it; ask an Admin."})
    grey = [a for a in panel.context_menu(200.0).actions() if "ticket" in a.text()]
    assert len(grey) == 2
    assert all(not a.isEnabled() and "ask an Admin" in a.toolTip() for a in grey)


def test_orders_and_alerts_are_read_out(panel: ChartPanel) -> None:
    panel.show_orders([order()])
    panel.show_alerts([alert(230.5)])
    assert "BUY 100 limit at 227.80" in panel.text()
    assert "Alert at 230.50" in panel.text()

"""What the ticket's fields, preview and rules show, for every type of order and for bad input."""

from dataclasses import replace
from decimal import Decimal

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QScrollArea
from pytestqt.qtbot import QtBot

from qv_desktop.domain.orders import OrderClass, OrderRequest, OrderType, Side, TimeInForce
from qv_desktop.domain.risk import Check
from qv_desktop.ui.panels.ticket import TicketPanel
from tests.ui.a_ticket import a_ticket, press, sent_by
from tests.ui.trading_values import AAPL, MARKET, position

D = Decimal
ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def ticket(qtbot: QtBot) -> TicketPanel:
    """A ticket on AAPL with a live quote, 310 px wide, and a list of what it sent."""
    return a_ticket(qtbot, 500, 310)


@pytest.fixture
def sent(ticket: TicketPanel) -> list[OrderRequest]:
    """What the ticket sent, in order."""
    return sent_by(ticket)


@pytest.mark.parametrize(
    ("held", "quantity", "buy", "sell"),
    [("0", "100", "BUY", "SHORT"), ("200", "100", "BUY", "SELL"), ("50", "100", "BUY", "SHORT"), ("-100", "100", "COVER", "SHORT"),
     ("-50", "100", "BUY", "SHORT")],
)  # fmt: skip
def test_the_sides_say_what_they_would_do(ticket: TicketPanel, held: str, quantity: str, buy: str, sell: str) -> None:
    ticket.show_position(position(quantity=held))
    ticket.fields.quantity.setText(quantity)
    assert (ticket.sides.findChildren(type(ticket._buy))[0].text(), ticket._sell.text()) == (buy, sell)


def test_a_sale_that_became_a_short_must_be_read_again(
    qtbot: QtBot, ticket: TicketPanel, sent: list[OrderRequest]
) -> None:
    ticket.show_position(position(quantity="100"))
    qtbot.keyClick(ticket, Qt.Key.Key_S)
    press(qtbot, ticket)
    assert ticket.message.text().startswith("Send SELL 100")
    ticket.show_position(position(quantity="40"))
    press(qtbot, ticket)
    assert sent == []
    assert ticket.message.text().startswith("Send SHORT 100")


def test_a_limit_nobody_typed_stands_at_the_touch_of_its_side(qtbot: QtBot, ticket: TicketPanel) -> None:
    limit = ticket.fields.prices["limit"]
    assert limit.text() == "231.44"
    qtbot.keyClick(ticket, Qt.Key.Key_S)
    assert limit.text() == "231.42"
    limit.clear()
    qtbot.keyClicks(limit, "230")
    qtbot.keyClick(ticket, Qt.Key.Key_B)
    assert limit.text() == "230"


@pytest.mark.parametrize(
    ("touch", "price"), [("Bid", "231.42"), ("Mid", "231.43"), ("Ask", "231.44"), ("Last", "231.43")]
)
def test_the_touch_buttons_fill_the_limit(qtbot: QtBot, ticket: TicketPanel, touch: str, price: str) -> None:
    ticket.fields.prices["limit"].setText("1")
    qtbot.mouseClick(ticket.fields.touches.segment(touch), Qt.MouseButton.LeftButton)
    assert ticket.fields.prices["limit"].text() == price


def test_arrow_keys_move_a_price_by_its_own_tick(qtbot: QtBot, ticket: TicketPanel) -> None:
    ticket.show_instrument(replace(AAPL, tick=D("0.005")))
    limit = ticket.fields.prices["limit"]
    limit.setText("231.44")
    qtbot.keyClick(limit, Qt.Key.Key_Up)
    assert limit.text() == "231.445"
    qtbot.keyClick(limit, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert limit.text() == "231.395"


def test_plus_and_minus_move_by_a_hundred_and_never_below_one(qtbot: QtBot, ticket: TicketPanel) -> None:
    minus, plus = ticket.fields.amount.lots
    qtbot.mouseClick(plus, Qt.MouseButton.LeftButton)
    assert ticket.fields.quantity.text() == "200"
    for _ in range(3):
        qtbot.mouseClick(minus, Qt.MouseButton.LeftButton)
    assert ticket.fields.quantity.text() == "1"


@pytest.mark.parametrize(
    ("kind", "open_fields", "type_", "life"),
    [
        ("Market", set(), OrderType.MARKET, TimeInForce.DAY),
        ("Limit", {"limit"}, OrderType.LIMIT, TimeInForce.DAY),
        ("Stop", {"stop"}, OrderType.STOP, TimeInForce.DAY),
        ("Stop-limit", {"limit", "stop"}, OrderType.STOP_LIMIT, TimeInForce.DAY),
        ("Trailing $", {"trail"}, OrderType.TRAILING_STOP, TimeInForce.DAY),
        ("Trailing %", {"trail"}, OrderType.TRAILING_STOP, TimeInForce.DAY),
        ("MOO", set(), OrderType.MARKET, TimeInForce.OPG),
        ("LOO", {"limit"}, OrderType.LIMIT, TimeInForce.OPG),
        ("MOC", set(), OrderType.MARKET, TimeInForce.CLS),
        ("LOC", {"limit"}, OrderType.LIMIT, TimeInForce.CLS),
    ],
)
def test_each_type_opens_its_fields_and_makes_its_order(
    ticket: TicketPanel, kind: str, open_fields: set[str], type_: OrderType, life: TimeInForce
) -> None:
    ticket.fields.kind.setCurrentText(kind)
    for name, text in (("limit", "231.40"), ("stop", "231.50"), ("trail", "1.5")):
        field = ticket.fields.prices[name]
        field.setText(text)
        assert (field.isVisible() and field.isEnabled()) is (name in open_fields)
    request = ticket.draft
    assert request is not None
    assert (request.type, request.time_in_force) == (type_, life)
    assert request.limit == (D("231.40") if "limit" in open_fields else None)
    assert request.stop == (D("231.50") if "stop" in open_fields else None)
    assert request.trail_price == (D("1.5") if kind == "Trailing $" else None)
    assert request.trail_percent == (D("1.5") if kind == "Trailing %" else None)


def test_profit_and_loss_prices_make_a_bracket_and_one_alone_an_oto(ticket: TicketPanel) -> None:
    ticket.fields.set_price("take_profit", D("236"))
    assert ticket.draft is not None
    assert ticket.draft.order_class is OrderClass.OTO
    ticket.fields.set_price("stop_loss", D("229.1"))
    assert ticket.draft.order_class is OrderClass.BRACKET
    assert ticket.preview.texts()[6] == "Risk $234.00 · 0.22%"


def test_extended_hours_are_for_day_and_gtc_limits_only(ticket: TicketPanel) -> None:
    extended = ticket.fields.extended
    extended.setChecked(True)
    assert ticket.draft is not None
    assert ticket.draft.extended_hours
    ticket.fields.tif.setCurrentText("IOC")
    assert (extended.isEnabled(), extended.isChecked()) == (False, False)
    assert extended.toolTip() == "Extended hours take Limit orders with Day or GTC."


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("quantity", "many", "“many” is no number; type digits such as 100 or 231.43."),
        ("quantity", "-5", "Type a number above zero."),
        ("limit", "231.435", "231.435 is off the 0.01 price step; the nearest price is 231.44."),
        ("take_profit", "200", "Take profit must lie above 231.44."),
        ("stop_loss", "240", "Stop loss must lie below 231.44."),
    ],
)
def test_bad_input_gets_one_sentence_under_its_field(
    qtbot: QtBot, ticket: TicketPanel, sent: list[OrderRequest], field: str, text: str, sentence: str
) -> None:
    widget = ticket.fields.quantity if field == "quantity" else ticket.fields.prices[field]
    widget.setText(text)
    press(qtbot, ticket)
    press(qtbot, ticket)
    shown = [label.text() for label in ticket.fields._complaints.values() if label.isVisible()]
    assert shown == [sentence]
    assert widget.toolTip() == sentence
    assert sent == []


def test_the_nearest_value_that_a_field_takes_is_a_click_away(qtbot: QtBot, ticket: TicketPanel) -> None:
    complaint = ticket.fields._complaints["price"]
    ticket.fields.prices["limit"].setText("231.435")
    assert complaint.offer.text() == "→ 231.44"
    qtbot.mouseClick(complaint.offer, Qt.MouseButton.LeftButton)
    assert (ticket.fields.prices["limit"].text(), complaint.isVisible()) == ("231.44", False)
    ticket.show_instrument(replace(AAPL, fractionable=False))
    ticket.fields.quantity.setText("10.7")
    qtbot.mouseClick(ticket.fields._complaints["size"].offer, Qt.MouseButton.LeftButton)
    assert ticket.fields.quantity.text() == "10"
    ticket.fields.quantity.setText("0.7")
    assert not ticket.fields._complaints["size"].offer.isVisible(), "none is not a size"
    ticket.fields.quantity.setText("x")
    assert not ticket.fields._complaints["size"].offer.isVisible()


def test_a_missing_price_is_named_when_the_order_is_asked_for(qtbot: QtBot, ticket: TicketPanel) -> None:
    ticket.fields.kind.setCurrentText("Stop")
    assert not any(label.isVisible() for label in ticket.fields._complaints.values())
    press(qtbot, ticket)
    assert [label.text() for label in ticket.fields._complaints.values() if label.isVisible()] == [
        "Type the price that triggers the stop."
    ]


def test_the_preview_counts_cost_power_position_and_share(ticket: TicketPanel) -> None:
    ticket.show_position(position(quantity="200"))
    assert ticket.preview.texts() == [
        "Cost $23,144.00", "Power left $139,796", "Held after 300 sh", "of equity 66.5%", "Gross after —", "of ADV —", "Risk —",
        "Loss room —",
    ]  # fmt: skip


def test_rules_stand_with_their_numbers_refusals_first(ticket: TicketPanel) -> None:
    ticket.show_preview(
        (
            Check("TRADING_STATE", "Trading state", True, "ACTIVE", "ACTIVE"),
            Check("COLLAR", "Collar vs NBBO", True, "0.0%", "10%"),
            Check("ORDER_VALUE", "Order value", True, "$84,000", "$100,000"),
            Check("SINGLE_NAME", "Single-name exposure", False, "66.5%", "25%", "12", "AAPL would be 66.5% of equity."),
        )
    )
    assert ticket.rules.texts() == [
        "✗ Single-name exposure 66.5% of 25% → 12", "! Order value $84,000 of $100,000", "✓ Collar vs NBBO 0.0% of 10%",
        "✓ Trading state ACTIVE",
    ]  # fmt: skip


def test_each_usable_edit_asks_once_what_the_rules_say(ticket: TicketPanel) -> None:
    asked: list[OrderRequest | None] = []
    ticket.draft_changed.connect(asked.append)
    ticket.fields.quantity.setText("250")
    ticket.fields.quantity.setText("bad")
    ticket.show_snapshot(MARKET, 0.3)
    assert [request and request.quantity for request in asked] == [D(250), None]
    assert ticket.rules.texts() == []


def test_another_symbol_is_asked_for_and_forgets_the_prices(qtbot: QtBot, ticket: TicketPanel) -> None:
    asked: list[str] = []
    ticket.symbol_asked.connect(asked.append)
    ticket.head.symbol.clear()
    qtbot.keyClicks(ticket.head.symbol, "msft")
    qtbot.keyClick(ticket.head.symbol, Qt.Key.Key_Return)
    assert asked == ["MSFT"]
    assert ticket.fields.prices["limit"].text() == ""
    ticket.show_snapshot(MARKET, 0.1)
    assert ticket.head.bid.text() == "— × —"


def test_a_filled_ticket_sends_nothing(ticket: TicketPanel, sent: list[OrderRequest]) -> None:
    asked: list[str] = []
    ticket.symbol_asked.connect(asked.append)
    ticket.fill_from("msft", Side.SELL, D(40), D("415.10"), TimeInForce.GTC)
    assert asked == ["MSFT"]
    request = ticket.draft
    assert request is not None
    assert (request.symbol, request.side, request.quantity, request.limit) == ("MSFT", Side.SELL, D(40), D("415.10"))
    assert request.time_in_force is TimeInForce.GTC
    assert sent == []


def test_the_head_shows_the_market_and_its_age(ticket: TicketPanel) -> None:
    head = ticket.head
    assert (head.bid.text(), head.spread.text(), head.ask.text()) == ("231.42 × 300", "spread 0.02", "231.44 × 500")
    assert (head.listing.text(), head.age.text()) == ("Apple Inc. · NASDAQ", "quote 0.2s")
    ticket.show_snapshot(replace(MARKET, halted=True), 7.0)
    assert head.age.text() == "HALTED"


def test_a_symbol_the_broker_does_not_list_says_so(ticket: TicketPanel) -> None:
    ticket.show_instrument(None)
    assert ticket.head.listing.text() == "not listed at the broker"


def test_the_wheel_over_a_list_changes_no_order(ticket: TicketPanel) -> None:
    event = QWheelEvent(QPointF(5, 5), QPointF(5, 5), QPoint(0, -120), QPoint(0, -120), Qt.MouseButton.NoButton,
                        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False)  # fmt: skip
    QApplication.sendEvent(ticket.fields.kind, event)
    assert ticket.fields.kind.currentText() == "Limit"


def test_it_needs_no_scrolling_in_its_dock(ticket: TicketPanel) -> None:
    ticket.fields.set_price("stop_loss", D("240"))
    least = ticket.minimumSizeHint()
    assert (least.width() <= 300, least.height() <= 500) == (True, True)


@pytest.mark.parametrize("trouble", [False, True])
def test_in_its_dock_every_part_has_the_room_that_it_needs_or_scrolls(
    qtbot: QtBot, ticket: TicketPanel, trouble: bool
) -> None:
    ticket.resize(306, 523)
    if trouble:
        ticket.fields.quantity.setText("many")
        ticket.fields.prices["limit"].setText("231.435")
        ticket.fields.prices["take_profit"].setText("200")
        press(qtbot, ticket)
    area = ticket.findChild(QScrollArea)
    assert area is not None
    bar = area.verticalScrollBar()
    qtbot.waitUntil(lambda: bar.isVisible() is trouble)
    middle = area.widget()
    for part in (ticket.fields, ticket.preview, ticket.rules):
        qtbot.waitUntil(lambda part=part: part.height() >= part.minimumSizeHint().height())
        assert middle.rect().contains(part.geometry())
    for part in (ticket.head, ticket.sides, area, ticket.send):
        assert ticket.rect().contains(part.geometry())


def test_every_control_has_a_name_for_a_screen_reader(ticket: TicketPanel) -> None:
    controls = (ticket.head.symbol, *ticket.tab_order())
    assert [control for control in controls if not (control.accessibleName() or getattr(control, "text", str)())] == []

"""The ticket under a hurried hand: what is shown is what would be sent, whatever was typed last and by whomever."""

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from qv_desktop.domain.orders import OrderClass, OrderRequest, OrderType, Side
from qv_desktop.domain.risk import Check
from qv_desktop.ui.panels.ticket import TicketPanel
from tests.ui.a_ticket import a_ticket, complaints, press, sent_by
from tests.ui.trading_values import position

D = Decimal
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def ticket(qtbot: QtBot) -> TicketPanel:
    return a_ticket(qtbot, 640)


def test_a_symbol_that_is_typed_and_not_entered_is_the_one_that_is_meant(qtbot: QtBot, ticket: TicketPanel) -> None:
    sent, asked = sent_by(ticket), list[str]()
    ticket.symbol_asked.connect(asked.append)
    ticket.activateWindow()
    ticket.head.symbol.setFocus()
    ticket.head.symbol.selectAll()
    qtbot.keyClicks(ticket.head.symbol, "msft")
    for _ in range(3):
        qtbot.keyClick(ticket.head.symbol, Qt.Key.Key_Return, CONTROL)
    assert (sent, asked, ticket.symbol) == ([], ["MSFT"], "MSFT")


def test_a_review_of_one_symbol_is_not_sent_while_another_is_typed(qtbot: QtBot, ticket: TicketPanel) -> None:
    sent = sent_by(ticket)
    press(qtbot, ticket)
    assert ticket._intents.reviewed is not None
    ticket.head.symbol.setFocus()
    ticket.head.symbol.selectAll()
    qtbot.keyClicks(ticket.head.symbol, "MSFT")
    qtbot.keyClick(ticket.head.symbol, Qt.Key.Key_Return, CONTROL)
    assert sent == []


def test_an_order_that_is_incomplete_has_no_verdict_of_the_one_before(qtbot: QtBot, ticket: TicketPanel) -> None:
    asked = list[OrderRequest | None]()
    ticket.draft_changed.connect(asked.append)
    refusal = Check("ORDER_QUANTITY", "Quantity", False, "100", "50", "50", "Too many.")
    ticket.show_preview([refusal])
    assert ticket.rules.texts()
    ticket.fields.quantity.clear()
    assert asked == [None]  # nothing is to be judged any more
    ticket.show_preview([refusal])  # judged before it was heard of
    assert ticket.rules.texts() == []
    ticket.rules.taken.emit("ORDER_QUANTITY")
    assert ticket.fields.quantity.text() == ""


def an_oco(ticket: TicketPanel) -> None:
    ticket.show_position(position(quantity="200"))
    ticket.fields.choose_class(OrderClass.OCO)
    ticket.fields.prices["take_profit"].setText("240")
    ticket.fields.prices["stop_loss"].setText("225")
    assert ticket.draft is not None
    assert ticket.draft.order_class is OrderClass.OCO


def test_a_limit_picked_in_the_chart_ends_an_oco_and_opens_what_that_switched_off(ticket: TicketPanel) -> None:
    an_oco(ticket)
    here = D(ticket.fields.prices["limit"].text())
    ticket.fill_at("AAPL", Side.SELL, OrderType.LIMIT, here)  # the price that stands in the field already
    request = ticket.draft
    assert request is not None, complaints(ticket)
    assert (request.order_class, request.limit, request.stop_loss) == (OrderClass.SIMPLE, here, None)
    assert ticket.fields.prices["limit"].isEnabled()
    assert ticket.fields.kind.isEnabled()


def test_an_order_of_the_palette_ends_an_oco_and_opens_what_that_switched_off(ticket: TicketPanel) -> None:
    an_oco(ticket)
    ticket.fill_from("AAPL", Side.SELL, D(50), D("231.50"))
    request = ticket.draft
    assert request is not None, complaints(ticket)
    assert (request.order_class, request.quantity, request.limit) == (OrderClass.SIMPLE, 50, D("231.50"))
    assert ticket.fields.prices["limit"].isEnabled()
    assert ticket.fields.kind.isEnabled()


@pytest.mark.parametrize(
    "text",
    ["½", " 1e3", "-5", "١٠٠", "１００", "1" * 20, "1,000,5", "0x10", "1_000", "NaN", "inf", "∞", "0", "--", "1 000"],
)
def test_rubbish_that_is_pasted_into_the_quantity_is_one_sentence_and_sends_nothing(
    qtbot: QtBot, ticket: TicketPanel, text: str
) -> None:
    sent = sent_by(ticket)
    ticket.fields.quantity.setText(text)
    press(qtbot, ticket)
    press(qtbot, ticket)
    assert sent == []
    assert len(complaints(ticket)) == 1
    ticket.fields.quantity.setText("100")
    ticket.fields.prices["limit"].setText(text)
    press(qtbot, ticket)
    press(qtbot, ticket)
    assert sent == []
    assert len(complaints(ticket)) == 1


@pytest.mark.parametrize("text", ["1,000", " 1000 ", "1k"])
def test_what_people_paste_for_a_thousand_is_a_thousand(ticket: TicketPanel, text: str) -> None:
    ticket.fields.quantity.setText(text)
    assert ticket.draft is not None
    assert ticket.draft.quantity == 1000


def test_a_price_far_below_the_smallest_step_offers_the_smallest_step(ticket: TicketPanel) -> None:
    ticket.fields.prices["limit"].setText("0.00003")
    assert complaints(ticket) == ["0.00003 is off the 0.0001 price step; the nearest price is 0.0001."]


def test_flipping_the_side_of_a_bracket_says_that_its_exits_lie_on_the_wrong_side(
    qtbot: QtBot, ticket: TicketPanel
) -> None:
    sent = sent_by(ticket)
    ticket.show_position(position(quantity="-100"))  # so that it can be bought and sold
    ticket.fields.prices["take_profit"].setText("240")
    ticket.fields.prices["stop_loss"].setText("225")
    assert ticket.draft is not None
    qtbot.keyClick(ticket, Qt.Key.Key_S)
    assert complaints(ticket) == ["Take profit must lie below 231.42."]
    press(qtbot, ticket)
    press(qtbot, ticket)
    assert sent == []


def test_a_quick_second_click_on_an_arrow_is_a_second_step(qtbot: QtBot, ticket: TicketPanel) -> None:
    field = ticket.fields.quantity
    up = field.rect().topRight() + type(field.rect().topRight())(-6, 6)
    QTest.mouseClick(field, Qt.MouseButton.LeftButton, pos=up)
    QTest.mouseDClick(field, Qt.MouseButton.LeftButton, pos=up)
    assert field.text() == "102"
    QTest.mouseClick(field, Qt.MouseButton.RightButton, pos=up)
    assert field.text() == "102"

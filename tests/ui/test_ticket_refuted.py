"""What a fresh pair of eyes found in the ticket: wrong sizes, commas, colours, and reviews that never grew old."""

from dataclasses import replace
from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from qv_desktop.domain.cautions import cautions
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.offsets import offset
from qv_desktop.domain.orders import OrderRequest, OrderStatus, OrderType, Side
from qv_desktop.domain.risk import Check
from qv_desktop.domain.rules import judged
from qv_desktop.domain.sizing import Sizing
from qv_desktop.ui.models.order_draft import number
from qv_desktop.ui.models.order_lines import rule_line
from qv_desktop.ui.models.order_preview import mark
from qv_desktop.ui.palette import order_words
from qv_desktop.ui.panels.ticket import TicketPanel
from tests.builders import a_limit, a_view, an_account
from tests.ui.a_ticket import a_ticket, complaints, press, quoted, sent_by
from tests.ui.trading_values import MARKET, position

D = Decimal


@pytest.fixture
def ticket(qtbot: QtBot) -> TicketPanel:
    return a_ticket(qtbot)


def stop(ticket: TicketPanel, price: str) -> None:
    ticket.fields.kind.setCurrentText("Stop")
    ticket.fields.prices["stop"].setText(price)


def test_a_stop_order_that_opens_has_no_risk_to_size_by(ticket: TicketPanel) -> None:
    stop(ticket, "231.45")
    ticket.fields.amount.set_text("500", Sizing.RISK)
    assert ticket.draft is None
    assert complaints(ticket)[0].startswith("Risk $ counts from the stop loss; a stop order that opens has none.")
    ticket.show_position(position(quantity="100"))
    assert ticket.draft is None, "adding to what is held opens, too"
    ticket._choose(Side.SELL)
    ticket.fields.prices["stop"].setText("221.42")
    assert ticket.draft is not None
    assert ticket.draft.quantity == 50  # ten dollars a share below the bid


def test_exits_are_taken_out_in_sight_when_the_type_takes_none(ticket: TicketPanel) -> None:
    ticket.fields.prices["take_profit"].setText("2%")
    ticket.fields.prices["stop_loss"].setText("1%")
    stop(ticket, "240")
    assert ticket.fields.prices["stop_loss"].text() == ticket.fields.prices["take_profit"].text() == ""
    assert complaints(ticket) == ["Stop orders take no exits; taken out: stop loss 1%, take profit 2%."]
    assert ticket.fields.order_class.currentText() == "Simple"
    ticket.fields.kind.setCurrentText("Limit")
    assert complaints(ticket) == []


@pytest.mark.parametrize("text", ["1,5", "12,50", "1,2,3", "0,5", "231,4", "0,500", "-1,50", "1,5k"])
def test_a_comma_that_could_be_a_point_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="type decimals with a point"):
        number(text)


@pytest.mark.parametrize("text", ["1e3", "1_0", "1,234e2", "٣"])
def test_other_notations_are_refused(text: str) -> None:
    with pytest.raises(BadInput):
        number(text)


@pytest.mark.parametrize("text", ["2,5%", "-1,50", "+1,5", "2,5R", "1e1%", "1_0%"])
def test_a_distance_with_a_comma_or_an_exponent_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        offset(text)


def test_thousands_stay_thousands_and_the_palette_makes_no_order_of_a_comma() -> None:
    assert (number("1,250"), number("$1,234,567.5")) == (1250, D("1234567.5"))
    assert order_words("buy 1,5 aapl") is None
    words = order_words("buy 1,500 aapl")
    assert words is not None
    assert words.quantity == 1500


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (OrderStatus.REFUSED, "Refused: Too large."),
        (OrderStatus.REJECTED, "Rejected by the broker: Too large."),
        (OrderStatus.UNRESOLVED, "It is not known whether the broker has it"),
        (OrderStatus.WORKING, "Order taken; see the blotter."),
    ],
)
def test_the_ticket_says_what_became_of_the_order(
    qtbot: QtBot, ticket: TicketPanel, status: OrderStatus, words: str
) -> None:
    sent = sent_by(ticket)
    press(qtbot, ticket)
    press(qtbot, ticket)
    ticket.intent_taken(sent[0].client_order_id, status, "Too large.")
    assert ticket.message.text().startswith(words)


def test_a_rejection_that_comes_later_is_told_and_a_review_is_read_again(qtbot: QtBot, ticket: TicketPanel) -> None:
    sent = sent_by(ticket)
    press(qtbot, ticket)
    press(qtbot, ticket)
    ticket.intent_taken(sent[0].client_order_id)
    ticket.intent_taken("another", OrderStatus.REJECTED, "Not ours.")
    assert ticket.message.text() == "Order taken; see the blotter."
    press(qtbot, ticket)
    ticket.intent_taken(sent[0].client_order_id, OrderStatus.REJECTED, "no shares")
    assert ticket.message.text() == "Rejected by the broker: no shares"
    assert ticket.send.text().startswith("Review")
    assert len(sent) == 1


def test_a_review_grows_old_out_of_sight_with_time_and_with_the_price(qtbot: QtBot, ticket: TicketPanel) -> None:
    sent = sent_by(ticket)
    ticket.fields.set_kind("Market")
    press(qtbot, ticket)
    assert ticket._review.timer.interval() == 30_000
    ticket._review.timer.setInterval(1)
    qtbot.waitUntil(lambda: ticket.message.text().startswith("Not sent within 30 s"))
    ticket._review.timer.setInterval(30_000)
    press(qtbot, ticket)
    ticket.hide()
    ticket.show()
    assert ticket.message.text() == "The ticket was out of sight; read the order again."
    press(qtbot, ticket)
    ticket.show_snapshot(quoted(233.0, 233.1), 0.1)  # 0.7 %
    assert ticket.send.text().startswith("Send")
    ticket.show_snapshot(quoted(235.0, 235.1), 0.1)  # 1.6 %
    assert ticket.message.text().startswith("The price moved from 231.44 to 235.1")
    press(qtbot, ticket)
    assert sent == [], "each was only read again"


@pytest.mark.parametrize(("side", "price", "word"), [(Side.BUY, "231.44", "ask"), (Side.SELL, "231.42", "bid")])
def test_a_stop_that_would_trigger_at_once_is_questioned_by_a_fresh_quote(
    ticket: TicketPanel, side: Side, price: str, word: str
) -> None:
    ticket._choose(side)
    stop(ticket, price)
    assert complaints(ticket)[0].startswith(f"This stop would trigger at once: the {word} is {price}.")
    ticket.show_snapshot(MARKET, 30.0)
    assert ticket.draft is not None, "an old quote tells nothing"


def test_a_stop_limit_that_can_rest_unfilled_is_a_caution() -> None:
    request = OrderRequest("", "AAPL", Side.BUY, D(1), OrderType.STOP_LIMIT, D(100), D(240))
    (check,) = cautions(request, None, None)
    assert (check.code, check.passed, mark(check)) == ("STOP_LIMIT", True, "!")
    assert cautions(replace(request, limit=D(240)), None, None) == ()
    assert len(cautions(replace(request, side=Side.SELL, limit=D(241)), None, None)) == 1


def test_no_value_below_zero_is_offered() -> None:
    verdict = judged(a_limit("100"), a_view(account=an_account(buying_power=D(-500))), Limits())
    assert next(check.nearest for check in verdict.checks if check.code == "BUYING_POWER") == "0"
    assert rule_line(Check("X", "X", False, "1", "2", "-3")).offer == ""
    assert rule_line(Check("X", "X", False, "1", "2", "1,112")).offer == "→ 1,112"


def test_real_keys_through_the_window_send_with_control_and_never_with_plain_enter(
    qtbot: QtBot, ticket: TicketPanel
) -> None:
    sent = sent_by(ticket)
    ticket.activateWindow()
    qtbot.waitUntil(ticket.isActiveWindow)
    ticket.fields.quantity.setFocus()
    window = ticket.windowHandle()
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
        QTest.keyClick(window, key)
    assert ticket.send.text().startswith("Review")
    QTest.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
        QTest.keyClick(window, key)
    assert sent == []
    QTest.keyClick(window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert len(sent) == 1

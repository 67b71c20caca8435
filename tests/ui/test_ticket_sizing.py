"""Sizes in dollars, equity and risk: worked out live, and frozen from the moment that they were read."""

from dataclasses import replace
from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from qv_desktop.domain.orders import Side
from qv_desktop.domain.sizing import Sizing
from qv_desktop.ui.panels.ticket import TicketPanel
from tests.ui.a_ticket import a_ticket, complaints, press, quoted, sent_by
from tests.ui.trading_values import AAPL, ACCOUNT, position

D = Decimal


@pytest.fixture
def ticket(qtbot: QtBot) -> TicketPanel:
    return a_ticket(qtbot)


def size(ticket: TicketPanel, mode: Sizing, text: str, kind: str = "Market") -> None:
    ticket.fields.set_kind(kind)
    ticket.fields.amount.set_text(text, mode)


def shares(ticket: TicketPanel) -> Decimal | None:
    return ticket.draft.quantity if ticket.draft else None


def test_dollars_become_whole_shares_at_the_limit_and_the_result_stands_beside_the_number(ticket: TicketPanel) -> None:
    size(ticket, Sizing.NOTIONAL, "9,999", "Limit")
    assert shares(ticket) == 43
    assert ticket.fields.amount.result.text() == "= 43 sh · $9,951.92"
    assert ticket.send.text() == "Review BUY 43 AAPL"


def test_equity_and_risk_come_to_shares_too(ticket: TicketPanel) -> None:
    size(ticket, Sizing.EQUITY, "10", "Limit")
    assert shares(ticket) == 45  # of $104,381.22
    ticket.fields.prices["stop_loss"].setText("1%")
    ticket.fields.amount.set_text("100", Sizing.RISK)
    assert shares(ticket) == 43  # 2.31 a share
    assert ticket.preview.texts()[6] == "Risk $99.33 · 0.10%"


def test_a_market_order_for_the_day_takes_fractions_where_the_share_can_be_split(ticket: TicketPanel) -> None:
    size(ticket, Sizing.NOTIONAL, "500")
    assert shares(ticket) == D("2.160387141")
    ticket.show_instrument(replace(AAPL, fractionable=False))
    assert shares(ticket) == 2
    ticket.show_instrument(AAPL)
    ticket.fields.tif.setCurrentText("GTC")
    assert shares(ticket) == 2


def test_shares_sold_short_are_whole(ticket: TicketPanel) -> None:
    size(ticket, Sizing.NOTIONAL, "500")
    ticket._choose(Side.SELL)
    assert shares(ticket) == 2
    ticket.show_position(position(quantity="5"))
    assert shares(ticket) == D("2.160573848")


@pytest.mark.parametrize(
    ("mode", "text", "sentence"),
    [
        (Sizing.RISK, "100", "Risk $ counts from the stop loss; type one, or size by shares."),
        (Sizing.EQUITY, "10", "The account's equity is not known yet; size by shares or dollars."),
        (Sizing.NOTIONAL, "5", "That buys less than one share; type more."),
        (Sizing.NOTIONAL, "-5", "Type a number above zero."),
    ],
)
def test_an_input_that_is_missing_is_one_sentence(ticket: TicketPanel, mode: Sizing, text: str, sentence: str) -> None:
    ticket.show_account(replace(ACCOUNT, equity=None))
    size(ticket, mode, text, "Limit")
    assert complaints(ticket) == [sentence]
    assert ticket.draft is None


def test_without_a_price_it_says_so_and_counts_as_soon_as_there_is_one(qtbot: QtBot) -> None:
    panel = TicketPanel("0123456789abcdef")
    qtbot.addWidget(panel)
    panel.show_symbol("AAPL")
    size(panel, Sizing.NOTIONAL, "1000")
    assert complaints(panel) == ["There is no price to work shares out from; wait for a quote or type a limit."]
    panel.show_snapshot(quoted(99.99, 100.0), 0.1)
    assert shares(panel) == 10
    assert complaints(panel) == []


def test_shares_follow_the_quote_until_they_were_read_and_then_they_are_frozen(
    qtbot: QtBot, ticket: TicketPanel
) -> None:
    sent = sent_by(ticket)
    ticket.show_instrument(replace(AAPL, fractionable=False))
    size(ticket, Sizing.NOTIONAL, "100,000")
    assert shares(ticket) == 432
    ticket.show_snapshot(quoted(199.99, 200.0), 0.1)
    assert shares(ticket) == 500
    press(qtbot, ticket)
    assert ticket.message.text() == "Send BUY 500 AAPL market Day?"
    ticket.show_snapshot(quoted(198.49, 198.5), 0.1)
    ticket.show_account(replace(ACCOUNT, equity=D(1)))
    assert ticket.send.text() == "Send BUY 500 AAPL"
    press(qtbot, ticket)
    assert [request.quantity for request in sent] == [500]


def test_an_order_that_failed_is_tried_again_with_the_shares_and_the_id_that_it_had(
    qtbot: QtBot, ticket: TicketPanel
) -> None:
    sent = sent_by(ticket)
    ticket.show_instrument(replace(AAPL, fractionable=False))
    size(ticket, Sizing.NOTIONAL, "10,000")
    press(qtbot, ticket)
    press(qtbot, ticket)
    ticket.intent_failed(sent[0].client_order_id, "The database is away.")
    ticket.show_snapshot(quoted(99.99, 100.0), 0.1)
    press(qtbot, ticket)
    press(qtbot, ticket)
    assert sent[0] == sent[1]
    ticket.intent_taken(sent[0].client_order_id)
    assert shares(ticket) == 100


def test_leaving_the_review_counts_anew(qtbot: QtBot, ticket: TicketPanel) -> None:
    ticket.show_instrument(replace(AAPL, fractionable=False))
    size(ticket, Sizing.NOTIONAL, "10,000")
    press(qtbot, ticket)
    ticket.show_snapshot(quoted(99.99, 100.0), 0.1)
    qtbot.keyClick(ticket, Qt.Key.Key_Escape)
    assert shares(ticket) == 100


def test_another_measure_never_makes_more_shares_of_the_same_number(ticket: TicketPanel) -> None:
    sizing, quantity = ticket.fields.amount.sizing, ticket.fields.quantity
    sizing.setCurrentText("$")
    assert (quantity.text(), shares(ticket)) == ("23144.00", 100)
    sizing.setCurrentText("% equity")
    assert (quantity.text(), shares(ticket)) == ("", None)
    quantity.setText("10")
    sizing.setCurrentText("Shares")
    assert (quantity.text(), shares(ticket)) == ("45", 45)


def test_the_quick_buttons_take_a_part_of_the_buying_power_or_of_the_position(
    qtbot: QtBot, ticket: TicketPanel
) -> None:
    parts = ticket.fields.amount.parts
    qtbot.mouseClick(parts["50%"], Qt.MouseButton.LeftButton)
    assert shares(ticket) == 352  # of $162,940.18 at 231.44
    ticket.show_position(position(quantity="201"))
    ticket._choose(Side.SELL)
    for text, expected in (("25%", 50), ("50%", 100), ("100%", 201)):
        qtbot.mouseClick(parts[text], Qt.MouseButton.LeftButton)
        assert shares(ticket) == expected
    ticket.show_position(position(quantity="-30"))
    qtbot.keyClick(ticket, Qt.Key.Key_B)
    qtbot.mouseClick(parts["100%"], Qt.MouseButton.LeftButton)
    assert (shares(ticket), ticket.send.text()) == (30, "Review COVER 30 AAPL")


def test_a_short_is_valued_at_three_percent_over_the_ask(qtbot: QtBot, ticket: TicketPanel) -> None:
    ticket._choose(Side.SELL)
    qtbot.mouseClick(ticket.fields.amount.parts["100%"], Qt.MouseButton.LeftButton)
    assert shares(ticket) == 683


def test_the_quick_buttons_say_what_they_lack(qtbot: QtBot, ticket: TicketPanel) -> None:
    ticket.show_account(replace(ACCOUNT, buying_power=None))
    qtbot.mouseClick(ticket.fields.amount.parts["50%"], Qt.MouseButton.LeftButton)
    assert ticket.message.text() == "The buying power is not known yet; type the quantity."


def test_a_hundred_more_goes_on_from_the_shares_that_dollars_came_to(qtbot: QtBot, ticket: TicketPanel) -> None:
    size(ticket, Sizing.NOTIONAL, "10,000", "Limit")
    qtbot.mouseClick(ticket.fields.amount.lots[1], Qt.MouseButton.LeftButton)
    assert (shares(ticket), ticket.fields.amount.mode) == (143, Sizing.SHARES)


def test_what_others_fill_in_is_in_shares_and_takes_nothing_that_was_left_over(ticket: TicketPanel) -> None:
    size(ticket, Sizing.EQUITY, "5", "Limit")
    ticket.fields.prices["stop_loss"].setText("1%")
    ticket.fields.tif.setCurrentText("GTC")
    ticket.fill_from("AAPL", Side.SELL, D(40))
    request = ticket.draft
    assert request is not None
    assert (request.quantity, request.stop_loss, request.time_in_force.value, request.order_class.value) == (
        40,
        None,
        "day",
        "simple",
    )

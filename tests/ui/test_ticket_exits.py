"""What hangs on an order: brackets by price, percent, risk and dollars, one exit alone, and the two exits of a position."""

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from qv_desktop.domain.orders import OrderClass, OrderType, Side, TimeInForce
from qv_desktop.ui.models.order_kinds import CLASSES
from qv_desktop.ui.panels.ticket import TicketPanel
from tests.ui.a_ticket import a_ticket, complaints, press, quoted, sent_by
from tests.ui.trading_values import position

D = Decimal


@pytest.fixture
def ticket(qtbot: QtBot) -> TicketPanel:
    return a_ticket(qtbot)


def exits(ticket: TicketPanel, profit: str = "", loss: str = "", limit: str = "") -> None:
    for name, text in (("stop_loss", loss), ("take_profit", profit), ("loss_limit", limit)):
        ticket.fields.prices[name].setText(text)  # type: ignore[index]


@pytest.mark.parametrize(
    ("side", "profit", "loss", "limit", "prices"),
    [
        (Side.BUY, "2%", "1%", "", ("236.07", "229.13", None)),
        (Side.BUY, "2R", "1%", "0.1%", ("236.06", "229.13", "228.90")),
        (Side.BUY, "+1.50", "-1.50", "-0.05", ("232.94", "229.94", "229.89")),
        (Side.SELL, "2R", "1%", "", ("226.80", "233.73", None)),
        (Side.SELL, "2%", "240", "240.5", ("226.79", "240", "240.5")),
    ],
)
def test_distances_become_prices_on_the_side_where_they_belong(
    ticket: TicketPanel, side: Side, profit: str, loss: str, limit: str, prices: tuple[str, str, str | None]
) -> None:
    ticket._choose(side)
    exits(ticket, profit, loss, limit)
    request = ticket.draft
    assert request is not None, complaints(ticket)
    found = (request.take_profit, request.stop_loss, request.stop_loss_limit)
    assert found == tuple(None if price is None else D(price) for price in prices)
    assert request.order_class is OrderClass.BRACKET


def test_the_prices_that_distances_come_to_are_shown_and_a_price_says_how_far_it_is(ticket: TicketPanel) -> None:
    exits(ticket, "2R", "1%")
    assert ticket.fields.placed.text() == "= stop 229.13 · profit 236.06"
    assert ticket.fields.placed.isVisible()
    exits(ticket, "236", "229.10")
    assert not ticket.fields.placed.isVisible()
    suffixes = [ticket.fields.prices[name].suffix for name in ("take_profit", "stop_loss")]  # type: ignore[index]
    assert suffixes == ["+1.97%", "−1.01%"]


@pytest.mark.parametrize(
    ("text", "up", "ten_down"), [("2%", "2.1%", "1.1%"), ("2R", "2.1R", "1.1R"), ("+1.50", "+1.51", "+1.41"), ("0.1%", "0.2%", "0.1%")]
)  # fmt: skip
def test_arrow_keys_move_a_distance_too(qtbot: QtBot, ticket: TicketPanel, text: str, up: str, ten_down: str) -> None:
    field = ticket.fields.prices["take_profit"]
    field.setText(text)
    qtbot.keyClick(field, Qt.Key.Key_Up)
    assert field.text() == up
    qtbot.keyClick(field, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert field.text() == ten_down


def test_an_r_is_typed_as_a_letter_while_b_and_s_still_choose_the_side(qtbot: QtBot, ticket: TicketPanel) -> None:
    exits(ticket, "", "1%")
    qtbot.keyClicks(ticket.fields.prices["take_profit"], "3r")
    assert ticket.draft is not None
    assert ticket.draft.take_profit == D("238.37")
    qtbot.keyClick(ticket.fields.prices["take_profit"], Qt.Key.Key_S)
    assert ticket.draft is not None
    assert ticket.draft.side is Side.SELL


def test_distances_of_a_market_order_follow_the_quote_until_they_were_read(qtbot: QtBot, ticket: TicketPanel) -> None:
    sent = sent_by(ticket)
    ticket.fields.set_kind("Market")
    exits(ticket, "", "1%")
    ticket.show_snapshot(quoted(199.99, 200.0), 0.1)
    press(qtbot, ticket)
    assert ticket.message.text() == "Send BUY 100 AAPL market Day · stop loss 198.00?"
    ticket.show_snapshot(quoted(198.99, 199.0), 0.1)
    press(qtbot, ticket)
    assert [request.stop_loss for request in sent] == [D(198)]


@pytest.mark.parametrize(
    ("profit", "loss", "limit", "sentence"),
    [
        ("2R", "", "", "R counts in risks to the stop loss; type the stop loss as a price, in % or in $."),
        ("", "2R", "", "R counts from the stop loss, so it is for the take profit; type a price, % or $ here."),
        ("", "200%", "", "That is below zero; type a smaller distance."),
        ("+x", "", "", "“+x” is no distance; type it like 2%, 2R or +1.50."),
        ("", "229", "229.5", "Its limit must not lie above the stop 229."),
        ("2%", "", "229", "A limit of the stop loss needs a stop loss."),
    ],
)
def test_a_distance_that_cannot_be_used_is_one_sentence(
    ticket: TicketPanel, profit: str, loss: str, limit: str, sentence: str
) -> None:
    exits(ticket, profit, loss, limit)
    assert complaints(ticket) == [sentence]
    assert ticket.draft is None


def test_the_exits_make_the_class_unless_a_person_chose_it(qtbot: QtBot, ticket: TicketPanel) -> None:
    chooser = ticket.fields.order_class
    exits(ticket, "", "1%")
    assert chooser.currentText() == "OTO"
    exits(ticket, "2%", "1%")
    assert chooser.currentText() == "Bracket"
    exits(ticket)
    assert chooser.currentText() == "Simple"
    ticket.fields.choose_class(OrderClass.BRACKET)
    exits(ticket, "2%", "")
    assert ticket.draft is None, "a bracket that was chosen is not sent as an OTO"
    press(qtbot, ticket)
    assert complaints(ticket) == ["Type a stop loss."]
    ticket.fields.choose_class(OrderClass.SIMPLE)
    assert ticket.draft is not None
    assert ticket.draft.order_class is OrderClass.SIMPLE


def test_an_oto_takes_one_exit(ticket: TicketPanel) -> None:
    ticket.fields.choose_class(OrderClass.OTO)
    exits(ticket, "2%", "1%")
    assert complaints(ticket) == ["An OTO takes one exit; with both it is a Bracket."]


def test_an_oco_is_a_limit_with_a_stop_beside_it_for_what_is_held(qtbot: QtBot, ticket: TicketPanel) -> None:
    sent = sent_by(ticket)
    ticket.show_position(position(quantity="200"))
    ticket.fields.choose_class(OrderClass.OCO)
    assert (ticket.sides.choice(), ticket.fields.quantity.text()) == ("SELL", "200")
    ticket.fields.quantity.setText("100")
    exits(ticket, "240", "225", "224.5")
    ticket.fields.tif.setCurrentText("GTC")
    press(qtbot, ticket)
    assert ticket.message.text() == "Send SELL 100 AAPL OCO GTC: take profit 240 or stop loss 225 limit 224.5?"
    press(qtbot, ticket)
    (request,) = sent
    assert (request.type, request.limit, request.take_profit) == (OrderType.LIMIT, D(240), None)
    assert (request.stop_loss, request.stop_loss_limit, request.order_class) == (D(225), D("224.5"), OrderClass.OCO)
    assert ticket.preview.texts()[2] == "Held after 100 sh"


def test_the_exits_of_a_short_lie_the_other_way_round(ticket: TicketPanel) -> None:
    ticket.show_position(position(quantity="-100"))
    ticket.fields.choose_class(OrderClass.OCO)
    exits(ticket, "2%", "1%")
    request = ticket.draft
    assert request is not None, complaints(ticket)
    assert (request.side, request.limit, request.stop_loss) == (Side.BUY, D("226.81"), D("233.75"))


def test_an_oco_needs_a_position_and_its_side(qtbot: QtBot, ticket: TicketPanel) -> None:
    chooser = ticket.fields.order_class
    assert chooser.reason("OCO exit") == "An OCO closes a position; there is none in AAPL."
    ticket.show_position(position(quantity="200"))
    assert chooser.reason("OCO exit") == ""
    ticket.fields.choose_class(OrderClass.OCO)
    exits(ticket, "240", "225")
    assert ticket.draft is not None
    qtbot.keyClick(ticket, Qt.Key.Key_B)
    assert ticket.draft is None
    assert ticket._draft.complaints["class"] == "An OCO closes what is held; choose SELL."
    qtbot.keyClick(ticket, Qt.Key.Key_S)
    ticket.show_position(None)
    assert complaints(ticket) == ["An OCO closes a position; there is none in this symbol."]


def test_an_oco_switches_off_what_it_has_no_use_for_and_says_why(ticket: TicketPanel) -> None:
    ticket.show_position(position(quantity="200"))
    ticket.fields.set_kind("Market")
    ticket.fields.choose_class(OrderClass.OCO)
    fields = ticket.fields
    assert fields.kind.currentText() == "Limit"
    for control, why in (
        (fields.kind, "An OCO is a limit and a stop order; choose Simple for others."),
        (fields.prices["limit"], "The take profit is an OCO's limit."),
        (fields.extended, "Take profit and stop loss work in regular hours only."),
    ):
        assert not control.isEnabled()
        assert (control.toolTip(), control.accessibleDescription()) == (why, why)
    assert fields.tif.reason("IOC") == "Take profit and stop loss need Day or GTC."


def test_a_price_picked_in_the_chart_ends_an_oco(ticket: TicketPanel) -> None:
    ticket.show_position(position(quantity="200"))
    ticket.fields.choose_class(OrderClass.OCO)
    ticket.fill_at("AAPL", Side.SELL, OrderType.STOP, D("229"))
    request = ticket.draft
    assert request is not None
    assert (request.type, request.stop, request.order_class) == (OrderType.STOP, D(229), OrderClass.SIMPLE)


def test_a_bracket_that_was_chosen_does_not_cling_to_a_type_that_takes_none(ticket: TicketPanel) -> None:
    ticket.fields.choose_class(OrderClass.BRACKET)
    exits(ticket, "2%", "1%")
    ticket.fields.kind.setCurrentText("Stop")
    ticket.fields.prices["stop"].setText("240")
    request = ticket.draft
    assert request is not None
    assert (request.order_class, request.take_profit, request.stop_loss) == (OrderClass.SIMPLE, None, None)
    assert ticket.fields.order_class.accessibleDescription().startswith("Stop orders take no profit or loss orders.")


def test_every_class_of_the_list_has_its_word() -> None:
    assert set(CLASSES.values()) == set(OrderClass)


def test_exits_need_day_or_gtc(ticket: TicketPanel) -> None:
    exits(ticket, "2%", "1%")
    ticket.fields.tif.setCurrentText("IOC")
    assert complaints(ticket) == ["Take profit and stop loss need Day or GTC."]
    ticket.fields.tif.setCurrentText("GTC")
    assert ticket.draft is not None
    assert ticket.draft.time_in_force is TimeInForce.GTC

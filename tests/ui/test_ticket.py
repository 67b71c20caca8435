"""The ticket as a trader uses it: fields, keys, and the two presses that send one order."""

from dataclasses import replace
from decimal import Decimal
from weakref import ref

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from qv_desktop.domain.orders import OrderRequest, OrderType, Side
from qv_desktop.domain.risk import Check
from qv_desktop.ui.panels.ticket import TicketPanel
from tests.ui.a_ticket import a_ticket, press, sent_by
from tests.ui.trading_values import MARKET

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


def double_click(qtbot: QtBot, ticket: TicketPanel) -> None:
    """The events of a double click as a window system sends them."""
    press(qtbot, ticket)
    qtbot.mouseDClick(ticket.send, Qt.MouseButton.LeftButton)
    qtbot.mouseRelease(ticket.send, Qt.MouseButton.LeftButton)


def test_the_first_press_shows_the_whole_order_and_sends_nothing(
    qtbot: QtBot, ticket: TicketPanel, sent: list[OrderRequest]
) -> None:
    press(qtbot, ticket)
    assert ticket.message.text() == "Send BUY 100 AAPL @ 231.44 Day?"
    assert ticket.message.isVisible()
    assert sent == []


def test_the_second_press_sends_what_was_read(qtbot: QtBot, ticket: TicketPanel, sent: list[OrderRequest]) -> None:
    press(qtbot, ticket)
    press(qtbot, ticket)
    (request,) = sent
    assert request.client_order_id.startswith("qv-01234567-")
    assert replace(request, client_order_id="") == OrderRequest(
        "", "AAPL", Side.BUY, D(100), OrderType.LIMIT, D("231.44")
    )


def test_the_second_half_of_a_double_click_is_no_press(
    qtbot: QtBot, ticket: TicketPanel, sent: list[OrderRequest]
) -> None:
    double_click(qtbot, ticket)
    assert ticket.message.text().startswith("Send BUY")
    assert sent == []
    double_click(qtbot, ticket)
    assert len(sent) == 1
    assert ticket.message.text() == "Sent; waiting for the book to take it."


def test_control_enter_reviews_and_then_sends(qtbot: QtBot, ticket: TicketPanel, sent: list[OrderRequest]) -> None:
    ticket.activateWindow()
    qtbot.waitUntil(ticket.isActiveWindow)
    ticket.fields.quantity.setFocus()
    for key, count in zip(ENTER, (0, 1), strict=True):
        qtbot.keyClick(ticket.fields.quantity, key, CONTROL)
        assert len(sent) == count


def test_holding_the_keys_is_one_press_and_sends_one_order_at_most(
    qtbot: QtBot, ticket: TicketPanel, sent: list[OrderRequest]
) -> None:
    ticket.submitted.connect(lambda request: ticket.intent_taken(request.client_order_id))  # a book that is quick
    ticket.activateWindow()
    qtbot.waitUntil(ticket.isActiveWindow)
    hold(ticket.fields.quantity, 30)
    assert sent == []
    assert ticket.message.text().startswith("Send BUY")
    hold(ticket.fields.quantity, 30)
    assert len(sent) == 1


def hold(field: QWidget, repeats: int) -> None:
    """Ctrl+Enter held down: the first event is a press, all others are marked as repeats."""
    for repeat in range(repeats):
        for kind in (QEvent.Type.ShortcutOverride, QEvent.Type.KeyPress):
            event = QKeyEvent(kind, Qt.Key.Key_Return, CONTROL, "", repeat > 0)
            window = field.window().windowHandle()
            assert window is not None
            QApplication.sendEvent(window if kind is QEvent.Type.KeyPress else field, event)


def test_plain_enter_never_sends_from_any_field(qtbot: QtBot, ticket: TicketPanel, sent: list[OrderRequest]) -> None:
    ticket.fields.quantity.setText("9000")  # refused: the rules offer a value
    ticket.show_preview((Check("ORDER_VALUE", "Order value", False, "$2,000,000", "$100,000", "432"),))
    for field in (ticket.head.symbol, *ticket.tab_order()):
        press(qtbot, ticket)  # it waits for its second press
        for key in ENTER:
            qtbot.keyClick(field, key)
            qtbot.keyClick(field, key, Qt.KeyboardModifier.ShiftModifier)
        ticket._changed()
    assert sent == []


def test_the_tab_key_goes_from_side_to_size_type_price_life_and_send(qtbot: QtBot, ticket: TicketPanel) -> None:
    ticket.activateWindow()
    qtbot.waitUntil(ticket.isActiveWindow)
    ticket._buy.setFocus()
    order = [widget for widget in ticket.tab_order() if widget.isEnabled() and widget.isVisible()]
    seen = [ticket.focusWidget()]
    while seen[-1] is not ticket.send and len(seen) < 30:
        qtbot.keyClick(seen[-1], Qt.Key.Key_Tab)
        seen.append(ticket.focusWidget())
    fields = ticket.fields
    milestones = [fields.quantity, fields.kind, fields.prices["limit"], fields.tif, ticket.send]
    assert [widget for widget in seen if widget in milestones] == milestones
    assert seen == [widget for widget in order if widget in seen]


def space(ticket: TicketPanel, kind: QEvent.Type, *, again: bool) -> None:
    """The space bar on the button; ``again`` is a key that repeats because it is held."""
    QApplication.sendEvent(ticket.send, QKeyEvent(kind, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, " ", again))


def test_holding_space_on_the_button_is_one_press(qtbot: QtBot, ticket: TicketPanel, sent: list[OrderRequest]) -> None:
    ticket.submitted.connect(lambda request: ticket.intent_taken(request.client_order_id))  # a book that is quick
    for count in (0, 1):
        for repeat in range(30):
            space(ticket, QEvent.Type.KeyPress, again=repeat > 0)
            if repeat:
                space(ticket, QEvent.Type.KeyRelease, again=True)
        space(ticket, QEvent.Type.KeyRelease, again=False)
        assert len(sent) == count


def test_a_change_after_the_review_must_be_reviewed_again(
    qtbot: QtBot, ticket: TicketPanel, sent: list[OrderRequest]
) -> None:
    press(qtbot, ticket)
    ticket.fields.quantity.setText("200")
    assert not ticket.message.isVisible()
    press(qtbot, ticket)
    assert sent == []
    assert ticket.message.text() == "Send BUY 200 AAPL @ 231.44 Day?"


def test_a_review_outlives_being_told_again_that_trading_is_on(
    qtbot: QtBot, ticket: TicketPanel, sent: list[OrderRequest]
) -> None:
    press(qtbot, ticket)
    ticket.set_enabled(None)
    press(qtbot, ticket)
    assert len(sent) == 1


def test_escape_drops_the_review(qtbot: QtBot, ticket: TicketPanel, sent: list[OrderRequest]) -> None:
    press(qtbot, ticket)
    qtbot.keyClick(ticket, Qt.Key.Key_Escape)
    press(qtbot, ticket)
    assert sent == []


def test_an_intent_keeps_its_id_until_the_book_has_it(
    qtbot: QtBot, ticket: TicketPanel, sent: list[OrderRequest]
) -> None:
    press(qtbot, ticket)
    press(qtbot, ticket)
    ticket.intent_failed(sent[0].client_order_id, "The database is away.")
    assert ticket.message.text() == "Not sent: The database is away."
    press(qtbot, ticket)
    press(qtbot, ticket)
    first, again = sent
    assert first.client_order_id == again.client_order_id
    ticket.intent_taken(first.client_order_id)
    press(qtbot, ticket)
    press(qtbot, ticket)
    assert sent[2].client_order_id > first.client_order_id


def test_a_sent_intent_that_is_changed_becomes_another(
    qtbot: QtBot, ticket: TicketPanel, sent: list[OrderRequest]
) -> None:
    press(qtbot, ticket)
    press(qtbot, ticket)
    ticket.fields.quantity.setText("300")
    press(qtbot, ticket)
    press(qtbot, ticket)
    assert len(sent) == 1, "the first is still on its way"
    assert ticket.message.text().startswith("The order before is still on its way")
    ticket.intent_taken(sent[0].client_order_id)
    press(qtbot, ticket)
    press(qtbot, ticket)
    assert sent[0].client_order_id != sent[1].client_order_id


def test_news_of_another_intent_changes_nothing(qtbot: QtBot, ticket: TicketPanel) -> None:
    before = ticket.draft
    ticket.intent_taken("qv-other")
    assert ticket.draft == before


def test_an_order_that_was_switched_off_says_why_and_sends_nothing(
    qtbot: QtBot, ticket: TicketPanel, sent: list[OrderRequest]
) -> None:
    ticket.set_enabled("Trading is halted; resume it in the risk panel.")
    press(qtbot, ticket)
    qtbot.keyClick(ticket, Qt.Key.Key_Return, CONTROL)
    qtbot.keyClick(ticket, Qt.Key.Key_Return, CONTROL)
    assert sent == []
    assert ticket.message.text() == "Trading is halted; resume it in the risk panel."
    ticket.set_enabled(None)
    press(qtbot, ticket)
    press(qtbot, ticket)
    assert len(sent) == 1


def test_b_and_s_choose_the_side_unless_a_text_field_has_the_key(qtbot: QtBot, ticket: TicketPanel) -> None:
    qtbot.keyClick(ticket.fields.quantity, Qt.Key.Key_S)
    assert ticket.draft is not None
    assert ticket.draft.side is Side.SELL
    assert ticket.fields.quantity.text() == "100"
    qtbot.keyClick(ticket.send, Qt.Key.Key_B)
    assert ticket.draft.side is Side.BUY
    ticket.head.symbol.clear()
    qtbot.keyClicks(ticket.head.symbol, "s")
    assert ticket.draft.side is Side.BUY
    assert ticket.head.symbol.text() == "s"


def test_who_may_not_trade_reads_why_and_the_market_cannot_change_it(
    qtbot: QtBot, ticket: TicketPanel, sent: list[OrderRequest]
) -> None:
    ticket.forbid("Your role, Viewer, lacks “trading: create”; ask an Admin.")
    ticket.set_enabled(None)
    press(qtbot, ticket)
    press(qtbot, ticket)
    assert sent == []
    assert ticket.message.text() == "Your role, Viewer, lacks “trading: create”; ask an Admin."
    assert ticket.send.text() == "You may not trade"
    ticket.forbid("")
    press(qtbot, ticket)
    press(qtbot, ticket)
    assert len(sent) == 1


def test_rules_show_whole_lines_refusals_first_and_say_how_many_more_there_are(
    qtbot: QtBot, ticket: TicketPanel
) -> None:
    passed = [Check(f"RULE_{i}", f"Rule {i}", True, "1", "100", "") for i in range(11)]
    refused = Check("LAST", "Order value", False, "$200,000", "$100,000", "Too large", "432 shares")
    ticket.show_preview([*passed, refused])
    shown = ticket.rules.shown()
    assert shown[0].startswith("✗ Order value")
    assert len(shown) == ticket.rules.height() // 18
    assert shown[-1].split()[0] == str(12 - (len(shown) - 1))
    assert len(ticket.rules.texts()) == 12
    ticket.resize(310, 900)
    qtbot.waitUntil(lambda: len(ticket.rules.shown()) == 12)


def test_a_moving_quote_costs_no_layout(qtbot: QtBot, ticket: TicketPanel) -> None:
    qtbot.waitExposed(ticket)
    qtbot.wait(50)
    laid_out: list[QEvent.Type] = []

    class Watch(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.LayoutRequest:
                laid_out.append(event.type())
            return False

    watch = Watch()
    ticket.head.installEventFilter(watch)
    quote = MARKET.quote
    assert quote is not None
    ticket.show_snapshot(replace(MARKET, quote=replace(quote, bid=231.31, ask=231.33)), 0.4)
    assert ticket.head.bid.text().startswith("231.31")
    qtbot.wait(50)
    assert laid_out == []


def test_a_ticket_that_is_thrown_away_is_gone_at_once(qtbot: QtBot) -> None:
    panel = TicketPanel("0123456789abcdef")
    gone = ref(panel)
    del panel
    assert gone() is None, "a cycle would take it down in an order that Qt does not survive"

"""An order of the ticket can count for a strategy and carry a note; neither strays to another order."""

import pytest
from pytestqt.qtbot import QtBot

from qv_desktop.domain.orders import NOTE_LONGEST, TICKET, OrderRequest
from qv_desktop.ui.panels.ticket import TicketPanel
from tests.ui.test_ticket_fields import press, sent, ticket

__all__ = ["sent", "ticket"]


@pytest.fixture(autouse=True)
def strategies(ticket: TicketPanel) -> None:
    ticket.show_strategies(["breakout", "sma_cross"])
    ticket.fields.quantity.setText("5")


def test_what_is_sent_carries_the_strategy_and_the_note_and_the_note_goes_with_it(
    qtbot: QtBot, ticket: TicketPanel, sent: list[OrderRequest]
) -> None:
    tag = ticket.fields.attribution
    tag.strategy.setCurrentText("sma_cross")
    tag.note.setText("  the cross of 10:31 ")
    press(qtbot, ticket)
    press(qtbot, ticket)
    assert [(one.source, one.note) for one in sent] == [("sma_cross", "the cross of 10:31")]
    ticket.intent_taken(sent[0].client_order_id)
    assert (tag.source, tag.note.text()) == ("sma_cross", "")
    assert ticket.draft is not None
    assert ticket.draft.note == ""
    press(qtbot, ticket)
    press(qtbot, ticket)
    assert [(one.source, one.note) for one in sent[1:]] == [("sma_cross", "")]
    assert sent[1].client_order_id != sent[0].client_order_id


def test_an_order_that_was_read_must_be_read_again_once_its_strategy_or_note_changes(
    qtbot: QtBot, ticket: TicketPanel, sent: list[OrderRequest]
) -> None:
    tag = ticket.fields.attribution
    press(qtbot, ticket)
    tag.strategy.setCurrentText("breakout")
    press(qtbot, ticket)
    tag.note.setText("n")
    press(qtbot, ticket)
    assert sent == []
    press(qtbot, ticket)
    assert [(one.source, one.note) for one in sent] == [("breakout", "n")]


def test_another_symbol_is_nobodys_until_somebody_says_so(ticket: TicketPanel) -> None:
    tag = ticket.fields.attribution
    tag.strategy.setCurrentText("breakout")
    tag.note.setText("n")
    ticket.show_symbol("MSFT")
    assert (tag.source, tag.note.text()) == (TICKET, "")


def test_a_strategy_that_is_gone_leaves_the_order_to_the_ticket_and_a_note_has_an_end(ticket: TicketPanel) -> None:
    tag = ticket.fields.attribution
    tag.strategy.setCurrentText("breakout")
    ticket.show_strategies(["sma_cross", "breakout"])
    assert tag.source == "breakout"
    ticket.show_strategies(["sma_cross"])
    assert tag.source == TICKET
    assert ticket.draft is not None
    assert ticket.draft.source == TICKET
    tag.note.setText("x" * 500)
    assert len(tag.note.text()) == NOTE_LONGEST

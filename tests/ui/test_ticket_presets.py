"""Presets: what fills the ticket for a symbol, what has a name, and what the button says of it."""

from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from qv_desktop.domain.orders import OrderClass
from qv_desktop.domain.sizing import Sizing
from qv_desktop.domain.ticket_presets import STANDARD, TicketPreset
from qv_desktop.ui.models.preset_menu import words
from qv_desktop.ui.panels.ticket import TicketPanel
from tests.ui.a_ticket import a_ticket

D = Decimal
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")
SCALP = TicketPreset("5000", "notional", "Limit", "GTC", take_profit="2R", stop_loss="1%", order_class="bracket")


@pytest.fixture
def ticket(qtbot: QtBot) -> TicketPanel:
    return a_ticket(qtbot)


def menu_of(ticket: TicketPanel) -> QMenu:
    """The menu as the button fills it."""
    menu = QMenu()
    ticket.presets._fill(menu)
    return menu


def choose(ticket: TicketPanel, text: str) -> None:
    menu = menu_of(ticket)
    next(action for action in menu.actions() if action.text().startswith(text)).trigger()


def test_what_was_last_used_in_a_symbol_fills_the_ticket_and_it_says_so(ticket: TicketPanel) -> None:
    ticket.fill_for("AAPL", SCALP, D(21))
    request = ticket.draft
    assert request is not None
    assert (request.quantity, request.order_class, request.time_in_force.value) == (21, OrderClass.BRACKET, "gtc")
    assert (request.take_profit, request.stop_loss) == (D("236.06"), D("229.13"))
    assert ticket.presets.button.text() == "Last used ▾"
    assert ticket.presets.button.toolTip().startswith("Filled from last used in AAPL. Presets: $5000, Limit, GTC")
    assert ticket.fields.preset() == SCALP


def test_news_of_another_symbol_changes_nothing(ticket: TicketPanel) -> None:
    ticket.fill_for("MSFT", SCALP, D(21))
    assert ticket.fields.preset() == STANDARD


def test_a_change_by_hand_is_marked_on_the_button(ticket: TicketPanel) -> None:
    ticket.fill_for("AAPL", None, D(100))
    assert ticket.presets.button.text() == "Standard ▾"
    ticket.fields.quantity.setText("300")
    assert ticket.presets.button.text() == "Standard * ▾"
    choose(ticket, "Standard")
    assert (ticket.fields.quantity.text(), ticket.presets.button.text()) == ("100", "Standard ▾")


def test_a_named_preset_is_applied_saved_and_deleted_from_the_menu(qtbot: QtBot, ticket: TicketPanel) -> None:
    saved: list[tuple[str, TicketPreset]] = []
    deleted: list[str] = []
    ticket.preset_save_asked.connect(lambda name, preset: saved.append((name, preset)))
    ticket.preset_delete_asked.connect(deleted.append)
    ticket.show_presets({"Scalp": SCALP})
    choose(ticket, "Scalp: $5000, Limit, GTC, take profit 2R, stop loss 1%")
    assert ticket.fields.amount.mode is Sizing.NOTIONAL
    choose(ticket, "Save as preset…")
    assert ticket.naming.isVisible()
    qtbot.keyClicks(ticket.naming.field, " Two ")
    qtbot.keyClick(ticket.naming.field, Qt.Key.Key_Return)
    assert saved == [("Two", SCALP)]
    menu = menu_of(ticket)
    gone = next(action for action in menu.actions() if action.text() == "Delete").menu()
    assert isinstance(gone, QMenu)
    gone.actions()[0].trigger()
    assert deleted == ["Scalp"]


def test_naming_a_preset_sends_no_order(qtbot: QtBot, ticket: TicketPanel) -> None:
    sent: list[object] = []
    ticket.submitted.connect(sent.append)
    ticket.send.click()
    choose(ticket, "Save as preset…")
    qtbot.keyClicks(ticket.naming.field, "x")
    qtbot.keyClick(ticket.naming.field, Qt.Key.Key_Return)
    assert sent == []


def test_prices_are_no_habit_and_an_oco_is_none_either(ticket: TicketPanel) -> None:
    ticket.fields.prices["take_profit"].setText("236")
    ticket.fields.prices["stop_loss"].setText("1%")
    assert ticket.fields.preset() == TicketPreset(stop_loss="1%")
    ticket.fields.choose_class(OrderClass.OCO)
    assert ticket.fields.preset().order_class == ""


def test_words_that_the_lists_do_not_have_become_the_usual_ones(ticket: TicketPanel) -> None:
    ticket.fields.use(TicketPreset("7", "furlongs", "Iceberg", "Eon", order_class="mleg"))
    assert ticket.fields.preset() == TicketPreset("7")


def test_extended_hours_come_back_where_they_can_be_had(ticket: TicketPanel) -> None:
    ticket.fields.use(TicketPreset(extended=True))
    assert ticket.draft is not None
    assert ticket.draft.extended_hours
    ticket.fields.use(TicketPreset(kind="Market", extended=True))
    assert ticket.draft is not None
    assert not ticket.draft.extended_hours


def test_a_type_that_lives_until_its_auction_comes_back_with_its_life(ticket: TicketPanel) -> None:
    ticket.fields.use(TicketPreset(kind="MOC", life="CLS"))
    ticket.fields.use(TicketPreset(kind="Limit", life="GTC"))
    assert (ticket.fields.kind.currentText(), ticket.fields.tif.currentText()) == ("Limit", "GTC")


def test_a_preset_in_words() -> None:
    assert words(STANDARD) == "100 shares, Limit, Day"
    assert words(TicketPreset("2", "equity", extended=True)) == "2% of equity, Limit, Day, ext. hours"
    assert words(TicketPreset("50", "risk", stop_loss="1%")) == "$50 at risk, Limit, Day, stop loss 1%"

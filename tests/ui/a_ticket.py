"""A ticket on AAPL with a live quote, for the tests of its parts."""

from dataclasses import replace

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from qv_desktop.domain.market import Quote, Snapshot
from qv_desktop.domain.orders import OrderRequest
from qv_desktop.ui.panels.ticket import TicketPanel
from tests.ui.trading_values import AAPL, ACCOUNT, MARKET


def a_ticket(qtbot: QtBot, height: int = 523, width: int = 306) -> TicketPanel:
    """As wide and high as in the window's first layout at 1600 x 900."""
    panel = TicketPanel("0123456789abcdef")
    qtbot.addWidget(panel)
    panel.resize(width, height)
    panel.show_symbol("AAPL")
    panel.show_instrument(AAPL)
    panel.show_account(ACCOUNT)
    panel.show_snapshot(MARKET, 0.2)
    panel.show()
    return panel


def sent_by(ticket: TicketPanel) -> list[OrderRequest]:
    """What the ticket sends, in order."""
    requests: list[OrderRequest] = []
    ticket.submitted.connect(requests.append)
    return requests


def press(qtbot: QtBot, ticket: TicketPanel) -> None:
    qtbot.mouseClick(ticket.send, Qt.MouseButton.LeftButton)


def quoted(bid: float, ask: float) -> Snapshot:
    """The market with another quote."""
    return replace(MARKET, last=(bid + ask) / 2, quote=Quote("AAPL", 0, bid, 300, ask, 500))


def complaints(ticket: TicketPanel) -> list[str]:
    """The sentences under the fields."""
    return [label.text() for label in ticket.fields._complaints.values() if not label.isHidden()]

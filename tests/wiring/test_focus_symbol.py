"""Trading keys act on what the panel in focus shows, and on nothing that another panel shows."""

import asyncio
import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from pytestqt.qtbot import QtBot

from qv_desktop import wiring
from qv_desktop.wiring import Panels
from qv_desktop.wiring.focus_symbol import shown_symbol
from tests.builders import a_limit, an_order


@pytest.fixture
def panels(qtbot: QtBot) -> Panels:
    made = asyncio.run(wiring.panels("0123456789", lambda: asyncio.sleep(0)))
    for panel in made.by_name().values():
        qtbot.addWidget(panel)
    made.ticket.show_symbol("MSFT")
    made.orders.show_orders([an_order(a_limit("90", id="qv-1", symbol="TSLA")), an_order(a_limit("90", id="qv-2"))])
    return made


def test_each_panel_answers_for_itself(panels: Panels) -> None:
    assert shown_symbol(panels, "ticket") == "MSFT"
    assert shown_symbol(panels, "orders") == ""  # nothing is selected
    panels.orders.table.select_key("qv-1")
    assert shown_symbol(panels, "orders") == "TSLA"
    assert shown_symbol(panels, "positions") == ""
    assert shown_symbol(panels, "") == shown_symbol(panels, "audit") == ""


def test_rows_of_several_symbols_are_no_symbol(panels: Panels) -> None:
    panels.orders.table.selectAll()
    assert shown_symbol(panels, "orders") == ""

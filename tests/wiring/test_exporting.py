"""What an export finds in the tables of every panel, on the real ones."""

import asyncio
import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from datetime import UTC, datetime

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qv_desktop import wiring
from qv_desktop.domain.market import Snapshot, Trade, ns
from qv_desktop.ui import theme
from qv_desktop.ui.models.table import Table
from qv_desktop.wiring import Panels
from qv_desktop.wiring.exporting import EXPORTED, contents, in_front, tables

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")
AT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)


@pytest.fixture
def panels(qtbot: QtBot, qapp: QApplication) -> Panels:
    """Every panel of a window."""
    theme.apply(qapp)
    made = asyncio.run(wiring.panels("0123456789", lambda: asyncio.sleep(0)))
    for panel in made.by_name().values():
        qtbot.addWidget(panel)
    return made


def test_every_table_of_every_panel_can_be_exported(panels: Panels) -> None:
    with_tables = {name for name, panel in panels.by_name().items() if panel.findChildren(Table)}
    assert with_tables <= EXPORTED.keys()
    assert all(tables(getattr(panels, name)) for name in EXPORTED)


def test_the_table_that_holds_the_keyboard_is_the_one_that_is_meant(panels: Panels, qtbot: QtBot) -> None:
    panels.data.show()
    assert in_front(panels.data) is panels.data.table
    panels.data.hole_table.setFocus()
    qtbot.waitUntil(panels.data.hole_table.hasFocus)
    assert in_front(panels.data) is panels.data.hole_table


def test_what_is_exported_is_what_its_title_says(panels: Panels) -> None:
    for panel in (panels.watchlist, panels.tape):
        panel.show()
    panels.watchlist.show_symbols(["SPY"])
    panels.watchlist.upsert([Snapshot("SPY", last=101.0, previous_close=100.0)])
    panels.watchlist.model.sort(1)
    head, (row,) = contents(panels.watchlist.model)
    found = dict(zip(head, row, strict=True))
    assert (found["Last"], found["Chg %"], found["Bid × Ask"]) == (101.0, pytest.approx(1.0), "—")
    panels.tape.show_symbol("SPY")
    panels.tape.add([Trade("SPY", ns(AT), 101.0, 5, "1")])
    head, rows = contents(panels.tape.model)
    assert rows[0][head.index("Time ET")] == AT

"""Price alerts between the panel and their keeper: what is asked for is kept, and what cannot be is said where it was asked."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any, cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qv_desktop.domain.access import Role
from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.market import SECOND, Snapshot
from qv_desktop.domain.price_alerts import PriceAlert
from qv_desktop.ui import theme
from qv_desktop.ui.panels.price_alerts import PriceAlertsPanel
from qv_desktop.wiring.price_alerts import PriceAlertsWiring
from tests.builders import NOW
from tests.services.a_market import T0
from tests.services.test_price_alerts import Desk, Store

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")


class Room:
    """The panel wired to alerts over a market; vendors know AAPL at 231, or answer nothing when ``mute``."""

    def __init__(self, qtbot: QtBot, role: Role = Role.TRADER, mute: bool = False, *kept: PriceAlert) -> None:
        self.desk = Desk(Store({alert.id: alert for alert in kept}), role)
        self.panel, self.picked = PriceAlertsPanel(), list[tuple[str, str]]()
        self.asked = list[list[str]]()
        self.mute, self.price, self.at = mute, 231.0, T0
        qtbot.addWidget(self.panel)
        self.panel.show()
        services = SimpleNamespace(bus=self.desk.bus, market=self.desk.market, price_alerts=self.desk.alerts,
                                   history=SimpleNamespace(snapshots=self._snapshots))  # fmt: skip
        self._coroutines = list[Coroutine[Any, Any, Any]]()
        tasks = SimpleNamespace(spawn=self._coroutines.append)
        there = SimpleNamespace(services=services, panels=SimpleNamespace(price_alerts=self.panel), tasks=tasks)
        self.wiring = PriceAlertsWiring(cast(Any, there), lambda panel, symbol: self.picked.append((panel, symbol)))
        self.acts(lambda: self._coroutines.append(self.wiring.start()))

    async def _snapshots(self, symbols: list[str]) -> list[Snapshot]:
        self.asked.append(symbols)
        if self.mute:
            raise FeedDown("No vendor answers.")
        return [Snapshot(symbol, self.price, self.at) for symbol in symbols if symbol == "AAPL"]

    def acts(self, act: Callable[[], object]) -> None:
        """Do something, and let what it spawned run to its end."""

        async def through() -> None:
            act()
            while self._coroutines:
                await self._coroutines.pop(0)

        asyncio.run(through())
        assert self.desk.bus.failures == 0

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Symbol, condition, last and state of each alert on the screen."""
        texts = {column.title: column.text for column in self.panel.model.columns}
        titles = ("Symbol", "Condition", "Last", "State")
        return [cast(Any, tuple(texts[title](row) for title in titles)) for row in self.panel.model.rows()]


@pytest.fixture(autouse=True)
def _dressed(qapp: QApplication) -> None:
    theme.apply(qapp)


def test_an_alert_on_a_symbol_without_a_price_knows_from_where_it_is_reached(qtbot: QtBot) -> None:
    room = Room(qtbot)
    room.panel.price.setText("235")
    room.acts(lambda: room.panel.add_asked.emit("AAPL", 235.0, "take profit", False))
    assert room.asked == [["AAPL"]]
    assert room.rows() == [("AAPL", "▲ above", "231.00", "armed")]
    assert room.panel.price.text() == ""
    room.acts(lambda: room.desk.hear(235.5, second=1))
    assert room.rows() == [("AAPL", "▲ above", "—", "fired")]
    assert room.desk.words == ["AAPL crossed 235.00 upwards, last 235.50 · take profit"]


def test_an_alert_can_be_set_while_no_vendor_answers(qtbot: QtBot) -> None:
    room = Room(qtbot, Role.TRADER, True)
    room.acts(lambda: room.panel.add_asked.emit("AAPL", 235.0, "", True))
    assert room.rows() == [("AAPL", "crosses", "—", "armed")]


def test_what_cannot_be_kept_is_said_in_the_panel_and_the_fields_stay(qtbot: QtBot) -> None:
    room = Room(qtbot)
    room.panel.price.setText("5")
    room.acts(lambda: room.panel.add_asked.emit("NONE", 5.0, "", False))
    assert room.panel.wrong.text() == "The broker does not list “NONE”; check the symbol."
    assert room.panel.price.text() == "5"
    room.desk.store.down = True
    room.acts(lambda: room.panel.add_asked.emit("AAPL", 5.0, "", False))
    assert room.panel.wrong.text() == "The database is away; nothing was written."
    assert room.rows() == []


def test_prices_are_changed_alerts_armed_again_and_removed(qtbot: QtBot) -> None:
    kept = PriceAlert("a1", "AAPL", 235.0, "up", "", False, "fired", NOW, NOW)
    room = Room(qtbot, Role.TRADER, False, kept)
    assert room.rows() == [("AAPL", "▲ above", "—", "fired")]
    room.acts(lambda: room.panel.rearm_asked.emit(["a1"]))
    assert room.rows() == [("AAPL", "▲ above", "231.00", "armed")]
    room.acts(lambda: room.panel.move_asked.emit("a1", 225.0))
    assert (room.rows()[0][1], room.desk.store.rows["a1"].price) == ("▼ below", 225.0)
    room.acts(lambda: room.panel.remove_asked.emit(["a1", "gone"]))
    assert (room.rows(), room.panel.wrong.text()) == ([], "This alert is gone; add it again.")


def test_one_that_fired_long_ago_is_armed_from_the_price_of_now(qtbot: QtBot) -> None:
    kept = PriceAlert("a1", "AAPL", 235.0, "up", "", False, "fired", NOW, NOW)
    room = Room(qtbot, Role.TRADER, False, kept)
    room.price, room.at = 240.0, T0 + SECOND
    room.acts(lambda: room.panel.rearm_asked.emit(["a1"]))
    assert room.rows() == [("AAPL", "▼ below", "240.00", "armed")]
    assert room.desk.words == []


def test_a_viewer_reads_why_nothing_was_kept(qtbot: QtBot) -> None:
    room = Room(qtbot, Role.VIEWER)
    room.acts(lambda: room.panel.add_asked.emit("AAPL", 235.0, "", False))
    assert "market data: change" in room.panel.wrong.text()
    assert room.rows() == []


def test_a_symbol_that_is_opened_goes_to_the_chart(qtbot: QtBot) -> None:
    room = Room(qtbot)
    room.acts(lambda: room.panel.symbol_chosen.emit("AAPL"))
    assert room.picked == [("chart", "AAPL")]

"""The chart's history as it arrives: late, not at all, or cancelled; on the real panels of a real window."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qv_desktop import wiring
from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.events import MarketMoved, RequestChanged
from qv_desktop.domain.history import HistoryRequest
from qv_desktop.domain.market import SECOND, Bar, Timeframe, bar_start, ns, utc
from qv_desktop.services.bus import Bus
from qv_desktop.services.history import Loaded
from qv_desktop.ui import theme
from qv_desktop.ui.main_window import MainWindow
from qv_desktop.wiring import Desk, chart
from qv_desktop.wiring import market as rooms
from qv_desktop.wiring.market import MarketWiring
from tests.services.a_market import T0, Floor
from tests.ui.trading_values import AAPL

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support propagateSizeHints")
MINUTE = 60


class History:
    """Bars of whole minutes up to now; ``before`` is called with each question."""

    def __init__(self, floor: Floor, before: Callable[[int], None]) -> None:
        self._floor, self._before, self.asked = floor, before, 0

    async def latest(self, symbol: str, frame: Timeframe, count: int, until: datetime) -> Loaded:
        last = bar_start(ns(until), frame)
        self.asked += 1
        self._before(self.asked)
        return Loaded([Bar(symbol, T0 + n * 60 * SECOND, 1, 1, 1, 1, 5, 1, 1) for n in range(-9, (last - T0) // SECOND // 60)],
                      True, "")  # fmt: skip

    async def snapshots(self, symbols: list[str]) -> list[Any]:
        raise FeedDown("No vendor tells of the day.")


async def _nothing(*_: object) -> None:
    """No drawings are kept here."""


class Room:
    """A window, its market wiring, and what was spawned."""

    def __init__(self, qtbot: QtBot, before: Callable[["Room", int], None]) -> None:
        self.floor = Floor()
        self.floor.seconds = 3 * MINUTE + 58
        panels = asyncio.run(wiring.panels("0123456789", lambda: asyncio.sleep(0)))
        window = MainWindow(panels.by_name())
        qtbot.addWidget(window)
        self.history = History(self.floor, lambda asked: before(self, asked))
        self.bus, self.told, self.panels = Bus(), list[str](), panels
        services = SimpleNamespace(
            bus=self.bus, clock=self.floor.clock, market=self.floor.market, history=self.history,
            watchlists=SimpleNamespace(), scanner=SimpleNamespace(), scans=SimpleNamespace(),
            risk=SimpleNamespace(instrument=lambda symbol: None), positions=SimpleNamespace(held=dict),
            orders=SimpleNamespace(book={}, fills={}), price_alerts=SimpleNamespace(all=()),
            drawings=SimpleNamespace(of=lambda symbol: (), load=_nothing), halts=SimpleNamespace(of=lambda symbol: ()),
            notices=SimpleNamespace(tell=lambda *words: self.told.append(words[1])),
        )  # fmt: skip
        self._coroutines = list[Coroutine[Any, Any, Any]]()
        tasks = SimpleNamespace(spawn=self._coroutines.append)
        self.market = MarketWiring(Desk(cast(Any, services), panels, window, cast(Any, tasks)), ())

    def acts(self, act: Callable[[], None]) -> None:
        """Do something, and let what it spawned run to its end."""

        async def through() -> None:
            act()
            while self._coroutines:
                await self._coroutines.pop(0)

        asyncio.run(through())

    @property
    def starts(self) -> list[int]:
        """Minutes after the beginning at which the chart has bars."""
        series = self.panels.chart.canvas.series
        return [] if series is None else [(int(start) - T0) // SECOND // 60 for start in series.starts]


@pytest.fixture(autouse=True)
def _dressed(qapp: QApplication, monkeypatch: pytest.MonkeyPatch) -> None:
    theme.apply(qapp)
    for name in ("WatchingWiring", "ScanningWiring"):  # not of this story
        monkeypatch.setattr(
            rooms, name, lambda *_: SimpleNamespace(tick=lambda: None, list_renamed=None, lists_changed=None)
        )


def test_a_minute_that_ends_while_history_is_asked_is_not_missing_on_the_chart(qtbot: QtBot) -> None:
    def slow(room: Room, asked: int) -> None:
        room.floor.seconds += 70 if asked == 1 else 0.5

    room = Room(qtbot, slow)
    room.acts(lambda: room.market.pick("chart", "AAPL"))
    assert room.starts == list(range(-9, 5))  # it is 8:05 now
    assert room.history.asked == 2


def test_a_chart_whose_day_no_vendor_tells_of_shows_its_bars(qtbot: QtBot) -> None:
    room = Room(qtbot, lambda room, asked: None)
    room.acts(lambda: room.market.pick("chart", "AAPL"))
    assert room.starts
    assert room.history.asked == 1


def test_a_chart_that_no_vendor_answered_for_says_so_and_is_asked_for_again(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down_at_first(room: Room, asked: int) -> None:
        if asked < 3:
            raise FeedDown("Polygon cannot be reached.")

    monkeypatch.setattr(chart, "RETRY", 0.0)
    room = Room(qtbot, down_at_first)
    room.acts(lambda: room.market.pick("chart", "AAPL"))
    assert room.panels.chart.text() == "Polygon cannot be reached. It is tried again every 0 s."
    room.acts(room.market.tick)
    assert room.starts == []
    room.acts(room.market.tick)
    assert room.starts
    room.acts(room.market.tick)
    assert room.history.asked == 3


def test_a_chart_whose_loading_was_cancelled_is_not_asked_for_again(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cancelled(room: Room, asked: int) -> None:
        told = HistoryRequest(1, "AAPL 1m", "Polygon", "cancelled", 0.0, "", utc(T0))
        room.bus.publish(RequestChanged(told))
        raise FeedDown("AAPL 1m was cancelled; ask again to have it.")

    monkeypatch.setattr(chart, "RETRY", 0.0)
    room = Room(qtbot, cancelled)
    room.acts(lambda: room.market.pick("chart", "AAPL"))
    assert room.panels.chart.text() == "AAPL 1m was cancelled; ask again to have it."
    room.acts(room.market.tick)
    assert room.history.asked == 1


def test_going_back_brings_older_bars_without_moving_what_is_being_read(qtbot: QtBot) -> None:
    room = Room(qtbot, lambda room, asked: None)
    wanted = list[int]()

    async def latest(symbol: str, frame: Timeframe, count: int, until: datetime) -> Loaded:
        wanted.append(count)
        bars = [Bar(symbol, T0 - n * MINUTE * SECOND, 1, 1, 1, 1, 5, 1, 1) for n in range(min(count, 1000))]
        return Loaded(bars[::-1], True, "")

    room.history.latest = latest  # type: ignore[method-assign]
    room.acts(lambda: room.market.pick("chart", "AAPL"))
    canvas = room.panels.chart.canvas
    room.acts(lambda: QTest.keyClick(canvas, Qt.Key.Key_Home))
    camera, series = canvas.camera, canvas.series
    assert camera is not None
    assert series is not None
    assert wanted == [600, 1200]
    assert len(series) == 1000
    assert series.starts[camera.view.window(1000)[0]] == pytest.approx(
        T0 - 599 * MINUTE * SECOND, abs=10 * MINUTE * SECOND
    )
    room.acts(lambda: QTest.keyClick(canvas, Qt.Key.Key_Home))
    room.acts(lambda: QTest.keyClick(canvas, Qt.Key.Key_Home))
    assert wanted == [600, 1200, 2400]  # there are no more: nobody asks for ever


def test_a_finished_minute_that_the_vendor_tells_otherwise_is_shown_as_the_vendor_has_it(qtbot: QtBot) -> None:
    room = Room(qtbot, lambda room, asked: None)
    room.acts(lambda: room.market.pick("chart", "AAPL"))
    ours = room.panels.chart.canvas.series
    assert ours is not None
    done = ours.bar(len(ours) - 2)

    def told(bar: Bar) -> None:
        room.bus.publish(MarketMoved((), (("1m", bar),), ()))

    room.acts(lambda: told(done))
    room.acts(room.market.tick)
    room.acts(room.market.tick)
    assert room.history.asked == 1  # it is the same
    room.acts(lambda: told(replace(done, volume=done.volume + 7)))
    room.acts(room.market.tick)
    assert room.history.asked == 1  # the store may not have it yet
    room.acts(room.market.tick)
    assert room.history.asked == 2
    room.acts(room.market.tick)
    assert room.history.asked == 2


def test_what_is_chosen_before_the_brokers_list_has_come_is_looked_up_again_once_it_has(qtbot: QtBot) -> None:
    room = Room(qtbot, lambda room, asked: None)
    shown = room.panels.ticket
    room.acts(lambda: room.market._show_in_ticket("AAPL"))
    assert shown.fields.instrument is None
    cast(Any, room.market._desk.services).risk = SimpleNamespace(instrument={"AAPL": AAPL}.get)
    room.market.listed()
    assert shown.fields.instrument == AAPL
    assert "not listed" not in shown.head.listing.text()

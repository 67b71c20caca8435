"""Several charts of one window: each its own, linked as chosen, replayed without the others, and kept."""

import asyncio
import json
import os
from collections.abc import Coroutine
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qv_desktop import wiring
from qv_desktop.domain.access import Role
from qv_desktop.domain.errors import BadInput, NotPermitted
from qv_desktop.domain.events import MarketMoved
from qv_desktop.domain.market import SECOND, Bar, Timeframe, bar_start, ns
from qv_desktop.domain.orders import Order, OrderRequest, OrderStatus, OrderType, Side
from qv_desktop.services.bus import Bus
from qv_desktop.services.history import Loaded
from qv_desktop.ui import theme
from qv_desktop.ui.main_window import MainWindow
from qv_desktop.ui.panels.chart import ChartPanel
from qv_desktop.wiring import Desk
from qv_desktop.wiring.charts import MOST, ChartsWiring
from qv_desktop.wiring.layouts import checked_name
from tests.builders import NOW, a_session
from tests.services.a_market import Floor

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
COUNT = 300


class History:
    """Bars of any symbol and timeframe up to now; ``asked`` is what was asked for."""

    def __init__(self, floor: Floor) -> None:
        self._floor, self.asked = floor, list[tuple[str, str, str]]()

    async def latest(
        self, symbol: str, frame: Timeframe, count: int, until: datetime, adjustment: str = "split"
    ) -> Loaded:
        self.asked.append((symbol, str(frame), adjustment))
        last = bar_start(ns(until), frame)
        starts = [last - place * frame.seconds * SECOND for place in range(COUNT, 0, -1)]
        return Loaded(
            [Bar(symbol, start, 10, 11, 9, 10 + place % 3, 5) for place, start in enumerate(starts)], True, ""
        )


class Preferences:
    """Settings and layouts in memory."""

    def __init__(self) -> None:
        self.settings, self.layouts = dict[str, str](), dict[str, bytes]()

    async def setting(self, user: str, key: str) -> str | None:
        return self.settings.get(key)

    async def save_setting(self, user: str, key: str, value: str, draft: object = None) -> None:
        self.settings[key] = value

    async def workspace(self, user: str, name: str) -> bytes | None:
        return self.layouts.get(name)

    async def save_workspace(self, user: str, name: str, layout: bytes) -> None:
        self.layouts[name] = layout

    async def workspaces(self, user: str) -> list[str]:
        return sorted(self.layouts)


async def _nothing(*_: object) -> None:
    """Nothing is kept here."""


class Exports:
    """Pictures, or a refusal."""

    def __init__(self) -> None:
        self.kept: list[str] = []
        self.refused = False

    async def picture(self, name: str, data: bytes) -> str:
        if self.refused:
            raise NotPermitted("Your role lacks “market data: export”; ask an Admin.")
        assert data.startswith(b"\x89PNG")
        self.kept.append(name)
        return f"{name}.png"


class Room:
    """A window with its charts, and what they spawned."""

    def __init__(self, qtbot: QtBot, preferences: Preferences | None = None) -> None:
        self.floor = Floor()
        self.panels = asyncio.run(wiring.panels("0123456789", lambda: asyncio.sleep(0)))
        self.window = MainWindow(self.panels.by_name())
        qtbot.addWidget(self.window)
        self.history, self.bus, self.told = History(self.floor), Bus(), list[str]()
        self.preferences, self.exports = preferences or Preferences(), Exports()
        listed = {"AAPL", "MSFT", "KO"}
        self.orders = SimpleNamespace(book={}, fills={})
        services = SimpleNamespace(
            bus=self.bus, clock=self.floor.clock, market=self.floor.market, history=self.history, exports=self.exports,
            risk=SimpleNamespace(instrument=lambda symbol: None if symbol not in listed else _instrument(symbol)),
            positions=SimpleNamespace(held=dict), orders=self.orders, price_alerts=SimpleNamespace(all=()),
            drawings=SimpleNamespace(of=lambda symbol: (), load=_nothing), halts=SimpleNamespace(of=lambda symbol: ()),
            preferences=self.preferences, login=SimpleNamespace(session=a_session(Role.TRADER), may=lambda permission: True),
            notices=SimpleNamespace(tell=lambda *words: self.told.append(f"{words[1]}: {words[2]}")),
        )  # fmt: skip
        self._coroutines = list[Coroutine[Any, Any, Any]]()
        tasks = SimpleNamespace(spawn=self._coroutines.append)
        self.picked: list[tuple[str, str]] = []
        self.charts = ChartsWiring(
            Desk(cast(Any, services), self.panels, self.window, cast(Any, tasks)), self.pick, _nothing
        )
        self.window.links.followed.connect(self.followed)
        self.acts(self.charts.show_kept)

    def pick(self, panel: str, symbol: str) -> None:
        self.picked.append((panel, symbol))
        self.window.links.choose(panel, symbol)
        chart = self.charts.get(panel)
        if chart is not None:
            chart.show(symbol)

    def followed(self, panel: str, symbol: str, frame: str) -> None:
        chart = self.charts.get(panel)
        if chart is not None:
            chart.follow(symbol, frame)

    def acts(self, act: Any) -> None:
        """Do something, and let what it spawned run to its end."""

        async def through() -> None:
            act()
            while self._coroutines:
                await self._coroutines.pop(0)

        asyncio.run(through())

    def panel(self, name: str) -> ChartPanel:
        chart = self.charts.get(name)
        assert chart is not None
        return chart.panel

    def symbols(self) -> dict[str, str]:
        return {chart.name: f"{chart.symbol} {chart.frame}" for chart in self.charts}


def _instrument(symbol: str) -> Any:
    from qv_desktop.domain.instruments import Instrument

    return Instrument(symbol, symbol, "NASDAQ")


@pytest.fixture(autouse=True)
def _dressed(qapp: QApplication) -> None:
    theme.apply(qapp)


@pytest.fixture
def room(qtbot: QtBot) -> Room:
    room = Room(qtbot)
    room.acts(lambda: room.pick("chart", "AAPL"))
    return room


def test_a_new_chart_begins_with_what_the_active_one_shows(room: Room) -> None:
    room.acts(lambda: room.panel("chart").choose_style("area"))
    room.acts(room.charts.open)
    assert room.symbols() == {"chart": "AAPL 1m", "chart-2": "AAPL 1m"}
    assert room.panel("chart-2").setup()["look"] == room.panel("chart").setup()["look"]
    assert room.panel("chart-2").canvas.series is not None


def test_linked_charts_share_the_symbol_and_each_keeps_its_timeframe(room: Room) -> None:
    room.acts(room.charts.open)
    room.acts(lambda: room.panel("chart-2").timeframe_chosen.emit("1h"))
    room.acts(lambda: room.panel("chart").symbol_asked.emit("msft"))
    assert room.symbols() == {"chart": "MSFT 1m", "chart-2": "MSFT 1h"}
    room.acts(lambda: room.panel("chart-2").link_chosen.emit("green"))
    room.acts(lambda: room.panel("chart").symbol_asked.emit("KO"))
    assert room.symbols() == {"chart": "KO 1m", "chart-2": "MSFT 1h"}


def test_a_timeframe_is_shared_where_both_charts_want_it(room: Room) -> None:
    room.acts(room.charts.open)
    for name in ("chart", "chart-2"):
        room.acts(lambda name=name: room.panel(name).share_chosen.emit("timeframe", True))
    room.acts(lambda: room.panel("chart").timeframe_chosen.emit("15m"))
    assert room.symbols() == {"chart": "AAPL 15m", "chart-2": "AAPL 15m"}


def test_the_crosshair_is_shown_on_the_other_chart_at_the_same_time(room: Room) -> None:
    room.acts(room.charts.open)
    start = int(room.panel("chart").canvas.series.starts[200])  # type: ignore[union-attr]
    room.panel("chart").pointed.emit(start)
    assert room.panel("chart-2").canvas.linked == 200
    assert room.panel("chart").canvas.linked is None
    room.panel("chart").pointed.emit(None)
    assert room.panel("chart-2").canvas.linked is None


def test_a_closed_chart_wants_nothing_any_more_and_the_first_stays(room: Room) -> None:
    room.acts(room.charts.open)
    room.acts(lambda: room.panel("chart-2").link_chosen.emit(""))
    room.acts(lambda: room.panel("chart-2").symbol_asked.emit("KO"))
    assert "KO" in room.floor.market.wanted
    room.acts(lambda: room.charts.close("chart-2"))
    assert "KO" not in room.floor.market.wanted
    room.acts(lambda: room.charts.close("chart"))
    assert list(room.symbols()) == ["chart"]


def test_there_is_an_end_to_charts(room: Room) -> None:
    for _ in range(MOST - 1):
        room.acts(room.charts.open)
    with pytest.raises(BadInput, match="close one first"):
        room.charts.open()


def test_the_workspace_of_charts_makes_its_four(room: Room) -> None:
    room.acts(lambda: room.window.switch_workspace("charts"))
    assert room.symbols() == {"chart": "AAPL 1m", "chart-2": "AAPL 5m", "chart-3": "AAPL 1h", "chart-4": "AAPL 1D"}


def test_another_symbol_is_compared_kept_up_with_and_let_go(room: Room) -> None:
    panel = room.panel("chart")
    room.acts(lambda: panel.compare_asked.emit("MSFT"))
    assert [one.symbol for one in panel.canvas.scenery.comparisons] == ["MSFT"]
    assert "MSFT" in room.floor.market.wanted
    live = Bar("MSFT", int(panel.canvas.series.live.start), 10, 40, 9, 40, 5)  # type: ignore[union-attr]
    room.acts(lambda: room.bus.publish(MarketMoved((), (("1m", live),))))
    room.acts(room.charts.tick)
    assert panel.canvas.scenery.comparisons[0].values[-1] == 40
    room.acts(lambda: panel.studying.compare_removed.emit("MSFT"))
    assert panel.canvas.scenery.comparisons == []
    assert "MSFT" not in room.floor.market.wanted


def test_a_symbol_that_is_not_listed_is_not_compared(room: Room) -> None:
    with pytest.raises(BadInput, match="does not list “ZZZ”"):
        room.acts(lambda: room.panel("chart").compare_asked.emit("ZZZ"))


def test_a_replay_shows_history_alone_and_nothing_of_ours(room: Room) -> None:
    order = Order(
        OrderRequest("c", "AAPL", Side.BUY, 1, OrderType.LIMIT, limit=10), "demo", "p", NOW, OrderStatus.WORKING
    )  # type: ignore[arg-type]
    room.orders.book["c"] = order
    room.charts.trading.orders_changed({"AAPL"})
    panel = room.panel("chart")
    assert panel.canvas.holdings.orders == (order,)
    starts = panel.canvas.series.starts.tolist()  # type: ignore[union-attr]
    room.acts(lambda: panel.replay_asked.emit(starts[100]))
    assert (len(panel.canvas.series), panel.canvas.mark) == (101, "REPLAY")  # type: ignore[arg-type]
    assert panel.canvas.holdings.orders == ()
    room.acts(
        lambda: room.bus.publish(MarketMoved((), (("1m", Bar("AAPL", starts[-1] + 60 * SECOND, 1, 1, 1, 1, 1)),)))
    )
    room.charts.trading.orders_changed({"AAPL"})
    assert (len(panel.canvas.series), panel.canvas.holdings.orders) == (101, ())  # type: ignore[arg-type]
    room.acts(lambda: panel.replay_stepped.emit(5))
    assert len(panel.canvas.series) == 106  # type: ignore[arg-type]
    room.acts(lambda: panel.replay_stepped.emit(-3))
    assert len(panel.canvas.series) == 103  # type: ignore[arg-type]
    room.acts(panel.replay_left.emit)
    assert (len(panel.canvas.series), panel.canvas.mark) == (COUNT, "")  # type: ignore[arg-type]
    assert panel.canvas.holdings.orders == (order,)


def test_another_symbol_ends_a_replay(room: Room) -> None:
    panel = room.panel("chart")
    room.acts(lambda: panel.replay_asked.emit(int(panel.canvas.series.starts[50])))  # type: ignore[union-attr]
    room.acts(lambda: room.pick("chart", "MSFT"))
    assert (panel.canvas.mark, len(panel.canvas.series)) == ("", COUNT)  # type: ignore[arg-type]


def test_adjusted_prices_are_asked_for_as_chosen(room: Room) -> None:
    room.acts(lambda: room.panel("chart").adjustment_chosen.emit("all"))
    assert room.history.asked[-1] == ("AAPL", "1m", "all")


def test_charts_come_back_as_they_were_left(room: Room, qtbot: QtBot) -> None:
    room.acts(room.charts.open)
    room.acts(lambda: room.panel("chart-2").link_chosen.emit(""))
    room.acts(lambda: room.panel("chart-2").symbol_asked.emit("KO"))
    room.acts(lambda: room.panel("chart-2").timeframe_chosen.emit("1h"))
    room.acts(lambda: room.panel("chart-2").choose_style("bars"))
    asyncio.run(room.charts.layouts.save())
    other = Room(qtbot, room.preferences)
    asyncio.run(other.charts.layouts.restore())
    other.acts(other.charts.show_kept)
    assert other.symbols() == {"chart": "AAPL 1m", "chart-2": "KO 1h"}
    assert other.panel("chart-2").canvas.look.style == "bars"
    assert other.window.links.group("chart-2") == ""


def test_what_is_kept_of_another_version_stops_nothing(room: Room, qtbot: QtBot) -> None:
    for nonsense in ("[]", "{", json.dumps({"chart": 7, "chart-2": {"symbol": 5, "timeframe": "soon", "setup": []}})):
        room.preferences.settings["charts"] = nonsense
        other = Room(qtbot, room.preferences)
        asyncio.run(other.charts.layouts.restore())
        other.acts(other.charts.show_kept)
        assert other.symbols()["chart"] in (" 1m", "AAPL 1m")


def test_templates_are_shared_by_all_charts_and_kept(room: Room) -> None:
    room.acts(room.charts.open)
    room.acts(lambda: room.panel("chart").studying.save("mine"))
    assert list(room.panel("chart-2").studying.templates) == ["mine"]
    assert "mine" in json.loads(room.preferences.settings["chart.templates"])


def test_a_picture_goes_to_the_exports_and_nowhere_without_the_permission(room: Room) -> None:
    clipboard = QApplication.clipboard()
    clipboard.clear()
    room.exports.refused = True
    with pytest.raises(NotPermitted):
        room.acts(lambda: room.panel("chart").do("snapshot"))
    assert clipboard.pixmap().isNull()
    room.exports.refused = False
    room.acts(lambda: room.panel("chart").do("snapshot"))
    assert room.exports.kept == ["AAPL_1m"]
    assert not clipboard.pixmap().isNull()
    assert room.told[-1].startswith("Snapshot of AAPL 1m: AAPL_1m.png")


@pytest.mark.parametrize("name", ["", "  ", "x" * 41, "a\nb", "last"])
def test_a_layout_s_name_that_cannot_be_used_is_told_in_a_sentence(name: str) -> None:
    with pytest.raises(BadInput, match="name of up to 40"):
        checked_name(name)
    assert checked_name(" Morning ") == "Morning"

"""Several charts in a person's hands: what comes late, what is typed where, what a replay leaves behind, and what is kept."""

import asyncio
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.events import BarsAmended
from qv_desktop.domain.market import SECOND, Adjustment, Bar, Timeframe, utc
from qv_desktop.services.history import Loaded
from qv_desktop.ui import theme
from qv_desktop.wiring.exporting import ExportWiring
from tests.services.a_market import T0
from tests.wiring.test_charts import COUNT, Room

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
FOUR = ["chart", "chart-2", "chart-3", "chart-4"]


@pytest.fixture
def room(qtbot: QtBot, qapp: QApplication) -> Iterator[Room]:
    """A window in view with a chart of AAPL."""
    theme.apply(qapp)
    room = Room(qtbot)
    with qtbot.waitExposed(room.window):
        room.window.show()
    room.acts(lambda: room.pick("chart", "AAPL"))
    yield room
    for chart in room.charts:
        room.acts(chart.replaying.stop)


def four(room: Room) -> None:
    """Two charts of AAPL in blue, two of MSFT in green."""
    room.acts(lambda: room.window.switch_workspace("charts"))
    for name in FOUR[2:]:
        room.acts(lambda name=name: room.panel(name).link_chosen.emit("green"))
    room.acts(lambda: room.pick("chart-3", "MSFT"))


def goes_back(room: Room, index: int = 50) -> int:
    """The first chart replays from this bar on; its start (ns)."""
    series = room.charts.first.panel.canvas.series
    assert series is not None
    start = int(series.starts[index])
    room.acts(lambda: room.panel("chart").replay_asked.emit(start))
    assert room.charts.first.replaying.on
    return start


def test_charts_are_in_view_again_after_a_restart(room: Room, qtbot: QtBot) -> None:
    four(room)
    asyncio.run(room.charts.layouts.save())
    other = Room(qtbot, room.preferences)
    with qtbot.waitExposed(other.window):
        other.window.show()
    asyncio.run(other.charts.layouts.restore())
    other.acts(other.charts.show_kept)
    assert other.symbols() == room.symbols()
    qtbot.waitUntil(lambda: all(other.panel(name).isVisible() for name in FOUR))
    assert other.window.links.symbol("green") == "MSFT"


def test_a_named_layout_shows_what_was_kept_whatever_the_groups_show_by_now(room: Room) -> None:
    four(room)
    before = room.symbols()
    words = {**json.loads(room.window.save_layout()), "charts": room.charts.setups()}
    room.preferences.layouts["Mine"] = json.dumps(words).encode()
    room.acts(lambda: room.charts.close("chart-2"))
    room.acts(lambda: room.pick("chart-3", "KO"))
    room.acts(lambda: room.pick("chart", "KO"))
    room.acts(lambda: room._coroutines.append(room.charts.layouts._open("Mine")))
    assert room.symbols() == before
    assert room.window.links.symbol("green") == "MSFT"


def test_what_is_chosen_in_the_palette_is_for_the_chart_that_was_in_use(room: Room, qtbot: QtBot) -> None:
    room.acts(room.charts.open)
    room.window.activateWindow()
    room.window.raise_panel("chart-2")
    qtbot.waitUntil(lambda: room.window.focused_panel() == "chart-2")
    room.window.open_palette("K")
    assert room.window.focused_panel() == ""
    assert room.charts.active.name == "chart-2"
    room.acts(lambda: room.charts.close("chart-2"))
    assert room.charts.active.name == "chart"


def test_prices_of_another_adjustment_that_come_late_are_not_shown(room: Room) -> None:
    chart, gates = room.charts.first, {name: asyncio.Event() for name in ("all", "raw")}

    async def latest(symbol: str, frame: Timeframe, count: int, until: datetime, adjustment: Adjustment) -> Loaded:
        await gates[adjustment].wait()
        price = {"raw": 10.0, "all": 5.0}[adjustment]
        starts = [T0 + n * 60 * SECOND for n in range(30)]
        return Loaded([Bar(symbol, start, price, price, price, price, 1) for start in starts], True, "")

    async def scenario() -> None:
        room.history.latest = latest  # type: ignore[method-assign, assignment]
        loads = list[asyncio.Task[Any]]()
        for adjustment in ("all", "raw"):
            chart.panel.adjustment_chosen.emit(adjustment)
            loads += [asyncio.ensure_future(work) for work in room._coroutines]
            room._coroutines.clear()
            await asyncio.sleep(0)
        gates["raw"].set()
        await asyncio.sleep(0.01)
        gates["all"].set()
        await asyncio.gather(*loads)
        for work in room._coroutines:
            work.close()
        room._coroutines.clear()

    asyncio.run(scenario())
    series = chart.panel.canvas.series
    assert series is not None
    assert (chart.adjustment, series.live.close) == ("raw", 10.0)


def test_a_chart_of_many_bars_is_read_again_after_a_rest(room: Room) -> None:
    chart, amended = room.charts.first, BarsAmended("AAPL", utc(T0), utc(T0 + SECOND))
    asked = len(room.history.asked)
    room.acts(lambda: room.bus.publish(amended))
    assert len(room.history.asked) == asked + 1
    chart._rest_until = float("inf")
    for _ in range(5):
        room.acts(lambda: room.bus.publish(amended))
    room.acts(room.charts.tick)
    assert len(room.history.asked) == asked + 1
    chart._rest_until = 0.0
    room.acts(room.charts.tick)
    room.acts(room.charts.tick)
    assert len(room.history.asked) == asked + 2  # once for all five


# ---- replay


def test_a_replay_is_not_disturbed_by_its_group_and_follows_it_once_it_is_left(room: Room) -> None:
    goes_back(room)
    room.acts(lambda: room.pick("watchlist", "MSFT"))
    assert (room.charts.first.symbol, room.charts.first.replaying.on) == ("AAPL", True)
    room.acts(room.panel("chart").replay_left.emit)
    assert room.symbols()["chart"] == "MSFT 1m"


def test_the_tab_and_the_window_say_that_a_chart_shows_the_past(room: Room) -> None:
    goes_back(room)
    assert room.window.docks.titles["chart"].startswith("REPLAY · AAPL")
    assert "REPLAY" in room.window.windowTitle()
    room.acts(room.panel("chart").replay_left.emit)
    assert room.window.docks.titles["chart"].startswith("AAPL")
    assert "REPLAY" not in room.window.windowTitle()


def test_a_replay_that_is_left_while_no_vendor_answers_leaves_no_old_bars_as_if_they_were_new(room: Room) -> None:
    goes_back(room)

    async def down(*_: object) -> Loaded:
        raise FeedDown("Polygon cannot be reached.")

    room.history.latest = down  # type: ignore[method-assign, assignment]
    room.acts(room.panel("chart").replay_left.emit)
    assert room.panel("chart").canvas.series is None
    assert room.panel("chart").text().startswith("Polygon cannot be reached. It is tried again")


def test_another_adjustment_ends_a_replay(room: Room) -> None:
    goes_back(room)
    room.acts(lambda: room.panel("chart").adjustment_chosen.emit("raw"))
    series = room.panel("chart").canvas.series
    assert not room.charts.first.replaying.on
    assert series is not None
    assert len(series) == COUNT


# ---- comparing


def test_comparisons_are_loaded_again_only_when_the_chart_has_other_bars(room: Room) -> None:
    room.acts(lambda: room.panel("chart").compare_asked.emit("MSFT"))
    room.history.asked.clear()
    room.acts(lambda: room.bus.publish(BarsAmended("AAPL", utc(T0), utc(T0 + SECOND))))
    assert [symbol for symbol, _, _ in room.history.asked] == ["AAPL"]
    room.acts(lambda: room.bus.publish(BarsAmended("MSFT", utc(T0), utc(T0 + SECOND))))
    room.acts(lambda: room.panel("chart").timeframe_chosen.emit("5m"))
    assert [symbol for symbol, _, _ in room.history.asked] == ["AAPL", "MSFT", "AAPL", "MSFT"]


def test_what_is_compared_is_wanted_less_than_what_may_cost_money(room: Room) -> None:
    market = room.floor.market
    room.acts(lambda: room.panel("chart").compare_asked.emit("MSFT"))
    market.watch("positions", ["KO"])
    market.watch("watchlist", ["SPY"])
    assert market.wanted == ("AAPL", "KO", "MSFT", "SPY")


# ---- exports


def test_a_further_charts_bars_are_exported_as_it_shows_them(
    room: Room, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = list[tuple[str, str, str]]()

    async def between(
        symbol: str, frame: Timeframe, start: datetime, end: datetime, adjustment: Adjustment
    ) -> list[Bar]:
        return [Bar(symbol, T0, 1, 1, 1, 1, 1)]

    async def bars(symbol: str, frame: Timeframe, bars: list[Bar], form: str, adjustment: Adjustment) -> Path:
        written.append((symbol, str(frame), adjustment))
        return Path("bars.csv")

    room.history.between = between  # type: ignore[attr-defined]
    room.exports.bars = bars  # type: ignore[attr-defined]
    ExportWiring(room.charts._desk, room.charts.get)
    room.acts(room.charts.open)
    room.acts(lambda: room.panel("chart-2").timeframe_chosen.emit("1h"))
    room.acts(lambda: room.panel("chart-2").adjustment_chosen.emit("raw"))
    room.window.activateWindow()
    room.window.raise_panel("chart-2")
    qtbot.waitUntil(lambda: room.window.focused_panel() == "chart-2")
    room.acts(lambda: room.window.command.emit("export"))
    assert written == [("AAPL", "1h", "raw")]

"""A backtest's trades come onto the right chart, with prices adjusted as the run's were, as far back as there are bars."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.domain.market import SECOND, Bar, Timeframe, bar_start, ns
from qv_desktop.services.history import Loaded
from qv_desktop.ui import theme
from qv_desktop.wiring.run_marks import marked
from tests.a_run import SPEC, a_run
from tests.wiring.test_charts import Room

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
HOUR = 3600 * SECOND
KEPT = 2_000  # bars that the store holds


class History:
    """As many bars as are asked for, up to what the store holds."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, int, str]] = []

    async def latest(
        self, symbol: str, frame: Timeframe, count: int, until: datetime, adjustment: str = "split"
    ) -> Loaded:
        self.asked.append((symbol, str(frame), count, adjustment))
        last = bar_start(ns(until), frame)
        starts = [last - place * frame.seconds * SECOND for place in range(min(count, KEPT), 0, -1)]
        await asyncio.sleep(0.001)
        return Loaded([Bar(symbol, start, 300.0, 331.0, 280.0, 310.0, 5.0) for start in starts], True, "")


@pytest.fixture
def room(qtbot: QtBot, qapp: QApplication) -> Room:
    theme.apply(qapp)
    room = Room(qtbot)
    room.acts(lambda: room.pick("chart", "KO"))
    room.history = cast(Any, History())
    room.charts._desk.services.history = room.history  # type: ignore[misc]
    return room


def together(room: Room, act: Callable[[], object]) -> None:
    """Do something, and let what it spawned run side by side to its end."""

    async def through() -> None:
        running: list[asyncio.Future[object]] = []
        room.charts._desk.tasks.spawn = lambda work, *_: running.append(asyncio.ensure_future(work))  # type: ignore[method-assign,assignment,func-returns-value]
        act()
        while running:
            await running.pop(0)

    asyncio.run(through())


def a_result(room: Room, hours_ago: tuple[int, ...] = (400, 90, 20), adjustment: str = "split") -> BacktestResult:
    """Trades of ten hours each, that began so many hours ago."""
    now, symbol = bar_start(ns(room.floor.clock.market()), Timeframe(1, "h")), "AAPL"
    trades = tuple(
        replace(a_run().trades[1], entered=now - hours * HOUR, left=now - (hours - 10) * HOUR, symbol=symbol, bars=10)
        for hours in hours_ago
    )
    spec = replace(SPEC, symbols=(symbol,), timeframe="1h", adjustment=cast(Any, adjustment))
    return replace(a_run(spec=spec), trades=trades)


def ask(room: Room, run: BacktestResult, number: int = 0) -> None:
    together(room, lambda: room.panels.backtests.chart_asked.emit(run, number))


def test_the_active_chart_shows_the_runs_symbol_timeframe_and_newest_trade(room: Room) -> None:
    ask(room, a_result(room))
    panel = room.panel("chart")
    assert room.symbols() == {"chart": "AAPL 1h"}
    assert panel.canvas.marks is not None
    assert panel.canvas.marks.chosen == 3
    assert panel.marks_bar.count.text() == "3 / 3"
    assert "sma_cross v3 · AAPL 1h" in panel.marks_bar.words.text()
    assert room.told == []


def test_a_chart_that_shows_the_symbol_and_timeframe_already_is_taken(room: Room) -> None:
    together(room, room.charts.open)
    together(room, lambda: room.panel("chart-2").link_chosen.emit("green"))
    together(room, lambda: room.charts.get("chart-2").show("AAPL", Timeframe(1, "h")))  # type: ignore[union-attr]
    ask(room, a_result(room))
    assert room.panel("chart-2").canvas.marks is not None
    assert room.panel("chart").canvas.marks is None
    assert room.symbols() == {"chart": "KO 1m", "chart-2": "AAPL 1h"}


def test_prices_are_adjusted_as_the_runs_were(room: Room) -> None:
    ask(room, a_result(room, adjustment="all"))
    assert {asked[3] for asked in room.history.asked if asked[0] == "AAPL"} == {"all"}  # type: ignore[misc]
    assert room.panel("chart").setup()["adjustment"] == "all"


def test_bars_are_loaded_back_to_an_old_trade(room: Room) -> None:
    ask(room, a_result(room, (1_500, 90, 20)), 1)
    panel = room.panel("chart")
    assert panel.canvas.marks is not None
    assert panel.canvas.marks.chosen == 1
    stage = panel.canvas.stage()
    assert stage is not None
    first, last = stage.view.window(len(stage.series))
    assert int(stage.series.starts[first]) <= panel.canvas.marks.trades[0].entered <= int(stage.series.starts[last - 1])
    assert max(asked[2] for asked in room.history.asked) >= 1_500  # type: ignore[index]
    assert room.told == []


def test_a_trade_before_all_bars_is_told(room: Room) -> None:
    ask(room, a_result(room, (KEPT + 500, 20)), 1)
    assert room.told == [
        "A trade is not on the chart: The chart of AAPL 1h has no bars back to that trade; load or import them."
    ]
    assert room.panel("chart").canvas.marks is not None


def test_from_trade_to_trade_and_away(room: Room) -> None:
    ask(room, a_result(room))
    panel = room.panel("chart")
    together(room, panel.marks_bar.before.click)
    assert panel.marks_bar.count.text() == "2 / 3"
    panel.marks_bar.away.click()
    assert panel.canvas.marks is None
    assert panel.marks_bar.isHidden()
    together(room, lambda: panel.trade_asked.emit(1))
    assert panel.canvas.marks is None


def test_only_the_trades_of_the_charts_symbol_are_drawn_and_keep_their_numbers() -> None:
    run = a_run()
    found = marked(run, "QQQ")
    assert [trade.number for trade in found.trades] == [1, 4, 7, 10]
    assert found.words(4)[0] == "#4 LONG 10.5 QQQ"


def test_a_run_of_an_earlier_version_names_no_symbol_in_its_trades() -> None:
    run = a_run()
    run = replace(run, trades=tuple(replace(trade, symbol="") for trade in run.trades))
    assert len(marked(run, "SPY").trades) == 12

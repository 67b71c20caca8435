"""Four charts in two link groups, as a trader uses them: followed, replayed, kept, and there again in the next sitting."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from qv_desktop.ui.layout_dialog import LayoutDialog
from qv_desktop.wiring.chart import ChartWiring
from tests.simulator.process import Simulator
from tests.stories import program
from tests.stories.driver import Sitting, sitting

FOUR = ["chart", "chart-2", "chart-3", "chart-4"]
MARKET = ("--seed", "3", "--speed", "5")


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """One person's home for both sittings."""
    with program.a_home() as folder:
        yield folder


def charts(person: Sitting) -> dict[str, ChartWiring]:
    return {chart.name: chart for chart in person.starting.market.charts}


def shows(person: Sitting, *symbols: str) -> bool:
    """Whether the charts show bars of these symbols, in their order."""
    series = [chart.panel.canvas.series for chart in charts(person).values()]
    return [one.symbol if one is not None else "" for one in series] == list(symbols)


def test_four_charts_in_two_groups(qapp: QApplication, simulator: Simulator, home: Path) -> None:
    with sitting(qapp, simulator, home) as person:

        async def scenario() -> None:
            window = person.desk.window
            await person.ready()
            window.activateWindow()
            QTest.keyClick(window, Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
            await person.sees(lambda: list(charts(person)) == FOUR and shows(person, *["SPY"] * 4))
            for name in FOUR[2:]:
                window.links.join(name, "green")
            charts(person)["chart-3"].panel.symbol_asked.emit("AAPL")
            await person.sees(lambda: shows(person, "SPY", "SPY", "AAPL", "AAPL"))
            person.desk.panels.watchlist.symbol_chosen.emit("MSFT")
            await person.sees(lambda: shows(person, "MSFT", "MSFT", "AAPL", "AAPL"))
            assert [str(chart.frame) for chart in charts(person).values()] == ["1m", "5m", "1h", "1D"]
            await replays(person)
            await saves(person, "Two groups")

        person.do(scenario())
    with sitting(qapp, simulator, home) as again:

        async def next_day() -> None:
            await again.ready()
            await again.sees(lambda: list(charts(again)) == FOUR and shows(again, "MSFT", "MSFT", "AAPL", "AAPL"))
            assert [str(chart.frame) for chart in charts(again).values()] == ["1m", "5m", "1h", "1D"]
            assert [again.desk.window.links.group(name) for name in FOUR] == ["blue", "blue", "green", "green"]
            assert again.desk.window.docks.workspace == "charts"
            user = again.desk.services.login.session
            assert user is not None
            assert "Two groups" in await again.desk.services.preferences.workspaces(user.user.id)

        again.do(next_day())


def live(person: Sitting, name: str) -> int:
    series = charts(person)[name].panel.canvas.series
    return series.live.start if series is not None else 0


async def replays(person: Sitting) -> None:
    """Half an hour ago on the second chart, a few bars on by themselves, and back to now; the first goes on meanwhile."""
    chart, first = charts(person)["chart-2"], charts(person)["chart"]
    series = chart.panel.canvas.series
    assert series is not None
    begun, newest = (
        int(series.starts[-7]),
        int(series.starts[-2]),
    )  # the last may have just begun, and the past holds none of it
    chart.panel.replay_asked.emit(begun)
    await person.sees(lambda: chart.replaying.on and live(person, "chart-2") == begun)
    assert person.desk.window.docks.titles["chart-2"].startswith("REPLAY")
    before = live(person, "chart")
    chart.panel.replay_speed_chosen.emit(20.0)
    chart.panel.replay_played.emit(True)
    await person.sees(lambda: live(person, "chart-2") >= newest)
    await person.sees(lambda: live(person, "chart") > before)
    assert not first.replaying.on
    chart.panel.replay_left.emit()
    await person.sees(lambda: not chart.replaying.on and live(person, "chart-2") >= newest)


async def saves(person: Sitting, name: str) -> None:
    """The layout under a name, by its keys."""
    window = person.desk.window
    window.activateWindow()
    QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    await person.sees(lambda: any(dialog.isVisible() for dialog in window.findChildren(LayoutDialog)))
    dialog = window.findChildren(LayoutDialog)[0]
    QTest.keyClicks(dialog.name, name)
    QTest.keyClick(dialog.name, Qt.Key.Key_Return)
    await person.sees(lambda: not any(dialog.isVisible() for dialog in window.findChildren(LayoutDialog)))

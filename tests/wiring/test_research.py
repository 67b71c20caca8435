"""From the palette and the form to a run: what the form says is asked for once, and why it was not is said in the panel."""

import asyncio
import os
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any, cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qv_desktop import wiring
from qv_desktop.domain.backtests import BacktestSpec
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.events import BacktestFinished, BacktestProgressed
from qv_desktop.services.bus import Bus
from qv_desktop.strategies.built_in import built_in
from qv_desktop.ui import theme
from qv_desktop.ui.main_window import MainWindow
from qv_desktop.wiring import Desk
from qv_desktop.wiring.research import ResearchWiring
from tests.a_run import a_run
from tests.builders import NOW
from tests.wiring.test_charts import Preferences

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


class Backtests:
    """Notes what is asked for; answers with a run, or refuses."""

    def __init__(self, bus: Bus) -> None:
        self._bus, self.asked, self.refusal = bus, list[BacktestSpec](), ""

    async def run(self, spec: BacktestSpec) -> object:
        self.asked.append(spec)
        if self.refusal:
            raise BadInput(self.refusal)
        self._bus.publish(BacktestProgressed("r1", 0.5, "simulating"))
        result = a_run("r1", spec=spec)
        self._bus.publish(BacktestFinished(result))
        return result


class Room:
    """A window with every panel, and what the wiring spawned."""

    def __init__(self, qtbot: QtBot) -> None:
        self.panels = asyncio.run(wiring.panels("0123456789", lambda: asyncio.sleep(0)))
        self.window, self.bus = MainWindow(self.panels.by_name()), Bus()
        qtbot.addWidget(self.window)
        self.backtests, self.told, self._work = Backtests(self.bus), list[str](), list[Coroutine[Any, Any, Any]]()
        services = SimpleNamespace(
            bus=self.bus, backtests=self.backtests, login=SimpleNamespace(may=lambda permission: False, session=None),
            preferences=Preferences(),
            notices=SimpleNamespace(tell=lambda *words: self.told.append(f"{words[1]}: {words[2]}")),
        )  # fmt: skip
        tasks = SimpleNamespace(spawn=self._work.append)
        self.research = ResearchWiring(Desk(cast(Any, services), self.panels, self.window, cast(Any, tasks)))
        self.panel = self.panels.backtests
        self.panel.show_strategies(built_in(NOW))

    def acts(self, act: Any) -> None:
        async def through() -> None:
            act()
            while self._work:
                await self._work.pop(0)

        asyncio.run(through())


@pytest.fixture
def room(qtbot: QtBot, qapp: QApplication) -> Room:
    theme.apply(qapp)
    return Room(qtbot)


def test_the_palette_runs_what_the_form_says(room: Room) -> None:
    room.panel.form.symbol.setText("KO")
    room.acts(lambda: room.window.command.emit("backtests.run"))
    assert [spec.symbols for spec in room.backtests.asked] == [("KO",)]
    assert room.panel._run is not None
    assert room.panel._run.id == "r1"
    assert room.told[0].startswith("Backtest of ")


def test_a_form_that_cannot_be_read_asks_for_nothing_and_says_why(room: Room) -> None:
    room.panel.form.symbol.setText("")
    room.acts(lambda: room.window.command.emit("backtests.run"))
    assert room.backtests.asked == []
    assert "Type a symbol" in room.panel._step.text()


def test_a_refusal_is_said_and_the_form_is_ready_again(room: Room) -> None:
    room.backtests.refusal = "SPY has only 12 bars of 1D in that range; choose a longer one."
    room.acts(room.panel.ask)
    assert room.panel._step.text() == room.backtests.refusal
    assert not room.panel._run_button.isHidden()


def test_a_strategy_that_is_chosen_elsewhere_comes_into_the_form(room: Room) -> None:
    room.acts(lambda: room.panels.strategies.backtest_asked.emit("rsi_reversion"))
    assert room.panel.form.strategy.currentText() == "rsi_reversion"

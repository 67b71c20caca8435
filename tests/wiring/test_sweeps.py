"""A sweep through the real panel, workers and database: run, tested, kept and read again; and code that looks ahead is caught."""

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qv_desktop import paths
from qv_desktop.adapters.compute.pool import BacktestPool
from qv_desktop.adapters.compute.prefix_checks import PrefixChecks
from qv_desktop.adapters.compute.sweep_backtests import BacktestSweeps
from qv_desktop.adapters.compute.sweep_pool import LocalSweeps
from qv_desktop.adapters.db.backtests import BacktestStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.sweeps import SweepStore
from qv_desktop.adapters.db.validations import LookAheadStore, ValidationStore
from qv_desktop.domain.access import Role
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.backtests import BacktestSpec, RunData
from qv_desktop.domain.events import BacktestFinished
from qv_desktop.domain.market import SECOND, Bar
from qv_desktop.services.backtests import Backtests
from qv_desktop.services.bus import Bus
from qv_desktop.services.look_ahead import LookAheads
from qv_desktop.services.sweeps import Sweeps
from qv_desktop.services.validation import Validations
from qv_desktop.strategies.built_in import built_in
from qv_desktop.ui import theme
from qv_desktop.ui.main_window import MainWindow
from qv_desktop.ui.panels.backtests import BacktestsPanel
from qv_desktop.ui.panels.strategies import StrategiesPanel
from qv_desktop.ui.panels.sweeps import SweepsPanel
from qv_desktop.ui.tasks import Tasks
from qv_desktop.wiring import Desk
from qv_desktop.wiring.look_ahead import LookAheadWiring
from qv_desktop.wiring.research import ResearchWiring
from qv_desktop.wiring.sweeps import SweepsWiring
from tests.builders import NOW
from tests.services.test_authoring import Desk as Terminal

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
DAY = 86_400 * SECOND
PATIENCE = 240.0  # seconds: a first worker compiles
PEEKS = """import numpy as np
from qv_desktop.domain.strategies import Parameter
TITLE = "Knows tomorrow"
PARAMS = (Parameter("size", 1, 1, 9),)


def signals(bars, params):
    rises = np.concatenate((bars.close[1:] > bars.close[:-1] * 1.01, [False]))
    return rises, ~rises
"""


def days(count: int = 1_500) -> tuple[Bar, ...]:
    rng = np.random.default_rng(5)
    close = 100 * np.exp(np.cumsum(rng.normal(0.0003, 0.011, count)))
    opens = np.concatenate(([100.0], close[:-1]))
    return tuple(Bar("SPY", (14_610 + i) * DAY, o, max(o, c) * 1.002, min(o, c) * 0.998, c, 1e6)
                 for i, (o, c) in enumerate(zip(opens.tolist(), close.tolist(), strict=True)))  # fmt: skip


class Bench:
    """One person's window with the panels of research, and all that is behind them."""

    def __init__(
        self, database: Database, qtbot: QtBot, bars: tuple[Bar, ...], size: tuple[int, int] = (1400, 700)
    ) -> None:
        self.terminal, self.bus, self.told = Terminal(database, "maria", Role.ADMIN), Bus(), list[tuple[str, str]]()
        self.failures: list[BaseException] = []
        login, trail, strategies = self.terminal.login, self.terminal.trail, self.terminal.strategies
        self.pool = BacktestPool([sys.executable, "-m", "qv_desktop", "worker"], paths.compiled())

        async def read(spec: BacktestSpec, tell: object = None) -> RunData:
            return RunData({"SPY": bars})

        async def bars_of(spec: BacktestSpec) -> tuple[Mapping[str, Sequence[Bar]], tuple[str, ...]]:
            return {"SPY": bars}, ()

        async def note(draft: Draft) -> None:
            await trail.append(draft)

        publish = self.bus.publish
        data = cast(Any, SimpleNamespace(read=read))
        backtests = Backtests(
            self.pool, BacktestStore(database, trail), strategies, data, login, publish, note, lambda: NOW
        )
        local = LocalSweeps(self.pool, 1024, BacktestSweeps(self.pool))
        sweeps = Sweeps(local, SweepStore(database, trail), strategies, data, login, publish, note)
        validations = Validations(
            sweeps.read, backtests.trial, ValidationStore(database, trail), login, publish, note, lambda: NOW
        )
        checks = LookAheads(PrefixChecks(self.pool, lambda: NOW), LookAheadStore(database, trail), strategies.at,
                            strategies.require_consent, bars_of, login, publish, lambda: NOW)  # fmt: skip
        self.sweeps, self.backtests, self.strategies = SweepsPanel(), BacktestsPanel(), StrategiesPanel()
        self.window = MainWindow({"sweeps": self.sweeps, "backtests": self.backtests, "strategies": self.strategies})
        qtbot.addWidget(self.window)
        self.window.resize(*size)
        services = SimpleNamespace(
            login=login, bus=self.bus, strategies=strategies, sweeps=sweeps, validations=validations, look_aheads=checks,
            backtests=backtests, clock=SimpleNamespace(market=lambda: NOW), authoring=self.terminal.authoring,
            notices=SimpleNamespace(tell=lambda urgency, title, words, key, **_: self.told.append((title, words))),
        )  # fmt: skip
        panels = SimpleNamespace(sweeps=self.sweeps, backtests=self.backtests, strategies=self.strategies,
                                 ticket=SimpleNamespace(show_strategies=lambda names: None))  # fmt: skip
        self.desk = Desk(cast(Any, services), cast(Any, panels), self.window, Tasks(self.failures.append))
        self.services = services

    async def starts(self) -> None:
        await self.terminal.strategies.load(built_in(NOW))
        self.wiring, self.look_ahead = SweepsWiring(self.desk), LookAheadWiring(self.desk)
        self.research = ResearchWiring.__new__(
            ResearchWiring
        )  # what runs a backtest that is asked for, without the list of runs
        self.research._desk = self.desk
        self.backtests.run_asked.connect(self.research._run)
        self.bus.subscribe(BacktestFinished, lambda event: self.backtests.show_result(event.result))
        await self.wiring.start()
        await self.look_ahead.start()
        form = self.sweeps.form
        form.show_days(date(2010, 1, 2), date(2016, 1, 2))
        form.strategy.setCurrentText("sma_cross")
        for name, texts in {"fast": ("3", "21", "3"), "slow": ("20", "80", "10")}.items():
            for field, text in zip(form.ranges[name], texts, strict=True):
                field.setText(text)
        form.count()

    async def sees(self, what: Callable[[], object]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not what():
                QApplication.processEvents()
                await asyncio.sleep(0.02)
        QApplication.processEvents()
        assert not self.failures, self.failures

    async def ends(self) -> None:
        await self.pool.close()
        for timer in (self.strategies.page._lint, self.strategies.page._draft):
            timer.stop()


type Story = Callable[[Bench], Coroutine[Any, Any, None]]


def tell(database: Database, qtbot: QtBot, story: Story, bars: tuple[Bar, ...] | None = None) -> None:
    async def whole() -> None:
        bench = Bench(database, qtbot, bars or days())
        await bench.starts()
        try:
            await story(bench)
        finally:
            await bench.ends()

    asyncio.run(whole())


async def looks_ahead(bench: Bench) -> None:
    """Code that looks ahead is named after its first run, and the same run is not checked again."""
    before = len([row for row in bench.terminal.rows if row.draft.action == "strategy.look_ahead"])
    made = await bench.terminal.authoring.create("knows_tomorrow", PEEKS)
    await bench.terminal.strategies.consent(made)
    spec = BacktestSpec(made.name, made.version, ("SPY",), "1D", date(2010, 1, 2), date(2016, 1, 2), (("size", 1.0),))

    def warned() -> int:
        return len([title for title, _ in bench.told if "cannot be believed" in title])

    bench.backtests.run_asked.emit(spec)
    await bench.sees(lambda: warned() == 1)
    found = await bench.services.look_aheads.of([made.code_hash])
    assert (len(found), found[0].outcome) == (1, "fails")
    assert bench.backtests.equity.look_ahead.text() == f"looks ahead at bar {found[0].bar + 1:,}"
    bench.backtests.run_asked.emit(spec)
    await bench.sees(lambda: warned() == 2)
    assert len([row for row in bench.terminal.rows if row.draft.action == "strategy.look_ahead"]) == before + 1


def test_a_sweep_from_the_form_to_a_verdict_and_back_from_the_store(
    qtbot: QtBot, qapp: QApplication, database: Database
) -> None:
    theme.apply(qapp)

    async def story(bench: Bench) -> None:
        panel = bench.sweeps
        assert panel._counted.text() == "48 combinations"
        panel._run.click()
        await bench.sees(lambda: panel.sweep)
        assert panel.rows.rows_model.rowCount() == 48
        assert "48 combinations of 1,500 bars" in panel._said.text()
        first = panel.sweep
        for card, word in ((panel.validation.overfitting, "PBO"), (panel.validation.walk, "out of sample"),
                           (panel.validation.folds, "Choosing"), (panel.validation.trades, "history")):  # fmt: skip
            card.button.click()
            await bench.sees(lambda card=card: card._verdict.text())
            assert word in card._verdict.text(), card._verdict.text()
            await bench.sees(lambda card=card: card.button.isEnabled())
        assert "PBO" in panel.strip._verdict.text()
        sentence, line = panel.strip._verdict.text(), panel.validation.walk._verdict.text()
        await bench.sees(lambda: panel._kept.rows() and panel._kept.rows()[0].sentence == sentence)
        # the best combination by itself, and the check that follows by itself
        panel.strip._open.click()
        await bench.sees(lambda: bench.backtests.equity.look_ahead.text() == "no look-ahead found")
        assert any(badge.words == "passed" for badge in bench.strategies._badges.values())
        # another sweep in view, and back
        panel.form.ranges["fast"][1].setText("6")
        panel.form.count()
        panel._run.click()
        await bench.sees(lambda: panel.sweep not in ("", first))
        assert "Not tested" in panel.strip.text()
        panel.kept.select_key(first)
        await bench.sees(lambda: panel.sweep == first and panel.strip._verdict.text() == sentence)
        assert panel.validation.walk._verdict.text() == line
        await looks_ahead(bench)
        # each left its record
        actions = {row.draft.action: row.draft.outcome for row in bench.terminal.rows}
        assert actions["sweep.run"] == actions["validation.run"] == actions["strategy.look_ahead"] == "ok"

    tell(database, qtbot, story)

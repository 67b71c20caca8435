"""Stored runs in the real panel over a real database: read, starred, compared, repeated, exported, deleted; and what the form keeps."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qv_desktop.adapters.db.backtests import BacktestStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.preferences import Preferences
from qv_desktop.adapters.db.watchlists import Watchlists as WatchlistStore
from qv_desktop.adapters.reports.backtests import BacktestReports
from qv_desktop.domain.access import Role
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec, RunData
from qv_desktop.domain.errors import BadInput, DatabaseDown
from qv_desktop.domain.strategies import Strategy
from qv_desktop.services.backtests import Backtests
from qv_desktop.services.bus import Bus
from qv_desktop.services.notices import Notices
from qv_desktop.services.run_exports import RunExports
from qv_desktop.services.watchlists import Watchlists
from qv_desktop.strategies.built_in import built_in
from qv_desktop.ui import theme
from qv_desktop.ui.main_window import MainWindow
from qv_desktop.ui.panels.backtests import BacktestsPanel
from qv_desktop.ui.tasks import Tasks
from qv_desktop.wiring import Desk
from qv_desktop.wiring.runs import PAGE, RunsWiring
from tests.a_run import SPEC, STARTED, a_run
from tests.builders import NOW
from tests.services.test_authoring import Desk as Terminal

pytestmark = [pytest.mark.qt_log_ignore("This plugin does not support"), pytest.mark.usefixtures("collected_here")]
ONE = replace(SPEC, version=1)
_days = count(1)  # each test's runs are later than those of the tests before it


class Engine:
    """Gives the same run each time, or one whose equity is another."""

    other, slow = False, False

    def __init__(self) -> None:
        self.cancelled: list[str] = []

    async def run(self, run: str, spec: BacktestSpec, strategy: Strategy, data: RunData, user: str,
                  progress: Callable[[float, str], None]) -> BacktestResult:  # fmt: skip
        while self.slow and run not in self.cancelled:  # noqa: ASYNC110 - a cancel is looked for, as a worker does
            await asyncio.sleep(0.001)
        if self.slow:
            raise BadInput("The backtest was cancelled.")
        made = a_run(run, spec=spec)
        return replace(made, equity=(1.0, *made.equity[1:])) if self.other else made

    async def cancel(self, run: str) -> None:
        self.cancelled.append(run)


class Data:
    """No bars are needed where the engine is told what comes out."""

    async def read(self, spec: BacktestSpec, tell: Callable[[float, str], None]) -> RunData:
        return RunData({})


class Seat:
    """The panel before one person, with all that is behind it."""

    def __init__(self, database: Database, role: Role, folder: Path, qtbot: QtBot, person: str = "") -> None:
        self.terminal = Terminal(database, person or f"p{uuid4().hex[:8]}", role)
        self.panel, self.engine, self.opened = BacktestsPanel(), Engine(), list[str]()
        self.store, bus = BacktestStore(database, self.terminal.trail), Bus()
        window = MainWindow({"backtests": self.panel})
        qtbot.addWidget(window)

        async def note(draft: Draft) -> None:
            await self.terminal.trail.append(draft)

        login, trail, strategies = self.terminal.login, self.terminal.trail, self.terminal.strategies
        backtests = Backtests(
            self.engine, self.store, strategies, cast(Any, Data()), login, bus.publish, note, lambda: NOW
        )
        self.lists = Watchlists(WatchlistStore(database), login, lambda symbol: True)
        self.services = SimpleNamespace(
            login=login, bus=bus, strategies=strategies, backtests=backtests, preferences=Preferences(database, trail),
            watchlists=self.lists, notices=Notices(bus.publish, lambda: NOW),
            run_exports=RunExports(backtests.read, BacktestReports(), login, trail, folder),
        )  # fmt: skip
        self.failed: list[BaseException] = []
        panels = cast(Any, SimpleNamespace(backtests=self.panel))
        self.desk = Desk(cast(Any, self.services), panels, window, Tasks(self.failed.append))
        self.wiring = RunsWiring(self.desk, lambda url: bool(self.opened.append(url)) or True)

    async def starts(self, *runs: BacktestResult) -> None:
        await self.terminal.strategies.load(built_in(NOW))
        self.panel.show_strategies(self.terminal.strategies.all())
        await self.lists.load(("SPY", "QQQ"))
        for run in runs:
            await self.store.save(run, Draft(self.terminal.login.actor, "backtest.run", "backtest", run.id))
        await self.wiring.start()
        await self.settled()

    async def settled(self) -> None:
        await asyncio.sleep(0)
        QApplication.processEvents()
        while running := asyncio.all_tasks() - {asyncio.current_task()}:
            await asyncio.gather(*running, return_exceptions=True)
            QApplication.processEvents()
        assert self.failed == []

    async def does(self, hand: Callable[[], object]) -> None:
        hand()
        await self.settled()

    def ids(self) -> list[str]:
        return [run.id for run in self.panel.runs.model.rows()]


type Told = Callable[[Callable[[], Coroutine[Any, Any, None]]], None]


@pytest.fixture
def seat(database: Database, qtbot: QtBot, qapp: QApplication, tmp_path: Path) -> Seat:
    theme.apply(qapp)
    return Seat(database, Role.ADMIN, tmp_path, qtbot)


def runs(count: int) -> list[BacktestResult]:
    """With ids of their own, newest last, later than those of other tests."""
    begun = STARTED + timedelta(days=next(_days))
    return [
        a_run(f"{i:03}-{uuid4().hex[:8]}", spec=ONE, started=begun + timedelta(minutes=i), bars=60)
        for i in range(count)
    ]


def test_the_newest_run_is_read_with_its_curves_when_it_is_chosen(seat: Seat) -> None:
    made = runs(3)

    async def story() -> None:
        await seat.starts(*made)
        shown = seat.panel._run
        assert shown is not None
        assert shown == await seat.store.read(seat.ids()[0])
        assert shown.whole
        await seat.does(lambda: seat.panel.runs.table.select_key(made[0].id))
        assert seat.panel._run is not None
        assert seat.panel._run.id == made[0].id
        assert seat.panel._run.trades == made[0].trades

    asyncio.run(story())


def test_a_star_and_a_note_are_stored_and_recorded(seat: Seat) -> None:
    made = runs(1)

    async def story() -> None:
        await seat.starts(*made)
        await seat.does(lambda: seat.panel.annotate_asked.emit(made[0].id, True, "the one to beat"))
        row = seat.panel.runs.model.get(made[0].id)
        assert row is not None
        assert (row.starred, row.remark) == (True, "the one to beat")
        stored = await seat.store.read(made[0].id)
        assert (stored.starred, stored.remark) == (True, "the one to beat")
        assert seat.terminal.actions()[-1] == ("backtest.annotate", made[0].id, "ok")

    asyncio.run(story())


def test_runs_are_compared_with_their_curves_and_trades(seat: Seat) -> None:
    one, two = runs(2)
    two = replace(two, spec=replace(ONE, parameters=(("fast", 5.0), ("slow", 30.0))), trades=two.trades[:4])

    async def story() -> None:
        await seat.starts(one, two)
        await seat.does(lambda: seat.panel.compare_asked.emit([one.id, two.id]))
        told = seat.panel.compare.shown
        assert told is not None
        assert [row.what for row in told.differences] == ["fast"]
        assert (told.shared[0].both, told.shared[0].only_one, told.shared[0].only_other) == (4, 8, 0)

    asyncio.run(story())


def test_a_run_is_repeated_and_its_verdict_shown_and_recorded(seat: Seat) -> None:
    made = runs(1)[0]
    made = replace(
        made,
        **{
            name: getattr(a_run(), name)
            for name in ("at", "equity", "benchmark", "drawdown", "exposure", "trades", "bars")
        },
    )

    async def story() -> None:
        await seat.starts(made)
        await seat.does(lambda: seat.panel.runs.table.select_key(made.id))
        await seat.does(lambda: seat.panel.rerun_asked.emit(made.id))
        assert seat.panel.record.verdict.text().startswith("The same numbers: ")
        seat.engine.other = True
        await seat.does(lambda: seat.panel.rerun_asked.emit(made.id))
        assert "Other numbers than then." in seat.panel.record.verdict.text()
        assert "equity differs from bar 1 on" in seat.panel.record.verdict.text()
        assert [action for action, id_, _ in seat.terminal.actions() if id_ == made.id][-2:] == ["backtest.rerun"] * 2

    asyncio.run(story())


def written(folder: Path) -> Path:
    return next(folder.glob("*.html"))


def test_a_repetition_can_be_cancelled(seat: Seat) -> None:
    made = runs(1)[0]

    async def story() -> None:
        await seat.starts(made)
        await seat.does(lambda: seat.panel.runs.table.select_key(made.id))
        seat.engine.slow = True
        seat.panel.rerun_asked.emit(made.id)
        while "reading" not in seat.panel.record.verdict.text() and not seat.services.backtests.running:  # noqa: ASYNC110 - the run has no event of its beginning
            await asyncio.sleep(0.001)
        await seat.does(lambda: seat.panel.rerun_cancel_asked.emit(made.id))
        assert seat.panel.record.verdict.text() == "It could not be repeated: The backtest was cancelled."
        assert seat.panel.record.again.text().startswith("Run again")

    asyncio.run(story())


def test_a_run_is_exported_recorded_and_opened(seat: Seat, tmp_path: Path) -> None:
    made = runs(1)[0]

    async def story() -> None:
        await seat.starts(made)
        await seat.does(lambda: seat.panel.export_asked.emit(made.id, "html"))
        file = written(tmp_path)
        assert "sma_cross v1" in file.read_text("utf-8")
        assert seat.terminal.actions()[-1] == ("export.report", made.id, "ok")
        await seat.does(seat.panel._asking.yes.click)
        assert seat.opened == [file.absolute().as_uri()]
        file.unlink()
        await seat.does(lambda: seat.panel.open_asked.emit(file))
        assert "is not there any more" in seat.panel._asking.question.text()

    asyncio.run(story())


def test_runs_are_deleted_and_who_may_not_hears_why(
    seat: Seat, database: Database, qtbot: QtBot, tmp_path: Path
) -> None:
    made = runs(2)
    tom = Seat(database, Role.TRADER, tmp_path, qtbot)

    async def story() -> None:
        await seat.starts(*made)
        await tom.starts()
        await tom.does(lambda: tom.panel.delete_asked.emit([made[0].id]))
        assert "lacks “backtests: delete”" in tom.panel._asking.question.text()
        await seat.does(lambda: seat.panel.delete_asked.emit([made[0].id]))
        assert made[0].id not in seat.ids()
        await tom.does(lambda: tom.panel.runs.table.select_key(made[0].id))
        assert "somebody deleted it" in tom.panel._asking.question.text()
        assert made[0].id not in tom.ids()

    asyncio.run(story())


def test_older_runs_follow_when_they_are_asked_for(seat: Seat) -> None:
    made = runs(PAGE + 7)

    async def story() -> None:
        await seat.starts(*made)
        assert len(seat.ids()) == PAGE
        assert seat.panel.runs.has_more
        await seat.does(seat.panel.more_asked.emit)
        assert {run.id for run in made} <= set(seat.ids())
        await seat.wiring.show_runs()
        assert {run.id for run in made} <= set(seat.ids()), "a run that ends leaves them there"

    asyncio.run(story())


def test_the_form_comes_back_as_it_was_used_and_presets_with_it(
    database: Database, qtbot: QtBot, qapp: QApplication, tmp_path: Path
) -> None:
    theme.apply(qapp)
    person = f"p{uuid4().hex[:8]}"

    async def first() -> None:
        seat = Seat(database, Role.TRADER, tmp_path, qtbot, person)
        await seat.starts()
        form = seat.panel.form
        form.symbol.setText("Watchlist")
        form.exits["Stop loss, %"].setText("7")
        assert form.spec().symbols == ("SPY", "QQQ")
        await seat.does(lambda: seat.panel.form_used.emit(form.saved()))
        form.symbol.setText("IWM")
        await seat.does(lambda: seat.panel.preset_save_asked.emit("Small", form.saved()))

    async def second() -> None:
        seat = Seat(database, Role.TRADER, tmp_path, qtbot, person)
        await seat.starts()
        assert seat.panel.form.symbol.text() == "Watchlist"
        assert seat.panel.form.spec().stops.loss == 0.07
        assert seat.panel._presets["Small"]["symbols"] == "IWM"
        await seat.does(lambda: seat.panel.preset_delete_asked.emit("Small"))
        assert seat.panel._presets == {}

    asyncio.run(first())
    asyncio.run(second())


def test_a_watchlist_that_changes_is_known_to_the_form_at_once(seat: Seat) -> None:
    heard: list[str] = []
    seat.lists.changed = heard.append

    async def story() -> None:
        await seat.starts()
        await seat.lists.create("Tech", ("AAPL", "MSFT"))
        assert heard == ["Tech"], "whoever heard before hears still"
        seat.panel.form.symbol.setText("tech")
        assert seat.panel.form.spec().symbols == ("AAPL", "MSFT")

    asyncio.run(story())


def test_a_database_that_is_away_is_said_and_nothing_is_lost(seat: Seat) -> None:
    made = runs(1)

    async def story() -> None:
        await seat.starts(*made)
        await seat.does(lambda: seat.panel.compare_asked.emit([made[0].id, "nobody's"]))
        assert "not stored any more" in seat.panel._asking.question.text()
        assert seat.panel.compare.shown is None

    asyncio.run(story())


def test_a_run_that_could_not_be_read_is_read_when_it_is_chosen_again(seat: Seat) -> None:
    one, two = runs(2)

    async def story() -> None:
        await seat.starts(one, two)
        real, seat.services.backtests.read = seat.services.backtests.read, _away
        await seat.does(lambda: seat.panel.runs.table.select_key(one.id))
        assert "database is away" in seat.panel._asking.question.text()
        seat.services.backtests.read = real
        seat.panel.runs.table.clearSelection()
        await seat.does(lambda: seat.panel.runs.table.select_key(one.id))
        assert seat.panel._run is not None
        assert seat.panel._run.id == one.id

    asyncio.run(story())


async def _away(run: str) -> BacktestResult:
    raise DatabaseDown("The database is away; try again.")

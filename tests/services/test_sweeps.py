"""A sweep from the ask to the stored result over a real database and real workers: told, recorded, run again to the same bits."""

import asyncio
import math
import sys
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pytest

from qv_desktop import paths
from qv_desktop.adapters.compute.sweep_pool import LocalSweeps, sweep_pool
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.strategies import StrategyStore
from qv_desktop.adapters.db.strategy_notes import StrategyConsents, StrategyDrafts
from qv_desktop.adapters.db.sweeps import SweepStore
from qv_desktop.domain.access import Role
from qv_desktop.domain.audit import Entry
from qv_desktop.domain.backtests import BacktestSpec, RunData
from qv_desktop.domain.errors import BadInput, ConsentNeeded, NotPermitted
from qv_desktop.domain.events import SweepFailed, SweepFinished, SweepProgressed
from qv_desktop.domain.strategy_template import template
from qv_desktop.domain.sweep_axes import read_axis
from qv_desktop.domain.sweeps import SweepRow
from qv_desktop.services.authoring import Authoring
from qv_desktop.services.login import Login
from qv_desktop.services.strategies import Strategies
from qv_desktop.services.sweeps import Sweeps
from qv_desktop.strategies.built_in import built_in
from tests import fakes
from tests.adapters.compute.sweeping import BASE, SPEC, data_of, walk
from tests.builders import NOW, a_session


@dataclass
class Data:
    """The bars that there are."""

    held: RunData

    async def read(self, spec: BacktestSpec) -> RunData:
        return self.held


@dataclass
class Desk:
    """One terminal with a person before it, and two workers."""

    database: Database
    role: Role = Role.ADMIN
    rows: list[Entry] = field(default_factory=list)
    events: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.trail = AuditTrail(self.database, f"chain-{uuid4().hex[:8]}", "1", lambda: NOW, self.rows.append)
        session = a_session(self.role, "maria")
        self.login = Login(fakes.Users(session.user, session), self.trail, lambda: NOW, "host")
        self.login.session = session

        async def note(draft: Any) -> None:
            await self.trail.append(draft)

        store = StrategyStore(self.database, self.trail)
        self.strategies = Strategies(
            store, self.login, StrategyConsents(self.database, self.trail), self.events.append, note, lambda: NOW
        )
        self.authoring = Authoring(
            store, StrategyDrafts(self.database), self.strategies, self.login, self.trail, lambda: NOW
        )
        self.pool = sweep_pool([sys.executable, "-m", "qv_desktop", "worker"], paths.compiled(), 2)
        self.data = Data(replace(data_of(walk()), missing=("SPY lacks a day.",)))
        self.store = SweepStore(self.database, self.trail)
        self.sweeps = Sweeps(LocalSweeps(self.pool, 1024), self.store, self.strategies, self.data, self.login,  # type: ignore[arg-type]
                             self.events.append, note)  # fmt: skip

    def told(self) -> list[tuple[str, str]]:
        return [(row.draft.action, row.draft.outcome) for row in self.rows if row.draft.action.startswith("sweep.")]


def run[T](desk: Desk, work: Coroutine[Any, Any, T]) -> T:
    async def story() -> T:
        await desk.strategies.load(built_in(NOW))
        try:
            return await work
        finally:
            await desk.pool.close()

    return asyncio.run(story())


def spec_of(desk: Desk) -> Any:
    return replace(SPEC, base=replace(BASE, version=desk.strategies.named("sma_cross").version))


def test_a_sweep_is_told_stored_and_run_again_to_the_same_bits(database: Database) -> None:
    desk = Desk(database)

    async def story() -> None:
        found = await desk.sweeps.run(spec_of(desk), "run-1" + uuid4().hex[:6])
        news = [event for event in desk.events if isinstance(event, SweepProgressed)]
        assert news[0].done == 0
        assert news[-1].done == news[-1].total == len(found.rows)
        assert sorted(row.values for event in news for row in event.rows) == sorted(row.values for row in found.rows)
        assert desk.events[-1] == SweepFinished(found)
        assert found.missing == ("SPY lacks a day.",)

        read = await desk.sweeps.read(found.id)
        assert read == found
        assert (await desk.sweeps.latest())[0] == replace(found, rows=())
        again, differences = await desk.sweeps.rerun(found.id)
        assert differences == ()
        assert again.rows_hash == found.rows_hash
        assert desk.told() == [("sweep.run", "ok"), ("sweep.run", "ok")]
        assert not desk.sweeps.running

    run(desk, story())


def test_a_sweep_that_fails_is_published_and_recorded(database: Database) -> None:
    desk = Desk(database)

    async def story() -> None:
        wrong = replace(spec_of(desk), axes=(read_axis("fast=1000,2000"), read_axis("slow=10")))
        with pytest.raises(BadInput, match="fast goes from"):
            await desk.sweeps.run(wrong, "bad")
        assert desk.events[-1].run == "bad"
        assert isinstance(desk.events[-1], SweepFailed)
        assert desk.told() == [("sweep.run", "failed")]
        with pytest.raises(BadInput, match="no stored sweep"):
            await desk.sweeps.read("bad")

    run(desk, story())


def test_a_cancelled_sweep_leaves_no_result_and_two_rows_of_the_trail(database: Database) -> None:
    desk = Desk(database)

    async def story() -> None:
        large = replace(spec_of(desk), axes=(read_axis("fast=2:150:1"), read_axis("slow=5:300:1")))
        begun, publish = asyncio.Event(), desk.sweeps._publish

        def heard(event: Any) -> None:
            publish(event)
            if isinstance(event, SweepProgressed) and event.rows:
                begun.set()

        desk.sweeps._publish = heard
        running = asyncio.ensure_future(desk.sweeps.run(large, "cut"))
        await asyncio.wait_for(begun.wait(), 60)
        await desk.sweeps.cancel("cut")
        with pytest.raises(BadInput, match="The sweep was cancelled"):
            await running
        assert sorted(desk.told()) == [("sweep.cancel", "ok"), ("sweep.run", "failed")]

    run(desk, story())


def test_code_of_ones_own_is_asked_for_before_anything_is_done(database: Database) -> None:
    desk, name = Desk(database), f"own_{uuid4().hex[:6]}"

    async def story() -> None:
        made = await desk.authoring.create(name, template())
        own = replace(
            SPEC,
            base=replace(BASE, strategy=name, version=made.version),
            axes=(read_axis(f"{made.parameters[0].name}={made.parameters[0].low:g}"),),
            constraint="",
        )
        with pytest.raises(ConsentNeeded):
            await desk.sweeps.run(own)
        assert desk.told() == []
        assert not [event for event in desk.events if isinstance(event, SweepProgressed | SweepFailed)]

    run(desk, story())


def test_who_may_not_run_backtests_runs_no_sweep(database: Database) -> None:
    desk = Desk(database, Role.VIEWER)

    async def story() -> None:
        with pytest.raises(NotPermitted):
            await desk.sweeps.run(SPEC)

    asyncio.run(story())


def test_rows_come_back_with_what_they_lack(database: Database) -> None:
    desk = Desk(database)

    async def story() -> None:
        found = await desk.sweeps.run(replace(spec_of(desk), blocks=0))
        odd = (
            replace(found.rows[0], sharpe=math.inf, calmar=math.nan),
            SweepRow(found.rows[1].values, error="ValueError: ä\n“x”"),
            *found.rows[2:],
        )
        kept = replace(found, id=uuid4().hex, rows=odd)
        await desk.store.save(kept, desk.rows[-1].draft)
        read = await desk.store.read(kept.id)
        assert read is not None
        assert (read.rows[1].values, read.rows[1].error) == (odd[1].values, odd[1].error)
        assert read.rows[0].sharpe == math.inf
        assert math.isnan(read.rows[0].calmar)
        assert read.rows[2:] == odd[2:]
        assert read.block_bars == ()

    run(desk, story())

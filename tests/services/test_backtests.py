"""Runs as a service: exactly the version that was asked for, true progress, a cancel wherever the run is, and nothing kept of a trial."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from qv_desktop.domain.access import Role
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec, RunData, spec_hash
from qv_desktop.domain.errors import BadInput, NotPermitted
from qv_desktop.domain.events import BacktestFailed, BacktestFinished, BacktestProgressed, Event
from qv_desktop.domain.strategies import Strategy
from qv_desktop.services.backtests import Backtests
from qv_desktop.services.strategies import Strategies
from qv_desktop.strategies.built_in import built_in
from tests.builders import a_session

NOW = datetime(2026, 11, 20, tzinfo=UTC)
SPEC = BacktestSpec("sma_cross", 1, ("KO",), "1D", date(2020, 1, 2), date(2020, 12, 31), (("fast", 5.0),))


@dataclass
class Kept:
    """Stored strategies: the shipped ones at version 2, and the same text as version 1."""

    async def keep(self, strategy: Strategy, draft: Draft) -> Strategy:
        return replace(strategy, version=2)

    async def all(self) -> list[Strategy]:
        return [replace(one, version=2) for one in built_in(NOW)]

    async def heads(self) -> list[tuple[str, int, bool]]:
        return [(one.id, 2, False) for one in built_in(NOW)]

    async def at(self, name: str, version: int) -> Strategy | None:
        return next((replace(one, version=1) for one in built_in(NOW) if (one.name, version) == (name, 1)), None)


@dataclass
class Engine:
    """Answers with what it was asked, after two words of progress; ``stop`` makes it wait for a cancel."""

    asked: list[Strategy] = field(default_factory=list)
    stop: asyncio.Event | None = None
    equity: tuple[float, ...] = (1.0, 2.0)

    async def run(self, run: str, spec: BacktestSpec, strategy: Strategy, data: RunData, user: str,
                  progress: Callable[[float, str], None]) -> BacktestResult:  # fmt: skip
        self.asked.append(strategy)
        progress(0.0, "waiting")
        if self.stop is not None:
            await self.stop.wait()
            raise BadInput("The backtest was cancelled.")
        progress(1.0, "done")
        return BacktestResult(run, spec, user, NOW, 0.1, (1, 2), self.equity, (1.0, 1.0), (0.0, 0.0), (("Sharpe", 1.0),), (), 2,
                              strategy.code_hash, "data", spec_hash(spec), "engine", versions=(("python", "3"),))  # fmt: skip

    async def cancel(self, run: str) -> None:
        if self.stop is not None:
            self.stop.set()


@dataclass
class Store:
    """Results in memory."""

    kept: dict[str, BacktestResult] = field(default_factory=dict)

    async def save(self, result: BacktestResult, draft: Draft) -> None:
        self.kept[result.id] = result

    async def read(self, run: str) -> BacktestResult:
        return self.kept[run]

    async def delete(self, run: str, draft: Draft) -> None:
        del self.kept[run]


@dataclass
class Data:
    """No bars at all, after a while when it is ``slow``."""

    slow: bool = False

    async def read(self, spec: BacktestSpec, tell: Callable[[float, str], None]) -> RunData:
        tell(0.5, "reading bars of KO")
        if self.slow:
            await asyncio.sleep(3600)
        return RunData({})


class Login:
    """Somebody with a role."""

    def __init__(self, role: Role) -> None:
        self.session = a_session(role)
        self.actor: Any = None

    async def require(self, permission: Any) -> Any:
        if permission not in self.session.user.permissions:
            raise NotPermitted("no")
        return self.session


class Desk:
    def __init__(self, role: Role = Role.TRADER) -> None:
        self.engine, self.store, self.data = Engine(), Store(), Data()
        self.events: list[Event] = []
        self.notes: list[Draft] = []
        self.strategies = Strategies(Kept())  # type: ignore[arg-type]
        asyncio.run(self.strategies.load(built_in(NOW)))

        async def note(draft: Draft) -> None:
            self.notes.append(draft)

        self.service = Backtests(self.engine, self.store, self.strategies, self.data, Login(role),  # type: ignore[arg-type]
                                 self.events.append, note, lambda: NOW)  # fmt: skip


def test_the_version_that_was_asked_for_runs_and_not_the_newest() -> None:
    desk = Desk()
    result = asyncio.run(desk.service.run(SPEC))
    assert [one.version for one in desk.engine.asked] == [1]
    assert result.notes == ("It ran version 1 of sma_cross; the newest is 2.",)
    assert desk.store.kept[result.id].spec.version == 1
    with pytest.raises(BadInput, match="no version 3"):
        asyncio.run(desk.service.run(replace(SPEC, version=3)))


def test_progress_rises_from_reading_to_the_end_and_the_result_follows() -> None:
    desk = Desk()
    asyncio.run(desk.service.run(SPEC, "r"))
    steps = [event.fraction for event in desk.events if isinstance(event, BacktestProgressed)]
    assert steps == sorted(steps)
    assert (steps[0], steps[-1]) == (0.0, 1.0)
    assert isinstance(desk.events[-1], BacktestFinished)


@pytest.mark.parametrize("where", ["reading", "working"])
def test_a_cancel_ends_a_run_wherever_it_is(where: str) -> None:
    desk = Desk()

    async def story() -> None:
        desk.data.slow = where == "reading"
        desk.engine.stop = asyncio.Event()
        running = asyncio.ensure_future(desk.service.run(SPEC, "r"))
        for _ in range(5):
            await asyncio.sleep(0)
        assert desk.service.running == {"r"}
        await desk.service.cancel("r")
        with pytest.raises(BadInput, match="cancelled"):
            await asyncio.wait_for(running, 5)

    asyncio.run(story())
    assert (desk.service.running, desk.store.kept) == (set(), {})
    assert [event for event in desk.events if isinstance(event, BacktestFailed)] == [
        BacktestFailed("r", "The backtest was cancelled.")
    ]
    assert [draft.action for draft in desk.notes] == ["backtest.cancel", "backtest.run"]


def test_a_trial_leaves_nothing() -> None:
    desk = Desk()
    asyncio.run(desk.service.trial(SPEC))
    assert (desk.events, desk.notes, desk.store.kept, desk.service.running) == ([], [], {}, set())


def test_a_stored_run_is_repeated_beside_what_is_stored_and_the_verdict_recorded() -> None:
    desk = Desk()
    stored = asyncio.run(desk.service.run(SPEC))
    told = asyncio.run(desk.service.rerun(stored.id))
    assert (told.same, list(desk.store.kept)) == (True, [stored.id])
    desk.engine.equity = (1.0, 2.5)
    other = asyncio.run(desk.service.rerun(stored.id))
    assert other.figures == ("The curve of equity differs from bar 2 on.",)
    assert [(draft.action, draft.outcome) for draft in desk.notes] == [
        ("backtest.rerun", "ok"),
        ("backtest.rerun", "ok"),
    ]


def test_only_who_may_delete_does() -> None:
    for role, may in ((Role.TRADER, False), (Role.ADMIN, True)):
        desk = Desk(role)
        stored = asyncio.run(desk.service.run(SPEC))
        if may:
            asyncio.run(desk.service.delete(stored.id))
        else:
            with pytest.raises(NotPermitted):
                asyncio.run(desk.service.delete(stored.id))
        assert (stored.id in desk.store.kept) != may


def test_terms_that_cannot_be_run_reach_neither_bars_nor_worker() -> None:
    desk = Desk()
    with pytest.raises(BadInput, match="no parameter “slowest”"):
        asyncio.run(desk.service.run(replace(SPEC, parameters=(("slowest", 1.0),))))
    assert desk.engine.asked == []
    assert [draft.outcome for draft in desk.notes] == ["failed"]

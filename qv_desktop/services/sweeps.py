"""Sweeps: permission, bars, the workers, and the result kept with the hashes of all that made it."""

import asyncio
import json
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.backtest_checks import checked
from qv_desktop.domain.errors import BadInput, QvError
from qv_desktop.domain.events import SweepFailed, SweepFinished, SweepProgressed
from qv_desktop.domain.strategies import Strategy, with_defaults
from qv_desktop.domain.sweep_axes import fitting
from qv_desktop.domain.sweeps import SweepResult, SweepRow, SweepSpec, combinations, same_numbers, spec_hash
from qv_desktop.services.backtest_data import BacktestData
from qv_desktop.services.login import Login
from qv_desktop.services.noting import Note
from qv_desktop.services.ports.callbacks import Publish
from qv_desktop.services.ports.sweeps import SweepEngine, SweepStore
from qv_desktop.services.strategies import Strategies

RUN = Permission(Resource.BACKTESTS, Action.RUN)
VIEW = Permission(Resource.BACKTESTS, Action.VIEW)
CANCELLED = "The sweep was cancelled."

type How = Callable[..., Awaitable[SweepResult]]  # the engine's run


class Sweeps:
    """Runs each sweep that is asked for; ``running`` names those under way."""

    def __init__(
        self,
        engine: SweepEngine,
        store: SweepStore,
        strategies: Strategies,
        data: BacktestData,
        login: Login,
        publish: Publish,
        note: Note,
    ) -> None:
        self._engine, self._store, self._strategies, self._data = engine, store, strategies, data
        self._login, self._publish, self._note = login, publish, note
        self.running: dict[str, asyncio.Event] = {}  # run -> whether it was cancelled

    async def latest(self, limit: int = 50) -> list[SweepResult]:
        """Stored sweeps without their rows, newest first. Raises NotPermitted, DatabaseDown."""
        await self._login.require(VIEW)
        return await self._store.latest(limit)

    async def read(self, run: str) -> SweepResult:
        """The whole of a stored sweep. Raises NotPermitted, BadInput when there is none, DatabaseDown."""
        await self._login.require(VIEW)
        return await self._stored(run)

    async def _stored(self, run: str) -> SweepResult:
        found = await self._store.read(run)
        if found is None:
            raise BadInput(f"There is no stored sweep {run}; choose one of the list.")
        return found

    async def run(self, spec: SweepSpec, run: str = "", workers: int = 0, memory_mb: int = 0) -> SweepResult:
        """Run and keep; ``run`` may name it. At most ``workers`` processes of ``memory_mb`` each, 0 for the usual.

        Raises NotPermitted, BadInput, FeedDown, DatabaseDown; the failure is published too.
        """
        session = await self._login.require(RUN)
        strategy = await self._strategies.at(spec.base.strategy, spec.base.version)
        await self._strategies.require_consent(strategy)
        how = partial(self._engine.run, workers=workers, megabytes=memory_mb)
        return await self._followed(spec, strategy, run or uuid.uuid4().hex, session.user.name, how)

    async def rerun(self, run: str) -> tuple[SweepResult, tuple[str, ...]]:
        """A stored sweep run again, with what differs from then in sentences: none means the same numbers to the last bit."""
        await self._login.require(RUN)
        before = await self._stored(run)
        after = await self.run(before.spec)
        return after, same_numbers(before, after)

    async def _followed(self, spec: SweepSpec, strategy: Strategy, run: str, user: str, how: How) -> SweepResult:
        """Run with everybody told of the way and of the end."""
        self.running[run] = asyncio.Event()
        try:
            result = await self._run(run, spec, strategy, user, how)
        except QvError as error:
            self._publish(SweepFailed(run, str(error)))
            await self._note(self._failed(run, spec, str(error)))
            raise
        finally:
            del self.running[run]
        self._publish(SweepFinished(result))
        return result

    async def _run(self, run: str, spec: SweepSpec, strategy: Strategy, user: str, how: How) -> SweepResult:
        whole = _whole(spec, strategy)
        combos = await asyncio.to_thread(combinations, whole)
        self._publish(SweepProgressed(run, 0, len(combos)))
        data = await self._data.read(whole.base)
        if self.running[run].is_set():
            raise BadInput(CANCELLED)
        done = 0

        def show(first: int, rows: tuple[SweepRow, ...]) -> None:
            nonlocal done
            done += len(rows)
            self._publish(SweepProgressed(run, done, len(combos), rows))

        result = await how(run, whole, strategy, data, user, combos, show)
        result = replace(result, missing=data.missing)
        terms = {"spec": result.spec_hash, "code": result.code_hash, "data": result.data_hash, "combinations": len(combos),
                 "workers": result.workers}  # fmt: skip
        await self._store.save(result, Draft(self._login.actor, "sweep.run", "sweep", run, after=json.dumps(terms)))
        return result

    def _failed(self, run: str, spec: SweepSpec, reason: str) -> Draft:
        after = json.dumps({"spec": spec_hash(spec), "strategy": spec.base.strategy, "symbol": spec.base.symbol})
        return Draft(self._login.actor, "sweep.run", "sweep", run, "failed", reason, after=after)

    async def cancel(self, run: str) -> None:
        """End a sweep."""
        await self._login.require(RUN)
        if run in self.running:
            self.running[run].set()
        await self._engine.cancel(run)
        await self._note(Draft(self._login.actor, "sweep.cancel", "sweep", run))


def _whole(spec: SweepSpec, strategy: Strategy) -> SweepSpec:
    """The sweep with every parameter that is not swept at its chosen value or its default. Raises BadInput."""
    fitting(spec.axes, strategy.parameters, strategy.title)
    every = with_defaults(strategy, dict(spec.base.parameters))
    fixed = tuple((name, value) for name, value in every.items() if name not in spec.names)
    return replace(spec, base=checked(replace(spec.base, parameters=fixed)))

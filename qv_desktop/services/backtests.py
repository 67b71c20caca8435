"""Backtests: permission, bars, a worker process, and the result kept with the hashes of all that made it."""

import asyncio
import json
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.backtest_checks import checked, fitting
from qv_desktop.domain.backtest_rerun import Rerun, compared
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec, spec_hash
from qv_desktop.domain.errors import BadInput, QvError
from qv_desktop.domain.events import BacktestFailed, BacktestFinished, BacktestProgressed
from qv_desktop.domain.strategies import Strategy
from qv_desktop.services.backtest_data import BacktestData, Tell, silent
from qv_desktop.services.login import Login
from qv_desktop.services.noting import Note
from qv_desktop.services.ports.backtests import BacktestEngine, BacktestStore
from qv_desktop.services.ports.callbacks import Now, Publish
from qv_desktop.services.strategies import Strategies

RUN = Permission(Resource.BACKTESTS, Action.RUN)
VIEW = Permission(Resource.BACKTESTS, Action.VIEW)
CREATE = Permission(Resource.BACKTESTS, Action.CREATE)
DELETE = Permission(Resource.BACKTESTS, Action.DELETE)
FETCHED = 0.3  # of the progress, when all bars are there
MOST_REMARK = 2_000  # characters


class Backtests:
    """``running`` names the runs under way. Every method raises NotPermitted and DatabaseDown, and BadInput with what to do."""

    def __init__(
        self,
        engine: BacktestEngine,
        store: BacktestStore,
        strategies: Strategies,
        data: BacktestData,
        login: Login,
        publish: Publish,
        note: Note,
        now: Now,
    ) -> None:
        self._engine, self._store, self._strategies, self._data = engine, store, strategies, data
        self._login, self._publish, self._note, self._now = login, publish, note, now
        self.running: set[str] = set()
        self._reading: dict[str, asyncio.Task[BacktestResult]] = {}  # run -> what a cancel ends before a worker has it

    async def latest(self, limit: int = 50, before: datetime | None = None) -> list[BacktestResult]:
        """Stored results, newest first, those started before ``before``; without curves and trades, which ``read`` has."""
        await self._login.require(VIEW)
        return await self._store.latest(limit, before)

    async def read(self, run: str) -> BacktestResult:
        """All of one stored run."""
        await self._login.require(VIEW)
        return await self._store.read(run)

    async def run(self, spec: BacktestSpec, run: str = "") -> BacktestResult:
        """Run exactly the version that ``spec`` names, and keep it. Raises FeedDown; the failure is published, too.

        Raises ConsentNeeded before anything is done: a question is no failed run.
        """
        session = await self._login.require(RUN)
        strategy = await self._allowed(spec)
        run = run or uuid.uuid4().hex
        try:
            result = await self._asked(run, spec, strategy, session.user.name, self._told(run))
            terms = json.dumps({"spec": spec_hash(spec), "code": result.code_hash, "data": result.data_hash})
            await self._store.save(result, Draft(self._login.actor, "backtest.run", "backtest", run, after=terms))
        except QvError as error:
            self._publish(BacktestFailed(run, str(error)))
            await self._note(self._failed("backtest.run", run, spec, str(error)))
            raise
        finally:
            self.running.discard(run)
        self._publish(BacktestFinished(result))
        return result

    async def trial(self, spec: BacktestSpec, run: str = "", progress: Tell = silent) -> BacktestResult:
        """The same without keeping or publishing anything: one of many runs of a study, which keeps its own record."""
        session = await self._login.require(RUN)
        strategy, run = await self._allowed(spec), run or uuid.uuid4().hex
        try:
            return await self._asked(run, spec, strategy, session.user.name, progress)
        finally:
            self.running.discard(run)

    async def rerun(self, run: str, again: str = "", progress: Tell = silent) -> Rerun:
        """Run a stored one again, at its version of the code and over its range, and say what differs; recorded, not stored.

        ``again`` names the new run, for a cancel.
        """
        session = await self._login.require(RUN)
        stored = await self._store.read(run)
        strategy, again = await self._allowed(stored.spec), again or uuid.uuid4().hex
        try:
            fresh = await self._asked(again, stored.spec, strategy, session.user.name, progress)
        except QvError as error:
            await self._note(self._failed("backtest.rerun", run, stored.spec, str(error)))
            raise
        finally:
            self.running.discard(again)
        found = await asyncio.to_thread(compared, stored, fresh)
        told = json.dumps(
            {"same": found.same, "code": fresh.code_hash, "data": fresh.data_hash, "figures": list(found.figures)}
        )
        await self._note(Draft(self._login.actor, "backtest.rerun", "backtest", run, after=told))
        return found

    async def delete(self, run: str) -> None:
        """Forget a stored run, recorded with what it was."""
        await self._login.require(DELETE)
        stored = await self._store.read(run)
        was = json.dumps(
            {"spec": stored.spec_hash, "code": stored.code_hash, "data": stored.data_hash, "user": stored.user}
        )
        await self._store.delete(run, Draft(self._login.actor, "backtest.delete", "backtest", run, before=was))

    async def annotate(self, run: str, starred: bool, remark: str) -> None:
        """Mark a stored run, and write of it, in place of what was written."""
        session = await self._login.require(CREATE)
        if len(remark) > MOST_REMARK:
            raise BadInput(f"A remark takes at most {MOST_REMARK:,} characters; shorten it.")
        after = json.dumps({"starred": starred, "remark": remark})
        draft = Draft(self._login.actor, "backtest.annotate", "backtest", run, after=after)
        await self._store.annotate(run, starred, remark, session.user.name, self._now(), draft)

    async def cancel(self, run: str) -> None:
        """End a run, wherever it is."""
        await self._login.require(RUN)
        if (reading := self._reading.get(run)) is not None:
            reading.cancel()
        await self._engine.cancel(run)
        await self._note(Draft(self._login.actor, "backtest.cancel", "backtest", run))

    async def _allowed(self, spec: BacktestSpec) -> Strategy:
        """The strategy at the version of ``spec``, which may run."""
        strategy = await self._strategies.at(spec.strategy, spec.version)
        await self._strategies.require_consent(strategy)
        return strategy

    async def _asked(self, run: str, spec: BacktestSpec, strategy: Strategy, user: str, tell: Tell) -> BacktestResult:
        self.running.add(run)
        task = asyncio.ensure_future(self._made(run, spec, strategy, user, tell))
        self._reading[run] = task
        try:
            return await task
        except asyncio.CancelledError:
            current = asyncio.current_task()
            if current is not None and current.cancelling():
                task.cancel()
                raise  # the program ends
            raise BadInput("The backtest was cancelled.") from None
        finally:
            self._reading.pop(run, None)

    async def _made(self, run: str, spec: BacktestSpec, strategy: Strategy, user: str, tell: Tell) -> BacktestResult:
        fitting(strategy, checked(spec))
        tell(0.0, "reading bars")
        data = await self._data.read(spec, lambda done, step: tell(FETCHED * done, step))
        result = await self._engine.run(run, spec, strategy, data, user,
                                        lambda done, step: tell(FETCHED + (1 - FETCHED) * done, step))  # fmt: skip
        return replace(result, notes=(*result.notes, *await self._noted(strategy)))

    async def _noted(self, strategy: Strategy) -> tuple[str, ...]:
        newest = next((one for one in self._strategies.every() if one.name == strategy.name), strategy)
        if newest.version == strategy.version:
            return ()
        return (f"It ran version {strategy.version} of {strategy.name}; the newest is {newest.version}.",)

    def _told(self, run: str) -> Callable[[float, str], None]:
        return lambda fraction, step: self._publish(BacktestProgressed(run, fraction, step))

    def _failed(self, action: str, run: str, spec: BacktestSpec, reason: str) -> Draft:
        after = json.dumps({"spec": spec_hash(spec), "strategy": spec.strategy, "symbol": spec.symbol})
        return Draft(self._login.actor, action, "backtest", run, "failed", reason, after=after)

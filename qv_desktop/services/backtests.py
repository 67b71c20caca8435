"""Backtests: permission, bars, a worker process, and the result kept with the hashes of all that made it."""

import json
import uuid
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec, spec_hash
from qv_desktop.domain.errors import BadInput, QvError
from qv_desktop.domain.events import BacktestFailed, BacktestFinished, BacktestProgressed
from qv_desktop.domain.market import NEW_YORK, Bar, timeframe
from qv_desktop.services.history import History
from qv_desktop.services.login import Login
from qv_desktop.services.noting import Note
from qv_desktop.services.ports import BacktestEngine, BacktestStore, Publish
from qv_desktop.services.strategies import Strategies

RUN = Permission(Resource.BACKTESTS, Action.RUN)
VIEW = Permission(Resource.BACKTESTS, Action.VIEW)
FEWEST_BARS = 30


class Backtests:
    """Runs one backtest at a time for each ask; ``running`` names those under way."""

    def __init__(
        self,
        engine: BacktestEngine,
        store: BacktestStore,
        strategies: Strategies,
        history: History,
        login: Login,
        publish: Publish,
        note: Note,
    ) -> None:
        self._engine, self._store, self._strategies, self._history = engine, store, strategies, history
        self._login, self._publish, self._note = login, publish, note
        self.running: set[str] = set()

    async def latest(self) -> list[BacktestResult]:
        """Stored results, newest first. Raises NotPermitted, DatabaseDown."""
        await self._login.require(VIEW)
        return await self._store.latest()

    async def run(self, spec: BacktestSpec) -> BacktestResult:
        """Run and keep. Raises NotPermitted, BadInput, FeedDown, DatabaseDown; the failure is published too.

        Raises ConsentNeeded before anything is done: a question is no failed run.
        """
        session = await self._login.require(RUN)
        await self._strategies.require_consent(self._strategies.named(spec.strategy))
        run = uuid.uuid4().hex
        self.running.add(run)
        try:
            result = await self._run(run, spec, session.user.name)
        except QvError as error:
            self._publish(BacktestFailed(run, str(error)))
            await self._note(self._failed(run, spec, str(error)))
            raise
        finally:
            self.running.discard(run)
        self._publish(BacktestFinished(result))
        return result

    def _failed(self, run: str, spec: BacktestSpec, reason: str) -> Draft:
        after = json.dumps({"spec": spec_hash(spec), "strategy": spec.strategy, "symbol": spec.symbol})
        return Draft(self._login.actor, "backtest.run", "backtest", run, "failed", reason, after=after)

    async def _run(self, run: str, spec: BacktestSpec, user: str) -> BacktestResult:
        strategy = self._strategies.named(spec.strategy)
        self._publish(BacktestProgressed(run, 0.0, "fetching bars"))
        bars = await self._bars(spec)
        result = await self._engine.run(run, spec, strategy, bars, user,
                                        lambda fraction, step: self._publish(BacktestProgressed(run, fraction, step)))  # fmt: skip
        terms = json.dumps({"spec": spec_hash(spec), "code": result.code_hash, "data": result.data_hash})
        await self._store.save(result, Draft(self._login.actor, "backtest.run", "backtest", result.id, after=terms))
        return result

    async def _bars(self, spec: BacktestSpec) -> list[Bar]:
        if spec.first >= spec.last:
            raise BadInput("The backtest ends before it begins; choose a first day before the last.")
        frame = timeframe(spec.timeframe)
        start = datetime.combine(spec.first, clock_time(), NEW_YORK).astimezone(UTC)
        end = datetime.combine(spec.last, clock_time(), NEW_YORK).astimezone(UTC) + timedelta(days=1)
        bars = await self._history.between(spec.symbol, frame, start, end)
        if len(bars) < FEWEST_BARS:
            raise BadInput(f"{spec.symbol} has only {len(bars)} bars of {frame} in that range; choose a longer one.")
        return bars

    async def cancel(self, run: str) -> None:
        """End a run."""
        await self._login.require(RUN)
        await self._engine.cancel(run)
        await self._note(Draft(self._login.actor, "backtest.cancel", "backtest", run))

"""Look-ahead checks: each version of a strategy is checked once with each set of parameters that it was run with."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence

import structlog

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.events import LookAheadChecked
from qv_desktop.domain.look_ahead import LookAhead, parameters_hash
from qv_desktop.domain.market import Bar
from qv_desktop.domain.strategies import Strategy, with_defaults
from qv_desktop.services.login import Login
from qv_desktop.services.ports.callbacks import Now, Publish
from qv_desktop.services.ports.strategies import LookAheadEngine, LookAheadStore

log = structlog.get_logger(__name__)

RUN = Permission(Resource.BACKTESTS, Action.RUN)
VIEW = Permission(Resource.BACKTESTS, Action.VIEW)

type BarsOf = Callable[[BacktestSpec], Awaitable[tuple[Mapping[str, Sequence[Bar]], tuple[str, ...]]]]
type StrategyOf = Callable[[str, int], Awaitable[Strategy]]  # by name and version
type Consent = Callable[[Strategy], Awaitable[None]]  # raises where its code may not run for whoever is signed in


class LookAheads:
    """Asks the engine for what is not known yet, one check at a time."""

    def __init__(self, engine: LookAheadEngine, store: LookAheadStore, strategy: StrategyOf, consent: Consent, bars: BarsOf,
                 login: Login, publish: Publish, now: Now) -> None:  # fmt: skip
        self._engine, self._store, self._strategy, self._consent, self._bars = engine, store, strategy, consent, bars
        self._login, self._publish, self._now = login, publish, now
        self._turn = asyncio.Lock()

    async def of(self, code_hashes: Sequence[str]) -> list[LookAhead]:
        """Every check of these codes, newest first. Raises NotPermitted, DatabaseDown."""
        await self._login.require(VIEW)
        return await self._store.of(code_hashes)

    async def after(self, run: BacktestResult) -> LookAhead | None:
        """Check what ``run`` ran, unless that is known; None when the code is no longer there.

        Raises NotPermitted, ConsentNeeded or BadInput when the code may not run for whoever is signed in, DatabaseDown.
        """
        await self._login.require(RUN)
        async with self._turn:
            strategy = await self._strategy(run.spec.strategy, run.spec.version)
            if strategy.code_hash != run.code_hash:
                return None
            parameters = with_defaults(strategy, dict(run.spec.parameters))
            wanted = parameters_hash(parameters.items())
            for known in await self._store.of([run.code_hash]):
                if parameters_hash(known.parameters) == wanted:
                    return known
            await self._consent(strategy)  # whoever ran it may have been somebody else
            return await self._made(run, strategy)

    async def _made(self, run: BacktestResult, strategy: Strategy) -> LookAhead:
        """A new check; one that could not be made is told and not kept, so that the next run tries again."""
        try:
            bars, _ = await self._bars(run.spec)
            check = await self._engine.check(f"look-ahead {run.id}", run.spec, strategy, bars)
        except BadInput as error:
            log.info("look_ahead_not_checked", strategy=run.spec.strategy, reason=str(error))
            parameters = tuple(with_defaults(strategy, dict(run.spec.parameters)).items())
            check = LookAhead(
                run.code_hash, parameters, "unable", None, None, "", 0, 0, 0, run.bars, str(error), self._now()
            )
            self._publish(LookAheadChecked(check))
            return check
        after = {"strategy": run.spec.strategy, "version": run.spec.version, "parameters": dict(check.parameters),
                 "outcome": check.outcome, "bar": check.bar, "compared": check.compared}  # fmt: skip
        await self._store.save(check, Draft(self._login.actor, "strategy.look_ahead", "strategy", run.spec.strategy,
                                            outcome="ok", after=json.dumps(after)))  # fmt: skip
        self._publish(LookAheadChecked(check))
        return check

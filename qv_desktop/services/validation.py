"""Validations: permission, the test on a thread or in a worker, and what it told kept with the sweep it belongs to."""

import asyncio
import json
import threading
import time
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict

from qv_desktop.analytics.sweep_tests import Told, folds_told, overfitting_told, trades_told, walk, walk_told
from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec
from qv_desktop.domain.errors import BadInput, QvError
from qv_desktop.domain.events import ValidationFailed, ValidationFinished, ValidationProgressed
from qv_desktop.domain.sweeps import SweepResult
from qv_desktop.domain.validation import FoldsAsked, Kind, TradesAsked, Validation, Verdict, WalkAsked
from qv_desktop.domain.verdicts import on_cross_validation, on_monte_carlo, on_overfitting, on_walk_forward
from qv_desktop.services.login import Login
from qv_desktop.services.noting import Note
from qv_desktop.services.ports.callbacks import Now, Publish
from qv_desktop.services.ports.sweeps import ValidationStore

RUN = Permission(Resource.BACKTESTS, Action.RUN)
VIEW = Permission(Resource.BACKTESTS, Action.VIEW)
STOPPED = "The test was cancelled."

type Read = Callable[[str], Awaitable[SweepResult]]  # a kept sweep by its id
type Trial = Callable[
    [BacktestSpec], Awaitable[BacktestResult]
]  # one combination run over all bars, without keeping it
type Say = Callable[[float], None]


class Validations:
    """Tests kept sweeps, one test at a time for each ask; ``running`` names those under way."""

    def __init__(
        self, read: Read, trial: Trial, store: ValidationStore, login: Login, publish: Publish, note: Note, now: Now
    ) -> None:
        self._read, self._trial, self._store = read, trial, store
        self._login, self._publish, self._note, self._now = login, publish, note, now
        self.running: dict[str, threading.Event] = {}  # the test -> set when it is to stop

    async def of(self, sweeps: Sequence[str]) -> list[Validation]:
        """What is known of these sweeps: the newest test of each kind and combination. Raises NotPermitted, DatabaseDown."""
        await self._login.require(VIEW)
        return await self._store.of(sweeps)

    async def overfitting(self, sweep: str) -> Validation:
        """The probability of overfitting and the deflated Sharpe ratio. Raises NotPermitted, BadInput, DatabaseDown."""
        await self._login.require(RUN)

        async def work(result: SweepResult, say: Say) -> Told:
            return await asyncio.to_thread(overfitting_told, result, say)

        return await self._followed("overfitting", sweep, {}, (), work, on_overfitting)

    async def walk_forward(self, sweep: str, asked: WalkAsked) -> Validation:
        """The choices of each stretch traded in the next. Raises NotPermitted, BadInput, FeedDown, DatabaseDown."""
        await self._login.require(RUN)

        async def work(result: SweepResult, say: Say) -> Told:
            made = await asyncio.to_thread(walk, result, asked)
            runs = {}
            for done, values in enumerate(made.needed):
                say(done / len(made.needed))
                runs[values] = await self._alone(result, values)
            return await asyncio.to_thread(walk_told, result, made, runs)

        return await self._followed("walk_forward", sweep, _numbers(asdict(asked)), (), work, on_walk_forward)

    async def cross_validation(self, sweep: str, asked: FoldsAsked) -> Validation:
        """Purged cross-validation with embargo. Raises NotPermitted, BadInput, DatabaseDown."""
        await self._login.require(RUN)

        async def work(result: SweepResult, say: Say) -> Told:
            return await asyncio.to_thread(folds_told, result, asked)

        return await self._followed("cross_validation", sweep, _numbers(asdict(asked)), (), work, on_cross_validation)

    async def monte_carlo(self, sweep: str, asked: TradesAsked) -> Validation:
        """Monte-Carlo of one combination's trades. Raises NotPermitted, BadInput, FeedDown, DatabaseDown."""
        await self._login.require(RUN)

        async def work(result: SweepResult, say: Say) -> Told:
            run = await self._alone(result, asked.values)
            return await asyncio.to_thread(trades_told, result, run, asked, say)

        settings = {name: value for name, value in asdict(asked).items() if name != "values"}
        return await self._followed("monte_carlo", sweep, _numbers(settings), asked.values, work, on_monte_carlo)

    async def cancel(self) -> None:
        """End every test that runs. Raises NotPermitted."""
        await self._login.require(RUN)
        for run, stop in list(self.running.items()):
            stop.set()
            await self._note(Draft(self._login.actor, "validation.cancel", "validation", run))

    async def _alone(self, result: SweepResult, values: tuple[float, ...]) -> BacktestResult:
        """One combination by itself. Raises BadInput when the code or the bars are not those of the sweep."""
        run = await self._trial(result.spec.backtest(values))
        if run.code_hash != result.code_hash or run.data_hash != result.data_hash:
            what = "code" if run.code_hash != result.code_hash else "bars"
            raise BadInput(f"The {what} changed since the sweep ran; run the sweep again, then test it.")
        return run

    async def _followed(self, kind: Kind, sweep: str, settings: dict[str, float], values: tuple[float, ...],
                        work: Callable[[SweepResult, Say], Awaitable[Told]],
                        judge: Callable[[dict[str, float]], Verdict]) -> Validation:  # fmt: skip
        """Run with everybody told of the way and of the end; a failure is published and recorded, too."""
        run, began, loop = uuid.uuid4().hex, time.perf_counter(), asyncio.get_running_loop()
        stop = self.running[run] = threading.Event()

        def tell(event: ValidationProgressed) -> None:
            if run in self.running:  # news of the way that comes after the end is none
                self._publish(event)

        def say(fraction: float) -> None:
            """May come from the thread that computes."""
            if stop.is_set():
                raise BadInput(STOPPED)
            loop.call_soon_threadsafe(tell, ValidationProgressed(run, sweep, kind, fraction))

        try:
            say(0.0)
            told = await work(await self._read(sweep), say)
            say(1.0)
            found = Validation(run, kind, sweep, values, self._login.actor.name, self._now(), time.perf_counter() - began,
                               tuple(settings.items()), tuple(told.figures.items()), tuple(told.curves.items()),
                               judge(told.figures))  # fmt: skip
            after = {"sweep": sweep, "kind": kind, "settings": settings, "verdict": found.verdict.sentence}
            await self._store.save(
                found, Draft(self._login.actor, "validation.run", "validation", run, after=json.dumps(after))
            )
        except QvError as error:
            self._publish(ValidationFailed(run, sweep, kind, str(error)))
            after = {"sweep": sweep, "kind": kind, "settings": settings}
            await self._note(Draft(self._login.actor, "validation.run", "validation", run, "failed", str(error),
                                   after=json.dumps(after)))  # fmt: skip
            raise
        finally:
            del self.running[run]
        self._publish(ValidationFinished(found))
        return found


def _numbers(settings: dict[str, float | None]) -> dict[str, float]:
    """Settings as numbers; what was left to the program is −1."""
    return {name: -1.0 if value is None else float(value) for name, value in settings.items()}

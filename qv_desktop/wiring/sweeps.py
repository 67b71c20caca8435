"""Sweeps and their tests: from the form to the workers, rows as they come, and what is kept."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from qv_desktop.domain.backtests import BacktestSpec
from qv_desktop.domain.errors import BadInput, QvError
from qv_desktop.domain.events import (
    StrategiesChanged,
    SweepFailed,
    SweepFinished,
    SweepProgressed,
    ValidationFailed,
    ValidationFinished,
    ValidationProgressed,
)
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.strategies import Strategy
from qv_desktop.domain.sweeps import SweepResult, SweepRow, SweepSpec, combinations
from qv_desktop.domain.validation import KINDS, FoldsAsked, Kind, TradesAsked, Validation, WalkAsked
from qv_desktop.services.sweeps import VIEW
from qv_desktop.ui.models.sweep_columns import KeptSweep
from qv_desktop.ui.models.sweep_form import blocks_for
from qv_desktop.ui.models.sweep_shown import prepared
from qv_desktop.ui.models.sweep_words import combination, figure
from qv_desktop.wiring import Desk
from qv_desktop.wiring.consent import consented

YEARS = timedelta(days=5 * 365)  # the form's first range
EVERY = 0.5  # seconds between two looks at the rows of a sweep that runs
DECLINED = "Not run: you did not allow the strategy's code."


class SweepsWiring:
    """``start`` shows what is stored once it is loaded."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._panel = desk, desk.panels.sweeps
        self._sweeps, self._validations = desk.services.sweeps, desk.services.validations
        self._spec: SweepSpec | None = None  # of the sweep that runs
        self._rows: list[SweepRow] = []  # of it, as they came
        self._showing = False  # whether rows are being made ready
        panel, bus = self._panel, desk.services.bus
        panel.run_asked.connect(self._run)
        panel.cancel_asked.connect(lambda run: self._do(self._sweeps.cancel(run)))
        panel.open_asked.connect(self._open)
        panel.sweep_chosen.connect(lambda sweep: self._do(self._read(sweep)))
        panel.test_asked.connect(self._test)
        panel.test_cancel_asked.connect(lambda: self._do(self._validations.cancel()))
        panel.form.count_asked.connect(lambda spec: self._do(self._count(spec)))
        bus.subscribe(SweepProgressed, self._progressed)
        bus.subscribe(SweepFinished, lambda event: self._do(self._finished(event.result)))
        bus.subscribe(SweepFailed, self._failed)
        bus.subscribe(StrategiesChanged, lambda event: self._show_strategies(event.strategies))
        bus.subscribe(ValidationProgressed, self._tested_so_far)
        bus.subscribe(ValidationFinished, self._tested)
        bus.subscribe(ValidationFailed, self._untested)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        self._desk.tasks.spawn(self._tried(work))

    async def _tried(self, work: Coroutine[Any, Any, None]) -> None:
        """Why it was not done is said in the panel."""
        try:
            await work
        except QvError as error:
            self._panel.show_failure("", str(error))

    # ---- strategies

    def _show_strategies(self, strategies: Sequence[Strategy]) -> None:
        self._panel.show_strategies([strategy for strategy in strategies if strategy.parameters])

    async def _count(self, spec: SweepSpec) -> None:
        """Many combinations are counted on a thread."""
        try:
            self._panel.form.show_count(spec, len(await asyncio.to_thread(combinations, spec)))
        except BadInput as error:
            self._panel.form.show_count(spec, 0, str(error))

    # ---- a run

    def _run(self, spec: SweepSpec, workers: int, memory: int) -> None:
        self._do(self._attempt(spec, workers, memory))

    async def _attempt(self, spec: SweepSpec, workers: int, memory: int) -> None:
        count = len(await asyncio.to_thread(combinations, spec))
        whole = replace(spec, blocks=blocks_for(count))
        self._spec, self._rows = whole, []
        ran = await consented(self._desk, lambda: self._sweeps.run(whole, workers=workers, memory_mb=memory))
        if ran is None:
            self._panel.show_failure("", DECLINED)

    def _progressed(self, event: SweepProgressed) -> None:
        self._panel.show_progress(event.run, event.done, event.total)
        self._rows.extend(event.rows)
        if event.rows and self._spec is not None and not self._showing:
            self._showing = True
            self._do(self._show_some(self._spec))

    async def _show_some(self, spec: SweepSpec) -> None:
        """The rows that there are, made ready on a thread, and not more often than a person can look."""
        try:
            shown = await asyncio.to_thread(prepared, spec, tuple(self._rows))
            if self._spec is spec:  # it still runs
                self._panel.show_rows(shown)
                await asyncio.sleep(EVERY)
        finally:
            self._showing = False

    async def _finished(self, result: SweepResult) -> None:
        self._spec = None
        shown = await asyncio.to_thread(prepared, result.spec, result.rows)
        self._panel.show_finished(result, shown)
        best, objective = result.best, result.spec.objective
        words = (
            f"{combination(result.spec.names, best.values)}: {figure(objective, getattr(best, objective))}"
            if best
            else ""
        )
        self._desk.services.notices.tell(
            "info", f"Sweep of {result.spec.base.strategy}: {len(result.rows):,} combinations", words, result.id
        )
        await self._show_kept()

    def _failed(self, event: SweepFailed) -> None:
        self._spec = None
        self._panel.show_failure(event.run, event.reason)

    # ---- what is kept

    async def start(self) -> None:
        """The strategies, the form's days, and the stored sweeps."""
        self._show_strategies(self._desk.services.strategies.all())
        last = self._desk.services.clock.market().astimezone(NEW_YORK).date()
        self._panel.form.show_days(last - YEARS, last - timedelta(days=1))
        await self._show_kept()

    async def _show_kept(self) -> None:
        if not self._desk.services.login.may(VIEW):
            return
        kept = await self._sweeps.latest()
        found = {told.sweep: told.verdict for told in await self._validations.of([sweep.id for sweep in kept])
                 if told.kind == "overfitting"}  # fmt: skip
        self._panel.show_kept([
            KeptSweep(sweep, found[sweep.id].level, found[sweep.id].sentence) if sweep.id in found else KeptSweep(sweep)
            for sweep in kept
        ])  # fmt: skip

    async def _read(self, sweep: str) -> None:
        result = await self._sweeps.read(sweep)
        shown = await asyncio.to_thread(prepared, result.spec, result.rows)
        self._panel.show_finished(result, shown, now=False)
        for told in await self._validations.of([sweep]):
            self._panel.show_validation(told)

    def _open(self, spec: BacktestSpec) -> None:
        """Run one combination as a backtest of its own."""
        panel = self._desk.panels.backtests
        panel.form.show_spec(spec)
        self._desk.window.raise_panel("backtests")
        panel.run_asked.emit(spec)

    # ---- tests

    def _test(self, sweep: str, kind: Kind, terms: WalkAsked | FoldsAsked | TradesAsked | None) -> None:
        self._desk.tasks.spawn(self._tested_by(sweep, kind, terms))

    async def _tested_by(self, sweep: str, kind: Kind, terms: WalkAsked | FoldsAsked | TradesAsked | None) -> None:
        try:
            if await consented(self._desk, lambda: self._made(sweep, terms)) is None:
                self._panel.validation.show_failure(kind, DECLINED)
        except QvError as error:
            self._panel.validation.show_failure(kind, str(error))
        finally:
            self._panel.validation.show_running(False)

    async def _made(self, sweep: str, terms: WalkAsked | FoldsAsked | TradesAsked | None) -> Validation:
        if isinstance(terms, WalkAsked):
            return await self._validations.walk_forward(sweep, terms)
        if isinstance(terms, FoldsAsked):
            return await self._validations.cross_validation(sweep, terms)
        if isinstance(terms, TradesAsked):
            return await self._validations.monte_carlo(sweep, terms)
        return await self._validations.overfitting(sweep)

    def _tested_so_far(self, event: ValidationProgressed) -> None:
        if event.sweep == self._panel.sweep:
            self._panel.validation.show_running(True, event.fraction, KINDS[event.kind])

    def _tested(self, event: ValidationFinished) -> None:
        self._panel.show_validation(event.validation)
        self._panel.validation.show_running(False)
        if event.validation.kind == "overfitting":
            self._do(self._show_kept())

    def _untested(self, event: ValidationFailed) -> None:
        if event.sweep == self._panel.sweep:
            self._panel.validation.show_failure(event.kind, event.reason)
            self._panel.validation.show_running(False)

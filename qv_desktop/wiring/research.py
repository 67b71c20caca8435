"""Strategies and backtests: from the form to the worker and back."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from qv_desktop.domain.backtests import BacktestResult, BacktestSpec
from qv_desktop.domain.errors import QvError
from qv_desktop.domain.events import BacktestFailed, BacktestFinished, BacktestProgressed, StrategiesChanged
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.strategies import Strategy
from qv_desktop.ui import format
from qv_desktop.ui.chart.run_curves import curves_of
from qv_desktop.wiring import Desk
from qv_desktop.wiring.consent import consented
from qv_desktop.wiring.runs import RunsWiring

YEARS = timedelta(days=3 * 365)  # the form's first range


class ResearchWiring:
    """Shows progress, results and failures of runs."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self.runs = desk, RunsWiring(desk)
        bus, panel = desk.services.bus, desk.panels.backtests
        panel.run_asked.connect(self._run)
        desk.panels.strategies.backtest_asked.connect(self._choose)
        panel.cancel_asked.connect(lambda run: desk.tasks.spawn(desk.services.backtests.cancel(run)))
        desk.window.command.connect(self._command)
        bus.subscribe(BacktestProgressed, lambda event: panel.show_progress(event.run, event.fraction, event.step))
        bus.subscribe(BacktestFailed, lambda event: panel.show_failure(event.run, event.reason))
        bus.subscribe(BacktestFinished, self._finished)
        bus.subscribe(StrategiesChanged, lambda event: self._show_strategies(event.strategies))

    def _command(self, id_: str) -> None:
        if id_ == "backtests.run":
            self._desk.window.raise_panel("backtests")
            self._desk.panels.backtests.ask()

    def _choose(self, name: str) -> None:
        self._desk.panels.backtests.choose_strategy(name)
        self._desk.window.raise_panel("backtests")

    def _run(self, spec: BacktestSpec) -> None:
        # a failure is shown in the panel by its event; only what is no QvError must not pass silently
        self._desk.tasks.spawn(self._attempt(spec))

    async def _attempt(self, spec: BacktestSpec) -> None:
        try:
            if await consented(self._desk, lambda: self._desk.services.backtests.run(spec)) is None:
                self._desk.panels.backtests.show_failure("", "Not run: you did not allow the strategy's code.")
        except QvError as error:
            self._desk.panels.backtests.show_failure("", str(error))

    def _finished(self, event: BacktestFinished) -> None:
        self._desk.tasks.spawn(self._show_finished(event.result))

    async def _show_finished(self, result: BacktestResult) -> None:
        """Its curves are turned on a thread, for a run of minutes has hundreds of thousands of bars."""
        curves = await asyncio.to_thread(curves_of, result)
        self._desk.panels.backtests.show_result(result, curves)
        title = f"Backtest of {result.spec.strategy} on {result.spec.symbol}"
        total = format.percent(result.numbers.get("Total return"), 1)
        self._desk.services.notices.tell("info", title, total, result.id)
        await self.runs.show_runs()

    def _show_strategies(self, strategies: Sequence[Strategy]) -> None:
        self._desk.panels.ticket.show_strategies([strategy.name for strategy in strategies])
        self._desk.panels.backtests.show_strategies(strategies)

    async def start(self) -> None:
        """Show the strategies and the stored runs."""
        self._show_strategies(self._desk.services.strategies.all())
        panel, last = self._desk.panels.backtests, self._desk.services.clock.market().astimezone(NEW_YORK).date()
        for field, day in ((panel.form.first, last - YEARS), (panel.form.last, last - timedelta(days=1))):
            field.setText(day.isoformat())
        await self.runs.start()

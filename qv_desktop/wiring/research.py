"""Strategies and backtests: from the form to the worker and back."""

from datetime import timedelta

from qv_desktop.domain.backtests import BacktestSpec
from qv_desktop.domain.errors import QvError
from qv_desktop.domain.events import BacktestFailed, BacktestFinished, BacktestProgressed
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.ui import format
from qv_desktop.wiring import Desk
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
        bus.subscribe(BacktestProgressed, lambda event: panel.show_progress(event.run, event.fraction, event.step))
        bus.subscribe(BacktestFailed, lambda event: panel.show_failure(event.run, event.reason))
        bus.subscribe(BacktestFinished, self._finished)

    def _choose(self, name: str) -> None:
        self._desk.panels.backtests.choose_strategy(name)
        self._desk.window.raise_panel("backtests")

    def _run(self, spec: BacktestSpec) -> None:
        # a failure is shown in the panel by its event; only what is no QvError must not pass silently
        self._desk.tasks.spawn(self._attempt(spec))

    async def _attempt(self, spec: BacktestSpec) -> None:
        try:
            await self._desk.services.backtests.run(spec)
        except QvError as error:
            self._desk.panels.backtests.show_failure("", str(error))

    def _finished(self, event: BacktestFinished) -> None:
        result = event.result
        self._desk.panels.backtests.show_result(result)
        title = f"Backtest of {result.spec.strategy} on {result.spec.symbol}"
        total = format.percent(result.numbers.get("Total return"), 1)
        self._desk.services.notices.tell("info", title, total, result.id)
        self._desk.tasks.spawn(self.runs.show_runs())

    async def start(self) -> None:
        """Show the strategies and the stored runs."""
        strategies = self._desk.services.strategies.all()
        self._desk.panels.ticket.show_strategies([strategy.name for strategy in strategies])
        self._desk.panels.strategies.show_strategies(strategies)
        panel, last = self._desk.panels.backtests, self._desk.services.clock.market().astimezone(NEW_YORK).date()
        panel.show_strategies(strategies)
        for field, day in ((panel.form.first, last - YEARS), (panel.form.last, last - timedelta(days=1))):
            field.setText(day.isoformat())
        await self.runs.start()

"""The risk dashboard and the stress panel: pictures in, and out what a person does with scenarios and asks to have written."""

from collections.abc import Callable, Coroutine
from typing import Any

from qv_desktop.domain.errors import QvError
from qv_desktop.domain.events import RiskMeasured
from qv_desktop.domain.risk_measures import MeasureSettings, Scenario
from qv_desktop.wiring import Desk


class RiskWiring:
    """``pick`` shows a symbol where the person looks at charts."""

    def __init__(self, desk: Desk, pick: Callable[[str], None]) -> None:
        self._desk = desk
        panels, bus = desk.panels, desk.services.bus
        bus.subscribe(RiskMeasured, self._measured)
        panels.risk.report_asked.connect(lambda form: self._spawn(self._report(form)))
        panels.risk.symbol_chosen.connect(pick)
        panels.stress.symbol_chosen.connect(pick)
        panels.stress.saved.connect(lambda scenario, former: self._spawn(self._save(scenario, former)))
        panels.stress.deleted.connect(lambda name: self._spawn(self._delete(name)))
        self._form = panels.risk.dashboard.settings
        self._form.settings_given.connect(lambda settings: self._spawn(self._set(settings)))
        self._form.sector_given.connect(lambda symbol, sector: self._spawn(self._assign(symbol, sector)))
        desk.window.command.connect(self._command)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._desk.tasks.spawn(work)

    def _measured(self, event: RiskMeasured) -> None:
        """Both panels, and what the report is made of."""
        self._desk.services.risk_reports.hear(event)
        if event.picture is not None:
            self._desk.panels.risk.show_picture(event.picture)
            self._desk.panels.stress.show_picture(event.picture)
            self._form.show_settings(self._desk.services.risk_measures.settings)

    def _command(self, id_: str) -> None:
        if id_ == "risk.report":
            self._spawn(self._report("pdf"))

    async def _report(self, form: str) -> None:
        for path in await self._desk.services.risk_reports.write([form]):
            self._desk.services.notices.tell("info", "The day's risk report is written", str(path), str(path))

    async def _set(self, settings: MeasureSettings) -> None:
        await self._tried(self._desk.services.risk_measures.set_settings(settings))

    async def _assign(self, symbol: str, sector: str) -> None:
        await self._tried(self._desk.services.sectors.override(symbol, sector))

    async def _tried(self, work: Coroutine[Any, Any, None]) -> None:
        """Why it was not done is said where it was asked for."""
        try:
            await work
            self._form.show_failed("")
        except QvError as error:
            self._form.show_failed(str(error))

    async def _save(self, scenario: Scenario, former: str) -> None:
        """Under another name it takes the former's place, once it is kept."""
        measures, panel = self._desk.services.risk_measures, self._desk.panels.stress
        try:
            kept = await measures.save_scenario(scenario.name, scenario.shocks)
            if former and former != kept.name:
                await measures.delete_scenario(former)
        except QvError as error:
            panel.show_failed(str(error))
            return
        panel.show_saved(kept.name)

    async def _delete(self, name: str) -> None:
        try:
            await self._desk.services.risk_measures.delete_scenario(name)
        except QvError as error:
            self._desk.panels.stress.show_failed(str(error))

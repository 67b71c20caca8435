"""Stored backtests: read, compared, repeated, starred, noted, deleted and exported; and what the form remembers."""

import asyncio
import json
import uuid
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.domain.errors import BadInput, QvError
from qv_desktop.domain.run_comparison import compared
from qv_desktop.services.backtests import VIEW
from qv_desktop.ui.chart.run_curves import compared_curves, curves_of
from qv_desktop.wiring import Desk
from qv_desktop.wiring.answering import do
from qv_desktop.wiring.consent import consented

PAGE = 50  # runs that are read at once
FORM, PRESETS = "backtests.form", "backtests.presets"  # settings
MOST_PRESETS = 50
KEPT = 12  # whole runs that are kept in memory, so that going back to one is at once


class RunsWiring:
    """``open_`` opens a file as the system does, and says whether it could."""

    def __init__(
        self, desk: Desk, open_: Callable[[str], bool] = lambda url: QDesktopServices.openUrl(QUrl(url))
    ) -> None:
        self._desk, self._open = desk, open_
        self._panel = panel = desk.panels.backtests
        self._whole: dict[str, BacktestResult] = {}  # id -> run, the longest unused first
        self._presets: dict[str, dict[str, Any]] = {}
        self._again: dict[str, str] = {}  # a stored run -> the id that its repetition has
        panel.run_chosen.connect(lambda run: self._do(self._show_whole(run)))
        panel.compare_asked.connect(lambda ids: self._do(self._compare(ids)))
        panel.rerun_asked.connect(lambda run: self._do(self._rerun(run)))
        panel.rerun_cancel_asked.connect(lambda run: self._do(self._cancel(run)))
        panel.annotate_asked.connect(lambda run, starred, note: self._do(self._annotate(run, starred, note)))
        panel.delete_asked.connect(lambda ids: self._do(self._delete(ids)))
        panel.export_asked.connect(lambda run, form: self._do(self._export(run, form)))
        panel.more_asked.connect(lambda: self._do(self._older()))
        panel.open_asked.connect(self._opened)
        panel.form_used.connect(lambda form: self._do(self._keep(FORM, form)))
        panel.preset_save_asked.connect(self._save_preset)
        panel.preset_delete_asked.connect(self._delete_preset)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        do(self._desk, self._panel, work)

    async def start(self) -> None:
        """The stored runs, the watchlists, and the form as it was last used."""
        self._follow_lists()
        if self._desk.services.login.may(VIEW):
            self._panel.form.restore(await self._kept(FORM))
            self._presets = {name: form for name, form in (await self._kept(PRESETS)).items() if isinstance(form, dict)}
            self._panel.show_presets(self._presets)
            await self.show_runs()

    # ---- the list

    async def show_runs(self) -> None:
        """The newest runs; what older ones somebody has asked for stay in the list."""
        if not self._desk.services.login.may(VIEW):
            return
        begun = not self._panel.runs.model.all_rows()
        runs = await self._desk.services.backtests.latest(PAGE)
        if begun:
            self._panel.show_runs(runs, len(runs) == PAGE)
        else:
            self._panel.show_newer(runs)

    async def _older(self) -> None:
        held = self._panel.runs.model.all_rows()
        before = min((run.started for run in held), default=None)
        runs = await self._desk.services.backtests.latest(PAGE, before)
        self._panel.show_older(runs, len(runs) == PAGE)

    async def read(self, run: str) -> BacktestResult:
        """A run with curves and trades. Raises NotPermitted, BadInput, DatabaseDown."""
        found = self._whole.pop(run, None) or await self._desk.services.backtests.read(run)
        self._whole[run] = found
        while len(self._whole) > KEPT:
            del self._whole[next(iter(self._whole))]
        return found

    async def _show_whole(self, run: BacktestResult) -> None:
        if run.whole:
            return
        try:
            whole = await self.read(run.id)
        except BadInput as error:  # somebody deleted it
            self._panel.show_deleted([run.id])
            self._panel.show_unread(run.id, str(error))
        except QvError as error:
            self._panel.show_unread(run.id, str(error))
        else:
            self._panel.show_whole(whole, await asyncio.to_thread(curves_of, whole))

    async def _annotate(self, run: str, starred: bool, note: str) -> None:
        await self._desk.services.backtests.annotate(run, starred, note)
        self._panel.show_annotated(run, starred, note)

    async def _delete(self, ids: list[str]) -> None:
        for run in ids:
            await self._desk.services.backtests.delete(run)
            self._whole.pop(run, None)
            self._panel.show_deleted([run])

    # ---- what is made of runs

    async def _compare(self, ids: list[str]) -> None:
        runs = [await self.read(run) for run in ids]
        told = await asyncio.to_thread(compared, runs)
        self._panel.show_comparison(told, await asyncio.to_thread(compared_curves, runs))

    async def _rerun(self, run: str) -> None:
        self._panel.show_rerunning(run)
        again = self._again[run] = uuid.uuid4().hex
        try:
            told = await consented(self._desk, lambda: self._desk.services.backtests.rerun(
                run, again, lambda _, step: self._panel.show_rerunning(run, step)))  # fmt: skip
        except QvError as error:
            self._panel.show_verdict(run, False, (f"It could not be repeated: {error}",))
            return
        finally:
            self._again.pop(run, None)
        if told is None:
            self._panel.show_verdict(run, False, ("Not repeated: you did not allow the strategy's code.",))
        else:
            self._panel.show_verdict(run, told.same, told.sentences)

    async def _cancel(self, run: str) -> None:
        if (again := self._again.get(run)) is not None:
            await self._desk.services.backtests.cancel(again)

    async def _export(self, run: str, form: str) -> None:
        files = await self._desk.services.run_exports.export(run, [form])
        self._panel.show_written(files)
        for path in files:
            self._desk.services.notices.tell("info", "Backtest exported", str(path), str(path))

    def _opened(self, path: Path) -> None:
        if not path.exists():
            self._panel.show_failed(f"{path} is not there any more; export the run again.")
        elif not self._open(path.absolute().as_uri()):
            self._panel.show_failed(f"No program could be started for {path.name}; open it yourself in {path.parent}.")

    # ---- the form

    def _follow_lists(self) -> None:
        """The form knows the watchlists as they are now."""
        lists = self._desk.services.watchlists
        before = lists.changed

        def changed(name: str) -> None:
            before(name)
            self._show_lists()

        lists.changed = changed
        self._show_lists()

    def _show_lists(self) -> None:
        lists = self._desk.services.watchlists
        self._panel.form.show_watchlists({name: lists.symbols(name) for name in lists.names})

    def _user(self) -> str:
        session = self._desk.services.login.session
        return session.user.id if session else ""

    async def _kept(self, setting: str) -> Mapping[str, Any]:
        text = await self._desk.services.preferences.setting(self._user(), setting)
        try:
            found = json.loads(text or "{}")
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    async def _keep(self, setting: str, value: Mapping[str, Any]) -> None:
        await self._desk.services.preferences.save_setting(self._user(), setting, json.dumps(value))

    def _save_preset(self, name: str, form: Mapping[str, Any]) -> None:
        if name not in self._presets and len(self._presets) >= MOST_PRESETS:
            self._panel.show_failed(str(BadInput(f"There are {MOST_PRESETS} presets already; delete one first.")))
            return
        self._presets = dict(sorted({**self._presets, name: dict(form)}.items(), key=lambda item: item[0].casefold()))
        self._show_presets()

    def _delete_preset(self, name: str) -> None:
        self._presets.pop(name, None)
        self._show_presets()

    def _show_presets(self) -> None:
        self._panel.show_presets(self._presets)
        self._do(self._keep(PRESETS, self._presets))

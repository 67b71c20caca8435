"""The break queue and the panel: what is asked for is done, and everybody's changes are read again after each comparison."""

from collections.abc import Callable, Coroutine
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from qv_desktop.domain.breaks import BreakItem
from qv_desktop.domain.entries import Entry
from qv_desktop.domain.events import Reconciled
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.reconciliation_rules import Rules
from qv_desktop.services.breaks import VIEW
from qv_desktop.wiring import Desk
from qv_desktop.wiring.answering import do, me

DAYS = {
    "Today": 0,
    "Last 7 days": 6,
    "Last 30 days": 29,
    "Last 365 days": 364,
}  # range -> days before today with which it begins
AGAIN = 5  # ticks, which come once a second, between looks at what other machines changed while the panel is in view


class BreaksWiring:
    """``open_`` opens a file or folder as the system does, and says whether it could."""

    def __init__(
        self, desk: Desk, open_: Callable[[str], bool] = lambda url: QDesktopServices.openUrl(QUrl(url))
    ) -> None:
        self._desk, self._panel, self._open = desk, desk.panels.reconciliation, open_
        self._breaks, self._reports = desk.services.breaks, desk.services.break_reports
        self._ticks, self._reading = 0, False
        panel = self._panel
        panel.now = desk.services.clock.market
        panel.acted.connect(lambda action, item, text: self._do(self._act(action, item, text)))
        panel.entry_asked.connect(lambda item: self._do(self._entry(item)))
        panel.booked.connect(lambda item, entry, reason: self._do(self._book(item, entry, reason)))
        panel.story_asked.connect(lambda item: self._do(self._story(item)))
        panel.history_asked.connect(lambda: self._do(self._history()))
        panel.rules_asked.connect(lambda: self._do(self._show_rules()))
        panel.rules_given.connect(lambda rules, reason: self._do(self._set_rules(rules, reason)))
        panel.run_chosen.connect(lambda run: self._do(self._run(run)))
        panel.export_asked.connect(lambda run, form: self._do(self._export(run, form)))
        panel.range_asked.connect(lambda span, form, every: self._do(self._range(span, form, every)))
        panel.days_asked.connect(lambda *asked: self._do(self._days(*asked)))
        panel.accounts_asked.connect(lambda: self._do(self._accounts()))
        panel.open_asked.connect(self._opened)
        desk.services.bus.subscribe(Reconciled, lambda _: self._do(self.refresh()))
        self._show_me()

    async def start(self) -> None:
        """Show the queue as stored, as far as the person may see it."""
        await self.refresh()
        if self._desk.services.login.may(VIEW):
            await self._show_rules()

    def tick(self) -> None:
        """Once a second: ages, and what was changed at other machines, while somebody looks."""
        self._ticks += 1
        if self._ticks % AGAIN == 0 and self._panel.isVisible():
            self._do(self.refresh())

    async def refresh(self) -> None:
        """Read the queue anew."""
        self._show_me()
        if self._reading or not self._desk.services.login.may(VIEW):
            return
        self._reading = True
        try:
            self._panel.show_queue(await self._breaks.queue())
        finally:
            self._reading = False

    def _show_me(self) -> None:
        self._panel.show_me(me(self._desk))

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        do(self._desk, self._panel, work)

    # ---- the queue

    async def _act(self, action: str, item: BreakItem, text: str) -> None:
        try:
            if action == "comment":
                await self._breaks.comment(item, text)
            elif action in ("take", "sign"):
                self._panel.show_item(await getattr(self._breaks, action)(item))
            else:
                self._panel.show_item(await getattr(self._breaks, action)(item, text))
        finally:
            await self.refresh()  # also when somebody else was quicker: then their change is what must be seen
        await self._story(item)

    async def _entry(self, item: BreakItem) -> None:
        self._panel.show_entry(item, await self._breaks.entry(item))

    async def _book(self, item: BreakItem, entry: Entry, reason: str) -> None:
        try:
            self._panel.show_item(await self._breaks.book(item, entry, reason))
            self._panel.show_booked(entry)
        finally:
            await self.refresh()  # what a comparison found since, also when nothing was booked
        await self._story(item)

    async def _story(self, item: BreakItem) -> None:
        self._panel.show_story(item, await self._breaks.story(item))

    # ---- earlier runs

    async def _history(self) -> None:
        self._panel.show_history(*await self._breaks.history())

    async def _run(self, id_: str) -> None:
        self._panel.history.show_run(await self._breaks.run(id_), await self._reports.files(id_))

    # ---- rules

    async def _show_rules(self) -> None:
        self._panel.show_rules(await self._breaks.rules())

    async def _set_rules(self, rules: Rules, reason: str) -> None:
        self._panel.show_rules(await self._breaks.set_rules(rules, reason), changed=True)

    # ---- reports

    async def _export(self, run: str, form: str) -> None:
        paths = await self._reports.run(run, [form])
        self._panel.show_exported(paths)
        self._panel.history.show_written(run, await self._reports.files(run))

    async def _range(self, span: str, form: str, every: bool) -> None:
        last = self._desk.services.clock.market().astimezone(NEW_YORK).date()
        first = last - timedelta(days=DAYS[span])
        await self._days(first, last, "" if every else None, form)

    async def _days(self, first: date, last: date, account: str | None, form: str) -> None:
        self._panel.show_exported(await self._reports.span(first, last, [form], account))

    async def _accounts(self) -> None:
        """Those besides the one in use, which the panel offers anyway."""
        known, here = await self._reports.accounts(), self._breaks.account
        self._panel.days.show_accounts([(one.id, one.shown) for one in known if one.id != here])

    def _opened(self, path: Path) -> None:
        if not path.exists():
            self._panel.show_failed(f"{path} is not there any more; write the report again.")
        elif not self._open(path.absolute().as_uri()):
            self._panel.show_failed(f"No program could be started for {path.name}; open it yourself in {path.parent}.")

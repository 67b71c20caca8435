"""Alert rules and their panel: what happens is looked at, what is so is shown, and what a person does about it is done."""

from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from typing import Any

from qv_desktop.domain.alert_rules import Rule
from qv_desktop.domain.desk_alerts import Alert
from qv_desktop.domain.errors import QvError
from qv_desktop.domain.events import AlertRulesChanged, AlertsChanged, FeedChanged, Noticed, OrderChanged, Reconciled
from qv_desktop.wiring import Desk


class AlertingWiring:
    """Comes after the wiring of the notices, for an alert joins a notice that tells of it already; ``acknowledge`` acknowledges those."""

    def __init__(self, desk: Desk, acknowledge: Callable[[list[str]], Awaitable[None]]) -> None:
        self._desk, self._acknowledge_notices = desk, acknowledge
        self._rules, self._panel = desk.services.alert_rules, desk.panels.alerts
        self._ready = False
        self._panel.now_page.now = self._panel.rules.now = desk.services.clock.now
        self._hear()
        self._listen()

    def _hear(self) -> None:
        bus = self._desk.services.bus
        for kind in (FeedChanged, OrderChanged, Reconciled):
            bus.subscribe(kind, self._looked)  # whatever it is, the measures have heard it
        bus.subscribe(Noticed, self._rules.hear)
        bus.subscribe(AlertsChanged, self._changed)
        bus.subscribe(AlertRulesChanged, lambda event: self._panel.rules.show_rules(event.desk, event.own))

    def _listen(self) -> None:
        now, rules = self._panel.now_page, self._panel.rules
        now.acknowledge_asked.connect(lambda ids: self._spawn(self._acknowledge(ids)))
        now.snooze_asked.connect(lambda ids, minutes: self._spawn(self._rules.snooze(ids, minutes)))
        now.opened.connect(self._open)
        self._panel.history.asked.connect(lambda days: self._spawn(self._show_history(days)))
        rules.rule_given.connect(lambda rule: self._spawn(self._saved(self._rules.set_rule(rule))))
        rules.own_given.connect(lambda rule: self._spawn(self._saved(self._rules.save_own(rule))))
        rules.remove_asked.connect(lambda id_: self._spawn(self._saved(self._rules.remove_own(id_))))
        rules.test_asked.connect(self._test)
        rules.test_own_asked.connect(lambda condition: self._spawn(self._test_own(condition)))

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._desk.tasks.spawn(work)

    async def start(self) -> None:
        """Read what is kept. Raises DatabaseDown; then it is read as soon as the database is there."""
        self._ready = True
        await self._rules.load()

    def tick(self) -> None:
        """Once a second."""
        if not self._ready:
            return
        self._rules.tick()
        self._panel.now_page.tick()

    def _looked(self, event: object) -> None:
        if self._ready:
            self._rules.look()

    def _changed(self, event: AlertsChanged) -> None:
        self._panel.now_page.show_alerts(event.alerts)

    # ---- hands

    async def _acknowledge(self, ids: list[str]) -> None:
        """By their notices where these wait, so that both are seen at once; the others by themselves."""
        if notices := self._rules.notices_of(ids):
            await self._acknowledge_notices(notices)
        await self._rules.acknowledge(ids)

    def _open(self, alert: Alert) -> None:
        panels, window = self._desk.panels, self._desk.window
        if not alert.panel or not window.raise_panel(alert.panel) or not alert.about:
            return
        if alert.panel == "orders":
            panels.orders.table.select_key(alert.about)

    async def _show_history(self, days: int) -> None:
        now = self._desk.services.clock.now()
        self._panel.history.show_past(await self._rules.history(now - timedelta(days=days), now + timedelta(minutes=1)))

    async def _saved(self, work: Coroutine[Any, Any, object]) -> None:
        try:
            await work
        except QvError as error:
            self._panel.rules.show_answer(str(error), bad=True)
        else:
            self._panel.rules.show_saved()

    def _test(self, rule: Rule) -> None:
        try:
            self._panel.rules.show_answer(self._rules.tested(rule))
        except QvError as error:
            self._panel.rules.show_answer(str(error), bad=True)

    async def _test_own(self, condition: str) -> None:
        try:
            self._panel.rules.show_answer(await self._rules.tested_own(condition))
        except QvError as error:
            self._panel.rules.show_answer(str(error), bad=True)

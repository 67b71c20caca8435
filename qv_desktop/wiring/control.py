"""Audit, reconciliation, notices, health and log: what the desk is held to."""

from collections.abc import Coroutine
from typing import Any

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.errors import QvError
from qv_desktop.domain.events import (
    AuditRecorded,
    FeedChanged,
    Filled,
    HealthMeasured,
    OrderCameBack,
    OrderChanged,
    Reconciled,
    TradingStateChanged,
)
from qv_desktop.ui.panels.audit import AuditQuery
from qv_desktop.wiring import Desk


class ControlWiring:
    """Hears what happened and shows it to those who watch over the desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._query = AuditQuery()
        self._hear()
        self._listen()

    def _hear(self) -> None:
        bus, services, panels, window = (
            self._desk.services.bus,
            self._desk.services,
            self._desk.panels,
            self._desk.window,
        )
        bus.subscribe(Filled, services.notices.filled)
        bus.subscribe(OrderChanged, services.notices.order_changed)
        bus.subscribe(OrderCameBack, services.notices.order_came_back)
        bus.subscribe(FeedChanged, services.notices.feed_changed)
        bus.subscribe(Reconciled, services.notices.reconciled)
        bus.subscribe(TradingStateChanged, services.notices.trading_state)
        bus.subscribe(FeedChanged, lambda event: window.health.show_feed(event))
        bus.subscribe(HealthMeasured, lambda event: window.health.show_health(event))
        bus.subscribe(Reconciled, self._reconciled)
        bus.subscribe(AuditRecorded, lambda event: panels.audit.prepend(event.entry))
        bus.subscribe(AuditRecorded, lambda event: window.health.show_audit(event.entry))

    def _listen(self) -> None:
        panels, window = self._desk.panels, self._desk.window
        panels.audit.page_asked.connect(lambda query: self._spawn(self._page(query)))
        panels.audit.verify_asked.connect(lambda: self._spawn(self._verify()))
        panels.reconciliation.run_asked.connect(lambda: self._spawn(self._reconcile()))
        panels.reconciliation.export_asked.connect(lambda formats: self._spawn(self._export_reconciliation(formats)))
        panels.alerts.unread_changed.connect(lambda count: window.set_count("alerts", count or None))
        window.command.connect(self._command)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._desk.tasks.spawn(work)

    def _command(self, id_: str) -> None:
        if id_ == "reconciliation.run":
            self._spawn(self._reconcile())
        elif id_ == "audit.verify":
            self._spawn(self._verify())
        elif id_ in ("risk.halt", "risk.resume"):
            self._desk.window.raise_panel(id_.partition(".")[0])

    # ---- the audit trail

    async def _page(self, query: AuditQuery) -> None:
        rows = await self._desk.services.audit.page(before=query.before, actor=query.actor, action=query.action,
                                                    outcome=query.outcome, text=query.text)  # fmt: skip
        panel = self._desk.panels.audit
        if query.before is None:
            panel.show_entries(rows)
        else:
            panel.show_older(rows)

    async def _verify(self) -> None:
        found = await self._desk.services.audit.verify()
        self._desk.panels.audit.show_verification(found)
        self._desk.window.health.show_verified(found.head, found.whole, self._desk.services.clock.market())

    # ---- reconciliation

    def _reconciled(self, event: Reconciled) -> None:
        self._desk.panels.reconciliation.show_run(event.run)
        self._desk.window.health.show_reconciliation(event.run)
        self._desk.window.set_count("reconciliation", len(event.run.breaks))

    async def _reconcile(self) -> None:
        try:
            await self._desk.services.reconcile.asked()
        except QvError as error:
            self._desk.panels.reconciliation.show_failed(str(error))
            raise

    async def _export_reconciliation(self, formats: list[str]) -> None:
        panel = self._desk.panels.reconciliation
        try:
            panel.show_exported(await self._desk.services.reconcile.export(formats=formats))
        except QvError as error:
            panel.show_failed(str(error))
            raise

    async def start(self) -> None:
        """Show what is stored, as far as the person may see it."""
        services = self._desk.services
        if services.login.may(Permission(Resource.AUDIT, Action.VIEW)):
            await self._page(self._query)

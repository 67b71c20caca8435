"""Reconciliation, notices, health and log: what the desk is held to."""

from collections.abc import Coroutine
from typing import Any

from qv_desktop.domain.errors import QvError
from qv_desktop.domain.events import (
    FeedChanged,
    Filled,
    HealthMeasured,
    OrderCameBack,
    OrderChanged,
    Reconciled,
    TradingStateChanged,
)
from qv_desktop.wiring import Desk


class ControlWiring:
    """Hears what happened and shows it to those who watch over the desk."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._hear()
        self._listen()

    def _hear(self) -> None:
        bus, services, window = self._desk.services.bus, self._desk.services, self._desk.window
        bus.subscribe(Filled, services.notices.filled)
        bus.subscribe(OrderChanged, services.notices.order_changed)
        bus.subscribe(OrderCameBack, services.notices.order_came_back)
        bus.subscribe(FeedChanged, services.notices.feed_changed)
        bus.subscribe(Reconciled, services.notices.reconciled)
        bus.subscribe(TradingStateChanged, services.notices.trading_state)
        bus.subscribe(FeedChanged, lambda event: window.health.show_feed(event))
        bus.subscribe(HealthMeasured, lambda event: window.health.show_health(event))
        bus.subscribe(Reconciled, self._reconciled)

    def _listen(self) -> None:
        panels, window = self._desk.panels, self._desk.window
        panels.reconciliation.run_asked.connect(lambda: self._spawn(self._reconcile()))
        panels.alerts.unread_changed.connect(lambda count: window.set_count("alerts", count or None))
        window.command.connect(self._command)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._desk.tasks.spawn(work)

    def _command(self, id_: str) -> None:
        if id_ == "reconciliation.run":
            self._spawn(self._reconcile())
        elif id_ in ("risk.halt", "risk.resume"):
            self._desk.window.raise_panel(id_.partition(".")[0])

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

"""Deployments and the panel: what happens is shown, told and kept fresh."""

from collections.abc import Coroutine
from typing import Any

from qv_desktop.domain.deployments import Deployment
from qv_desktop.domain.events import DeploymentChanged, Filled, OrderChanged, Signalled
from qv_desktop.domain.orders import Order
from qv_desktop.domain.signals import Signal
from qv_desktop.services.deployments import VIEW
from qv_desktop.ui.models.deployment_columns import DeploymentRow, SignalRow
from qv_desktop.wiring import Desk
from qv_desktop.wiring.answering import do, me
from qv_desktop.wiring.deployment_asking import DeploymentAsking
from qv_desktop.wiring.deployment_notices import DeploymentNotices

LATER = 10  # ticks between attempts to read what could not be read when the desk began
AGAIN = 3  # ticks, which come once a second, between looks at what other desks changed


class DeploymentsWiring:
    """Keeps the panel and the service together."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._panel, self._service = desk, desk.panels.signals, desk.services.deployments
        self._ticks, self._reading, self._started, self._ready = 0, False, False, False
        self._notices = DeploymentNotices(desk.services.notices)
        panel, bus = self._panel, desk.services.bus
        panel.now = desk.services.clock.market
        self.asking = DeploymentAsking(desk)
        bus.subscribe(DeploymentChanged, self._changed)
        bus.subscribe(Signalled, self._signalled)
        bus.subscribe(OrderChanged, lambda event: self._order_changed(event.order))
        bus.subscribe(Filled, lambda event: self._refigure(event.fill.source))
        self._show_me()

    async def start(self) -> None:
        """Read what is stored, and go on with what ran."""
        self._show_me()
        self._started = True
        if self._desk.services.login.may(VIEW):
            await self._service.load()
            self._ready = True
            self._list()

    async def _start_again(self) -> None:
        """What ran must not stay where it is because the database was away for a moment when the desk began."""
        if self._reading or not self._desk.services.login.may(VIEW):
            return
        self._reading = True
        try:
            await self.start()
        finally:
            self._reading = False

    def tick(self) -> None:
        """Once a second: figures and ages, and what was changed at other desks."""
        self._ticks += 1
        if not self._ready:
            if self._started and self._ticks % LATER == 0:
                self._do(self._start_again())
            return
        if self._panel.isVisible():
            self._panel.upsert(self._row(one) for one in self._service.all())
        for one in self._service.all():
            self._notices.silent(one, self._service.silent(one), self._ticks)
        if self._ticks % AGAIN == 0:
            self._do(self._refresh())

    async def _refresh(self) -> None:
        if self._reading or not self._desk.services.login.may(VIEW):
            return
        self._reading = True
        try:
            await self._service.flush()
            await self._service.refresh()
        finally:
            self._reading = False

    def _show_me(self) -> None:
        self._panel.show_me(me(self._desk))

    def _do(self, work: Coroutine[Any, Any, object]) -> None:
        do(self._desk, self._panel, work)

    # ---- what happens

    def _changed(self, event: DeploymentChanged) -> None:
        one = event.deployment
        if event.gone:
            self._list()
            return
        self._panel.upsert([self._row(one)])
        self._notices.changed(one, self._service.figures(one).held)

    def _signalled(self, event: Signalled) -> None:
        self._panel.upsert_signals([self._signal_row(event.signal)])
        if self._ready:  # what was stored is no news
            self._notices.signalled(event.signal)

    def _order_changed(self, order: Order) -> None:
        if order.request.source.startswith("strategy:"):
            for signal in self._service.signals():
                if signal.order == order.id:
                    self._panel.upsert_signals([self._signal_row(signal)])

    def _refigure(self, source: str) -> None:
        self._panel.upsert(self._row(one) for one in self._service.all() if one.source == source)

    # ---- rows

    def _list(self) -> None:
        self._panel.show_deployments([self._row(one) for one in self._service.all()])
        self._panel.show_signals([self._signal_row(signal) for signal in self._service.signals()])

    def _row(self, one: Deployment) -> DeploymentRow:
        figures = self._service.figures(one)
        last = max((s for s in self._service.signals() if s.deployment == one.id), key=lambda s: s.bar, default=None)
        held = ", ".join(f"{quantity:f} {symbol}" for symbol, quantity in figures.held)
        return DeploymentRow(one, figures.profit, figures.day, figures.exposure, figures.slippage, figures.orders, figures.fills, held,
                             self._service.trouble(one), last)  # fmt: skip

    def _signal_row(self, signal: Signal) -> SignalRow:
        order = self._desk.services.orders.book.get(signal.order)
        if order is None:
            return SignalRow(signal)
        return SignalRow(signal, order.filled, order.average, order.status.value)

"""The ticket's surroundings: presets by symbol, the auctions' hours, average volume, exposure and the room to lose."""

from collections.abc import Coroutine
from typing import Any

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.events import OrderChanged, RiskMeasured
from qv_desktop.domain.orders import OrderRequest, OrderStatus
from qv_desktop.domain.ticket_presets import STANDARD, TicketPreset
from qv_desktop.services.ticket_presets import TicketPresets
from qv_desktop.wiring import Desk

AGAIN = 5  # beats of a second until what could not be stored is tried again


class TicketWiring:
    """Fills the ticket for each symbol, and tells it once a second what is true around it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.presets = TicketPresets(desk.services.preferences, self._user, lambda: desk.services.login.actor)
        self._symbol = ""
        self._sending: dict[str, TicketPreset] = {}  # client order id -> what the ticket was, until the book has it
        self._beats = 0
        ticket = desk.panels.ticket
        ticket.symbol_shown.connect(self._shown)
        ticket.submitted.connect(self._sent)
        ticket.preset_save_asked.connect(self._keep)
        ticket.preset_delete_asked.connect(self._forget)
        desk.services.bus.subscribe(OrderChanged, self._order_changed)
        desk.services.bus.subscribe(RiskMeasured, self._measured)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._desk.tasks.spawn(work)

    def _user(self) -> str:
        session = self._desk.services.login.session
        return session.user.id if session else ""

    async def start(self) -> None:
        """Read the person's presets. With the database away the ticket starts with standard values and they come later."""
        await self.presets.sync()
        self._show_named()
        if self._symbol and self._desk.panels.ticket.fields.preset() == STANDARD:  # and nobody has begun to type
            self._fill(self._symbol)

    # ---- presets

    def _shown(self, symbol: str) -> None:
        self._symbol = symbol
        self._desk.services.averages.want([symbol] if symbol else [])
        self._fill(symbol)

    def _fill(self, symbol: str) -> None:
        self._desk.panels.ticket.fill_for(symbol, self.presets.last(symbol), self.presets.usual(symbol))

    def _sent(self, request: OrderRequest) -> None:
        self._sending[request.client_order_id] = self._desk.panels.ticket.fields.preset()

    def _order_changed(self, event: OrderChanged) -> None:
        """What the book took is filled in next time. What our rules refused was a slip, and a slip is no habit."""
        order, preset = event.order, self._sending.pop(event.order.id, None)
        if preset is None or order.status is OrderStatus.REFUSED:
            return
        symbol = order.request.symbol
        self.presets.remember(symbol, preset, order.request.quantity)
        self._desk.panels.ticket.remembered(symbol, preset, self.presets.usual(symbol))
        self._spawn(self._sync())

    def _keep(self, name: str, preset: TicketPreset) -> None:
        try:
            self.presets.keep(name, preset)
        except BadInput as error:
            self._desk.services.notices.tell("warning", "Preset not saved", str(error), "ticket preset")
            return
        self._show_named()
        self._spawn(self._sync())

    def _forget(self, name: str) -> None:
        self.presets.forget(name)
        self._show_named()
        self._spawn(self._sync())

    def _show_named(self) -> None:
        self._desk.panels.ticket.show_presets(self.presets.named)

    async def _sync(self) -> None:
        await self.presets.sync()

    # ---- once a second

    def _measured(self, event: RiskMeasured) -> None:
        services, ticket = self._desk.services, self._desk.panels.ticket
        volume = services.averages.of(self._symbol).volume20
        ticket.show_around(event.measures.gross, services.risk.limits.daily_loss, volume)
        ticket.show_session(services.sessions.today(), services.clock.market())
        self._beats += 1
        if self.presets.waiting and self._beats % AGAIN == 0:
            self._spawn(self._try_again())

    async def _try_again(self) -> None:
        before = dict(self.presets.named)
        await self.presets.sync()
        if dict(self.presets.named) != before:
            self._show_named()

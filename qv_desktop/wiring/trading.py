"""Orders, fills, positions, account and risk: from the ticket to the broker and back to the blotters."""

from collections.abc import Callable, Coroutine
from typing import Any

from qv_desktop.domain.audit import SYSTEM
from qv_desktop.domain.errors import QvError
from qv_desktop.domain.events import (
    AccountChanged,
    Filled,
    OrderChanged,
    PositionChanged,
    RiskMeasured,
    TradingStateChanged,
)
from qv_desktop.domain.orders import OrderRequest, Side
from qv_desktop.domain.positions import Position
from qv_desktop.domain.risk import TradingState
from qv_desktop.domain.slippage import measured_from
from qv_desktop.wiring import Desk
from qv_desktop.wiring.blotters import BlotterWiring
from qv_desktop.wiring.order_feed import OrderFeed
from qv_desktop.wiring.permissions import PermissionWiring


class TradingWiring:
    """Batches what changes between frames, so that a burst of reports repaints a blotter once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        panels = desk.panels
        self._feed = OrderFeed(desk.services.bus, panels.orders, panels.fills, desk.window.set_count)
        self._blotters = BlotterWiring(desk)
        self._feed.heard.append(self._blotters.orders_changed)
        self._draft: OrderRequest | None = None
        self._permissions = PermissionWiring(desk)
        self._hear()
        self._listen()

    def tell_changed(self, changed: Callable[[set[str]], None]) -> None:
        """Tell ``changed``, too, of the symbols whose orders changed, once a frame."""
        self._feed.heard.append(changed)

    def _hear(self) -> None:
        bus, panels, window = self._desk.services.bus, self._desk.panels, self._desk.window
        bus.subscribe(OrderChanged, self._order_changed)
        bus.subscribe(Filled, self._filled)
        bus.subscribe(PositionChanged, self._position_changed)
        bus.subscribe(AccountChanged, self._account_changed)
        bus.subscribe(RiskMeasured, lambda event: panels.risk.show_measures(event.measures))
        bus.subscribe(RiskMeasured, lambda event: window.account.show_measures(event.measures))
        bus.subscribe(TradingStateChanged, self._state_changed)

    def _listen(self) -> None:
        panels, services, window = self._desk.panels, self._desk.services, self._desk.window
        panels.ticket.submitted.connect(lambda request: self._spawn(self._submit(request)))
        panels.ticket.draft_changed.connect(self._drafted)
        panels.orders.cancel_asked.connect(lambda ids: self._spawn(services.orders.cancel(ids)))
        panels.orders.cancel_all_asked.connect(lambda: self._spawn(services.orders.cancel_all()))
        panels.orders.amend_asked.connect(lambda key, request: self._spawn(services.orders.replace(key, request)))
        panels.positions.close_asked.connect(self._close)
        panels.risk.halt_asked.connect(lambda reason: self._spawn(services.risk.halt(reason)))
        panels.risk.reduce_asked.connect(lambda reason: self._spawn(services.risk.reduce(reason)))
        panels.risk.resume_asked.connect(lambda reason: self._spawn(services.risk.resume(reason)))
        window.order_drafted.connect(
            lambda words: panels.ticket.fill_from(
                words.symbol, words.side, words.quantity, words.limit, words.time_in_force
            )
        )

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._desk.tasks.spawn(work)

    # ---- out

    async def _submit(self, request: OrderRequest) -> None:
        """The id is the ticket's; should this fail before the journal, the same intent is sent again under the same id."""
        self._note_arrival(request)
        ticket = self._desk.panels.ticket
        try:
            order = await self._desk.services.orders.submit(request)
        except BaseException as error:
            words = (
                str(error) if isinstance(error, QvError) else "it failed unexpectedly; look at the blotter and the log."
            )
            ticket.intent_failed(request.client_order_id, words)
            raise
        ticket.intent_taken(order.id, order.status, order.reason)

    def _note_arrival(self, request: OrderRequest) -> None:
        quote = self._desk.services.market.snapshot(request.symbol).quote
        base = measured_from(request, None if quote is None else quote.mid)
        if base is not None:
            self._desk.panels.fills.show_arrival(request.client_order_id, base)

    def _drafted(self, request: OrderRequest | None) -> None:
        self._draft = request
        self._judge()

    def _judge(self) -> None:
        services = self._desk.services
        checks = services.risk.judge(self._draft, services.orders.book).checks if self._draft is not None else ()
        self._desk.panels.ticket.show_preview(checks)

    def _close(self, position: Position) -> None:
        side = Side.SELL if position.quantity > 0 else Side.BUY
        self._desk.panels.ticket.fill_from(position.symbol, side, abs(position.quantity))
        self._desk.window.raise_panel("ticket")

    # ---- in

    def _state_changed(self, event: TradingStateChanged) -> None:
        """What stands since before this sitting needs no author; everything else says who and why."""
        told = () if event.actor == SYSTEM.name and event.state is TradingState.ACTIVE else (event.actor, event.reason)
        self._desk.panels.risk.show_state(event.state, *told)
        self._desk.window.account.show_state(event.state)

    def _order_changed(self, event: OrderChanged) -> None:
        order = event.order  # in the book, though the broker may not have answered yet
        self._desk.panels.ticket.intent_taken(order.id, order.status, order.reason)

    def _filled(self, event: Filled) -> None:
        self._desk.services.account.soon()

    def _position_changed(self, event: PositionChanged) -> None:
        panels, services = self._desk.panels, self._desk.services
        panels.positions.upsert(event.position)
        self._blotters.orders_changed((event.position.symbol,))
        panels.ticket.show_position(event.position)
        self._desk.window.set_count("positions", len(services.positions.held()))

    def _account_changed(self, event: AccountChanged) -> None:
        self._desk.window.account.show_account(event.account)
        self._desk.panels.ticket.show_account(event.account)
        self._desk.panels.positions.show_equity(event.account.equity)

    def frame(self) -> None:
        """Once per frame: the blotters' changed rows."""
        self._feed.frame()

    def beat(self) -> None:
        """Four times a second: prices in the blotters and the draft's verdict, which moves with the quote."""
        services, panels = self._desk.services, self._desk.panels
        prices = services.market.prices()
        ages = {
            symbol: age
            for symbol in services.positions.held()
            if (age := services.market.quote_age(symbol)) is not None
        }
        panels.positions.show_prices(prices, ages)
        panels.orders.show_prices(prices)
        self._blotters.beat()
        self._judge()

    def tick(self) -> None:
        """Once a second: the risk measures, how old the balances are, and whether the person's role is still the same."""
        services = self._desk.services
        self._desk.window.account.show_age(services.account.age)
        self.look_at_role()
        services.risk.measure(services.orders.book)

    def look_at_role(self) -> None:
        """Show at once what the person's role may and may not, if that is not what is shown."""
        self._permissions.tick()

    def start(self) -> None:
        """Show everything that is in the book."""
        services, panels = self._desk.services, self._desk.panels
        panels.orders.show_orders(services.orders.book.values())
        panels.fills.show_fills(services.orders.fills.values())
        panels.orders.note_fills(services.orders.fills.values())
        panels.positions.show_positions(services.positions.all().values())
        self._blotters.start()

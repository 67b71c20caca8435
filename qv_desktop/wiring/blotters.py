"""What a person does in the blotters beyond a single order: cancel by scope, amend under the rules' eyes, read a story, flatten."""

import asyncio
from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Any

from qv_desktop.domain.errors import QvError
from qv_desktop.domain.events import AuditRecorded, Filled
from qv_desktop.domain.flattening import Plan
from qv_desktop.domain.orders import OrderRequest
from qv_desktop.domain.protection import STOPS, split, stop_cover
from qv_desktop.wiring import Desk
from qv_desktop.wiring.position_days import PositionDays

VERDICTS = ("order.submit", "order.replace")  # audit rows that hold the rules' numbers

type Held = tuple[Plan, str, str]  # with the client order ids of the closing and the opening order


class BlotterWiring:
    """Connects the orders and positions panels with the services that act on many orders at once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._stirred: set[str] = set()  # symbols whose orders or position changed since the last beat
        self._filled = False  # whether anything filled since then
        self._days = PositionDays(desk)
        self._amending: tuple[str, OrderRequest] | None = None  # client order id and new terms, as typed
        services, orders, positions = desk.services, desk.panels.orders, desk.panels.positions
        orders.cancel_scope_asked.connect(lambda *scope: self._spawn(self._cancel_scope(*scope)))
        orders.amend_drafted.connect(self._drafted)
        orders.story_asked.connect(lambda key: self._spawn(self._story(key)))
        positions.plan_asked.connect(self._plan)
        positions.plans_asked.connect(self._plans)
        positions.flatten_asked.connect(lambda held: self._spawn(self._flatten(held)))
        desk.window.command.connect(self._command)
        services.bus.subscribe(AuditRecorded, self._recorded)
        services.bus.subscribe(Filled, self._note_fill)

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> None:
        self._desk.tasks.spawn(work)

    def start(self) -> None:
        """Show what is known once the books are open."""
        session = self._desk.services.login.session
        self._desk.panels.orders.show_user(session.user.name if session else "")
        self._split()
        self._days.start()
        self.orders_changed(self._desk.services.positions.held())

    # ---- in

    def orders_changed(self, symbols: Collection[str]) -> None:
        """Orders of these symbols, or their positions, changed: what protects them may have."""
        self._stirred.update(symbols)
        self._days.stir()

    def beat(self) -> None:
        """Four times a second: verdict and preview follow the market."""
        self._judge()
        if self._filled:
            self._filled = False
            self._split()
        self._cover()
        self._days.beat()
        self._desk.panels.positions.refresh_plan()

    def _cover(self) -> None:
        """Once a beat, for a busy book is long."""
        stirred, self._stirred = self._stirred, set()
        held = self._desk.services.positions.held()
        if mine := [held[symbol] for symbol in stirred if symbol in held]:
            stops = [o for o in self._desk.services.orders.book.values() if o.request.type in STOPS and o.open]
            self._desk.panels.positions.show_cover({p.symbol: stop_cover(p, stops) for p in mine})

    def _note_fill(self, _: Filled) -> None:
        self._filled = True

    def _recorded(self, event: AuditRecorded) -> None:
        draft, orders = event.entry.draft, self._desk.panels.orders
        orders.note_row(draft.correlation)
        if draft.action in VERDICTS:
            orders.note_verdict(draft.object_id, event.entry.sequence)

    def _split(self) -> None:
        self._desk.panels.positions.show_split(split(self._desk.services.orders.fills.values()))

    # ---- orders

    async def _cancel_scope(self, symbol: str, source: str, user: str) -> None:
        count = await self._desk.services.orders.cancel_scope(symbol, source, user)
        what = f"{count} order{'' if count == 1 else 's'}"
        scope = symbol or source or user
        self._desk.services.notices.tell("info", "Cancel sent", f"{what}: {scope}", f"cancel {scope}")

    def _drafted(self, key: str, request: OrderRequest | None) -> None:
        self._amending = (key, request) if request is not None else None
        self._judge()

    def _judge(self) -> None:
        panel = self._desk.panels.orders
        if self._amending is None or panel.amending.order is None:
            return
        key, request = self._amending
        panel.show_verdict(key, self._desk.services.orders.checks_of_change(key, request))

    async def _story(self, key: str) -> None:
        entries, why = await self._desk.services.audit.story(key)
        self._desk.panels.orders.show_story(key, entries, why)

    # ---- positions

    def _plan(self, symbol: str, reverse: bool) -> None:
        panel = self._desk.panels.positions
        try:
            panel.show_plan(self._desk.services.flattening.plan(symbol, reverse=reverse))
        except QvError as error:
            panel.show_result(str(error), bad=True)

    def _plans(self) -> None:
        panel, plans = self._desk.panels.positions, self._desk.services.flattening.plans()
        if plans:
            panel.show_plans(plans)
        else:
            panel.show_result("Nothing is held: there is nothing to close.")

    async def _flatten(self, held: Sequence[Held]) -> None:
        """All at once; what went wrong with one does not keep the others from being closed."""
        done = await asyncio.gather(*(self._one(*each) for each in held))
        said = [sentence for _, sentence in done if sentence]
        if said:
            bad = not all(good for good, _ in done)
            self._desk.panels.positions.show_result(" ".join(said), bad=bad)
            self._desk.services.notices.tell("warning" if bad else "info", "Flatten", " ".join(said), "flatten")

    async def _one(self, plan: Plan, closing: str, opening: str) -> tuple[bool, str]:
        try:
            tell = self._desk.panels.positions.show_progress
            return True, await self._desk.services.flattening.flatten(plan, closing, opening, tell)
        except QvError as error:
            return False, str(error)

    # ---- commands

    def _command(self, id_: str) -> None:
        panel = id_.partition(".")[0]
        orders, positions = self._desk.panels.orders, self._desk.panels.positions
        deeds: dict[str, Callable[[], object]] = {
            "orders.cancel_symbol": lambda: orders.ask_cancel_symbol(self._symbol()),
            "orders.cancel_mine": orders.ask_cancel_mine,
            "orders.cancel_all": orders.ask_cancel_all,
            "positions.flatten": positions.ask_plan,
            "positions.reverse": lambda: positions.ask_plan(reverse=True),
            "positions.flatten_all": positions.ask_plans,
        }
        if id_ in deeds:
            self._desk.window.raise_panel(panel)
            deeds[id_]()

    def _symbol(self) -> str:
        """The selected order's symbol while the orders have the keyboard, else the ticket's."""
        chosen = self._desk.panels.orders.table.selected()
        if chosen and self._desk.window.focused_panel() == "orders":
            return chosen[0].request.symbol
        links = self._desk.window.links
        group = links.group("ticket")
        return links.symbol(group) if group else ""

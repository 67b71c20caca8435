"""A desk with its reconciliation over a broker that the test plays: what scenarios and the state machine share."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from qv_desktop.adapters.reports.reconciliation import ReconciliationReports
from qv_desktop.app.gate import Gate
from qv_desktop.domain.access import Role
from qv_desktop.domain.account_history import Activity
from qv_desktop.domain.accounts import Account
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import BrokerDown
from qv_desktop.domain.events import Reconciled, TradingOverridden
from qv_desktop.domain.market import Action
from qv_desktop.domain.orders import Fill, Order, OrderStatus, Side
from qv_desktop.domain.reconciliation import Reconciliation
from qv_desktop.services.bus import Bus
from qv_desktop.services.reconcile import Reconcile
from tests.builders import NOW, a_limit, an_order
from tests.services.test_orders import Desk, a_sitting

BEFORE = NOW - timedelta(minutes=1)  # long enough ago that the broker's lists must know
FOLDER = Path("/nowhere")  # no report is written


@dataclass
class Runs:
    """Keeps runs and their audit drafts."""

    kept: list[Reconciliation] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)

    async def save(self, run: Reconciliation, draft: Draft) -> None:
        self.kept.append(run)
        self.drafts.append(draft)

    async def latest(self, limit: int = 20) -> list[Reconciliation]:
        return self.kept[::-1][:limit]


@dataclass
class Moved:
    """What the broker booked besides executions; ``down`` makes every question fail."""

    told: list[Activity] = field(default_factory=list)
    down: bool = False

    async def movements(self, since: date) -> list[Activity]:
        if self.down:
            raise BrokerDown("The broker does not tell its activities.")
        return list(self.told)


@dataclass
class Marks:
    """Balances as they were kept."""

    kept: dict[datetime, Decimal | None] = field(default_factory=dict)
    looked: set[datetime] = field(default_factory=set)  # moments of comparisons that booked nothing

    async def save_account(self, account: Account) -> None:
        self.kept[account.at] = account.cash

    async def agreed(self, account: str, *, looked: bool) -> tuple[datetime, Decimal] | None:
        known = [(at, cash) for at, cash in self.kept.items() if cash is not None and (looked or at not in self.looked)]
        return max(known, default=None)


@dataclass
class Room:
    """The desk, its reconciliation, and what the gate last said: None while trading is open."""

    desk: Desk
    service: Reconcile
    runs: Runs
    moved: Moved
    marks: Marks
    splits: list[Action] = field(default_factory=list)
    closed: str | None = ""

    async def run(self) -> Reconciliation:
        """One comparison, some seconds after whatever happened last."""
        return await self.service.run("system", "test")

    def kinds(self, run: Reconciliation) -> list[tuple[str, str]]:
        return [(one.section, one.kind) for one in run.breaks]

    @property
    def booked(self) -> list[Draft]:
        """Audit rows of what was booked by itself or by hand, in order."""
        entries = [draft for *_, draft in self.desk.journal.records if draft is not None] + [
            entry.draft for entry in self.desk.trail.rows
        ]
        return [draft for draft in entries if draft.action == "reconciliation.book"]


def in_a_room(story: Callable[[Room], Coroutine[Any, Any, None]], role: Role = Role.ADMIN) -> None:
    asyncio.run(a_room(story, role))


async def a_room(story: Callable[[Room], Coroutine[Any, Any, None]], role: Role = Role.ADMIN) -> None:
    async def told(desk: Desk) -> None:
        runs, moved, marks, bus = Runs(), Moved(), Marks(), Bus()
        splits: list[Action] = []

        async def announced(symbol: str) -> list[Action]:
            return [one for one in splits if one.symbol == symbol]

        def publish(event: Any) -> None:
            desk.events.append(event)
            if isinstance(event, Reconciled | TradingOverridden):
                bus.publish(event)

        orders = desk.orders
        service = Reconcile(desk.broker, runs, ReconciliationReports(), orders, desk.positions, orders._risk._account, orders._login,
                            publish, lambda: desk.moment[0], lambda: NOW - timedelta(hours=1), FOLDER, desk.trail,
                            movements=moved, marks=marks,
                            announced=announced, elapsed=lambda: desk.moment[0].timestamp())  # fmt: skip
        room = Room(desk, service, runs, moved, marks, splits)
        gate = Gate(bus, lambda why: setattr(room, "closed", why))
        gate.books_loaded()
        await story(room)

    await a_sitting(told, role)


def theirs(id: str = "qv-1", status: OrderStatus = OrderStatus.WORKING, filled: int = 0, quantity: int = 100, price: str = "99.00",
           side: Side = Side.BUY, **rest: Any) -> Order:  # fmt: skip
    """An order as the broker tells it."""
    average = Decimal(price) if filled else None
    return an_order(a_limit(price, quantity, side, id=id), status, **{"broker_id": f"b-{id}", "filled": Decimal(filled), "average": average,
                    "submitted": BEFORE, "changed": BEFORE, **rest})  # fmt: skip


def execution(name: str, quantity: int, price: str = "99.00", id: str = "qv-1", cumulative: int | None = None, side: Side = Side.BUY,
              at: datetime = BEFORE) -> Fill:  # fmt: skip
    """An execution as the broker tells it."""
    total = None if cumulative is None else Decimal(cumulative)
    return Fill(name, id, "AAPL", side, Decimal(quantity), Decimal(price), at, cumulative=total)

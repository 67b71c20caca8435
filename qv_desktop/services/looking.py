"""Looking at both books: ours and the broker's, at one moment as nearly as can be, and again where they differ."""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from qv_desktop.domain.audit import Actor, Draft
from qv_desktop.domain.errors import QvError
from qv_desktop.domain.market import NEW_YORK, Action
from qv_desktop.domain.orders import Fill, Order, OrderStatus
from qv_desktop.domain.reconciliation import (
    MOVING,
    Books,
    Break,
    Reconciliation,
    Section,
    Tolerances,
    Uncompared,
    differences,
    fingerprint,
)
from qv_desktop.services.cash import Cash, Compared, Told
from qv_desktop.services.ports.broker import Broker
from qv_desktop.services.ports.callbacks import Now

DAYS = timedelta(days=5)  # for which an announced split may explain a position

type Ours = Callable[[datetime], Awaitable[Books]]  # since when executions are wanted -> our books now
type Announced = Callable[[str], Awaitable[Sequence[Action]]]


@dataclass(frozen=True, slots=True)
class Look:
    """One comparison: both books, what differs, and what of cash."""

    local: Books
    broker: Books
    breaks: tuple[Break, ...]
    matched: int
    cash: Compared
    told: Told

    @property
    def all(self) -> tuple[Break, ...]:
        """Every difference."""
        return (*self.breaks, *self.cash.breaks)

    def lasting(self, earlier: "Look") -> tuple[Break, ...]:
        """Those that were there, and the same, in an earlier look: snapshot and stream race, and a race leaves no trace twice."""
        then = {(one.section, one.key, one.difference) for one in earlier.all}
        return tuple(one for one in self.all if (one.section, one.key, one.difference) in then)

    def moving(self, earlier: "Look") -> tuple[Uncompared, ...]:
        """What differs, and differently each time: nothing is known of it yet."""
        lasting = self.lasting(earlier)
        return tuple(Uncompared(one.section, one.key, MOVING) for one in self.all if one not in lasting)


class Looking:
    """Makes looks at the broker's books beside ``ours``. Executions are compared from ``since`` on; ``announced`` tells splits."""

    def __init__(self, broker: Broker, ours: Ours, cash: Cash, now: Now, since: Callable[[], datetime],
                 announced: Announced | None = None) -> None:  # fmt: skip
        self._broker, self._ours, self._cash = broker, ours, cash
        self._now, self._since, self._announced = now, since, announced

    async def look(self, tolerances: Tolerances, *, closely: bool = False) -> Look:
        """Ask, and compare; ``closely`` looks for announced splits as well. Raises BrokerDown: nothing is known then."""
        since = self._since()
        broker, fills, told = await self._theirs(since)
        local = await self._ours(since)
        broker = await self._with_held(broker, local)
        breaks, matched = differences(local, broker, tolerances)
        if closely and (symbols := _concerned(breaks, local)):
            broker = replace(broker, actions={symbol: await self._splits(symbol) for symbol in symbols})
            breaks, matched = differences(local, broker, tolerances)
        cash = self._cash.compared(broker.account, fills, told, tolerances)
        return Look(local, broker, breaks, matched + cash.matched, cash, told)

    async def _theirs(self, since: datetime) -> tuple[Books, list[Fill], Told]:
        """The broker's books, all of its executions since cash agreed, and what else it booked.

        What tells of money comes after the balances that it must explain.
        """
        ask = self._broker
        account = await ask.account()
        positions, orders, fills, told = await asyncio.gather(
            ask.positions(), ask.open_orders(), ask.fills(self._cash.since(since)), self._cash.told()
        )
        twice = _twice(orders, fills)
        books = Books(self._now(), positions, {o.id: o for o in orders}, {f.execution_id: f for f in fills if f.at >= since}, account,
                      twice, self._cash.booked(told))  # fmt: skip
        return books, fills, told

    async def _with_held(self, broker: Books, local: Books) -> Books:
        """The broker's books with exits of ours that it holds: its list of open orders may lack them, and only a question decides."""
        held = [
            key for key, order in local.orders.items() if order.status is OrderStatus.HELD and key not in broker.orders
        ]
        told = [await self._broker.find(key) for key in held]
        return replace(
            broker, orders={**broker.orders, **{one.id: one for one in told if one is not None and one.open}}
        )

    async def _splits(self, symbol: str) -> tuple[Action, ...]:
        """What took effect lately; where it is not known, nothing is explained by it."""
        if self._announced is None:
            return ()
        try:
            found = await self._announced(symbol)
        except QvError:
            return ()
        today = self._now().astimezone(NEW_YORK).date()
        first = min(
            today - DAYS, self._cash.since(self._now()).astimezone(NEW_YORK).date()
        )  # a program may be closed for long
        return tuple(one for one in found if one.kind == "split" and first <= one.day <= today)


def _concerned(breaks: Sequence[Break], local: Books) -> set[str]:
    """The symbols whose splits may explain something: of positions, and of orders that are on both sides."""
    orders = {
        local.orders[one.key].request.symbol
        for one in breaks
        if one.section == "open orders" and one.key in local.orders
    }
    return orders | {one.key for one in breaks if one.section == "positions"}


def _twice(orders: Sequence[Order], fills: Sequence[Fill]) -> tuple[tuple[Section, str], ...]:
    listed = {
        "open orders": Counter(order.id for order in orders),
        "fills": Counter(fill.execution_id for fill in fills),
    }
    rows: list[tuple[Section, str]] = [
        ("open orders", key) for key, count in listed["open orders"].items() if count > 1
    ]
    rows += [("fills", key) for key, count in listed["fills"].items() if count > 1]
    return tuple(sorted(rows))


def drafted(run: Reconciliation, actor: Actor) -> Draft:
    """The audit row of a run."""
    after = {"matched": run.matched, "breaks": len(run.breaks), "at_risk": str(run.at_risk), "input": run.input_hash,
             "not_compared": [f"{one.section} {one.key}: {one.why}" for one in run.uncompared], "booked": list(run.booked)}  # fmt: skip
    return Draft(actor, "reconciliation.run", "reconciliation", run.id, "ok" if run.passed else "failed", run.reason,
                 after=json.dumps(after), correlation=run.id)  # fmt: skip


def run_of(id_: str, operator: str, reason: str, at: datetime, tolerances: Tolerances, look: Look, earlier: Look | None,
           booked: Sequence[str] = ()) -> Reconciliation:  # fmt: skip
    """The run that ends with ``look``: what differed alike in the look before it are its breaks."""
    account = look.broker.account
    breaks = look.all if earlier is None else look.lasting(earlier)
    uncompared = look.cash.uncompared + (() if earlier is None else look.moving(earlier))
    return Reconciliation(id_, at, account.masked if account else "", operator, reason, look.local.at,
                          account.at if account else look.broker.at, tolerances, look.matched, breaks,
                          fingerprint(look.local, look.broker), uncompared, tuple(booked))  # fmt: skip

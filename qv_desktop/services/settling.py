"""Settling: what is unknown at the broker is asked for, never guessed; start, reconnect and crash recovery are one path."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from qv_desktop.domain.audit import BROKER, Draft
from qv_desktop.domain.errors import BrokerDown, DatabaseDown
from qv_desktop.domain.events import OrderChanged
from qv_desktop.domain.orders import Fill, Order, OrderClass, OrderStatus, Report, ReportKind
from qv_desktop.services.order_records import terms
from qv_desktop.services.ports import Broker, Now, OrderJournal, Publish
from qv_desktop.services.positions import Positions

if TYPE_CHECKING:
    from qv_desktop.services.orders import Orders

log = structlog.get_logger(__name__)

EVERY = 2.0  # seconds between rounds
READ_LAG = 10.0  # seconds after which an absent order is taken as one that never arrived
ASKED_FOR = 2.0  # seconds that a cancel or a replacement may stay unanswered before the broker is asked
LOOKS = 5  # attempts to catch positions and fills of one moment
LEG_LOOKS = 3  # rounds that legs are looked for after a bracket stirred: the broker makes them a little later
NEVER_ARRIVED = "it never reached the broker; send it again if still wanted"
STILL_THERE = "the broker still has it as it was"
_PENDING = {
    OrderStatus.PENDING_CANCEL: ReportKind.CANCEL_REFUSED,
    OrderStatus.PENDING_REPLACE: ReportKind.REPLACE_REFUSED,
}
_OPEN_THERE = (OrderStatus.WORKING, OrderStatus.PARTIAL, OrderStatus.HELD, OrderStatus.SUBMITTED, OrderStatus.PAUSED)


class Settling:
    """Asks the broker about the orders of one book. ``elapsed`` gives seconds that only the wall's clock moves."""

    def __init__(
        self,
        orders: "Orders",
        broker: Broker,
        journal: OrderJournal,
        positions: Positions,
        publish: Publish,
        now: Now,
        account: Callable[[], str],
        elapsed: Callable[[], float],
    ) -> None:
        self._orders, self._broker, self._journal, self._positions = orders, broker, journal, positions
        self._publish, self._now, self._account, self._elapsed = publish, now, account, elapsed
        self._stirred: dict[str, float] = {}  # client order id -> when it last moved here, or was first seen
        self._early: dict[str, list[Report]] = {}  # client order id -> reports of orders that are not in the book yet
        self._leg_looks = 0

    # ---- what Orders tells

    def stirred(self, order: Order) -> None:
        """An order moved; the legs of a bracket are made by the broker, which streams nothing of those that wait."""
        self._stirred[order.id] = self._elapsed()
        if order.request.order_class is not OrderClass.SIMPLE:
            self._leg_looks = LEG_LOOKS

    def heard_early(self, report: Report) -> None:
        """A report of an order that is not in the book."""
        self._early.setdefault(report.client_order_id, []).append(report)

    # ---- one order

    def doubtful(self, order: Order) -> bool:
        """Whether the broker should be asked what became of it."""
        if not order.open or order.id in self._orders.sending:
            return False
        if order.status in _PENDING:
            return self._still(order) >= ASKED_FOR
        return order.broker_id is None or order.status in (OrderStatus.INTENT, OrderStatus.UNRESOLVED)

    def _still(self, order: Order) -> float:
        """Seconds since it last moved."""
        return self._elapsed() - self._stirred.setdefault(order.id, self._elapsed())

    async def settle(self, order: Order, *, in_positions: bool = False) -> None:
        """Ask the broker what became of ``order`` and take its answer. Raises BrokerDown."""
        found = await self._broker.find(order.id)
        if order.id in self._orders.sending:
            return  # somebody acts on it now and will have a newer answer
        if found is None:
            await self._absent(self._orders.book[order.id])
            return
        await self._book_missing_fills(self._orders.book[order.id], found, in_positions)
        current = self._orders.book[order.id]
        kind = _PENDING.get(current.status) if found.status in _OPEN_THERE else None
        if kind is not None and self._still(current) < ASKED_FOR:
            return  # the answer may still be on its way
        kind = kind or _STANDING.get(found.status)
        if kind is not None and current.open:
            reason = STILL_THERE if current.status in _PENDING and found.status in _OPEN_THERE else found.reason
            self._orders.apply(Report(order.id, kind, found.changed or self._now(), found.broker_id, reason=reason,
                                      replaced_by=found.replaced_by))  # fmt: skip

    async def _absent(self, order: Order) -> None:
        """Absent twice and longer than the broker's read lag: it never arrived, and a stale order is not sent again."""
        if not order.open or order.broker_id is not None:
            return
        if order.status is OrderStatus.SUBMITTED:
            self._orders.apply(
                Report(order.id, ReportKind.UNCERTAIN, self._now(), reason="the broker does not know it")
            )
            return
        if self._still(order) < READ_LAG or await self._broker.find(order.id) is not None:
            return
        if order.id not in self._orders.sending:
            self._orders.apply(Report(order.id, ReportKind.NOT_FOUND, self._now(), reason=NEVER_ARRIVED))

    async def _book_missing_fills(self, order: Order, found: Order, in_positions: bool) -> None:
        if found.filled <= order.filled:
            return
        for fill in await self._broker.fills(order.submitted - timedelta(minutes=1)):
            if fill.client_order_id == order.id:
                self._book(fill, found.broker_id, in_positions)

    def _book(self, fill: Fill, broker_id: str | None, in_positions: bool) -> None:
        self._orders.apply(Report(fill.client_order_id, ReportKind.FILL, fill.at, broker_id, fill.execution_id, fill.quantity,
                                  fill.price), in_positions=in_positions)  # fmt: skip

    async def settled(self, order: Order, *, in_positions: bool = False) -> None:
        """Settle, or leave it for the next round while the broker does not answer."""
        try:
            await self.settle(order, in_positions=in_positions)
        except BrokerDown as error:
            log.info("order_stays_unresolved", order=order.id, reason=str(error))

    # ---- all orders

    async def settle_all(self) -> None:
        """Settle every doubtful order."""
        for order in [o for o in self._orders.book.values() if self.doubtful(o)]:
            await self.settled(order)

    async def settle_open(self) -> None:
        """Ask about every open order: a stream can be mute while its socket lives."""
        for order in [o for o in self._orders.book.values() if o.open and o.id not in self._orders.sending]:
            await self.settled(order)

    async def recover(self, orders: list[Order], fills: list[Fill]) -> None:
        """Take the journal's orders and fills into the book, then ask the broker about every open one.

        Fills found here are left out of the positions: the broker's own are taken over next.
        """
        for order in orders:
            self._orders.book.setdefault(order.id, order)
        for fill in fills:
            self._orders.fills.setdefault(fill.execution_id, fill)
        for order in [o for o in self._orders.book.values() if o.open and o.id not in self._orders.sending]:
            await self.settled(order, in_positions=True)
        for order in list(self._orders.book.values()):
            self._publish(OrderChanged(order))

    async def take_over_positions(self, since: datetime) -> None:
        """Adopt the broker's positions with exactly the fills that are in them, whatever the stream says meanwhile.

        Raises BrokerDown, DatabaseDown; then nothing was adopted.
        """
        with self._orders.holding_back():
            for _ in range(LOOKS):
                before = {fill.execution_id for fill in await self._broker.fills(since)}
                theirs = await self._broker.positions()
                fills = await self._broker.fills(since)
                if before == {fill.execution_id for fill in fills}:
                    break
            for fill in fills:
                await self._book_known(fill)
            self._positions.adopt(theirs)

    async def _book_known(self, fill: Fill) -> None:
        if fill.execution_id in self._orders.fills:
            return
        if fill.client_order_id not in self._orders.book:
            found = await self._broker.find(fill.client_order_id)
            if found is None:
                log.warning("fill_of_unknown_order", order=fill.client_order_id, execution=fill.execution_id)
                return
            await self._adopt(found)
        self._book(fill, None, in_positions=True)

    # ---- orders made elsewhere

    async def adopt_strangers(self) -> None:
        """Take orders that were made elsewhere into the book, with what was already heard of them. Raises BrokerDown."""
        for key in list(self._early):
            found = await self._broker.find(key)
            if found is None:
                log.warning("report_of_unknown_order", order=key)
            elif key not in self._orders.book:
                await self._adopt(found)
            for report in self._early.pop(key, []):
                if key in self._orders.book:
                    self._orders.apply(report)

    async def adopt_legs(self) -> None:
        """Take the legs of brackets into the book once their parents stirred. Raises BrokerDown, DatabaseDown."""
        if self._leg_looks:
            await self.import_open(await self._broker.open_orders())
            self._leg_looks = max(0, self._leg_looks - 1)

    async def import_open(self, theirs: list[Order]) -> None:
        """Take the broker's open orders that are not in the book: made elsewhere, visible here, never cancelled by us."""
        for found in theirs:
            if found.id not in self._orders.book:
                await self._adopt(found)
                await self._book_missing_fills(self._orders.book[found.id], found, in_positions=False)

    async def _adopt(self, found: Order) -> None:
        # fills are taken one by one by execution id, so the adopted order starts without them
        order = replace(found, account=self._account(), filled=found.filled * 0, average=None,
                        status=OrderStatus.WORKING if found.filled else found.status)  # fmt: skip
        self._orders.book[order.id] = order
        self._stirred[order.id] = self._elapsed()
        await self._journal.adopt(order, Draft(BROKER, "order.adopt", "order", order.id, after=terms(order.request)))
        self._publish(OrderChanged(order))

    async def run(self) -> None:
        """Settle and adopt until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.settle_all()
            try:
                await self.adopt_legs()
                await self.adopt_strangers()
            except (BrokerDown, DatabaseDown) as error:
                log.info("strangers_wait", reason=str(error))


_STANDING: dict[OrderStatus, ReportKind] = {  # what the broker's view of an order amounts to as a report
    OrderStatus.SUBMITTED: ReportKind.ACKNOWLEDGED,
    OrderStatus.WORKING: ReportKind.ACCEPTED,
    OrderStatus.PARTIAL: ReportKind.ACCEPTED,
    OrderStatus.HELD: ReportKind.HELD,
    OrderStatus.PAUSED: ReportKind.PAUSED,
    OrderStatus.CANCELED: ReportKind.CANCELED,
    OrderStatus.EXPIRED: ReportKind.EXPIRED,
    OrderStatus.REJECTED: ReportKind.REJECTED,
    OrderStatus.REPLACED: ReportKind.REPLACED,
    OrderStatus.UNKNOWN: ReportKind.UNKNOWN,
}

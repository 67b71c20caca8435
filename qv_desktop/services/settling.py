"""Settling: what is unknown at the broker is asked for, never guessed; start, reconnect and crash recovery are one path."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

import structlog

from qv_desktop.domain.errors import BrokerDown, DatabaseDown, NotPermitted
from qv_desktop.domain.events import OrderChanged
from qv_desktop.domain.orders import CLOSED, Fill, Order, OrderClass, OrderStatus, Report, ReportKind
from qv_desktop.services.asking import READ_LAG, RECENT, SKEW, Asking
from qv_desktop.services.ports.broker import Broker
from qv_desktop.services.ports.callbacks import Now, Publish
from qv_desktop.services.ports.orders import OrderJournal
from qv_desktop.services.positions import Positions
from qv_desktop.services.readable import readable
from qv_desktop.services.strangers import Strangers
from qv_desktop.services.taking_over import TakeOver

if TYPE_CHECKING:
    from qv_desktop.services.orders import Orders

log = structlog.get_logger(__name__)

EVERY = 2.0  # seconds between rounds
ASKED_FOR = 2.0  # seconds that a cancel or a replacement may stay unanswered before the broker is asked
QUESTIONS = 24  # asked in one round at most, so that the rest of the program may ask too
LOOK_AGAIN = 60.0  # seconds after which an order that never arrived is asked for a last time
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
        self._orders, self._broker = orders, broker
        self._publish, self._now, self._elapsed = publish, now, elapsed
        self._stirred: dict[str, float] = {}  # client order id -> when it last moved here, or was first seen
        self._unfinished: set[str] = set()  # ids whose end the broker told before all of their executions
        self._gone: dict[str, float] = {}  # client order id -> when it was closed as one that never arrived
        self._strangers = Strangers(orders, broker, journal, publish, account, self)
        self._positions = TakeOver(orders, broker, positions, self._strangers.adopt,
                                   partial(self.book_fill, in_positions=True), now)  # fmt: skip
        self.asking = Asking(orders, broker, self, now, elapsed)

    @property
    def unfinished(self) -> frozenset[str]:
        """Ids of orders in the book of which the broker told more than it told executions of."""
        return frozenset(key for key in self._unfinished if key in self._orders.book)

    # ---- what Orders tells

    def stirred(self, order: Order) -> None:
        """An order moved; the legs of a bracket are made by the broker, which streams nothing of those that wait."""
        self._stirred[order.id] = self._elapsed()
        if order.request.order_class is not OrderClass.SIMPLE:
            self._strangers.look_for_legs()

    def lacks(self, order: Order) -> None:
        """The broker told of more shares traded than are known here: it is asked for the executions."""
        self._unfinished.add(order.id)

    def heard_early(self, report: Report) -> None:
        """A report of an order that is not in the book."""
        self._strangers.heard(report, self._elapsed())

    def wake(self) -> None:
        """There is something that must not wait for the next round."""
        self._strangers.woken.set()

    # ---- one order

    def doubtful(self, order: Order) -> bool:
        """Whether the broker should be asked what became of it."""
        if not order.open:
            return order.id in self._unfinished or self._to_look_again(order)
        if order.id in self._orders.sending:
            return False
        if order.status in _PENDING:
            return self.still(order) >= ASKED_FOR
        unsure = order.broker_id is None or order.status in (OrderStatus.INTENT, OrderStatus.UNRESOLVED)
        return unsure or order.id in self._unfinished

    def _to_look_again(self, order: Order) -> bool:
        return order.id in self._gone and self._elapsed() - self._gone[order.id] >= LOOK_AGAIN

    def still(self, order: Order) -> float:
        """Seconds since it last moved."""
        return self._elapsed() - self._stirred.setdefault(order.id, self._elapsed())

    async def settle(self, order: Order, *, in_positions: bool = False) -> None:
        """Ask the broker what became of ``order`` and take its answer. Raises BrokerDown."""
        asked = self._elapsed()
        found = await self._broker.find(order.id)
        if order.id in self._orders.sending:
            return  # somebody acts on it now and will have a newer answer
        if found is None:
            await self._absent(self._orders.book[order.id])
        else:
            await self.take(found, asked, in_positions=in_positions)

    async def take(self, found: Order, asked: float, *, in_positions: bool = False,
                   fills: Iterable[Fill] | None = None) -> None:  # fmt: skip
        """Take the broker's view of an order in the book, got by a question of the moment ``asked``. Raises BrokerDown.

        Its executions are looked for in ``fills`` when given, asked for otherwise.
        """
        await self._book_missing_fills(self._orders.book[found.id], found, in_positions, fills)
        current = self._orders.book[found.id]
        if self._waits_for_fills(current, found):
            return
        self._gone.pop(found.id, None)
        self._resize(current, found)
        report = self._amounts_to(self._orders.book[found.id], found, asked)
        if report is not None:
            self._orders.apply(report)

    def _resize(self, current: Order, found: Order) -> None:
        """The broker decides for how many shares an order is: a replacement of one that had partly traded may be for the rest."""
        size = found.request.quantity
        if size > 0 and size != current.request.quantity:
            self._orders.apply(
                Report(found.id, ReportKind.RESIZED, found.changed or self._now(), found.broker_id, quantity=size)
            )

    def _waits_for_fills(self, current: Order, found: Order) -> bool:
        """An end is not taken before the last execution: a closed order is not asked about any more."""
        waits = found.status in CLOSED and current.filled < found.filled
        (self._unfinished.add if waits else self._unfinished.discard)(found.id)
        return waits

    def _amounts_to(self, current: Order, found: Order, asked: float) -> Report | None:
        """What the broker's view says that is not known here."""
        there = found.status in _OPEN_THERE
        pending = _PENDING.get(current.status) if there else None
        if pending is not None and self.still(current) < ASKED_FOR:
            return None  # the answer may still be on its way
        kind = pending or _STANDING.get(found.status)
        if current.status in _PENDING and found.status in _PENDING:
            return None  # asked for and not answered, there as here
        came_back = current.status is OrderStatus.REJECTED and current.broker_id is None
        if kind is None or not (current.open or came_back):
            return None
        if (
            found.status not in CLOSED
            and self._stirred.get(current.id, asked) > asked
            and current.broker_id is not None
        ):
            return None  # it moved since the question was asked: the answer is older than what is known
        reason = STILL_THERE if pending is not None else found.reason
        return Report(found.id, kind, found.changed or self._now(), found.broker_id, reason=reason,
                      replaced_by=found.replaced_by)  # fmt: skip

    async def _absent(self, order: Order) -> None:
        """Absent twice and longer than the broker's read lag: it never arrived, and a stale order is not sent again."""
        if not order.open:
            self._gone.pop(order.id, None)  # looked for again, and still nowhere
            return
        if order.broker_id is not None:
            return
        self.doubt(order)
        if self.still(order) < READ_LAG or await self._broker.find(order.id) is not None:
            return
        if await self._orders.others.decides(order):
            return
        if self._still_absent(self._orders.book[order.id]):
            self._gone[order.id] = self._elapsed()
            self._orders.apply(Report(order.id, ReportKind.NOT_FOUND, self._now(), reason=NEVER_ARRIVED))

    def _still_absent(self, order: Order) -> bool:
        """Whether nothing was heard of it while the broker was asked."""
        return order.open and order.broker_id is None and order.id not in self._orders.sending

    def doubt(self, order: Order) -> None:
        """An order that the broker does not know, though it was sent."""
        if order.status is OrderStatus.SUBMITTED:
            self._orders.apply(
                Report(order.id, ReportKind.UNCERTAIN, self._now(), reason="the broker does not know it")
            )

    async def _book_missing_fills(
        self, order: Order, found: Order, in_positions: bool, fills: Iterable[Fill] | None
    ) -> None:
        if found.filled <= order.filled:
            return
        told = (
            fills
            if fills is not None
            else await readable(self._broker.fills(min(order.submitted, found.submitted) - SKEW))
        )
        for fill in told:
            if fill.client_order_id == order.id:
                self.book_fill(fill, in_positions=in_positions, broker_id=found.broker_id)

    def book_fill(self, fill: Fill, *, in_positions: bool, broker_id: str | None = None) -> None:
        """Take an execution that the broker told when asked; ``broker_id`` is its order's, where it does not tell it itself."""
        known = broker_id or fill.broker_id
        self._orders.apply(Report(fill.client_order_id, ReportKind.FILL, fill.at, known, fill.execution_id, fill.quantity,
                                  fill.price, cumulative=fill.cumulative), in_positions=in_positions)  # fmt: skip

    async def settled(self, order: Order, *, in_positions: bool = False) -> bool:
        """Settle, or leave it for the next round while the broker does not answer; whether it answered."""
        try:
            await self.settle(order, in_positions=in_positions)
        except BrokerDown as error:
            log.info("order_stays_unresolved", order=order.id, reason=str(error))
            return False
        return True

    # ---- all orders

    async def settle_all(self) -> None:
        """Settle every doubtful order."""
        await self.asking.many([o for o in self._orders.book.values() if self.doubtful(o)], most=QUESTIONS)

    async def settle_open(self, *, in_positions: bool = False) -> None:
        """Ask about every open order: a stream can be mute while its socket lives."""
        asked = [o for o in self._orders.book.values() if o.open and o.id not in self._orders.sending]
        await self.asking.many(asked, in_positions=in_positions)

    async def recover(self, orders: list[Order], fills: list[Fill]) -> None:
        """Take the journal's orders and fills into the book, then ask the broker about every open one.

        Fills found at a start are left out of the positions: the broker's own are taken over next. Later they count at once, or shares
        that traded while the stream was away would be neither in an order nor in a position until the broker's lists agree.
        """
        for order in orders:
            self._orders.book.setdefault(order.id, order)
        for fill in fills:
            self._orders.fills.setdefault(fill.execution_id, fill)
        await self.settle_open(in_positions=not self._positions.counted)
        for order in orders:
            now = self._orders.book[order.id]
            self._publish(OrderChanged(now, found=now == order))

    async def take_over_positions(self, since: datetime, loose: Sequence[Fill] | None = None) -> None:
        """Adopt the broker's positions with exactly the fills that are in them; with ``loose`` (executions that ours may lack) only
        where executions lead there. Raises BrokerDown, DatabaseDown."""  # fmt: skip
        await self._positions.take_over(since, loose)

    # ---- orders made elsewhere

    async def adopt_strangers(self) -> None:
        """Take orders that were made elsewhere into the book, with what was already heard of them. Raises BrokerDown."""
        await self._strangers.adopt_heard(self._elapsed(), self._newest)

    async def _newest(self) -> list[Order]:
        return await readable(self._broker.recent_orders(self._now() - RECENT - SKEW))

    async def adopt_legs(self) -> None:
        """Take the legs of brackets into the book once their parents stirred. Raises BrokerDown, DatabaseDown."""
        await self._strangers.adopt_legs()

    async def import_open(self, theirs: list[Order]) -> None:
        """Take the broker's open orders that are not in the book, or were closed here as never arrived; we cancel none of them."""
        await self._strangers.take_in(theirs, self._elapsed())

    async def run(self) -> None:
        """Settle and adopt until cancelled; when one of the two fails, the other ends too, for both are started again together."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._settles())
            group.create_task(self._adopts())

    async def _settles(self) -> None:
        while True:
            await asyncio.sleep(EVERY)
            await self.settle_all()
            await self._waits(self.adopt_legs)
            await self._waits(self._orders.others.look)

    async def _adopts(self) -> None:
        """At once when something was heard of an order that is not here; besides, now and then."""
        while True:
            await self._strangers.something_to_do(EVERY)
            await self._waits(self.adopt_strangers)
            await self._orders.cancel_wanted()

    async def _waits(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except (BrokerDown, DatabaseDown, NotPermitted) as error:
            log.info("strangers_wait", reason=str(error))


_STANDING: dict[OrderStatus, ReportKind] = {  # what the broker's view of an order amounts to as a report
    OrderStatus.SUBMITTED: ReportKind.ACKNOWLEDGED,
    OrderStatus.WORKING: ReportKind.ACCEPTED,
    OrderStatus.PARTIAL: ReportKind.ACCEPTED,
    OrderStatus.HELD: ReportKind.HELD,
    OrderStatus.PENDING_CANCEL: ReportKind.CANCEL_ASKED,
    OrderStatus.PENDING_REPLACE: ReportKind.REPLACE_ASKED,
    OrderStatus.PAUSED: ReportKind.PAUSED,
    OrderStatus.CANCELED: ReportKind.CANCELED,
    OrderStatus.EXPIRED: ReportKind.EXPIRED,
    OrderStatus.REJECTED: ReportKind.REJECTED,
    OrderStatus.REPLACED: ReportKind.REPLACED,
    OrderStatus.UNKNOWN: ReportKind.UNKNOWN,
}

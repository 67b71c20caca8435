"""Strangers: orders that this program did not make, by another program on the same account or by the broker itself as legs."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from qv_desktop.domain.audit import BROKER, Draft
from qv_desktop.domain.errors import Garbled
from qv_desktop.domain.events import OrderChanged
from qv_desktop.domain.orders import Order, OrderClass, OrderStatus, Report
from qv_desktop.services.order_records import terms
from qv_desktop.services.ports.broker import Broker
from qv_desktop.services.ports.callbacks import Publish
from qv_desktop.services.ports.orders import OrderJournal
from qv_desktop.services.readable import readable

if TYPE_CHECKING:
    from qv_desktop.services.orders import Orders
    from qv_desktop.services.settling import Settling

log = structlog.get_logger(__name__)

LEG_LOOKS = 3  # rounds that legs are looked for after a bracket stirred: the broker makes them a little later
GATHER = 0.05  # seconds that reports of the same moment may come together in
FORGOTTEN = 120.0  # seconds after which reports of an order that the broker never shows are given up
SOMEBODY = "another program"  # who made it: the broker does not say more


class Strangers:
    """Takes them into the book of ``orders``, with what the stream said of them before. ``woken``: there is something to do."""

    def __init__(self, orders: "Orders", broker: Broker, journal: OrderJournal, publish: Publish,
                 account: Callable[[], str], settling: "Settling") -> None:  # fmt: skip
        self._orders, self._broker, self._journal = orders, broker, journal
        self._publish, self._account, self._settling = publish, account, settling
        self._early: dict[str, list[Report]] = {}  # client order id -> reports of orders that are not in the book yet
        self._since: dict[str, float] = {}  # client order id -> when its first early report came
        self._leg_looks = 0
        self.woken = asyncio.Event()

    def heard(self, report: Report, at: float) -> None:
        """A report of an order that is not in the book."""
        self._early.setdefault(report.client_order_id, []).append(report)
        self._since.setdefault(report.client_order_id, at)
        self.woken.set()

    def look_for_legs(self) -> None:
        """A bracket stirred."""
        self._leg_looks = LEG_LOOKS

    async def something_to_do(self, seconds: float) -> None:
        """Wait until something was heard, at most so long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.woken.wait(), seconds)
            await asyncio.sleep(GATHER)
        self.woken.clear()

    async def adopt_heard(self, now: float) -> None:
        """Adopt what was heard of; an order that the broker does not show yet, or tells garbled, keeps its reports for a while.

        Raises BrokerDown.
        """
        for key in list(self._early):
            try:
                found = None if key in self._orders.book else await self._broker.find(key)
            except Garbled as error:  # one that cannot be read keeps no other out
                log.warning("stranger_garbled", order=key, reason=str(error))
                found = None
            if found is None and key not in self._orders.book:
                self._give_up(key, now)
                continue
            if found is not None and key not in self._orders.book:
                await self.adopt(found)
            self._tell_early(key)
            if found is not None:
                await self._settling.take(found, now)  # what was missed before the first report

    def _tell_early(self, key: str) -> None:
        self._since.pop(key, None)
        for report in self._early.pop(key, []):
            self._orders.apply(report)

    def _give_up(self, key: str, now: float) -> None:
        if now - self._since[key] >= FORGOTTEN:
            log.warning("report_of_unknown_order", order=key)
            del self._early[key], self._since[key]

    async def adopt_legs(self) -> None:
        """Look for legs while there may be new ones. Raises BrokerDown, DatabaseDown."""
        if self._leg_looks:
            await self._settling.import_open(await readable(self._broker.open_orders()))
            self._leg_looks = max(0, self._leg_looks - 1)

    async def take_in(self, theirs: list[Order], asked: float) -> None:
        """Adopt those of the broker's open orders that are not in the book, and take those that were closed as never arrived."""
        for found in theirs:
            known = self._orders.book.get(found.id)
            if known is None:
                await self.adopt(found)
                await self._settling.take(found, asked)
            elif known.status is OrderStatus.REJECTED and known.broker_id is None:
                await self._settling.take(found, asked)

    async def adopt(self, found: Order) -> None:
        """Into the book and the journal. Raises DatabaseDown."""
        # fills are taken one by one by execution id, so the adopted order starts without them, and open
        status = OrderStatus.WORKING if found.filled or not found.open else found.status
        order = replace(found, account=self._account(), filled=found.filled * 0, average=None, status=status)
        order = self._with_maker(order)
        self._orders.book[order.id] = order
        self._settling.stirred(order)
        draft = Draft(BROKER, "order.adopt", "order", order.id, reason=f"made by {order.user}", after=terms(order.request),
                      correlation=order.id)  # fmt: skip
        maker = await self._journal.adopt(order, draft)
        if maker != order.user:  # another desk of ours: it counts for that person's limits here, too
            order = self._orders.book[order.id] = replace(self._orders.book[order.id], user=maker)
        self._publish(OrderChanged(order))

    def _with_maker(self, order: Order) -> Order:
        """A leg belongs to whom its parent belongs; everything else was made by somebody else."""
        parent = next((other for other in self._orders.book.values() if _is_leg(order, other)), None)
        if parent is None:
            return replace(order, user=SOMEBODY)
        return replace(order, user=parent.user, request=replace(order.request, source=parent.request.source))


def _is_leg(order: Order, parent: Order) -> bool:
    """Whether ``order`` has the exit's price that ``parent`` asked for."""
    mine, its = order.request, parent.request
    if mine.order_class is OrderClass.SIMPLE or (mine.symbol, mine.order_class) != (its.symbol, its.order_class):
        return False
    return (mine.limit is not None and mine.limit == its.take_profit) or (
        mine.stop is not None and mine.stop == its.stop_loss
    )

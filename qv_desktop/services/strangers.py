"""Strangers: orders that this program did not make, by another program on the same account or by the broker itself as legs."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from qv_desktop.domain.audit import BROKER, Draft
from qv_desktop.domain.errors import DatabaseDown, Garbled
from qv_desktop.domain.events import OrderChanged
from qv_desktop.domain.exposure import is_leg
from qv_desktop.domain.orders import Order, OrderStatus, Report
from qv_desktop.services.order_records import terms
from qv_desktop.services.ports.broker import Broker
from qv_desktop.services.ports.callbacks import Publish
from qv_desktop.services.ports.orders import OrderJournal
from qv_desktop.services.readable import readable

if TYPE_CHECKING:
    from qv_desktop.services.orders import Orders
    from qv_desktop.services.settling import Settling

log = structlog.get_logger(__name__)

type Listing = Callable[[], Awaitable[list[Order]]]

LEG_LOOKS = 3  # rounds that legs are looked for after a bracket stirred: the broker makes them a little later
GATHER = 0.05  # seconds that reports of the same moment may come together in
SHOWN = 1.0  # seconds that an order waits for the journal to say whose it is before it is shown
MANY = 4  # orders that are asked for one by one; for more a list comes first
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
        self._unwritten: set[str] = set()  # ids in the book that the journal has not taken yet
        self._keeping: set[asyncio.Task[None]] = set()
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

    async def adopt_heard(self, now: float, listing: Listing) -> None:
        """Adopt what was heard of; an order that the broker does not show yet, or tells garbled, keeps its reports for a while.

        ``listing`` asks for the newest orders of the account. Raises BrokerDown.
        """
        await self._write_down()
        listed = await self._listed(listing)
        for key in list(self._early):
            found = None if key in self._orders.book else listed.get(key) or await self._found(key)
            if found is None and key not in self._orders.book:
                self._give_up(key, now)
                continue
            if found is not None and key not in self._orders.book:
                await self.adopt(found)
            self._tell_early(key)
            if found is not None:
                await self._settling.take(found, now)  # what was missed before the first report

    async def _listed(self, listing: Listing) -> dict[str, Order]:
        """Many at once by one question: another program may send as fast as it likes. Raises BrokerDown."""
        unknown = [key for key in self._early if key not in self._orders.book]
        return {order.id: order for order in await listing()} if len(unknown) > MANY else {}

    async def _found(self, key: str) -> Order | None:
        try:
            return await self._broker.find(key)
        except Garbled as error:  # one that cannot be read keeps no other out
            log.warning("stranger_garbled", order=key, reason=str(error))
            return None

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
        """Into the book and in view; into the journal now, or once the database takes it."""
        # fills are taken one by one by execution id, so the adopted order starts without them, and open
        status = OrderStatus.WORKING if found.filled or not found.open else found.status
        order = replace(found, account=self._account(), filled=found.filled * 0, average=None, status=status)
        order = self._with_maker(order)
        self._orders.book[order.id] = order
        self._settling.stirred(order)
        self._unwritten.add(order.id)
        keeping = asyncio.ensure_future(self._keep(order.id))
        self._keeping.add(keeping)
        keeping.add_done_callback(self._keeping.discard)
        await asyncio.wait({keeping}, timeout=SHOWN)
        self._publish(OrderChanged(self._orders.book[order.id]))

    async def _keep(self, key: str) -> None:
        """Into the journal; what the database is away for stays among the unwritten, and what it refuses is said in the log."""
        order = self._orders.book[key]
        draft = Draft(BROKER, "order.adopt", "order", order.id, reason=f"made by {order.user}", after=terms(order.request),
                      correlation=order.id)  # fmt: skip
        try:
            maker = await self._journal.adopt(order, draft)
        except DatabaseDown as error:
            log.info("adoption_waits", order=key, reason=str(error))
            return
        except Exception as error:  # it stays in view, and can be cancelled
            log.error("adoption_not_written", exc_info=error, order=key)
            maker = order.user
        self._unwritten.discard(key)
        order = self._orders.book[key]
        if maker != order.user:  # another desk of ours: it counts for that person's limits here, too
            self._orders.book[key] = replace(order, user=maker)
            self._publish(OrderChanged(self._orders.book[key]))

    async def _write_down(self) -> None:
        """What the journal could not take when it was seen, as it stands now."""
        if self._keeping:
            return  # the database has not answered yet
        for key in list(self._unwritten):
            await self._keep(key)
            if key in self._unwritten:
                return

    def _with_maker(self, order: Order) -> Order:
        """A leg belongs to whom its parent belongs; everything else was made by somebody else."""
        parent = next((other for other in self._orders.book.values() if is_leg(order, other)), None)
        if parent is None:
            return replace(order, user=SOMEBODY)
        return replace(order, user=parent.user, request=replace(order.request, source=parent.request.source))

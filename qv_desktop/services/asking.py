"""Asking about many orders at once: by the broker's lists where they are cheaper, and by questions about one order, which decide."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from qv_desktop.domain.errors import BrokerDown
from qv_desktop.domain.orders import Fill, Order
from qv_desktop.services.ports.broker import Broker
from qv_desktop.services.ports.callbacks import Now
from qv_desktop.services.readable import readable

if TYPE_CHECKING:
    from qv_desktop.services.orders import Orders
    from qv_desktop.services.settling import Settling

log = structlog.get_logger(__name__)

READ_LAG = 10.0  # seconds after which an absent order is taken as one that never arrived
FEW = 4  # orders up to which each is asked for by itself; for more a list comes first, which answers many at once
RECENT = timedelta(minutes=1)  # orders no older than that are looked for in the list of all orders, which is short then
SKEW = timedelta(minutes=1)  # that the broker's clock may differ from ours
AT_ONCE = 4  # questions under way together

type Listing = Callable[[list[Order]], Awaitable[list[Order]]]


class Asking:
    """Rounds of questions for ``settling``, which takes the answers. ``elapsed`` gives seconds of the wall's clock."""

    def __init__(
        self, orders: "Orders", broker: Broker, settling: "Settling", now: Now, elapsed: Callable[[], float]
    ) -> None:
        self._orders, self._broker, self._settling = orders, broker, settling
        self._now, self._elapsed = now, elapsed
        self._doubled: set[str] = set()  # ids that were complained of

    async def many(self, orders: list[Order], *, in_positions: bool = False, most: int | None = None) -> None:
        """Many at once by a list where that is cheaper; an order that the list lacks is asked for by itself, for a list proves
        nothing. The longest unmoved come first, at most ``most`` of them."""  # fmt: skip
        left, listed = orders, len(orders) > FEW
        try:
            for listing in (self._recent, self._open):
                if len(left) > FEW:
                    told = await self._take_listed(left, listing, in_positions)
                    left = [order for order in left if order.id not in told]
        except BrokerDown as error:
            log.info("orders_stay_unresolved", orders=len(left), reason=str(error))
            return
        left = [order for order in left if self._worth_a_question(order, listed)]
        left.sort(key=self._settling.still, reverse=True)
        await self._one_by_one(left[:most], in_positions)

    async def _take_listed(self, orders: list[Order], listing: Listing, in_positions: bool) -> set[str]:
        """Take what a list of the broker's has of ``orders``; the ids that it had. Raises BrokerDown."""
        asked = self._elapsed()
        everything = await listing(orders)
        self._require_single(everything)
        listed = {order.id: order for order in everything}
        found = {order.id: listed[order.id] for order in orders if order.id in listed}
        fills = await self._fills_for(found)
        for key, theirs in found.items():
            if key not in self._orders.sending:
                await self._settling.take(theirs, asked, in_positions=in_positions, fills=fills)
        return set(found)

    def _require_single(self, theirs: list[Order]) -> None:
        """Two orders of one intent must never be; should they, a person decides, and nothing new is sent until then."""
        for key, count in Counter(order.id for order in theirs).items():
            if count > 1 and key in self._orders.book and key not in self._doubled:
                self._doubled.add(key)
                self._orders.distrust(
                    f"The broker has {count} orders under the id {key}; cancel those that are too many."
                )

    async def _recent(self, orders: list[Order]) -> list[Order]:
        since = self._now() - RECENT
        young = [order.submitted for order in orders if order.submitted >= since]
        return await readable(self._broker.recent_orders(min(young) - SKEW)) if len(young) > FEW else []

    async def _open(self, orders: list[Order]) -> list[Order]:
        return await readable(self._broker.open_orders())

    async def _fills_for(self, found: Mapping[str, Order]) -> list[Fill]:
        """The executions that are missing here of any of these orders; asked for once."""
        behind = [
            min(self._orders.book[key].submitted, theirs.submitted)  # executions are stamped by the broker's clock
            for key, theirs in found.items()
            if theirs.filled > self._orders.book[key].filled
        ]
        if not behind:
            return []
        return await readable(self._broker.fills(min(behind) - SKEW))

    def _worth_a_question(self, order: Order, listed: bool) -> bool:
        """Before the broker's read lag is over, a question after a list would hear what the list said."""
        if not listed or order.broker_id is not None or self._settling.still(order) >= READ_LAG:
            return True
        self._settling.doubt(order)
        return False

    async def _one_by_one(self, orders: list[Order], in_positions: bool) -> None:
        """A few at a time; the first question without an answer ends the round."""
        waiting = iter(orders)

        async def asks() -> None:
            for order in waiting:
                if not await self._settling.settled(order, in_positions=in_positions):
                    for _ in waiting:
                        pass  # the others stop too

        await asyncio.gather(*(asks() for _ in range(min(AT_ONCE, len(orders)))))

"""Other desks on the same account: what they wrote down before sending it is in this book, too, before anything more is judged."""

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from qv_desktop.domain.desks import EVERYTHING, NEVER, Intents, Turn
from qv_desktop.domain.errors import DatabaseDown, NotPermitted
from qv_desktop.domain.events import OrderChanged
from qv_desktop.domain.orders import ZERO, Order, OrderStatus
from qv_desktop.services.ports.callbacks import Publish
from qv_desktop.services.ports.orders import OrderJournal

if TYPE_CHECKING:
    from qv_desktop.services.orders import Orders

log = structlog.get_logger(__name__)

ROUNDS = 20  # times that other desks may come first before the person is asked to try again
BUSY = "Other desks send orders on this account without a pause, so that this one could not be judged beside them; nothing was sent. " \
       "Try again."  # fmt: skip


class OtherDesks:
    """Takes into the book of ``orders`` what other desks intend. ``heard`` is the number of their newest intent that is in it."""

    def __init__(self, orders: "Orders", journal: OrderJournal, publish: Publish) -> None:
        self._orders, self._journal, self._publish = orders, journal, publish
        self._theirs: set[str] = set()  # ids that came from here and whose fate was not heard yet
        self.heard = NEVER

    def begin(self, newest: int) -> None:
        """The book holds what was in the journal when ``newest`` was its newest intent; from now on others are listened to."""
        self.heard = max(self.heard, newest)

    def turns(self, *, way_out: bool) -> Iterator[Turn]:
        """What to write an intent down with, for as often as others come first; a way out is written in the end whatever they do."""
        for _ in range(ROUNDS):
            yield Turn(self.heard, way_out)
        if way_out:
            yield Turn(EVERYTHING, way_out)

    def hear(self, news: Intents) -> None:
        """Take in what is not known yet."""
        for order in news.orders:
            if order.id not in self._orders.book and order.status is not OrderStatus.REFUSED:
                self._take(order)
        self.heard = max(self.heard, news.newest)

    def _take(self, theirs: Order) -> None:
        """Executions are taken one by one by their ids as the broker tells them, so that it starts open and without them."""
        order = theirs
        if theirs.filled:
            order = replace(
                theirs, status=OrderStatus.WORKING, filled=ZERO, average=None, executions=frozenset(), before=None
            )
        self._orders.book[order.id] = order
        self._theirs.add(order.id)
        self._orders.settling.stirred(order)
        if theirs.filled:
            self._orders.settling.lacks(order)
        self._publish(OrderChanged(order))

    async def look(self) -> None:
        """What others wrote down since, and what became of what they never sent. Raises DatabaseDown, NotPermitted."""
        account = self._orders.account
        if self.heard == NEVER or not account:
            return
        self.hear(await self._journal.intents(account, self.heard))
        book = self._orders.book
        self._theirs = {key for key in self._theirs if key in book and book[key].broker_id is None and book[key].open}
        await self._ends(self._theirs)

    async def decides(self, order: Order) -> bool:
        """Whether the order is another desk's that wrote down its end, or of which that cannot be read now: the broker knows nothing of
        what never left."""  # fmt: skip
        if order.id not in self._theirs:
            return False
        try:
            await self._ends([order.id])
        except (DatabaseDown, NotPermitted) as error:
            log.info("other_desks_word_waits", order=order.id, reason=str(error))
            return True
        return not self._orders.book[order.id].open

    async def _ends(self, ids: Collection[str]) -> None:
        """Take as its own desk wrote it down what was refused or withdrawn before it was sent."""
        for kept in await self._journal.standing(ids) if ids else ():
            here = self._orders.book.get(kept.id)
            untouched = here is not None and here.open and here.broker_id is None and not here.filled
            if untouched and not kept.open and kept.broker_id is None and not kept.filled:
                self._orders.book[kept.id] = kept
                self._theirs.discard(kept.id)
                self._publish(OrderChanged(kept))

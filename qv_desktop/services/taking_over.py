"""Taking over the broker's positions: with exactly the executions that are in them, whatever the stream says meanwhile."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import TYPE_CHECKING

import structlog

from qv_desktop.domain.orders import Fill, Order
from qv_desktop.services.asking import SKEW
from qv_desktop.services.ports import Broker, Now
from qv_desktop.services.positions import Positions

if TYPE_CHECKING:
    from qv_desktop.services.orders import Orders

log = structlog.get_logger(__name__)

LOOKS = 5  # attempts to catch positions and fills of one moment


class TakeOver:
    """Asks for positions and executions until both are of one moment. ``adopt`` takes an order in, ``book`` an execution."""

    def __init__(self, orders: "Orders", broker: Broker, positions: Positions, adopt: Callable[[Order], Awaitable[None]],
                 book: Callable[[Fill, str | None, bool], None], now: Now) -> None:  # fmt: skip
        self._orders, self._broker, self._positions = orders, broker, positions
        self._adopt, self._book, self._now = adopt, book, now
        self._whole: datetime | None = None  # every execution before this moment is in the book

    async def take_over(self, since: datetime) -> None:
        """Adopt the broker's positions with exactly the fills that are in them, whatever the stream says meanwhile.

        Only what came since the last time is read again. Raises BrokerDown, DatabaseDown; then nothing was adopted.
        """
        began, since = self._now(), max(since, self._whole or since)
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
        self._whole = began - SKEW

    async def _book_known(self, fill: Fill) -> None:
        if fill.execution_id in self._orders.fills:
            return
        if fill.client_order_id not in self._orders.book:
            found = await self._broker.find(fill.client_order_id)
            if found is None:
                log.warning("fill_of_unknown_order", order=fill.client_order_id, execution=fill.execution_id)
                return
            await self._adopt(found)
        self._book(fill, None, True)

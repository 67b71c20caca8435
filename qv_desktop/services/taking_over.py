"""Taking over the broker's positions: with exactly the executions that are in them, whatever the stream says meanwhile."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from typing import TYPE_CHECKING

import structlog

from qv_desktop.domain.errors import BrokerDown, DatabaseDown
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.orders import Fill, Order
from qv_desktop.domain.positions import Position, after
from qv_desktop.services.asking import SKEW
from qv_desktop.services.ports.broker import Broker
from qv_desktop.services.ports.callbacks import Now
from qv_desktop.services.positions import Positions

if TYPE_CHECKING:
    from qv_desktop.services.orders import Orders

log = structlog.get_logger(__name__)

LOOKS = 5  # attempts to catch positions and fills of one moment
PAUSE = 0.2  # seconds between them
PATIENCE = timedelta(minutes=1)  # that the broker's lists may take to agree before kept positions are gone on with


class TakeOver:
    """Asks for positions and executions until both are of one moment. ``adopt`` takes an order in, ``book`` an execution."""

    def __init__(self, orders: "Orders", broker: Broker, positions: Positions, adopt: Callable[[Order], Awaitable[None]],
                 book: Callable[[Fill], None], now: Now) -> None:  # fmt: skip
        self._orders, self._broker, self._positions = orders, broker, positions
        self._adopt, self._book, self._now = adopt, book, now
        self._whole: datetime | None = None  # every execution before this moment is in the book
        self._apart: datetime | None = None  # since when the broker's lists do not agree

    @property
    def counted(self) -> bool:
        """Whether positions are counted here, from a moment at which they were the broker's."""
        return self._whole is not None

    async def take_over(self, since: datetime, loose: Sequence[Fill] | None = None) -> None:
        """Adopt the broker's positions with exactly the fills that are in them, whatever the stream says meanwhile.

        With ``loose`` only executions are followed; the rest stays as counted here, for a comparison to find. They are executions,
        oldest first, that ours may lack, booked in the last moments before the program ended. Only what came since the last time is
        read again. While the broker's lists do not agree with each other, positions that are counted here stay. Raises BrokerDown,
        also when there are none to stay yet (kept ones stay after a minute, for a comparison must say what is wrong), and
        DatabaseDown; then nothing was adopted.
        """
        began, since = self._now(), max(since, self._whole or since)
        known = set(self._orders.fills)
        with self._orders.holding_back():
            try:
                theirs, fills = await self._of_one_moment(since, kept=loose is not None)
                for fill in fills:
                    await self._book_known(fill)
            except (BrokerDown, DatabaseDown):
                if self._whole is not None:
                    self._count_owed()
                raise
            if theirs is None:
                self._count_owed()
                return
            newer = self._orders.fills.keys() - known - {fill.execution_id for fill in fills}
            owed, self._orders.owed[:] = list(self._orders.owed), []
            later = [
                self._orders.fills[key] for key in newer
            ]  # somebody else asked, and the positions are of a moment before
            if loose is None:
                self._positions.adopt(theirs)
                for fill in later:
                    self._positions.fill(fill)
            else:
                self._adopt_explained(theirs, owed, later, loose)
            self._whole = began - SKEW

    def _adopt_explained(
        self, theirs: Mapping[str, Position], owed: Sequence[Fill], later: Sequence[Fill], loose: Sequence[Fill]
    ) -> None:
        moved = {*self._positions.all(), *theirs, *(fill.symbol for fill in owed)}
        for symbol in sorted(moved):
            mine, after_, loose_ = ([fill for fill in some if fill.symbol == symbol] for some in (owed, later, loose))
            ours, told = self._positions[symbol], theirs.get(symbol) or Position(symbol)
            gap = told.quantity - (ours.quantity + _shares(mine) - _shares(after_))
            lacking = lacked(gap, loose_)
            if lacking is None:
                log.warning("position_not_explained", symbol=symbol, gap=str(gap))
            for fill in sorted((*(lacking or ()), *mine), key=lambda fill: fill.at):
                self._follow(fill)

    def _follow(self, fill: Fill) -> None:
        """The average follows from the executions, too: one that they do not lead to is the comparison's to find, and to record."""
        position = self._positions[fill.symbol]
        today = self._now().astimezone(NEW_YORK).date()
        if fill.at.astimezone(NEW_YORK).date() == today:
            self._positions.fill(fill)
        else:  # what was taken on another day is not of today's profit
            self._positions.correct(after(position, fill))

    def _count_owed(self) -> None:
        """Positions that are known are counted on here, with what was booked for a take-over that did not come."""
        owed, self._orders.owed[:] = list(self._orders.owed), []
        for fill in owed:
            self._positions.fill(fill)

    # ---- asking

    async def _of_one_moment(self, since: datetime, *, kept: bool) -> tuple[Mapping[str, Position] | None, list[Fill]]:
        """Positions with all executions that are in them, and None for positions when the lists do not come to agree."""
        fills: list[Fill] = []
        for _ in range(LOOKS):
            before = {fill.execution_id for fill in await self._broker.fills(since)}
            theirs = await self._broker.positions()
            fills = await self._broker.fills(since)
            if before == {fill.execution_id for fill in fills} and not await self._behind(fills, since):
                self._apart = None
                return theirs, fills
            await asyncio.sleep(PAUSE)
        self._apart = self._apart or self._now()
        if self._whole is None and not (kept and self._now() - self._apart >= PATIENCE):
            raise BrokerDown(
                "The broker's orders, executions and positions do not agree yet; they are asked for again."
            )
        log.warning("positions_not_taken_over", fills=len(fills))
        return None, fills

    async def _behind(self, fills: list[Fill], since: datetime) -> bool:
        """Whether some order has traded more than its executions tell: positions know of such shares before the executions do."""
        known = Counter[str]()
        for fill in {**self._orders.fills, **{fill.execution_id: fill for fill in fills}}.values():
            known[fill.client_order_id] += fill.quantity  # type: ignore[assignment]  # a counter of shares
        return any(order.filled > known[order.id] for order in await self._broker.recent_orders(since))

    async def _book_known(self, fill: Fill) -> None:
        if fill.execution_id in self._orders.fills:
            return
        if fill.client_order_id not in self._orders.book:
            found = await self._broker.find(fill.client_order_id)
            if found is None:
                log.warning("fill_of_unknown_order", order=fill.client_order_id, execution=fill.execution_id)
                return
            await self._adopt(found)
        self._book(fill)


def lacked(gap: Decimal, loose: Sequence[Fill]) -> Sequence[Fill] | None:
    """The last ones of executions (oldest first) that make up the gap of a position that may lack them; None when none do."""
    sums = accumulate((fill.quantity * fill.side.sign for fill in reversed(loose)), initial=Decimal(0))
    count = next((count for count, total in enumerate(sums) if total == gap), None)
    return None if count is None else loose[len(loose) - count :]


def _shares(fills: Sequence[Fill]) -> Decimal:
    return sum((fill.quantity * fill.side.sign for fill in fills), Decimal(0))

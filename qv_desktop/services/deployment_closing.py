"""What ends with a deployment: its open orders, and where that is asked for, the shares that are its own."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from qv_desktop.domain.deployments import Deployment, owns
from qv_desktop.domain.errors import QvError
from qv_desktop.domain.orders import Order, OrderRequest, OrderStatus, Side
from qv_desktop.services.deployment_books import DeploymentBooks
from qv_desktop.services.orders import Orders

SHUT = "The market is closed, and no market order is left lying until it opens."
CANCELS, FILLS, LOOK = 10.0, 30.0, 0.05  # seconds


@dataclass(frozen=True, slots=True)
class Closing:
    """What stopping with everything sold would do: shares by symbol that are its own, and how many of its orders are cancelled."""

    held: tuple[tuple[str, Decimal], ...]
    orders: int
    shut: bool = False  # the market is closed: nothing could be sold now

    @property
    def words(self) -> str:
        """For the preview."""
        count = f"{self.orders or 'no'} open order{'' if self.orders == 1 else 's'} of it"
        if not self.held:
            return f"It holds nothing; cancels {count}."
        if self.shut:
            left = ", ".join(f"{shares:f} {symbol}" for symbol, shares in self.held)
            return f"Cancels {count}. {SHUT} It would keep {left}."
        parts = [f"{'sells' if shares > 0 else 'buys back'} {abs(shares):f} {symbol}" for symbol, shares in self.held]
        return f"Cancels {count}, then {', '.join(parts)} at the market."


class DeploymentClosing:
    """Only what is its own: shares that others hold in the same symbol stay."""

    def __init__(self, books: DeploymentBooks, orders: Orders, session_open: Callable[[], bool]) -> None:
        self._books, self._orders, self._session_open = books, orders, session_open

    def preview(self, deployment: Deployment) -> Closing:
        """What closing it would do now."""
        held = tuple(
            (symbol, room)
            for symbol in self._books[deployment].held()
            if (room := self._books.room(deployment, symbol))
        )
        return Closing(held, len(self._open(deployment)), not self._session_open())

    async def cancelled(self, deployment: Deployment) -> str:
        """Cancel its open orders; why one of them may still trade, or nothing."""
        if not (ids := [order.id for order in self._open(deployment)]):
            return ""
        try:
            await self._orders.cancel(ids, "deployment stopped", deployment.id)
        except QvError as error:
            return f"its open orders were not cancelled ({error})"
        if not await _until(lambda: not self._open(deployment), CANCELS):
            return "its open orders could not be cancelled in time"
        return ""

    async def flat(self, deployment: Deployment, mark: str = "") -> list[str]:
        """Close its shares; what is left of them, and why. ``mark`` tells this order's id from those of another time."""
        left = []
        for symbol, held in self._books[deployment].held().items():
            room = self._books.room(deployment, symbol)
            if room != held:
                left.append(f"{symbol} (by its fills it holds {held:f}, and the books have {room:f} of that)")
            if room and (why := await self._closed_out(deployment, symbol, room, mark)):
                left.append(f"{symbol} ({why})")
        return left

    async def _closed_out(self, deployment: Deployment, symbol: str, held: Decimal, mark: str) -> str:
        """Close these shares; why they are not closed, or nothing. One symbol that cannot be closed keeps no other from it."""
        if not self._session_open():
            return "the market is closed: nothing was sent, and it is closed in the session by ⋯ → Close what it holds…"
        key, side = f"{deployment.id}-{symbol}-stop{deployment.revision}{mark}", Side.SELL if held > 0 else Side.BUY
        try:
            request = OrderRequest(
                key, symbol, side, abs(held), source=deployment.source, note=f"stop of {deployment.label}"
            )
            order = await self._orders.submit(request, deployment.id)
        except QvError as error:
            return str(error)
        await _until(partial(self._ended, order.id), FILLS)
        now = self._orders.book[order.id]
        if now.open:  # whoever closes it by hand as well would sell twice
            return f"its order for {abs(held):f} still works in the blotter: cancel that first"
        return "" if now.status is OrderStatus.FILLED else f"{now.status}{': ' + now.reason if now.reason else ''}"

    def _ended(self, order: str) -> bool:
        return not self._orders.book[order].open

    def _open(self, deployment: Deployment) -> list[Order]:
        return [
            order
            for order in self._orders.book.values()
            if order.open and owns(deployment.id, order.id, order.request.source)
        ]


async def _until(seen: Callable[[], bool], seconds: float) -> bool:
    end = asyncio.get_running_loop().time() + seconds
    while not seen():
        if asyncio.get_running_loop().time() > end:
            return False
        await asyncio.sleep(LOOK)
    return True

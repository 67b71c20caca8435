"""What the trading keys do, each told in one sentence with counts."""

import asyncio
import time
from collections.abc import Callable
from decimal import Decimal

from qv_desktop.domain.killing import counted
from qv_desktop.domain.orders import OrderRequest, OrderStatus, Side
from qv_desktop.services.orders import Orders
from qv_desktop.services.positions import Positions
from qv_desktop.ui.models.order_ids import OrderIds

PATIENCE = 5.0  # seconds that the symbol's orders may take to be gone before a closing order is sent


class KeyDeeds:
    """Cancels and closes over the book's orders; raises what ``Orders`` raises."""

    def __init__(self, orders: Orders, positions: Positions, install: str, patience: float = PATIENCE) -> None:
        self._orders, self._positions, self._patience = orders, positions, patience
        self._ids = OrderIds(install)

    def working(self, symbol: str = "") -> list[str]:
        """Ids of open orders of the symbol, or of all."""
        return [o.id for o in self._orders.book.values() if o.open and symbol in ("", o.request.symbol)]

    async def cancel_symbol(self, symbol: str) -> str:
        """Ask to cancel the symbol's open orders."""
        ids = self.working(symbol)
        await self._orders.cancel(ids)
        return (
            f"Asked to cancel {counted(len(ids), 'order')} in {symbol}." if ids else f"No working orders in {symbol}."
        )

    async def cancel_all(self) -> str:
        """Ask to cancel every open order."""
        count = await self._orders.cancel_all()
        return f"Asked to cancel {counted(count, 'order')}." if count else "No working orders."

    def held(self, symbol: str) -> Decimal:
        """Shares held of the symbol; negative when short."""
        position = self._positions.held().get(symbol)
        return position.quantity if position is not None else Decimal(0)

    async def flatten(self, symbol: str) -> str:
        """Cancel the symbol's orders and, once they are gone, send a market order over what is held then."""
        ids = self.working(symbol)
        if not ids and not self.held(symbol):
            return f"{symbol} is flat and has no working orders; nothing was done."
        await self._orders.cancel(ids)
        if not await self._gone(lambda: not self.working(symbol)):
            left = counted(len(self.working(symbol)), "order")
            return f"{symbol} was not closed: {left} could not be cancelled in time. Look at the blotter."
        quantity = self.held(symbol)
        cancelled = f"{counted(len(ids), 'order')} cancelled" if ids else "no orders to cancel"
        if not quantity:
            return f"{symbol} is flat; {cancelled}."
        side = Side.SELL if quantity > 0 else Side.BUY
        order = await self._orders.submit(OrderRequest(self._ids.next(), symbol, side, abs(quantity), source="Keys"))
        if order.status is OrderStatus.REFUSED:
            return f"{symbol} was not closed ({cancelled}): {order.reason}"
        return f"{side.upper()} {abs(quantity):,f} {symbol} at market was sent to close it; {cancelled}."

    async def _gone(self, seen: Callable[[], bool]) -> bool:
        until = time.monotonic() + self._patience
        while not seen():
            if time.monotonic() > until:
                return False
            await asyncio.sleep(0.05)
        return True

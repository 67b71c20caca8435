"""What the trading keys do, each told in one sentence with counts."""

from decimal import Decimal

from qv_desktop.domain.killing import counted
from qv_desktop.services.flattening import Flattening
from qv_desktop.services.orders import Orders
from qv_desktop.services.positions import Positions
from qv_desktop.ui.models.order_ids import OrderIds


class KeyDeeds:
    """Cancels and closes over the book's orders; raises what ``Orders`` and ``Flattening`` raise."""

    def __init__(self, orders: Orders, positions: Positions, flattening: Flattening, install: str) -> None:
        self._orders, self._positions, self._flattening = orders, positions, flattening
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
        """Close the symbol as the positions panel does; where nothing is held only its orders are cancelled."""
        if not self.held(symbol):
            return f"{symbol} is flat. {await self.cancel_symbol(symbol)}"
        done = await self._flattening.flatten(self._flattening.plan(symbol), self._ids.next())
        return done or f"{symbol} is being closed already."

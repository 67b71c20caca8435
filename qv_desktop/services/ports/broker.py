"""What services ask of the broker: orders, and what it holds of us."""

from datetime import date, datetime
from typing import Protocol

from qv_desktop.domain.accounts import Account
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.killing import Standing, Swept
from qv_desktop.domain.orders import Fill, Order, OrderRequest, Report
from qv_desktop.domain.positions import Position
from qv_desktop.domain.risk import Verdict
from qv_desktop.domain.sessions import BrokerClock, MarketSession


class Broker(Protocol):
    """The broker's REST face. Questions raise BrokerDown when nothing is known; orders never raise, they report."""

    async def submit(self, order: Order, verdict: Verdict) -> Report:
        """Post once. ACKNOWLEDGED, REJECTED with the broker's words, or UNCERTAIN when the outcome is unknown."""

    async def cancel(self, order: Order) -> Report:
        """Ask once. CANCEL_ASKED, CANCEL_REFUSED, or UNCERTAIN."""

    async def replace(self, order: Order, replacement: OrderRequest, verdict: Verdict) -> Report:
        """Ask once for new terms. REPLACED with ``replaced_by`` (the new broker id), REPLACE_REFUSED, or UNCERTAIN."""

    async def cancel_everything(self) -> Swept:
        """Ask once that every open order of the account be cancelled, whoever made it."""

    async def standing(self) -> list[Standing]:
        """Every order of the account that is still open, of any kind and whoever made it. Raises BrokerDown."""

    async def find(self, client_order_id: str) -> Order | None:
        """The order as the broker has it, or None when it provably has none."""

    async def account(self) -> Account:
        """Balances now."""

    async def positions(self) -> dict[str, Position]:
        """Every open position by symbol."""

    async def open_orders(self) -> list[Order]:
        """Every order that can still trade."""

    async def recent_orders(self, since: datetime) -> list[Order]:
        """Every order made from ``since`` on, whatever became of it. Raises BrokerDown; one that is missing here proves nothing."""

    async def fills(self, since: datetime) -> list[Fill]:
        """Every execution from ``since`` on, oldest first."""

    async def instruments(self) -> list[Instrument]:
        """Every active US equity."""

    async def sessions(self, first: date, last: date) -> list[MarketSession]:
        """The broker's calendar, both days included."""

    async def clock(self) -> BrokerClock:
        """What time it is for the broker, and whether the market is open."""

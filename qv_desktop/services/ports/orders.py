"""Where orders, their events, fills and positions are written down."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from qv_desktop.domain.accounts import Account
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.orders import Fill, Order, Report
from qv_desktop.domain.positions import Position


class OrderJournal(Protocol):
    """Orders, their events and fills. Raises DatabaseDown when nothing was written."""

    async def intend(self, order: Order, draft: Draft) -> None:
        """Commit a new intent (or a refused order) before a byte leaves."""

    async def record(self, *records: tuple[Order, Report, Fill | None, Draft | None]) -> None:
        """Commit orders' new states with the reports that brought them, oldest first, and their fills once by execution id."""

    async def adopt(self, order: Order, draft: Draft) -> str:
        """Commit an order that was made elsewhere; who made it: another desk of ours has written that down before it was sent."""

    async def orders_since(self, account: str, since: datetime) -> list[Order]:
        """Orders of the account made since then, and every one still open, oldest first."""

    async def fills_since(self, account: str, since: datetime) -> list[Fill]:
        """Executions of the account since then, oldest first."""

    async def save_positions(self, account: str, positions: Sequence[Position]) -> None:
        """Keep the positions as they stand."""

    async def save_account(self, account: Account) -> None:
        """Append a snapshot of the account."""


class StoredBooks(Protocol):
    """What is written down of an account. Raises DatabaseDown."""

    async def orders_since(self, account: str, since: datetime) -> list[Order]:
        """Orders of the account made since then, and every one still open, oldest first."""

    async def fills_since(self, account: str, since: datetime) -> list[Fill]:
        """Executions of the account since then, oldest first."""

    async def positions(self, account: str) -> list[Position]:
        """The positions last kept, by symbol."""

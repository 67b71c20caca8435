"""Where orders, their events, fills and positions are written down."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from qv_desktop.domain.accounts import Account
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.desks import Intents, Turn
from qv_desktop.domain.orders import Fill, Order, Report
from qv_desktop.domain.positions import Position


class OrderJournal(Protocol):
    """Orders, their events and fills. Raises DatabaseDown when nothing was written."""

    async def intend(self, order: Order, draft: Draft, turn: Turn | None = None) -> None:
        """Commit a new intent, or a refused order without a ``turn``, before a byte leaves.

        Raises Overtaken when other desks of the account wrote down intents that ``turn`` has not heard of; of those that are committed
        none is missed, and none comes between.
        """

    async def newest(self, account: str) -> int:
        """The number of the account's newest intent; 0 before the first."""

    async def intents(self, account: str, heard: int) -> Intents:
        """What other desks of the account intend beyond the number ``heard``."""

    async def standing(self, ids: Collection[str]) -> list[Order]:
        """These orders as they were last written down."""

    async def record(self, *records: tuple[Order, Report, Fill | None, Draft | None]) -> None:
        """Commit orders' new states with the reports that brought them, oldest first, and their fills once by execution id."""

    async def adopt(self, order: Order, draft: Draft) -> str:
        """Commit an order that was made elsewhere; who made it: another desk of ours has written that down before it was sent."""

    async def orders_since(self, account: str, since: datetime) -> list[Order]:
        """Orders of the account made since then, and every one still open, oldest first."""

    async def fills_since(self, account: str, since: datetime) -> list[Fill]:
        """Executions of the account since then, oldest first."""

    async def save_positions(self, account: str, positions: Sequence[Position], told: Mapping[str, datetime]) -> None:
        """Keep these positions as they stand; what another desk knows of later executions than ``told`` (by symbol) stays as it is."""

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

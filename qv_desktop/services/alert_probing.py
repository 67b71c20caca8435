"""Now and then: how quickly the database answers, how much room the disk has, and how high the equity has ever been."""

import asyncio
from collections.abc import Callable
from decimal import Decimal
from typing import Protocol

import structlog

from qv_desktop.domain.errors import DatabaseDown
from qv_desktop.services.alert_measures import Probed

log = structlog.get_logger(__name__)

EVERY = 2.0  # seconds between questions to the database
DISK = 5  # every so many of them the disk


class Store(Protocol):
    """The database. Raises DatabaseDown."""

    async def ping(self) -> float:
        """Milliseconds that it takes to answer."""

    async def highest_equity(self, account: str) -> Decimal | None:
        """The highest equity that was ever kept."""


class AlertProbing:
    """Fills ``probed``. ``free`` tells the free bytes of the disk and blocks."""

    def __init__(self, store: Store, probed: Probed, free: Callable[[], int], account: Callable[[], str]) -> None:
        self._store, self._probed, self._free, self._account = store, probed, free, account
        self._highest_of = ""  # the account whose highest equity is read

    async def run(self) -> None:
        """Until cancelled."""
        count = 0
        while True:
            if count % DISK == 0:
                await self._look_at_disk()
            await self._look_at_database()
            count += 1
            await asyncio.sleep(EVERY)

    async def _look_at_disk(self) -> None:
        try:
            self._probed.free = await asyncio.to_thread(self._free)
        except OSError as error:
            log.warning("disk_unknown", reason=str(error))
            self._probed.free = None

    async def _look_at_database(self) -> None:
        try:
            self._probed.ping_ms = await self._store.ping()
            account = self._account()
            if account and account != self._highest_of:
                known, kept = self._probed.highest, await self._store.highest_equity(account)
                self._probed.highest = max((one for one in (known, kept) if one is not None), default=None)
                self._highest_of = account
        except DatabaseDown:
            self._probed.ping_ms = None  # that it is away is another rule's

"""Now and then: how quickly the database answers, and how much room the disk has."""

import asyncio
from collections.abc import Callable
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


class AlertProbing:
    """Fills ``probed``. ``free`` tells the free bytes of the disk and blocks."""

    def __init__(self, store: Store, probed: Probed, free: Callable[[], int]) -> None:
        self._store, self._probed, self._free = store, probed, free

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
        except DatabaseDown:
            self._probed.ping_ms = None  # that it is away is another rule's

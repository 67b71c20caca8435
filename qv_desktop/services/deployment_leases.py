"""Which desk runs a deployment: one holds its lease and renews it, and another takes over once that has ended."""

import asyncio
import time
import uuid
from collections.abc import Callable
from typing import Protocol

import structlog

from qv_desktop.domain.errors import QvError

log = structlog.get_logger(__name__)

LASTS = 15.0  # seconds after which a lease that nobody renews is anybody's, by the server's clock
RENEWED, TRUSTED = 4.0, 12.0  # seconds: between renewals, and for which one holds here
UNSURE = "This desk cannot tell whether another one has taken it over: the database is away."


class LeaseStore(Protocol):
    """Leases. All raise DatabaseDown."""

    async def lease(self, deployment: str, desk: str, host: str, person: str) -> str | None:
        """Take or renew it; the host of the other desk that holds it, None when it is ours."""

    async def release(self, deployment: str, desk: str) -> None:
        """Give it back."""


class DeploymentLeases:
    """``person`` names who is signed in, ``host`` this machine; ``held_by`` where another desk was seen to run something."""

    def __init__(
        self, store: LeaseStore, host: str, person: Callable[[], str], elapsed: Callable[[], float] = time.monotonic
    ) -> None:  # fmt: skip
        self._store, self._host, self._person, self._elapsed = store, host, person, elapsed
        self.desk = uuid.uuid4().hex
        self._taken: dict[str, float] = {}  # deployment -> when it was renewed last
        self._let_go: set[str] = set()
        self._one = asyncio.Lock()  # what is given back is not what was taken again meanwhile
        self.held_by: dict[str, str] = {}

    async def take(self, deployment: str) -> str:
        """Where another desk runs it, nothing when it is ours from now on. Raises DatabaseDown."""
        self._let_go.discard(deployment)
        async with self._one:
            asked = self._elapsed()
            host = await self._store.lease(deployment, self.desk, self._host, self._person())
        if host is None:
            self._taken[deployment] = asked
            self.held_by.pop(deployment, None)
            return ""
        self._taken.pop(deployment, None)
        self.held_by[deployment] = host
        return host

    def due(self, deployment: str) -> bool:
        """Whether it is to be renewed."""
        return self._elapsed() - self._taken.get(deployment, 0.0) >= RENEWED

    def unsure(self, deployment: str) -> str:
        """Why nothing may be sent for it at this moment, or nothing."""
        taken = self._taken.get(deployment)
        return "" if taken is not None and self._elapsed() - taken < TRUSTED else UNSURE

    def let_go(self, deployment: str) -> None:
        """It runs here no more: ``released`` gives it back, unless it is taken again before that."""
        if self._taken.pop(deployment, None) is not None:
            self._let_go.add(deployment)

    async def released(self) -> None:
        """Give back what was let go; where that cannot be, it ends by itself."""
        async with self._one:
            while self._let_go:
                deployment = self._let_go.pop()
                try:
                    await self._store.release(deployment, self.desk)
                except QvError as error:
                    log.info("lease_not_released", deployment=deployment, reason=str(error))

    async def release(self, deployment: str) -> None:
        """Both at once."""
        self.let_go(deployment)
        await self.released()

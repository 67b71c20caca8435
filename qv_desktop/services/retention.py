"""Once a day what the policy no longer keeps is dropped, and told."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta

import structlog

from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.errors import DatabaseDown
from qv_desktop.services.ports.callbacks import Now
from qv_desktop.services.ports.ticks import Retention as Store

log = structlog.get_logger(__name__)

FIRST, AGAIN = 60.0, 86_400.0  # seconds after the start, and from then on
SOON = 600.0  # seconds until another try when the database was away


class Retention:
    """``days`` says for how long each kind is kept (``trades``, or a timeframe's bars such as ``1s``); 0 is for ever."""

    def __init__(
        self, store: Store, days: Mapping[str, int], now: Now, note: Callable[[Draft], Awaitable[object]]
    ) -> None:
        self._store, self._days, self._now, self._note = store, days, now, note

    async def run(self) -> None:
        """Drop every day until cancelled."""
        wait = FIRST
        while True:
            await asyncio.sleep(wait)
            wait = AGAIN if await self.drop() is not None else SOON

    async def drop(self) -> dict[str, int] | None:
        """How many days or rows of each kind are gone now; None when the database was away."""
        try:
            return {kind: await self._dropped(kind, days) for kind, days in self._days.items() if days > 0}
        except DatabaseDown as error:
            log.info("retention_waits", reason=str(error))
            return None

    async def _dropped(self, kind: str, days: int) -> int:
        oldest = self._now() - timedelta(days=days)
        gone = await self._store.keep_since(kind, oldest)
        if gone:
            log.info("retention_dropped", kind=kind, before=oldest.isoformat(), count=gone)
            what = json.dumps({"before": oldest.isoformat(), "days": days, "count": gone})
            await self._note(Draft(SYSTEM, "data.drop", "data", kind, reason="older than is kept", after=what))
        return gone

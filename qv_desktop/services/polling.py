"""Snapshots of symbols that no stream tells of: asked for by REST in portions, in a circle, and never faster than the vendor allows."""

import asyncio
import heapq
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import replace

import structlog

from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.market import Snapshot

log = structlog.get_logger(__name__)

PORTION = 500  # symbols in one question
EVERY, CALM = 15.0, 300.0  # seconds in which the circle is gone round, and while the market is closed
PATIENCE = 3.0  # after an answer that had to wait its turn, others may ask for so many times as long


class Polling:
    """Keeps a snapshot of every symbol in ``wanted``; ``ask`` is the vendors' REST, which keeps their rate limit."""

    def __init__(
        self, ask: Callable[[list[str]], Awaitable[list[Snapshot]]], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._ask, self._now = ask, now
        self._found: dict[str, Snapshot] = {}
        self._asked: dict[
            str, float
        ] = {}  # symbol -> when it was last asked for, in monotonic seconds; wanted ones only
        self._every = EVERY
        self._new = asyncio.Event()  # symbols were added: they need not wait for the next round
        self.trouble = ""  # why the last question failed; empty when it did not

    def want(self, symbols: Iterable[str], calm: bool = False) -> None:
        """Poll these from now on and no others; ``calm`` while prices stand still."""
        self._every = CALM if calm else EVERY
        known, self._asked = self._asked, {symbol: self._asked.get(symbol, 0.0) for symbol in symbols}
        if not self._asked.keys() <= known.keys():
            self._new.set()

    def snapshot(self, symbol: str) -> Snapshot | None:
        """As last told, or None when it never was; stale when the last question failed."""
        return self._found.get(symbol)

    async def run(self) -> None:
        """Go round until cancelled."""
        while True:
            began = self._now()
            share = await self._round()
            await self._pause(max(self._every * share, PATIENCE * (self._now() - began)))

    async def _round(self) -> float:
        """Ask for one portion; which part of all that is wanted it was, or 1 when there is nothing to ask."""
        self._new.clear()
        due = heapq.nsmallest(PORTION, self._asked, key=self._asked.__getitem__)
        if not due:
            return 1.0
        share = len(due) / len(self._asked)
        await self._portion(due)
        return share

    async def _portion(self, due: list[str]) -> None:
        try:
            found, self.trouble = await self._ask(due), ""
        except FeedDown as error:
            log.info("snapshots_unknown", reason=str(error), symbols=len(due))
            found, self.trouble = self._stale(due), str(error)
        self._found.update((snapshot.symbol, snapshot) for snapshot in found)
        at = self._now()
        self._asked.update((symbol, at) for symbol in due if symbol in self._asked)

    def _stale(self, symbols: Sequence[str]) -> list[Snapshot]:
        return [replace(known, stale=True) for symbol in symbols if (known := self._found.get(symbol)) is not None]

    async def _pause(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._new.wait(), seconds)
        except TimeoutError:
            return


def unstreamed(symbols: Collection[str], streamed: Collection[str]) -> list[str]:
    """The symbols that a stream does not tell of, in order."""
    heard = frozenset(streamed)
    return [symbol for symbol in symbols if symbol not in heard]

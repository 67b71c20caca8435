"""The book of holes in the feeds: each is told, stored in order, and stands until it is filled."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime

from qv_desktop.domain.errors import DatabaseDown
from qv_desktop.domain.events import GapFilled, GapFound
from qv_desktop.domain.market import Gap
from qv_desktop.services.ports.callbacks import Now, Publish
from qv_desktop.services.ports.ticks import TickStore

AGAIN = 1.0  # seconds between attempts to store what could not be stored
MOST = 10_000  # unfilled holes that are read at the start

type Key = tuple[str, datetime, tuple[str, ...]]


class Gaps:
    """``symbols`` tells which a stream is to hear now; ``look`` is called when there is something to fill."""

    def __init__(self, store: TickStore, symbols: Callable[[], Sequence[str]], now: Now, publish: Publish) -> None:
        self._store, self._symbols, self._now, self._publish = store, symbols, now, publish
        self._open: dict[Key, Gap] = {}  # unfilled, oldest first
        self._unsaved: list[Gap] = []
        self._one = asyncio.Lock()
        self._wake = asyncio.Event()
        self.look: Callable[[], None] = lambda: None

    @property
    def unfilled(self) -> tuple[Gap, ...]:
        """The holes that nothing has filled yet, oldest first."""
        return tuple(sorted(self._open.values(), key=lambda gap: gap.start))

    async def stored(self, limit: int) -> list[Gap]:
        """The newest holes, filled or not. Raises DatabaseDown."""
        return await self._store.gaps(limit)

    def found(
        self, feed: str, start: datetime, end: datetime, reason: str, symbols: Sequence[str] | None = None
    ) -> None:
        """Nothing is known of ``symbols`` (or else of all that are wanted) from ``start`` to ``end``."""
        names = tuple(sorted(self._symbols() if symbols is None else symbols))
        if not names or start >= end:
            return  # nobody was to be heard
        gap = Gap(feed, names, start, end, reason)
        self._open[_key(gap)] = gap
        self._save(gap)
        self._publish(GapFound(gap))
        self.look()

    def filled(self, gap: Gap) -> None:
        """The hole is no more."""
        done = replace(gap, filled_at=self._now())
        self._open.pop(_key(gap), None)
        self._save(done)
        self._publish(GapFilled(done))

    async def run(self) -> None:
        """Read what earlier runs left unfilled, and store what is told, in order, until cancelled."""
        await self._until_done(self._load)
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._until_done(self.flush)

    async def flush(self) -> None:
        """Store what is not stored yet. Raises DatabaseDown, and what is left waits in its order."""
        async with self._one:  # two at once would each drop what the other has stored
            while self._unsaved:
                await self._store.save_gap(self._unsaved[0])
                del self._unsaved[0]

    async def _until_done(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
                return
            except DatabaseDown:
                await asyncio.sleep(AGAIN)

    async def _load(self) -> None:
        now = self._now()
        for gap in await self._store.gaps(MOST, unfilled=True):
            # one that was open when the program ended ends with the first look at it
            closed = gap if gap.end is not None else replace(gap, end=now)
            self._open.setdefault(_key(closed), closed)
        if self._open:
            self.look()

    def _save(self, gap: Gap) -> None:
        self._unsaved.append(gap)
        self._wake.set()


def _key(gap: Gap) -> Key:
    return gap.feed, gap.start, gap.symbols

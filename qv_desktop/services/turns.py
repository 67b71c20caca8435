"""Long work on the one thread: done in slices, with everybody else's turn between."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable

SLICE, STEP = 0.003, 32  # seconds of work in one go, and items between two glances at the watch


class Turns:
    """Gives everybody else a turn now and then, so that a large universe holds up no frame."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    async def slices[Item](self, items: Iterable[Item]) -> AsyncIterator[Item]:
        """The items, with pauses between."""
        for index, item in enumerate(items):
            if index % STEP == 0:
                await self.pause()
            yield item

    async def pause(self) -> None:
        """Let others go on when the slice is over."""
        if time.perf_counter() - self._began > SLICE:
            await asyncio.sleep(0)
            self._began = time.perf_counter()

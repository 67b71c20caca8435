"""Replay: stored history played once more, bar by bar, from a chosen moment on."""

import asyncio
from collections.abc import Callable, Sequence

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import Bar

SLOWEST, FASTEST = 0.1, 50.0  # bars per second


class Replay:
    """Stands behind the first ``place`` of ``bars`` (oldest first, one symbol and timeframe). ``changed`` hears after each step.

    Steps go from the first bar to the last; playing ends at the last.
    """

    def __init__(
        self, bars: Sequence[Bar], start: int, changed: Callable[["Replay"], None] = lambda replay: None
    ) -> None:
        """``start`` in ns: the bar that begins then is the last one that is seen at first. Raises BadInput without bars."""
        if not bars:
            raise BadInput("There is no history to replay; load a chart first.")
        self.bars, self.changed = bars, changed
        self.place = max(1, sum(bar.start <= start for bar in bars))
        self.playing, self.speed = False, 1.0
        self._going = asyncio.Event()

    @property
    def seen(self) -> Sequence[Bar]:
        """The bars up to here."""
        return self.bars[: self.place]

    @property
    def ended(self) -> bool:
        """Whether the last bar is seen."""
        return self.place == len(self.bars)

    def step(self, by: int) -> int:
        """Go on by so many bars, back when negative; how many it were."""
        before = self.place
        self.place = max(1, min(len(self.bars), self.place + by))
        if self.ended:
            self.play(False)
        self.changed(self)
        return self.place - before

    def play(self, on: bool) -> None:
        """Go on by itself, or stand still."""
        self.playing = on and not self.ended
        if self.playing:
            self._going.set()
        else:
            self._going.clear()
        self.changed(self)

    def pace(self, speed: float) -> None:
        """Bars per second from now on."""
        self.speed = max(SLOWEST, min(speed, FASTEST))
        self.changed(self)

    async def run(self) -> None:
        """Play while playing is on, until cancelled."""
        while True:
            await self._going.wait()
            await asyncio.sleep(1 / self.speed)
            if self.playing:
                self.step(1)

"""Prints that come after their minute's bar: the vendor amends its bar for them, or not, by rules of its own, so it is asked again."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from qv_desktop.domain.errors import QvError
from qv_desktop.domain.history import Span
from qv_desktop.domain.market import SECOND, Bar, Timeframe, Trade, bar_start

log = structlog.get_logger(__name__)

MINUTE = Timeframe(1, "m")
LENGTH = MINUTE.seconds * SECOND
EVERY = 30.0  # seconds between rounds: what comes in between is one question for each symbol

type Renew = Callable[[str, Span], Awaitable[None]]  # the minutes of a symbol, from the feed's own vendor


class LatePrints:
    """``told`` hears of completed bars and ``heard`` of prints, as a stream tells them; ``renew`` asks for what is doubtful."""

    def __init__(self, renew: Renew, every: float = EVERY) -> None:
        self._renew, self._every = renew, every
        self._told: dict[str, int] = {}  # symbol -> end (ns) of its newest completed minute
        self._doubtful: dict[str, Span] = {}
        self._one = (
            asyncio.Lock()
        )  # a question on its way may have been answered before the print that another asks about

    def told(self, frame: Timeframe, bars: Sequence[Bar]) -> None:
        """Completed bars of a stream."""
        if frame == MINUTE:
            for bar in bars:
                self._told[bar.symbol] = max(bar.start + LENGTH, self._told.get(bar.symbol, 0))

    def heard(self, trades: Sequence[Trade]) -> None:
        """Prints; one is late when its minute's bar was told before it."""
        told = self._told
        for trade in trades:
            if trade.at < told.get(trade.symbol, 0):
                start = bar_start(trade.at, MINUTE)
                self._doubt(trade.symbol, Span(start, start + LENGTH))

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            await asyncio.sleep(self._every)
            await self.flush()

    async def flush(self) -> None:
        """Ask for every doubtful minute once; what no vendor answers is asked for in the next round."""
        async with self._one:
            doubtful, self._doubtful = self._doubtful, {}
            for symbol, span in doubtful.items():
                try:
                    await self._renew(symbol, span)
                except QvError as error:
                    log.info("late_minute_waits", symbol=symbol, reason=str(error))
                    self._doubt(symbol, span)

    def _doubt(self, symbol: str, span: Span) -> None:
        known = self._doubtful.get(symbol, span)
        self._doubtful[symbol] = Span(min(known.start, span.start), max(known.end, span.end))

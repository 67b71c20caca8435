"""Watched symbols that the stream's plan leaves out: their prices are asked for instead, and are as old as they say."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.market import Snapshot
from qv_desktop.services.market_data import MarketData

log = structlog.get_logger(__name__)

EVERY = 15.0  # seconds
PORTION = 200  # symbols in one question


class Unheard:
    """``heard`` names the watched symbols that the stream in force tells of; ``ask`` is the vendors' REST."""

    def __init__(self, market: MarketData, heard: Callable[[], Sequence[str]],
                 ask: Callable[[list[str]], Awaitable[list[Snapshot]]]) -> None:  # fmt: skip
        self._market, self._heard, self._ask = market, heard, ask

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.look()

    async def look(self) -> None:
        """Ask once for every watched symbol that is not heard of."""
        heard = frozenset(self._heard())
        missing = [symbol for symbol in self._market.wanted if symbol not in heard]
        for first in range(0, len(missing), PORTION):
            try:
                self._market.seed(await self._ask(missing[first : first + PORTION]))
            except FeedDown as error:
                log.info("unheard_prices_unknown", symbols=len(missing), reason=str(error))
                return

"""What is normal for each symbol, from its daily bars: worked out once a day, in the background, for whoever is scanned."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import batched

import structlog

from qv_desktop.domain.adjustment import midnight
from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.market import NEW_YORK, Bar, Snapshot
from qv_desktop.domain.norms import Norms, jumped, norms
from qv_desktop.services.clock import Clock
from qv_desktop.services.daily_bars import DailyBars, Many

log = structlog.get_logger(__name__)

PORTION = 250  # symbols whose bars are in memory at once
AGAIN = 60.0  # seconds until a vendor that did not answer is asked again
UNKNOWN = Norms()


class Averages:
    """Norms by symbol, valid for one New York day of the market's clock. ``want`` asks, ``run`` gets, ``of`` answers at once."""

    def __init__(self, daily: DailyBars, clock: Clock) -> None:
        self._daily, self._clock = daily, clock
        self._day: date | None = None
        self._holds = range(0)  # ns of market time that are of ``_day``
        self._norms: dict[str, Norms] = {}  # symbol -> of ``_day``
        self._wanted: dict[str, None] = {}  # symbols without norms, in the order of asking
        self._doubted: dict[str, None] = {}  # symbols whose prices jumped: was it a split?
        self._explained: set[str] = set()  # symbols whose actions are in their norms
        self._work = asyncio.Event()
        self.trouble = ""  # why the last question failed; empty when it did not

    @property
    def waiting(self) -> int:
        """Symbols that are wanted and not known yet."""
        return len(self._wanted)

    def of(self, symbol: str) -> Norms:
        """The symbol's norms today; all unknown until they were got."""
        return self._norms.get(symbol, UNKNOWN) if self._clock.market_ns() in self._holds else UNKNOWN

    def asked(self, symbol: str) -> Norms:
        """The symbol's norms as far as they are known, which they soon will be."""
        self.want((symbol,) if symbol else ())
        return self.of(symbol)

    def want(self, symbols: Iterable[str]) -> None:
        """Get these in the background, unless they are known."""
        self._turn()
        self._wanted.update((symbol, None) for symbol in symbols if symbol not in self._norms)
        self._wake()

    def doubt(self, symbol: str) -> bool:
        """The symbol's price jumped since the last close: ask whether it was split. Whether an answer is to be waited for."""
        if symbol not in self._norms or symbol in self._explained:
            return False
        self._doubted[symbol] = None
        self._wake()
        return not self.trouble

    def explained(self, symbol: str) -> bool:
        """Whether the symbol's splits are in its norms of today."""
        return symbol in self._explained and self._clock.market_ns() in self._holds

    async def run(self) -> None:
        """Get what is wanted until cancelled."""
        while True:
            await self._work.wait()
            try:
                await self.fill()
            except FeedDown as error:
                log.info("averages_unknown", reason=str(error), waiting=self.waiting)
                self.trouble = str(error)
                await asyncio.sleep(AGAIN)

    async def fill(self) -> None:
        """Get everything that is wanted now. Raises FeedDown; what was got until then stays."""
        self._turn()
        while self._wanted:
            await self._portion(next(batched(self._wanted, PORTION)))
        while self._doubted:
            await self._explain(next(iter(self._doubted)))
        self.trouble = ""
        self._work.clear()

    def _wake(self) -> None:
        if self._wanted or self._doubted:
            self._work.set()

    def _today(self) -> date:
        return self._clock.market().astimezone(NEW_YORK).date()

    def _turn(self) -> None:
        """On another day nothing of the last one holds."""
        today = self._today()
        if today != self._day:
            self._day, self._holds = today, range(midnight(today), midnight(today + timedelta(days=1)))
            self._norms, self._wanted, self._doubted, self._explained = {}, {}, {}, set()

    async def _portion(self, symbols: Sequence[str]) -> None:
        today = self._today()
        stored, fresh = await self._daily.bars(symbols, today)
        found = await asyncio.to_thread(_worked_out, symbols, stored, fresh, today)
        if today != self._today():
            return  # midnight passed meanwhile: _turn starts over
        self._norms.update(found)
        for symbol in symbols:
            self._wanted.pop(symbol, None)
        self._doubted.update((symbol, None) for symbol, one in found.items() if one.doubtful)

    async def _explain(self, symbol: str) -> None:
        """Ask for the symbol's splits, and work its norms out again."""
        today, actions = self._today(), await self._daily.splits(symbol)
        stored, fresh = await self._daily.bars([symbol], today)
        found = norms(_joined(stored.get(symbol, []), fresh.get(symbol, [])), today, actions)
        if today != self._today():
            return
        self._norms[symbol] = found
        self._explained.add(symbol)
        self._doubted.pop(symbol, None)


def previous_close(told: Snapshot, averages: Averages) -> float | None:
    """The close before, in shares of today. Where the price jumped as by a split, splits are asked for first; unknown until then."""
    if told.last is None or told.previous_close is None or not jumped(told.previous_close, told.last):
        return told.previous_close
    averages.doubt(told.symbol)
    return averages.of(told.symbol).previous_close if averages.explained(told.symbol) else None


def _joined(stored: list[Bar], fresh: list[Bar]) -> list[Bar]:
    """Both, oldest first; from the first day that the vendor told, the vendor's."""
    if not fresh:
        return stored
    return [bar for bar in stored if bar.start < fresh[0].start] + fresh


def _worked_out(symbols: Sequence[str], stored: Many, fresh: Many, today: date) -> dict[str, Norms]:
    return {symbol: norms(_joined(stored.get(symbol, []), fresh.get(symbol, [])), today, None) for symbol in symbols}

"""Stored bars, splits and dividends, and the vendor that is asked for them."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from qv_desktop.domain.history import Span
from qv_desktop.domain.market import Action, Bar, Snapshot, Timeframe, Trade
from qv_desktop.services.ports.callbacks import Progress


class BarStore(Protocol):
    """Stored bars, as traded (raw), and what of them is known to be complete. Raises DatabaseDown."""

    async def bars(self, symbol: str, frame: Timeframe, start: datetime, end: datetime) -> list[Bar]:
        """Stored bars from ``start`` up to ``end``, oldest first."""

    async def of_many(
        self, symbols: Sequence[str], frame: Timeframe, start: datetime, end: datetime
    ) -> dict[str, list[Bar]]:
        """The same of many symbols in one question; symbols without a bar are left out."""

    async def save(self, frame: Timeframe, bars: Sequence[Bar], source: str) -> int:
        """Insert or amend by symbol, timeframe and start; the number of rows touched."""

    async def covered(self, symbol: str, frame: Timeframe) -> list[Span]:
        """The spans of which every bar is stored, oldest first; adjoining ones are one."""

    async def cover(self, symbol: str, frame: Timeframe, span: Span) -> None:
        """From now on ``span`` is known to be complete."""

    async def uncover(self, symbol: str, frames: Collection[Timeframe], span: Span) -> None:
        """``span`` is no longer known to be complete in these timeframes: something in it changed."""


class ActionStore(Protocol):
    """Stored splits and dividends. Raises DatabaseDown."""

    async def actions(self, symbol: str) -> tuple[datetime | None, list[Action]]:
        """When they were last asked for (None: never), and all of them, oldest first."""

    async def save_actions(self, symbol: str, actions: Sequence[Action], asked_at: datetime) -> None:
        """Replace the symbol's actions by what a vendor says now."""


class History(Protocol):
    """A vendor's history over REST, as traded (raw). Raises FeedDown with what to do. Cancelling the task ends the question, also
    while it waits for the vendor's rate limit."""

    name: str

    async def bars(
        self, symbol: str, frame: Timeframe, start: datetime, end: datetime, progress: Progress | None = None
    ) -> list[Bar]:
        """Bars from ``start`` up to ``end``, oldest first, unadjusted."""

    async def trades(
        self, symbol: str, start: datetime, end: datetime, progress: Progress | None = None
    ) -> list[Trade]:
        """Prints from ``start`` up to ``end``, oldest first, with the ids that the vendor's stream gives them."""

    async def daily(
        self, symbols: Sequence[str], start: datetime, end: datetime, progress: Progress | None = None
    ) -> dict[str, list[Bar]]:
        """Daily bars of many symbols in few questions, unadjusted."""

    async def actions(self, symbol: str) -> list[Action]:
        """Every split and dividend that the vendor knows, oldest first."""

    async def snapshots(self, symbols: Sequence[str]) -> list[Snapshot]:
        """The present state of each symbol that the vendor knows."""

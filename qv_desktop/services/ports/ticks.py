"""Stored trades, where they wait while the database is away, and how long all is kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from qv_desktop.domain.market import Bar, Correction, Gap, Timeframe, Trade


class TickStore(Protocol):
    """Stored trades, and holes in them. Raises DatabaseDown."""

    async def save(self, trades: Sequence[Trade]) -> int:
        """Insert; replays insert nothing twice. The number of new rows."""

    async def trades(self, symbol: str, start: int, end: int, limit: int = 100_000) -> list[Trade]:
        """Stored trades from ``start`` up to ``end`` (ns), oldest first."""

    async def amend(self, corrections: Sequence[Correction]) -> int:
        """Correct or take away the prints that the exchange took back; the number of rows changed."""

    async def save_gap(self, gap: Gap) -> None:
        """Keep a hole, or mark it as filled; a hole is known by its feed, start and symbols."""

    async def gaps(self, limit: int = 200, unfilled: bool = False) -> list[Gap]:
        """Holes, newest first; all, or only those that nothing has filled yet."""


class TickSpool(Protocol):
    """Trades and bars that wait on this machine's disk while the database is away, drained in order. Methods block: use a thread."""

    @property
    def waiting(self) -> int:
        """Rows on the disk."""

    def keep(self, trades: Sequence[Trade], bars: Sequence[tuple[Timeframe, Bar]]) -> bool:
        """Append; False when there is no room left, and then nothing was kept."""

    def first(self) -> tuple[list[Trade], list[tuple[Timeframe, Bar]]] | None:
        """The oldest portion, or None when nothing waits; it stays until ``drop_first``."""

    def drop_first(self) -> None:
        """Forget the oldest portion, which is in the database now."""


class Retention(Protocol):
    """Drops what is older than the policy says. Raises DatabaseDown."""

    async def keep_since(self, kind: str, oldest: datetime) -> int:
        """Drop whole partitions of ``kind`` (trades, or a timeframe's bars such as 1s) before ``oldest``; how many rows or partitions."""

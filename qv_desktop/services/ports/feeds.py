"""A vendor's live socket, and the exchange's calendar."""

from collections.abc import Sequence
from datetime import date
from typing import Protocol

from qv_desktop.domain.sessions import MarketSession


class Stream(Protocol):
    """A vendor's live socket; runs until stopped and reconnects by itself."""

    name: str
    most: int | None  # symbols that the plan allows; None is any number

    def want(self, symbols: Sequence[str]) -> None:
        """Replace the symbols to hear of, most wanted first; applied at once and after every reconnect. Beyond ``most``: not heard."""

    async def run(self) -> None:
        """Connect, listen, reconnect; returns after ``stop``."""

    async def stop(self) -> None:
        """Close and return within a second."""


class Calendar(Protocol):
    """The exchange's own calendar, without a vendor."""

    async def sessions(self, first: date, last: date) -> list[MarketSession]:
        """Every session from ``first`` to ``last``, both days included."""

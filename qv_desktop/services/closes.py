"""Previous closes that another day made unknown: which symbols to ask a vendor for, and when."""

import time
from collections.abc import Callable

from qv_desktop.services.market_data import MarketData

GATHER = 5.0  # seconds in which more symbols may begin their day: one question is to serve them all
AGAIN, LONGEST = (
    30.0,
    900.0,
)  # seconds between questions that leave some unknown, for a vendor may not have turned the day yet


class Closes:
    """Asked once a second. A symbol without any price needs none, and one that was listed today has none."""

    def __init__(self, market: MarketData, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._market, self._monotonic = market, monotonic
        self._due: float | None = None  # monotonic; None while every close is known
        self._pause = AGAIN

    def due(self) -> list[str]:
        """The symbols to ask for now; empty mostly."""
        unknown, now = self._unknown(), self._monotonic()
        if not unknown:
            self._due, self._pause = None, AGAIN
        elif self._due is None:
            self._due = now + GATHER
        elif now >= self._due:
            self._due, self._pause = now + self._pause, min(LONGEST, self._pause * 2)
            return unknown
        return []

    def _unknown(self) -> list[str]:
        shown = map(self._market.snapshot, self._market.wanted)
        return [one.symbol for one in shown if one.last is not None and one.previous_close is None]

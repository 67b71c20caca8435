"""Two times: the wall's, for evidence, and the market's, which differs only when a session is replayed or simulated."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from qv_desktop.domain.market import SECOND, utc


@dataclass(frozen=True, slots=True)
class Rate:
    """Market time was ``market`` ns when the wall's was ``wall`` ns, and runs ``speed`` times as fast."""

    market: int = 0
    wall: int = 0
    speed: float = 1.0


class Clock:
    """The one seam of time. ``now`` is aware UTC; ``market`` and its ns twin follow the market's own clock."""

    def __init__(self, rate: Rate | None = None, wall_ns: Callable[[], int] = time.time_ns) -> None:
        self._rate = rate or Rate()
        self._wall_ns = wall_ns

    @property
    def speed(self) -> float:
        """Seconds of market time in a second."""
        return self._rate.speed

    def follow(self, rate: Rate) -> None:
        """Run by another rate from now on."""
        self._rate = rate

    def now(self) -> datetime:
        """The wall's time."""
        return datetime.fromtimestamp(self._wall_ns() / SECOND, UTC)

    def market_ns(self) -> int:
        """The market's time in ns."""
        rate = self._rate
        return rate.market + int((self._wall_ns() - rate.wall) * rate.speed)

    def market(self) -> datetime:
        """The market's time."""
        return utc(self.market_ns())

    def age(self, at: int) -> float:
        """Seconds that a person has waited since market time ``at`` (ns); never negative."""
        return max(0.0, (self.market_ns() - at) / SECOND / self._rate.speed)

"""How old a number is, in the seconds that a person waits, and how that shows: fresh, amber, faded."""

from qv_desktop.domain.market import SECOND, Snapshot

STALE, OLD = 5.0, 60.0  # seconds: shown in amber, faded


class Ages:
    """Counts from the market's time as last told; before that every age is unknown."""

    def __init__(self) -> None:
        self._now: int | None = None  # ns
        self._speed = 1.0  # seconds of market time in one that a person waits
        self._painted: int | None = None  # ns

    def turn(self, now: int, speed: float = 1.0) -> bool:
        """Count from ``now`` (ns UTC); whether a fifth of a second has passed since this last said so."""
        self._now, self._speed = now, speed
        due = self._painted is None or not 0 <= now - self._painted < SECOND / 5 * speed
        if due:
            self._painted = now
        return due

    def of(self, at: int | None) -> float | None:
        """Seconds since ``at`` (ns), or None while either is unknown."""
        return None if self._now is None or at is None else max(0, self._now - at) / SECOND / self._speed

    def quote(self, snapshot: Snapshot) -> float | None:
        """The age of the bid and ask."""
        return self.of(snapshot.quote.at if snapshot.quote else None)

    def last(self, snapshot: Snapshot) -> float | None:
        """The age of the last trade."""
        return self.of(snapshot.last_at)

    def either(self, snapshot: Snapshot) -> float | None:
        """The quote's age, as the ticket shows it; the last trade's where there is no quote."""
        return self.quote(snapshot) if snapshot.quote else self.last(snapshot)


def hue(age: float | None) -> str:
    """The token of an age's own text."""
    return "TX2" if age is None or age >= OLD else "WARN" if age >= STALE else "TX1"


def faded(age: float | None, token: str) -> str:
    """The token of a number that is ``age`` seconds old: its own, or faded once nobody should trade on it."""
    return "TX2" if age is not None and age >= OLD else token

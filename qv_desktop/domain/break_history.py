"""What a desk's comparisons have come to over time: one line a run that said something new, one line a day for the trend."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class RunLine:
    """A stored run without its breaks."""

    id: str
    at: datetime
    account: str  # masked
    operator: str
    reason: str
    matched: int
    breaks: int
    at_risk: Decimal
    input_hash: str

    @property
    def passed(self) -> bool:
        """Whether nothing differed."""
        return not self.breaks


@dataclass(frozen=True, slots=True)
class Day:
    """A New York day's comparisons: how many, how many found something, the most they found, and what the last one found."""

    day: date
    runs: int
    failed: int
    most: int
    most_at_risk: Decimal
    last: int
    last_at_risk: Decimal


@dataclass(frozen=True, slots=True)
class Reported:
    """An account that was compared: its id, and how reports show it."""

    id: str
    shown: str  # masked

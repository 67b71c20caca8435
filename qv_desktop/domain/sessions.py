"""Trading sessions: when the market is open, and what part of the day a moment belongs to."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

type Phase = Literal["pre-market", "open", "post-market", "closed"]


@dataclass(frozen=True, slots=True)
class MarketSession:
    """One trading day; all times aware UTC. Pre-market starts at 04:00 and post-market ends at 20:00 New York time."""

    day: date
    pre_open: datetime
    open: datetime
    close: datetime
    post_close: datetime


@dataclass(frozen=True, slots=True)
class BrokerClock:
    """What the broker says of now; all times aware UTC."""

    at: datetime
    is_open: bool
    next_open: datetime
    next_close: datetime


def phase(session: MarketSession | None, at: datetime) -> Phase:
    """The part of ``session`` that ``at`` falls into."""
    if session is None or not session.pre_open <= at < session.post_close:
        return "closed"
    if at < session.open:
        return "pre-market"
    return "open" if at < session.close else "post-market"

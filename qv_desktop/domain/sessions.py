"""Trading sessions: when the market is open, and what part of the day a moment belongs to."""

from collections.abc import Sequence
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


@dataclass(frozen=True, slots=True)
class Difference:
    """A day on which two calendars do not agree; None where one of them has no session."""

    day: date
    ours: MarketSession | None
    theirs: MarketSession | None

    def __str__(self) -> str:
        return f"{self.day}: the exchange's calendar has {_hours(self.ours)}, the broker's {_hours(self.theirs)}"


def differences(
    ours: Sequence[MarketSession], theirs: Sequence[MarketSession], first: date, last: date
) -> list[Difference]:
    """The days from ``first`` to ``last`` whose existence, opening or closing differ; extended hours are each broker's own."""
    left, right = ({one.day: one for one in some if first <= one.day <= last} for some in (ours, theirs))
    days = sorted(left.keys() | right.keys())
    found = (Difference(day, left.get(day), right.get(day)) for day in days)
    return [one for one in found if _regular(one.ours) != _regular(one.theirs)]


def _regular(session: MarketSession | None) -> tuple[datetime, datetime] | None:
    return None if session is None else (session.open, session.close)


def _hours(session: MarketSession | None) -> str:
    return "no session" if session is None else f"{session.open:%H:%M} to {session.close:%H:%M} UTC"


def phase(session: MarketSession | None, at: datetime) -> Phase:
    """The part of ``session`` that ``at`` falls into."""
    if session is None or not session.pre_open <= at < session.post_close:
        return "closed"
    if at < session.open:
        return "pre-market"
    return "open" if at < session.close else "post-market"

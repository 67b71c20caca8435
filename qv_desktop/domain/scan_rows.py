"""What a scan looks at: one symbol's prices beside its norms, at one moment of the trading day."""

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from qv_desktop.domain.market import NEW_YORK, SECOND, Snapshot, ns
from qv_desktop.domain.norms import Norms
from qv_desktop.domain.sessions import MarketSession, Phase, phase

BEFORE_OPEN, BY_CLOSE = 0.05, 0.95  # the share of a day's volume that has traded by the open and by the close
LEAST_SHARE = 0.001  # below it, relative volume would divide by next to nothing: the first six minutes of pre-market


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, for every row of one look: ns of market time, the part of the day, and how much of a day's volume it usually has."""

    now: int  # ns
    phase: Phase = "closed"
    began: int | None = None  # ns, of the newest session's pre-market; None while the calendar is unknown
    share: float | None = None  # from 0 to 1; None while unknown or too small
    speed: float = 1.0  # seconds of market time in a second
    today: bool = False  # the newest session is of this New York day: norms end with the session before it


class Row(NamedTuple):
    """One symbol at one moment. ``new_high`` and ``new_low``: of the day, within the last 60 s; None until it was watched so long."""

    snapshot: Snapshot
    norms: Norms
    moment: Moment
    new_high: bool | None = None
    new_low: bool | None = None


def moment(session: MarketSession | None, at: datetime, speed: float = 1.0) -> Moment:
    """The moment ``at`` beside ``session``: the newest one that has begun, or None while the calendar is unknown."""
    if session is None:
        return Moment(ns(at), speed=speed)
    today = at.astimezone(NEW_YORK).date() == session.day
    return Moment(ns(at), phase(session, at), ns(session.pre_open), volume_share(session, at), speed, today)


def volume_share(session: MarketSession, at: datetime) -> float | None:
    """The part of a day's volume that is usually done by ``at``, or None when it is below 0.1 %.

    A plain convention, not a fit: 5 % spread evenly over the pre-market, 90 % over regular hours, 5 % over the post-market. A half
    day's hours are shorter and count the same.
    """
    if at < session.open:
        share = BEFORE_OPEN * _elapsed(session.pre_open, at, session.open)
    elif at < session.close:
        share = BEFORE_OPEN + (BY_CLOSE - BEFORE_OPEN) * _elapsed(session.open, at, session.close)
    else:
        share = BY_CLOSE + (1 - BY_CLOSE) * _elapsed(session.close, at, session.post_close)
    return share if share >= LEAST_SHARE else None


def _elapsed(start: datetime, at: datetime, end: datetime) -> float:
    return min(1.0, max(0.0, (at - start) / (end - start)))


def age(row: Row) -> float | None:
    """Seconds that a person has waited since the last quote."""
    quote, moment = row.snapshot.quote, row.moment
    return None if quote is None else max(0.0, (moment.now - quote.at) / SECOND / moment.speed)

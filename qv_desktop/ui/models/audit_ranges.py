"""Spans of time to look at the audit trail by, in New York's days and hours."""

from datetime import datetime, time, timedelta

from qv_desktop.domain.market import NEW_YORK

ANY, BETWEEN = "Any time", "Between…"
RECENT = {"Last 15 minutes": timedelta(minutes=15), "Last hour": timedelta(hours=1)}
DAYS = {
    "Today": (0, 0),
    "Yesterday": (1, 1),
    "Last 7 days": (6, 0),
    "Last 30 days": (29, 0),
}  # first and last, days ago
RANGES = (ANY, *RECENT, *DAYS, BETWEEN)

type Span = tuple[datetime | None, datetime | None]  # from, up to but not with; None is open


def span(name: str, now: datetime) -> Span:
    """What a range means at ``now``; what goes on until now is open at its end, so that new rows belong to it."""
    if name in RECENT:
        return now - RECENT[name], None
    if name not in DAYS:
        return None, None
    first, last = DAYS[name]
    return _midnight(now, -first), None if last == 0 else _midnight(now, 1 - last)


def _midnight(now: datetime, days: int) -> datetime:
    """The beginning of a New York day; days have 23 to 25 hours, so they are counted on the calendar."""
    day = now.astimezone(NEW_YORK).date() + timedelta(days=days)
    return datetime.combine(day, time(), NEW_YORK)


def words(start: datetime | None, end: datetime | None) -> str:
    """A span as people read it."""
    said = [
        f"{name} {moment.astimezone(NEW_YORK):%Y-%m-%d %H:%M}"
        for name, moment in (("from", start), ("to", end))
        if moment
    ]
    return f"{' '.join(said)} ET" if said else ""

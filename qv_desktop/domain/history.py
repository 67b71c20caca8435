"""Questions to a vendor's history: what is asked, how far it is, and what is known to be complete."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from qv_desktop.domain.market import NEW_YORK, SECOND, Timeframe, bar_start

HOUR = 3600 * SECOND
NEAR = 30_000  # bars: less than an answer holds, so asking for them again costs no further question
OLD = 48 * HOUR  # after which every plan knows what traded
PAUSE = 1200 * SECOND  # without a trade that is no sign of a late vendor
REGULAR = 23_400  # seconds of a regular session

type RequestState = Literal["waiting", "asking", "done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class HistoryRequest:
    """One question on its way. ``fraction`` goes from 0 to 1; ``detail`` says what it waits for, or why it failed."""

    id: int
    label: str  # such as "AAPL 1m"
    vendor: str
    state: RequestState
    fraction: float
    detail: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Span:
    """From ``start`` up to ``end``, in ns UTC."""

    start: int
    end: int


def missing(wanted: Span, known: list[Span]) -> list[Span]:
    """The parts of ``wanted`` that no span of ``known`` (any order, overlapping or not) covers, oldest first."""
    parts, at = list[Span](), wanted.start
    for span in sorted(known, key=lambda one: one.start):
        if span.start > at:
            parts.append(Span(at, min(span.start, wanted.end)))
        at = max(at, span.end)
        if at >= wanted.end:
            break
    if at < wanted.end:
        parts.append(Span(at, wanted.end))
    return [part for part in parts if part.start < part.end]


def base(frame: Timeframe) -> Timeframe:
    """The timeframe that is stored, of which bars of ``frame`` are merged."""
    return Timeframe(1, frame.unit if frame.unit in ("s", "m", "h") else "D")


def next_start(start: int, frame: Timeframe) -> int:
    """When the bar after the one of ``start`` begins, in ns; ``frame`` is one that is stored."""
    if frame.unit == "D":
        return bar_start(start + 26 * HOUR, frame)  # a day has 23 to 25 hours
    return start + frame.seconds * SECOND


def joined(parts: list[Span], frame: Timeframe) -> list[Span]:
    """Fewer questions: what lies close together is asked for at once, with what is known in between."""
    near, found = NEAR * frame.seconds * SECOND, list[Span]()
    for part in parts:
        if found and part.start - found[-1].end <= near:
            found[-1] = Span(found[-1].start, part.end)
        else:
            found.append(part)
    return found


def closed(span: Span, frame: Timeframe) -> list[Span]:
    """When nothing can have traded within ``span``: weekends, and for bars within a day New York's nights from 20:00 to 4:00."""
    found: list[Span] = []
    day = _day(span.start) - timedelta(days=1)
    while (midnight := _at(day)) < span.end:
        following = day + timedelta(days=1)
        if day.weekday() >= 5:
            found.append(Span(midnight, _at(following)))
        elif frame.intraday:
            found += [Span(midnight, _at(day, 4)), Span(_at(day, 20), _at(following))]
        day = following
    return found


def settled(part: Span, last: int | None, frame: Timeframe, now: int) -> Span:
    """The beginning of ``part``, which a vendor answered with bars up to the one that starts at ``last``, that will not change.

    What is old is settled whole. Of the newest hours some plans know nothing yet, so only what the bars reach is.
    """
    if part.end <= now - OLD:
        return part
    reached = part.start if last is None else next_start(last, frame)
    return part if part.end - reached <= PAUSE else Span(part.start, max(part.start, min(part.end, reached)))


def asked_back(until: int, frame: Timeframe, count: int, again: int = 0) -> int:
    """From when to ask for about ``count`` bars before ``until``: regular hours of weekdays, which one question mostly fills.

    Asked ``again``, after holidays or thin trading: further back, by a week more each time at least.
    """
    if not frame.intraday:
        days = (frame.seconds * count * 3 // 2 + 10 * 86_400) * 2**again
        return bar_start(until - days * SECOND, frame)
    left, day = -(-frame.seconds * count // REGULAR) * 2**again + 5 * again, _day(until)
    while left > 0:
        day -= timedelta(days=1)
        left -= day.weekday() < 5
    return _at(day)


def _day(at: int) -> date:
    return datetime.fromtimestamp(at / SECOND, NEW_YORK).date()


def _at(day: date, hour: int = 0) -> int:
    return int(datetime.combine(day, time(hour), NEW_YORK).timestamp()) * SECOND

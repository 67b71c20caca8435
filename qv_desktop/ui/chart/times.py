"""Bars on a wall clock, New York's unless another is chosen: which bar begins an hour, a day or a year, and what the axis says."""

from datetime import UTC, datetime
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from qv_desktop.domain.market import NEW_YORK, SECOND

type Whole = NDArray[np.int64]

DAY = 86_400
BLOCK, FEW = 65_536, 8  # bars
OPEN, CLOSE = 9 * 3600 + 30 * 60, 16 * 3600  # regular hours, seconds after midnight
CLOCK_STEPS = (300, 900, 1800, 3600, 7200, 14_400)  # ranks 2 to 7
ANY, DAILY, WEEKLY, MONTHLY, QUARTERLY, YEARLY, FIVE_YEARLY = 1, 8, 9, 10, 11, 12, 13
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def local_seconds(starts: Whole, zone: ZoneInfo = NEW_YORK) -> Whole:
    """Wall-clock seconds since 1970 in ``zone`` of UTC nanoseconds, shape (n,).

    Offsets hold from midnight UTC of the day of a change: clocks change on Sundays, when nothing trades.
    """
    seconds = starts // SECOND
    if len(seconds) < FEW:
        return np.array([second + _offset(second // DAY, zone) for second in seconds.tolist()], dtype=np.int64)
    days = seconds // DAY
    first, last = (datetime.fromtimestamp(int(day) * DAY, UTC).year for day in (days.min(), days.max()))
    changes = [change for year in range(first, last + 1) for change in _changes(year, zone)]
    since, offsets = np.array(changes, dtype=np.int64).T
    return np.asarray(seconds + offsets[np.searchsorted(since, days, side="right") - 1], dtype=np.int64)


@cache
def _changes(year: int, zone: ZoneInfo) -> tuple[tuple[int, int], ...]:
    """The year's days since 1970 from which an offset in seconds holds, the first of January among them."""
    begin = int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) // DAY
    samples = [*range(begin, begin + 365, 28), begin + 365]
    out = [(begin, _offset(begin, zone))]
    for before, after in pairwise(samples):
        if _offset(before, zone) != _offset(after, zone):
            day = next(day for day in range(before, after + 1) if _offset(day, zone) == _offset(after, zone))
            out.append((day, _offset(after, zone)))
    return tuple(out)


@cache
def _offset(day: int, zone: ZoneInfo) -> int:
    """The zone's offset at noon UTC of a day since 1970, in seconds."""
    shift = datetime.fromtimestamp(day * DAY + DAY // 2, UTC).astimezone(zone).utcoffset()
    return int(shift.total_seconds()) if shift is not None else 0


def ranks(local: Whole, before: int | None = None) -> NDArray[np.int8]:
    """How great a boundary each bar begins, shape (n,): 1 for none, up to 13 for five years.

    ``before`` is the wall-clock second of the bar that stands before the first; without one the first bar ranks 1.
    """
    if not len(local):
        return np.empty(0, dtype=np.int8)
    previous = np.concatenate(([local[0] if before is None else before], local[:-1]))
    out = np.full(len(local), ANY, dtype=np.int8)
    for rank, step in enumerate(CLOCK_STEPS, ANY + 1):
        out[local // step != previous // step] = rank
    day, day_before = local // DAY, previous // DAY
    month, month_before = _months(day), _months(day_before)
    marks = [(DAILY, day, day_before), (WEEKLY, (day + 3) // 7, (day_before + 3) // 7), (MONTHLY, month, month_before)]
    marks += [
        (rank, month // many, month_before // many) for rank, many in ((QUARTERLY, 3), (YEARLY, 12), (FIVE_YEARLY, 60))
    ]
    for rank, now, then in marks:
        out[now != then] = rank
    return out


def ranks_of(starts: Whole, zone: ZoneInfo) -> NDArray[np.int8]:
    """The ranks of bars that start at these nanoseconds, on a zone's clock; block by block, for a million at once would fill memory."""
    out, before = np.empty(len(starts), dtype=np.int8), None
    for begin in range(0, len(starts), BLOCK):
        local = local_seconds(starts[begin : begin + BLOCK], zone)
        out[begin : begin + BLOCK] = ranks(local, before)
        before = int(local[-1])
    return out


def _months(days: Whole) -> Whole:
    """Months since the year 0 of days since 1970, so that whole years and decades divide evenly."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) + 1970 * 12


def label(local: int, rank: int, intraday: bool) -> str:
    """What the axis writes at a bar that begins at wall-clock second ``local``."""
    at = datetime.fromtimestamp(local, UTC)
    if rank >= YEARLY:
        return f"{at.year}"
    if rank >= MONTHLY and not intraday:
        return MONTHS[at.month - 1]
    if rank >= DAILY:
        return f"{MONTHS[at.month - 1]} {at.day}" if intraday else f"{at.day}"
    return _clock(local)


def moment(local: int, intraday: bool) -> str:
    """The crosshair's time: ``Thu 20 Nov 10:40``, or ``Thu 20 Nov 2025`` for bars of a day and longer."""
    at = datetime.fromtimestamp(local, UTC)
    day = f"{at:%a} {at.day} {MONTHS[at.month - 1]}"
    if not intraday:
        return f"{day} {at.year}"
    return f"{day} {_clock(local)}"


def _clock(local: int) -> str:
    minutes, seconds = divmod(local % DAY, 60)
    text = f"{minutes // 60:02d}:{minutes % 60:02d}"
    return f"{text}:{seconds:02d}" if seconds else text

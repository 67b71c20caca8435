"""How long the bars of a file are, from the spacing of their times, and where each of them starts."""

from datetime import date, datetime, time

import numpy as np
from numpy.typing import NDArray

from qv_desktop.adapters.files.rows import Rows
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.imports import Reading
from qv_desktop.domain.market import NEW_YORK, SECOND, Timeframe, timeframe

type Ints = NDArray[np.int64]

DAY = 86_400 * SECOND
KEPT = {1: Timeframe(1, "s"), 60: Timeframe(1, "m"), 3600: Timeframe(1, "h"), 86_400: Timeframe(1, "D")}
LATEST = 4_102_444_800 * SECOND  # 2100
FIRST_MINUTE, CLOSING_MINUTE = 9 * 60 + 31, 16 * 60  # of bars stamped with their end


def told_frame(text: str) -> Timeframe | None:
    """The timeframe that a file's own column names, if it does."""
    try:
        found = timeframe(text)
    except BadInput:
        return None
    return KEPT.get(found.seconds, found) if found.intraday else found


def frame_of(rows: Rows, days: bool, told: Timeframe | None) -> tuple[Timeframe, str]:
    """The timeframe and how it is known. Raises BadInput when it is none that is kept, or cannot be known."""
    file = rows.sheet.file.name
    if told is not None:
        frame = KEPT.get(told.seconds, told) if told.unit not in ("W", "M") else told
        if frame not in KEPT.values():
            raise _not_kept(file, str(frame))
        if days and frame.intraday:
            raise BadInput(f"{file} has dates without clocks, so its bars cannot be of {frame}; say --timeframe 1D.")
        return frame, f"bars of {frame}, as said"
    seconds = _step(rows) * 86_400 if days else _step(rows) // SECOND
    if 82_800 <= seconds <= 90_000 or (
        days and seconds < 5 * 86_400
    ):  # a day may have 23 or 25 hours, a weekend four days
        seconds = 86_400 if seconds else 0
    if seconds in KEPT:
        return KEPT[seconds], f"bars of {KEPT[seconds]}, the most frequent step of the times"
    raise _not_kept(file, _words(seconds)) if seconds else BadInput(
        f"{file} has too few rows to tell how long its bars are; say --timeframe 1D or --timeframe 1m.")  # fmt: skip


def _step(rows: Rows) -> int:
    """The most frequent step within a symbol, 0 when there is none."""
    steps = np.diff(rows.at)[rows.same]
    sizes, counts = np.unique(steps[steps > 0], return_counts=True)
    return int(sizes[np.argmax(counts)]) if sizes.size else 0


def _words(seconds: int) -> str:
    for unit, name in ((604_800, "W"), (86_400, "D"), (3600, "h"), (60, "m")):
        if seconds >= unit:
            return "1M" if 2_332_800 <= seconds <= 2_764_800 else f"{round(seconds / unit)}{name}"
    return f"{seconds}s"


def _not_kept(file: str, words: str) -> BadInput:
    base = "daily bars" if words[-1] in "DWM" else "1-minute bars" if words[-1] in "mh" else "1-second bars"
    return BadInput(
        f"{file} has bars of {words}, which charts make from shorter ones; import {base} (kept are 1s, 1m, 1h and 1D)."
    )


def starts(rows: Rows, days: bool, frame: Timeframe, reading: Reading) -> tuple[Rows, list[str]]:
    """The rows with ``at`` as the bar's start in ns UTC, and what there is to say. Raises BadInput."""
    if not frame.intraday:
        numbers = rows.at if days else _day_numbers(rows)
        return _bounded(rows, _midnights(rows, numbers)), ["each day stamped at midnight in New York"]
    at, said = rows.at, list[str]()
    span = frame.seconds * SECOND
    off = np.flatnonzero(at % span)
    if off.size:
        raise rows.refused(
            int(off[0]), f"has a time that is no start of a bar of {frame}; correct it, or say another --timeframe."
        )
    if _stamped_with_end(rows, frame, reading):
        at, said = at - span, [f"times are the ends of bars, as said, so each starts {frame} earlier"]
    return _bounded(rows, at), said


def _bounded(rows: Rows, at: Ints) -> Rows:
    early, late = np.flatnonzero(at < 0), np.flatnonzero(at >= LATEST)
    if early.size:
        raise rows.refused(int(early[0]), "is before 1970, from when on prices are kept; remove the lines before that.")
    if late.size:
        raise rows.refused(int(late[0]), "is after the year 2099; correct the time.")
    return Rows(rows.sheet, rows.symbols, rows.row, rows.code, at)


def _day_numbers(rows: Rows) -> Ints:
    """The day of each moment: of UTC when all are midnight there, as many sources write days; else of New York."""
    if not (rows.at % DAY).any():
        return rows.at // DAY
    return new_york(rows.at) // DAY


def new_york(at: Ints) -> Ints:
    """ns UTC as the clock in New York shows them, as if that were UTC."""
    import pandas as pd

    local = pd.DatetimeIndex(at.view("datetime64[ns]")).tz_localize("UTC").tz_convert(NEW_YORK).tz_localize(None)
    return np.asarray(local.as_unit("ns").asi8, dtype=np.int64)


def _midnights(rows: Rows, numbers: Ints) -> Ints:
    """ns UTC of New York midnight of each day since 1970."""
    distinct, codes = np.unique(numbers, return_inverse=True)
    origin = date(1970, 1, 1).toordinal()
    days = [date.fromordinal(min(max(origin + number, 1), date.max.toordinal())) for number in distinct.tolist()]
    return np.array(
        [int(datetime.combine(day, time(), NEW_YORK).timestamp()) * SECOND for day in days], dtype=np.int64
    )[codes]


def _stamped_with_end(rows: Rows, frame: Timeframe, reading: Reading) -> bool:
    """Whether times are ends of bars: a person says so; where every day runs from 09:31 to 16:00 somebody must say."""
    if reading.stamps:
        return reading.stamps == "end"
    if frame.seconds != 60:
        return False
    minutes = new_york(rows.at) // (60 * SECOND) % 1440
    regular = minutes[(minutes >= FIRST_MINUTE - 1) & (minutes <= CLOSING_MINUTE)]
    whole = regular.size == minutes.size and regular.size >= 2
    if whole and minutes.min() == FIRST_MINUTE and minutes.max() == CLOSING_MINUTE:
        raise rows.refused(
            0,
            "and the others look as if times were the ends of bars (09:31 to 16:00); say --stamps end, or --stamps start.",
        )
    return False

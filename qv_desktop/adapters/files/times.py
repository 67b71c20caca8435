"""The time of each row: dates, clocks, offsets, zones and counts since the epoch, to days or to ns UTC."""

import re
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
from numpy.typing import NDArray

from qv_desktop.adapters.files.clocks import TEXT, clocks_of, days_of, ints, offsets_of
from qv_desktop.adapters.files.layout import Layout
from qv_desktop.adapters.files.sheet import Sheet
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.imports import Reading
from qv_desktop.domain.market import SECOND

type Ints = NDArray[np.int64]

NEW_YORK = "America/New_York"
DAY = 86_400 * SECOND
COUNT = r"^\s*(?P<whole>\d{9,19})(?:\.(?P<part>\d+))?\s*$"


@dataclass(frozen=True, slots=True)
class Times:
    """Days since 1970 when ``days``, else ns UTC; and in words how they were read."""

    values: Ints
    days: bool
    said: list[str] = field(default_factory=list)


def times(sheet: Sheet, columns: Layout, reading: Reading) -> Times:
    """The time of each row. Raises BadInput with the first line whose time cannot be read in exactly one way."""
    import pyarrow as pa

    cells, named = _cells(sheet, columns)
    if pa.types.is_timestamp(cells.type) or pa.types.is_date(cells.type):
        found = _typed(sheet, cells, reading)
    elif pa.types.is_integer(cells.type) or pa.types.is_floating(cells.type):
        found = _counted(sheet, _as_text(cells))
    elif pa.types.is_string(cells.type):
        found = _written(sheet, cells, columns, reading)
    else:
        raise sheet.refused(0, f"has a time of type {cells.type}; write times as texts or timestamps.")
    return Times(found.values, found.days, [f"times from {named}, {'; '.join(found.said)}"])


def _as_text(cells: Any) -> Any:
    """Whole numbers as texts without exponent."""
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = cells if pa.types.is_integer(cells.type) else pc.cast(pc.round(cells), pa.int64(), safe=False)
    return pc.cast(whole, pa.string())


def _cells(sheet: Sheet, columns: Layout) -> tuple[Any, str]:
    """The column that tells the time, or day and clock joined, and its name."""
    import pyarrow as pa
    import pyarrow.compute as pc

    roles, names = columns.roles, sheet.names
    place = next((roles[role] for role in ("moment", "day", "clock") if role in roles), None)
    if place is None:
        if columns.index is None:
            raise BadInput(
                f"{sheet.file.name} has no column for the time (its header is: {', '.join(names)[:200]}); name it date or time."
            )
        return sheet.columns[columns.index], "the column without a name"
    cells = sheet.columns[place]
    if place != roles.get("day") or "clock" not in roles:
        return cells, f"column “{names[place]}”"
    clock = sheet.columns[roles["clock"]]
    if pa.types.is_time(clock.type) or pa.types.is_string(clock.type) or pa.types.is_integer(clock.type):
        both = pc.binary_join_element_wise(pc.cast(cells, pa.string()), pc.cast(clock, pa.string()), " ")
        if re.match(TEXT, str(both[0])):
            return both, f"columns “{names[place]}” and “{names[roles['clock']]}”"
    return clock, f"column “{names[roles['clock']]}”"  # it holds the day too


def _typed(sheet: Sheet, cells: Any, reading: Reading) -> Times:
    import pyarrow as pa
    import pyarrow.compute as pc

    _none_missing(sheet, cells)
    if pa.types.is_date(cells.type):
        return Times(ints(pc.cast(pc.cast(cells, pa.date32()), pa.int32())), True, ["as dates"])
    zone = cells.type.tz
    try:
        stamps = ints(pc.cast(pc.cast(cells, pa.timestamp("ns", zone)), pa.int64()))
    except pa.ArrowInvalid:
        raise BadInput(f"{sheet.file.name} has times beyond the years 1678 to 2261; correct them.") from None
    if zone:
        return Times(stamps, False, [f"as timestamps in {zone}"])
    if not (stamps % DAY).any():
        return Times(stamps // DAY, True, ["as dates"])
    return _local(sheet, stamps, reading, "as timestamps")


def _none_missing(sheet: Sheet, cells: Any) -> None:
    import pyarrow.compute as pc

    if cells.null_count:
        raise sheet.refused(pc.index(pc.is_null(cells), True).as_py(), "has no time; give it one or remove it.")


def _written(sheet: Sheet, cells: Any, columns: Layout, reading: Reading) -> Times:
    import pyarrow.compute as pc

    first = str(cells[0])
    if re.match(COUNT, first):
        return _counted(sheet, cells)
    parts = pc.extract_regex(cells, TEXT)
    wrong = pc.index(pc.is_null(parts), True).as_py()
    if wrong >= 0:
        raise sheet.refused(wrong, f"has “{cells[wrong]}” where a time such as 2020-12-15 09:30 is needed; correct it.")
    days, said = days_of(sheet, parts.field("date"), reading.dates)
    clocks, with_clock = clocks_of(sheet, parts)
    if not with_clock:
        return Times(days, True, said)
    local = days * DAY + clocks
    offsets, with_offset = offsets_of(parts.field("offset"))
    if with_offset.all():
        return Times(local - offsets, False, [*said, "with their offset from UTC"])
    if with_offset.any():
        raise sheet.refused(
            int(np.argmin(with_offset)), "has a time without an offset though others have one; write them alike."
        )
    if columns.utc:
        return Times(local, False, [*said, "UTC by the column's name"])
    return _local(sheet, local, reading, *said)


def _counted(sheet: Sheet, cells: Any) -> Times:
    """Counts since 1970 in s, ms, us or ns by their size; eight digits are a date."""
    import pyarrow as pa
    import pyarrow.compute as pc

    _none_missing(sheet, cells)
    if all(re.fullmatch(r"\d{8}", str(cells[row])) for row in (0, -1)):
        days, said = days_of(sheet, cells, "ymd")
        return Times(days, True, said)
    parts = pc.extract_regex(cells, COUNT)
    wrong = pc.index(pc.is_null(parts), True).as_py()
    if wrong >= 0:
        raise sheet.refused(
            wrong, f"has “{cells[wrong]}” where a time is needed; write times as 2020-12-15 09:30 or as ms since 1970."
        )
    try:
        whole = ints(pc.cast(parts.field("whole"), pa.int64()))
    except pa.ArrowInvalid:
        raise sheet.refused(0, "has times that are too large; write them in ns since 1970 at most.") from None
    unit, name = _unit(sheet, whole)
    part = pc.utf8_slice_codeunits(pc.utf8_rpad(parts.field("part"), 9, "0"), 0, 9)
    return Times(whole * unit + ints(pc.cast(part, pa.int64())) * unit // SECOND, False, [f"as {name} since 1970, UTC"])


def _unit(sheet: Sheet, whole: Ints) -> tuple[int, str]:
    sizes = {(10**8, 10**11): (SECOND, "seconds"), (10**11, 10**14): (10**6, "milliseconds"),
             (10**14, 10**17): (1000, "microseconds"), (10**17, 2**63): (1, "nanoseconds")}  # fmt: skip
    for (low, high), unit in sizes.items():
        if low <= whole[0] < high:
            wrong = np.flatnonzero((whole < low) | (whole >= high))
            if wrong.size:
                raise sheet.refused(
                    wrong[0], f"has a time that is not in {unit[1]} since 1970 as the first is; correct it."
                )
            return unit
    raise sheet.refused(0, "has a number where a time is needed; write times as 2020-12-15 09:30 or as ms since 1970.")


def _local(sheet: Sheet, local: Ints, reading: Reading, *said: str) -> Times:
    """ns UTC of clocks in the zone that was said, else New York; hours that exist twice or never are refused."""
    import pandas as pd

    name = reading.zone or NEW_YORK
    zone = _zone(name)
    index = pd.DatetimeIndex(local.view("datetime64[ns]")).tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    lost = np.flatnonzero(np.asarray(index.isna()))
    if lost.size:
        raise sheet.refused(
            lost[0],
            f"has a time that {name} has twice or never, for the clocks change then; write times with an offset.",
        )
    told = f"{name} time, as said" if reading.zone else "no offset: taken as New York time (--zone says otherwise)"
    return Times(np.asarray(index.as_unit("ns").asi8, dtype=np.int64), False, [*said, told])


def _zone(name: str) -> ZoneInfo:
    if name != "UTC" and name not in available_timezones():
        raise BadInput(f"There is no zone “{name}”; name one such as America/New_York or UTC.")
    return ZoneInfo(name)

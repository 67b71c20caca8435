"""Times as texts, such as 2020-12-15 09:30:00.5-05:00: as days, ns since midnight and offsets, each distinct text read once."""

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qv_desktop.adapters.files.dates import ORDERS, WORDS, day_number, needs_order, possible_orders
from qv_desktop.adapters.files.sheet import Sheet
from qv_desktop.domain.imports import DateOrder
from qv_desktop.domain.market import SECOND

type Ints = NDArray[np.int64]

DATE = (
    r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}|\d{8}|\d{1,2}[- ]?[A-Za-z]{3,9}\.?[-, ]+\d{2,4}|[A-Za-z]{3,9}\.? \d{1,2},? \d{4}"
)
TEXT = (
    rf"^\s*(?P<date>{DATE})(?:[T ,]+(?P<clock>\d{{1,2}}:\d{{2}}(?::\d{{2}})?|\d{{3,6}})(?P<fraction>[.,]\d{{1,9}})?"
    r"\s*(?P<half>[AaPp]\.?[Mm]\.?)?\s*(?P<offset>Z|UTC|GMT|EST|EDT|[+-]\d{2}:?\d{2}|[+-]\d{2})?)?\s*$"
)
OFFSETS = {"Z": 0, "UTC": 0, "GMT": 0, "EST": -5 * 3600, "EDT": -4 * 3600}


def _coded(cells: Any) -> tuple[list[str], NDArray[np.int64]]:
    """Distinct texts, and for each row which of them it is: a year of minutes has 250 dates and 1,440 clocks."""
    coded = cells.dictionary_encode()
    return [text or "" for text in coded.dictionary.to_pylist()], ints(coded.indices)


def days_of(sheet: Sheet, cells: Any, told: DateOrder) -> tuple[Ints, list[str]]:
    """Days since 1970, and in words how they were read. Raises BadInput for what can be two days or is none."""
    texts, codes = _coded(cells)
    order, said = _order(sheet, texts, codes, told)
    numbers = [day_number(text, order) for text in texts]
    wrong = next((place for place, number in enumerate(numbers) if number is None), None)
    if wrong is not None:
        raise sheet.refused(
            int(np.argmax(codes == wrong)), f"has “{texts[wrong]}”, which is no day read as {WORDS[order]}; correct it."
        )
    return np.array(numbers, dtype=np.int64)[codes], [said]


def _order(sheet: Sheet, texts: list[str], codes: Ints, told: DateOrder) -> tuple[DateOrder, str]:
    """Which of year, month and day comes first, and how that is known."""
    if told:
        return told, f"dates as {WORDS[told]}, as said"
    possible = possible_orders(texts)
    if len(possible) == 1:
        return possible[0], f"dates as {WORDS[possible[0]]}"
    doubtful = next((place for place, text in enumerate(texts) if needs_order(text)), 0)
    row = int(np.argmax(codes == doubtful))
    if possible:
        raise sheet.refused(row, f"has “{texts[doubtful]}”, which can be two days, and no other line settles it; "
                            "say --dates mdy (month first) or --dates dmy (day first).")  # fmt: skip
    best = max(
        ORDERS, key=lambda order: next(place for place, text in enumerate(texts) if day_number(text, order) is None)
    )
    return best, ""  # the first that is no day so is refused next


def clocks_of(sheet: Sheet, parts: Any) -> tuple[Ints, bool]:
    """ns since midnight, and whether there are clocks at all."""
    import pyarrow.compute as pc

    texts, codes = _coded(pc.binary_join_element_wise(parts.field("clock"), pc.utf8_lower(parts.field("half")), ""))
    if texts == [""]:
        return np.zeros(len(codes), dtype=np.int64), False
    seconds = [_seconds(text) for text in texts]
    wrong = next((place for place, found in enumerate(seconds) if found is None), None)
    if wrong is not None:
        raise sheet.refused(int(np.argmax(codes == wrong)), f"has {f'“{texts[wrong]}”' if texts[wrong] else 'no clock'} "
                            "where a time of day such as 09:30 is needed; correct it.")  # fmt: skip
    return np.array(seconds, dtype=np.int64)[codes] * SECOND + _fractions(parts.field("fraction")), True


def _seconds(text: str) -> int | None:
    """Seconds since midnight of 9:30, 09:30:15, 0930, 93015 or 09:30pm."""
    digits, half = re.match(r"([\d:]*)(.*)", text.replace(".", "")).groups()  # type: ignore[union-attr]  # it matches anything
    if not digits:
        return None
    if ":" not in digits:
        digits = digits.zfill(4 if len(digits) <= 4 else 6)
        digits = ":".join(digits[place : place + 2] for place in range(0, len(digits), 2))
    hour, minute, second = (int(cell) for cell in [*digits.split(":"), "0"][:3])
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half.startswith("p") else 0)
    return hour * 3600 + minute * 60 + second if hour < 24 and minute < 60 and second < 60 else None


def _fractions(cells: Any) -> Ints | int:
    """ns of .5 or ,123456."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pc.any(pc.not_equal(cells, "")).as_py():
        return 0
    return ints(pc.cast(pc.utf8_rpad(pc.utf8_slice_codeunits(cells, 1), 9, "0"), pa.int64()))


def offsets_of(cells: Any) -> tuple[Ints, NDArray[np.bool_]]:
    """ns east of Greenwich, and whether there is an offset."""
    texts, codes = _coded(cells)
    seconds = np.array([_offset(text) for text in texts], dtype=np.int64)
    return seconds[codes] * SECOND, np.array([bool(text) for text in texts])[codes]


def _offset(text: str) -> int:
    """Seconds east of Greenwich of +05:30, -0500, Z or nothing."""
    if not text or text in OFFSETS:
        return OFFSETS.get(text, 0)
    digits = text[1:].replace(":", "").ljust(4, "0")
    return (-1 if text[0] == "-" else 1) * (int(digits[:2]) * 3600 + int(digits[2:]) * 60)


def ints(cells: Any) -> Ints:
    """An arrow array without nulls as numpy."""
    return np.asarray(cells.to_numpy(zero_copy_only=False), dtype=np.int64)

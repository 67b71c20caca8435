"""Texts as numbers: thousands separators, decimal commas, currency signs, and no guess."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qv_desktop.adapters.files.sheet import Sheet

type Floats = NDArray[np.float64]

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
GROUPED = {".": r"^[+-]?\d{1,3}(,\d{3})+(\.\d*)?$", ",": r"^[+-]?\d{1,3}(\.\d{3})+(,\d*)?$"}
NONE = ("", "nan", "null", "none", "n/a", "na", "-", "--", "#n/a")
SCALES = {"k": 1e3, "m": 1e6, "b": 1e9}


def decimal_mark(sheet: Sheet, places: list[int]) -> str:
    """Point or comma, from the prices in these columns. Raises BadInput where 1,234 can be both."""
    import pyarrow as pa
    import pyarrow.compute as pc

    doubtful: int | None = None
    for place in places:
        cells = sheet.columns[place]
        if not pa.types.is_string(cells.type) or not pc.any(pc.match_substring(cells, ",")).as_py():
            continue
        if pc.any(pc.match_substring_regex(cells, r",\d{1,2}\s*$|,\d{4,}\s*$|\.\d{3},")).as_py():
            return ","
        if not pc.any(pc.match_substring(cells, ".")).as_py() and doubtful is None:
            doubtful = pc.index(pc.match_substring(cells, ","), pa.scalar(True)).as_py()
    if doubtful is not None and not any(_has_point(sheet.columns[place]) for place in places):
        raise sheet.refused(
            doubtful, "has a price that may be thousands or decimals; write prices without thousands separators."
        )
    return "."


def _has_point(cells: Any) -> bool:
    import pyarrow as pa
    import pyarrow.compute as pc

    return bool(pa.types.is_string(cells.type) and pc.any(pc.match_substring_regex(cells, r"\.\d+\s*$")).as_py())


def floats(sheet: Sheet, place: int, mark: str = ".") -> Floats:
    """The column as float64; blanks and “null” are NaN. Raises BadInput at the first cell that is no number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = sheet.columns[place]
    if not pa.types.is_string(cells.type):
        return _typed(sheet, place)
    try:
        return _checked(sheet, place, _array(pc.cast(cells, pa.float64())))
    except pa.ArrowInvalid:
        return _checked(sheet, place, _cleaned(sheet, place, mark))


def _typed(sheet: Sheet, place: int) -> Floats:
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = sheet.columns[place]
    if not (pa.types.is_floating(cells.type) or pa.types.is_integer(cells.type) or pa.types.is_decimal(cells.type)):
        raise sheet.refused(
            0, f"has {cells.type} in column “{sheet.names[place]}”, where numbers are needed; write it as numbers."
        )
    return _checked(sheet, place, _array(pc.cast(cells, pa.float64(), safe=False)))


def _array(cells: Any) -> Floats:
    return np.asarray(cells.to_numpy(zero_copy_only=False), dtype=np.float64)


def _checked(sheet: Sheet, place: int, values: Floats) -> Floats:
    endless = np.flatnonzero(np.isinf(values))
    if endless.size:
        raise sheet.refused(endless[0], f"has an endless number in column “{sheet.names[place]}”; correct it.")
    return values


def _cleaned(sheet: Sheet, place: int, mark: str) -> Floats:
    """Cell by cell: what is left after signs and separators are taken away must be a number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = pc.utf8_lower(pc.replace_substring_regex(sheet.columns[place], r"[\s$€£'_]", ""))
    cells = pc.if_else(pc.is_in(cells, pa.array(NONE)), None, cells)
    grouped = pc.fill_null(pc.match_substring_regex(cells, GROUPED[mark]), False)
    cells = pc.if_else(grouped, pc.replace_substring(cells, "," if mark == "." else ".", ""), cells)
    if mark == ",":
        doubtful = pc.fill_null(pc.match_substring(cells, "."), False)
        cells = pc.if_else(doubtful, "?", pc.replace_substring(cells, ",", "."))
    cells, scale = _scaled(cells, sheet.names[place])
    good = pc.fill_null(pc.match_substring_regex(cells, NUMBER), True)
    wrong = pc.index(good, pa.scalar(False)).as_py()
    if wrong >= 0:
        raise sheet.refused(
            wrong, f"has no number in column “{sheet.names[place]}”; correct the cell or remove the line."
        )
    return _array(pc.cast(cells, pa.float64())) * scale


def _scaled(cells: Any, name: str) -> tuple[Any, Floats | float]:
    """1.5m as 1.5 and a million, in columns of volume."""
    import pyarrow.compute as pc

    if not name.lower().startswith("vol"):
        return cells, 1.0
    unit = pc.fill_null(pc.utf8_slice_codeunits(cells, -1), "")
    scale = np.array([SCALES.get(text, 1.0) for text in unit.to_pylist()])
    return pc.replace_substring_regex(cells, r"[kmb]$", ""), scale

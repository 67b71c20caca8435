"""The rows of a file with their symbols and times: grouped by symbol, oldest first, each with its place in the file."""

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from qv_desktop.adapters.files.layout import Layout
from qv_desktop.adapters.files.sheet import Sheet
from qv_desktop.domain.errors import BadInput

type Ints = NDArray[np.int64]

SYMBOL = r"[A-Z0-9][A-Z0-9./-]{0,19}"
IN_NAME = r"([A-Z]{1,5}(?:[.-][A-Z]{1,2})?)(?=$|[_\s.(])"


@dataclass(frozen=True, slots=True)
class Rows:
    """``row`` are places in the file, ``code`` places in ``symbols``, ``at`` times in whatever unit they have by now."""

    sheet: Sheet
    symbols: list[str]
    row: Ints
    code: Ints
    at: Ints

    def taken(self, places: NDArray[np.int64] | NDArray[np.bool_]) -> "Rows":
        """Only these, in this order."""
        return replace(self, row=self.row[places], code=self.code[places], at=self.at[places])

    def refused(self, place: int, why: str) -> BadInput:
        """The error that names the line."""
        return self.sheet.refused(int(self.row[place]), why)

    @property
    def same(self) -> NDArray[np.bool_]:
        """For each row but the first, whether it is of the same symbol as the one before it."""
        return np.equal(self.code[1:], self.code[:-1])

    def firsts(self) -> list[int]:
        """The place where each symbol begins."""
        return [0, *(np.flatnonzero(~self.same) + 1).tolist()]


def symbols(sheet: Sheet, columns: Layout, asked: str) -> tuple[list[str], Ints, str]:
    """Symbols, which of them each row is of (-1: not asked for), and how that is known. Raises BadInput."""
    asked = asked.strip().upper()
    if asked and not re.fullmatch(SYMBOL, asked):
        raise BadInput(f"“{asked}” is no symbol; type one such as AAPL or BRK.B.")
    if "symbol" in columns.roles:
        return _in_column(sheet, columns.roles["symbol"], asked)
    codes = np.zeros(sheet.rows, dtype=np.int64)
    if asked:
        return [asked], codes, f"symbol {asked}, as said"
    found = re.match(IN_NAME, sheet.file.name)
    if not found:
        raise BadInput(
            f"{sheet.file.name} does not say whose prices it holds; say --symbol, or begin the file's name with the symbol."
        )
    return [found[1]], codes, f"symbol {found[1]}, from the file's name"


def _in_column(sheet: Sheet, place: int, asked: str) -> tuple[list[str], Ints, str]:
    import pyarrow as pa
    import pyarrow.compute as pc

    cells = pc.fill_null(pc.utf8_upper(pc.utf8_trim_whitespace(pc.cast(sheet.columns[place], pa.string()))), "")
    coded = pc.replace_substring_regex(cells, r"\.US$", "").dictionary_encode()
    names, codes = (
        coded.dictionary.to_pylist(),
        np.asarray(coded.indices.to_numpy(zero_copy_only=False), dtype=np.int64),
    )
    wrong = next((code for code, name in enumerate(names) if not re.fullmatch(SYMBOL, name)), None)
    if wrong is not None:
        raise sheet.refused(
            int(np.argmax(codes == wrong)), f"has “{names[wrong]}” where a symbol is needed; correct it."
        )
    if not asked:
        listed = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
        return (
            names,
            codes,
            f"{len(names)} symbol{'s' * (len(names) > 1)}, {listed}, from column “{sheet.names[place]}”",
        )
    if asked not in names:
        raise BadInput(f"{sheet.file.name} has no row of {asked}; its symbols are {', '.join(names[:5])}.")
    return [asked], np.where(codes == names.index(asked), 0, -1), f"symbol {asked}, as said; other symbols left out"


def arranged(rows: Rows) -> tuple[Rows, bool]:
    """Grouped by symbol and oldest first, and whether the file was newest first. Raises BadInput where time goes back."""
    if (np.diff(rows.code) < 0).any():
        rows = rows.taken(np.argsort(rows.code, kind="stable"))
    steps = np.diff(rows.at)[rows.same]
    reversed_ = bool(steps.size and (steps <= 0).all() and (steps < 0).any())
    if reversed_:
        rows = rows.taken(np.arange(len(rows.at))[::-1])
    back = np.flatnonzero(rows.same & (np.diff(rows.at) < 0))
    if back.size:
        raise _goes_back(rows, int(back[0]) + 1)
    return rows, reversed_


def _goes_back(rows: Rows, place: int) -> BadInput:
    if len(rows.symbols) == 1 and rows.at[place] <= rows.at[0]:
        return rows.refused(
            place,
            "begins the times again, as if another symbol's rows followed; add a column symbol, or split the file.",
        )
    return rows.refused(place, "is earlier than the row before it; sort the file by time.")

"""A file as a table of columns: texts from CSV, typed values from Parquet, and for each row where it stands in the file."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qv_desktop.adapters.files.content import is_parquet, text
from qv_desktop.domain.errors import BadInput

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
MOST_ROWS, MOST_PARQUET_BYTES = 20_000_000, 4 << 30
HEAD = 1 << 16  # bytes within which the header ends
SHOWN = 160  # characters of an offending line
INDEX = "__index_level_"  # pandas' name for an index that has none


@dataclass(frozen=True, slots=True)
class Sheet:
    """``columns`` are pyarrow arrays in the order of ``names``; ``where`` gives a row (from 0) as “line 17: …”."""

    file: Path
    form: str
    names: list[str]
    columns: list[Any]
    where: Callable[[int], str]

    @property
    def rows(self) -> int:
        """How many."""
        return len(self.columns[0])

    def refused(self, row: int, why: str) -> BadInput:
        """The error that names the file, the row and its text."""
        return BadInput(shown(f"{self.file.name}, {self.where(int(row))} {why}", len(why) + 2 * SHOWN))


def opened(file: Path) -> Sheet:
    """The file's table. Raises BadInput when it is none."""
    sheet = _parquet(file) if is_parquet(file) else _csv(file)
    if not sheet.rows:
        raise BadInput(f"{file} has a header and no rows; choose a file that has some.")
    if sheet.rows > MOST_ROWS:
        raise BadInput(
            f"{file} has {sheet.rows:,} rows; split it into files of at most {MOST_ROWS:,}, by year or symbol."
        )
    return sheet


def _parquet(file: Path) -> Sheet:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as parquet:
            size = sum(parquet.metadata.row_group(n).total_byte_size for n in range(parquet.metadata.num_row_groups))
            if parquet.metadata.num_rows > MOST_ROWS or size > MOST_PARQUET_BYTES:
                raise BadInput(
                    f"{file} has {parquet.metadata.num_rows:,} rows; split it into smaller files, by year or symbol."
                )
            table = parquet.read()
    except (pa.ArrowException, OSError) as error:
        raise BadInput(f"{file} is a damaged Parquet file ({_first_line(error)}); get it once more.") from None
    names = ["" if name.startswith(INDEX) else str(name) for name in table.column_names]
    if not names:
        raise BadInput(f"{file} has no columns; choose another file.")
    return Sheet(file, "Parquet", names, [_plain(column) for column in table.columns], lambda row: f"row {row + 1}:")


def _plain(column: Any) -> Any:
    """One array without dictionary coding."""
    import pyarrow as pa

    whole = column.combine_chunks()
    whole = pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole
    whole = whole.dictionary_decode() if pa.types.is_dictionary(whole.type) else whole
    return (
        whole.cast(pa.string())
        if pa.types.is_large_string(whole.type) or pa.types.is_string_view(whole.type)
        else whole
    )


def _csv(file: Path) -> Sheet:
    raw, said = text(file)
    delimiter = _delimiter(file, raw)
    table = _parsed(file, raw, delimiter)
    form = ", ".join(["CSV", *said, f"{DELIMITERS[delimiter]} between cells"])
    return Sheet(file, form, [name.strip() for name in table.column_names], [_plain(column) for column in table.columns],
                 lambda row: _line(raw, row + 1))  # fmt: skip


def _delimiter(file: Path, raw: bytes) -> str:
    """The one that cuts the first line into most cells."""
    head = _first_line_of(raw).decode("utf-8", "replace").strip("\r\n")
    counts = {delimiter: head.count(delimiter) for delimiter in DELIMITERS}
    best = max(counts, key=lambda delimiter: counts[delimiter])
    if not counts[best]:
        raise BadInput(
            f"{file.name}, line 1: “{shown(head)}” is one cell; a table needs a header such as date,open,high,low,close,volume."
        )
    return best


def _parsed(file: Path, raw: bytes, delimiter: str) -> Any:
    import pyarrow as pa
    import pyarrow.csv as pc

    odd: list[Any] = []

    def uneven(row: Any) -> str:
        odd.append(row)
        return "error"

    cells = pc.ParseOptions(delimiter=delimiter, invalid_row_handler=uneven)
    try:
        head = pc.read_csv(pa.BufferReader(_first_line_of(raw)), parse_options=cells)
        texts = dict.fromkeys(head.column_names, pa.string())
        return pc.read_csv(pa.BufferReader(raw), pc.ReadOptions(block_size=1 << 24), cells,
                           pc.ConvertOptions(column_types=texts, strings_can_be_null=False))  # fmt: skip
    except pa.ArrowException as error:
        if odd:
            raise _uneven(file, raw, odd[0]) from None
        raise BadInput(
            f"{file.name} is no table that can be read ({_first_line(error)}); save it as CSV with one row a line."
        ) from None


def _first_line_of(raw: bytes) -> bytes:
    return raw[:HEAD].lstrip(b"\r\n").replace(b"\r", b"\n").split(b"\n", 1)[0] + b"\n"


def _uneven(file: Path, raw: bytes, row: Any) -> BadInput:
    line = raw.count(b"\n", 0, max(0, raw.find(row.text.encode()))) + 1
    return BadInput(f"{file.name}, line {line}: “{shown(row.text)}” has {row.actual_columns} cells where the header has "
                    f"{row.expected_columns}; correct the line, or put quotes around numbers with commas.")  # fmt: skip


def _line(raw: bytes, wanted: int) -> str:
    """The line that the ``wanted``-th row begins on, counted from 0 and without empty ones; quotes may hold line ends."""
    found, quoted = -1, False
    for number, line in enumerate(raw.splitlines(), 1):
        found += bool(line) and not quoted
        if found == wanted and not quoted:
            return f"line {number}: “{shown(line.decode('utf-8', 'replace'))}”"
        quoted ^= bool(line.count(b'"') % 2)
    return f"row {wanted}:"


def shown(text: str, most: int = SHOWN) -> str:
    """``text`` on one line, without what a terminal would obey, and not too long."""
    return re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+", " ", text)[:most]


def _first_line(error: Exception) -> str:
    return shown((str(error).splitlines() or [type(error).__name__])[0])

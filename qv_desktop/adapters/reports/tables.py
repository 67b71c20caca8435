"""Any table as CSV or Parquet: numbers stay numbers, texts that a spreadsheet would run are neutralised."""

import asyncio
import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path

from qv_desktop.adapters.reports.files import written
from qv_desktop.adapters.reports.parquet import parquet
from qv_desktop.domain.spreadsheets import neutral


class TableReports:
    """Writes tables on a thread; ``overwrite`` says whether a file that is there already may be replaced."""

    def __init__(self, *, overwrite: bool = True) -> None:
        self._overwrite = overwrite

    async def write(
        self, name: str, head: Sequence[str], rows: Sequence[Sequence[object]], folder: Path, form: str = "csv"
    ) -> Path:
        """The file ``name`` under ``folder``. Raises BadInput when it cannot be written there."""
        return await asyncio.to_thread(self._written, name, head, rows, folder, form)

    async def keep(self, name: str, data: bytes, folder: Path) -> Path:
        """The file ``name`` under ``folder`` with ``data`` as it is. Raises BadInput when it cannot be written there."""
        return await asyncio.to_thread(partial(written, folder, name, data, overwrite=self._overwrite))

    def _written(
        self, name: str, head: Sequence[str], rows: Sequence[Sequence[object]], folder: Path, form: str
    ) -> Path:
        content = parquet(head, rows) if form == "parquet" else table(head, rows)
        return written(folder, name, content, overwrite=self._overwrite)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """RFC 4180 text; None is an empty cell."""
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(map(neutral, head))
    lines.writerows([_cell(value) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value if isinstance(value, (int, float)) else neutral(str(value))

"""Any table as CSV: numbers stay numbers, texts that a spreadsheet would run are neutralised."""

import asyncio
import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from qv_desktop.adapters.reports.csv import neutral
from qv_desktop.adapters.reports.files import written


class TableReports:
    """Writes tables under the export folder."""

    async def write(self, name: str, head: Sequence[str], rows: Sequence[Sequence[object]], folder: Path) -> Path:
        """The file ``name`` under ``folder``. Raises BadInput when it cannot be written there."""
        return await asyncio.to_thread(written, folder, name, table(head, rows))


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

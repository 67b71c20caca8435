"""The day's risk report in every form that a desk files."""

import asyncio
import csv
import io
from collections.abc import Callable, Collection
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from qv_desktop.adapters.reports import html, xlsx
from qv_desktop.adapters.reports.files import written
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.report_values import Value
from qv_desktop.domain.reports import Document
from qv_desktop.domain.risk_report import RiskReport, of_day
from qv_desktop.domain.spreadsheets import neutral

HEAD = ("day", "account", "section", "row", "field", "value")


class RiskDayReports:
    """Writes under the export folder, on a thread. ``pdf`` prints a document; without it there is no PDF."""

    def __init__(self, pdf: Callable[[Document], bytes] | None = None) -> None:
        self._pdf = pdf

    async def write(self, told: RiskReport, folder: Path, forms: Collection[str]) -> tuple[Path, ...]:
        """The asked ones of CSV, PDF, XLSX and HTML. Raises BadInput when they cannot be written there."""
        return await asyncio.to_thread(self.written, told, folder, forms)

    def written(self, told: RiskReport, folder: Path, forms: Collection[str]) -> tuple[Path, ...]:
        """The same, at once."""
        document = of_day(told)
        name = f"risk-{told.day:%Y%m%d}-{document.hash[:8]}"
        made = [(form, self._made(form, told, document)) for form in forms]
        return tuple(written(folder, f"{name}.{form}", content) for form, content in made)

    def _made(self, form: str, told: RiskReport, document: Document) -> str | bytes:
        if form == "pdf" and self._pdf is not None:
            return self._pdf(document)
        makers: dict[str, Callable[[], str | bytes]] = {
            "csv": lambda: table(told, document),
            "html": lambda: html.document(document),
            "xlsx": lambda: xlsx.document(document),
        }
        if form not in makers:
            raise BadInput(f"“{form}” cannot be written here; choose one of {', '.join(makers)}.")
        return makers[form]()


def table(told: RiskReport, document: Document) -> str:
    """RFC 4180: a line for each value, with the section, the row's number from 1 and the column that it stands in.

    The header's facts are the section “Report”. Unknown is empty; texts that a spreadsheet would run are neutralised.
    """
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerow(HEAD)
    of = (told.day.isoformat(), neutral(told.account))
    for name, value in (("Verdict", document.verdict), *document.facts, ("Report hash", document.hash)):
        lines.writerow([*of, "Report", 1, name, neutral(value)])
    for section in document.sections:
        title = section.title.partition(" · ")[0]  # how many rows there are is seen
        for number, row in enumerate(section.typed, 1):
            lines.writerows(
                [*of, neutral(title), number, neutral(column), _cell(value)]
                for column, value in zip(section.columns, row, strict=True)
            )
    return out.getvalue()


def _cell(value: Value) -> object:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return value if isinstance(value, int) else neutral(value)

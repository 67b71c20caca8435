"""The reconciliation reports in every format that a desk files: of one comparison, and over a span of time."""

import asyncio
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

from qv_desktop.adapters.reports import csv, html, json, xlsx
from qv_desktop.adapters.reports.files import written
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.reconciliation import Reconciliation
from qv_desktop.domain.reports import Document, Span, of_run, of_span

type Printer = Callable[[Document], bytes]
type Content = str | bytes

FORMATS: Mapping[str, Callable[[Reconciliation], Content]] = {
    "csv": csv.reconciliation,
    "json": json.reconciliation,
    "html": html.reconciliation,
    "xlsx": lambda run: xlsx.document(of_run(run)),
}
SPANS: Mapping[str, Callable[[Span], Content]] = {
    "csv": csv.span,
    "json": json.span,
    "html": lambda span: html.document(of_span(span)),
    "xlsx": lambda span: xlsx.document(of_span(span)),
}


class ReconciliationReports:
    """Writes reports under the export folder, on a thread. ``pdf`` prints a document; without it there is no PDF."""

    def __init__(self, pdf: Printer | None = None) -> None:
        self._pdf = pdf

    async def write(
        self, run: Reconciliation, folder: Path, formats: Collection[str] = tuple(FORMATS)
    ) -> tuple[Path, ...]:
        """The asked ones of CSV, JSON, HTML, XLSX and PDF under ``folder``. Raises BadInput when they cannot be written there."""
        return await asyncio.to_thread(self.written, run, folder, formats)

    def written(self, run: Reconciliation, folder: Path, formats: Collection[str] = tuple(FORMATS)) -> tuple[Path, ...]:
        """The same, at once."""
        stem = f"reconciliation-{run.at:%Y%m%d-%H%M%S}-{run.id[:8]}"
        made: dict[str, Content] = {form: text(run) for form, text in FORMATS.items() if form in formats}
        if "pdf" in formats:
            made["pdf"] = self._printed(of_run(run))
        return tuple(written(folder, f"{stem}.{form}", content) for form, content in made.items())

    async def write_span(self, span: Span, folder: Path, formats: Collection[str]) -> tuple[Path, ...]:
        """The same of a span of time."""
        return await asyncio.to_thread(self._span, span, folder, formats)

    def _span(self, span: Span, folder: Path, formats: Collection[str]) -> tuple[Path, ...]:
        document = of_span(span)
        stem = f"reconciliation-{span.start:%Y%m%d}-{span.end:%Y%m%d}-{document.hash[:8]}"
        made: dict[str, Content] = {form: text(span) for form, text in SPANS.items() if form in formats}
        if "pdf" in formats:
            made["pdf"] = self._printed(document)
        return tuple(written(folder, f"{stem}.{form}", content) for form, content in made.items())

    async def of(self, run: str, folder: Path) -> tuple[Path, ...]:
        """The reports of a run that lie in ``folder``."""
        return await asyncio.to_thread(
            lambda: tuple(sorted(folder.glob(f"reconciliation-*-{run[:8]}.*"))) if run[:8].isalnum() else ()
        )

    def _printed(self, document: Document) -> bytes:
        if self._pdf is None:
            raise BadInput("A PDF is made by the window; choose HTML, XLSX, CSV or JSON here.")
        return self._pdf(document)

"""The report of a strategy's day beside its backtest, in every form that a desk files."""

import asyncio
import re
from collections.abc import Callable, Collection
from dataclasses import asdict
from pathlib import Path

from qv_desktop.adapters.reports import html, json, xlsx
from qv_desktop.adapters.reports.files import written
from qv_desktop.adapters.reports.tables import table
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.live_backtest import Comparison
from qv_desktop.domain.live_backtest_report import of_comparison
from qv_desktop.domain.reports import Document


class LiveBacktestReports:
    """Writes under the export folder, on a thread. ``pdf`` prints a document; without it there is no PDF."""

    def __init__(self, pdf: Callable[[Document], bytes] | None = None) -> None:
        self._pdf = pdf

    async def write(self, comparison: Comparison, folder: Path, forms: Collection[str]) -> tuple[Path, ...]:
        """The asked ones of CSV, JSON, HTML, XLSX and PDF. Raises BadInput when they cannot be written there."""
        return await asyncio.to_thread(self.written, comparison, folder, forms)

    def written(self, comparison: Comparison, folder: Path, forms: Collection[str]) -> tuple[Path, ...]:
        """The same, at once."""
        told, spec = of_comparison(comparison), comparison.spec
        name = re.sub(
            r"[^A-Za-z0-9_-]",
            "-",
            f"live-{spec.strategy[:40]}-{spec.symbol}-{comparison.asked.day:%Y%m%d}-{told.hash[:8]}",
        )
        made = [(form, self._made(form, comparison, told)) for form in forms]
        return tuple(written(folder, f"{name}.{form}", content) for form, content in made)

    def _made(self, form: str, comparison: Comparison, told: Document) -> str | bytes:
        if form == "pdf" and self._pdf is not None:
            return self._pdf(told)
        trades = told.sections[-1]
        makers: dict[str, Callable[[], str | bytes]] = {
            "csv": lambda: table(trades.columns, trades.typed),
            "json": lambda: json.plain(
                {**asdict(comparison), "parts": asdict(comparison.parts), "report_hash": told.hash}
            ),
            "html": lambda: html.document(told),
            "xlsx": lambda: xlsx.document(told),
        }
        if form not in makers:
            raise BadInput(f"“{form}” cannot be written here; choose one of {', '.join(makers)}.")
        return makers[form]()

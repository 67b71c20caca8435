"""The reconciliation report in every format that a desk files."""

import asyncio
from collections.abc import Collection
from pathlib import Path

from qv_desktop.adapters.reports import csv, html, json
from qv_desktop.adapters.reports.files import written
from qv_desktop.domain.reconciliation import Reconciliation

FORMATS = {"csv": csv.reconciliation, "json": json.reconciliation, "html": html.reconciliation}


class ReconciliationReports:
    """Writes reports under the export folder."""

    async def write(self, run: Reconciliation, folder: Path, formats: Collection[str] = FORMATS) -> tuple[Path, ...]:
        """The asked ones of CSV, JSON and HTML under ``folder``. Raises BadInput when they cannot be written there."""
        return await asyncio.to_thread(self.written, run, folder, formats)

    def written(self, run: Reconciliation, folder: Path, formats: Collection[str] = FORMATS) -> tuple[Path, ...]:
        """The same, at once."""
        stem = f"reconciliation-{run.at:%Y%m%d-%H%M%S}-{run.id[:8]}"
        return tuple(
            written(folder, f"{stem}.{ending}", text(run)) for ending, text in FORMATS.items() if ending in formats
        )

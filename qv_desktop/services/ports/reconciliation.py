"""Where comparisons with the broker are kept and written as files."""

from collections.abc import Collection
from pathlib import Path
from typing import Protocol

from qv_desktop.domain.audit import Draft
from qv_desktop.domain.reconciliation import Reconciliation


class ReconciliationStore(Protocol):
    """Runs and their breaks."""

    async def save(self, run: Reconciliation, draft: Draft) -> None:
        """Commit a run with its breaks."""

    async def latest(self, limit: int = 20) -> list[Reconciliation]:
        """Newest first."""


class Reports(Protocol):
    """Writes a reconciliation's report files."""

    async def write(self, run: Reconciliation, folder: Path, formats: Collection[str]) -> tuple[Path, ...]:
        """The asked ones of csv, json and html under ``folder``; raises BadInput when they cannot be written there."""

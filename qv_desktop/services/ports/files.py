"""Files that others made, and tables that are written as files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from qv_desktop.domain.imports import Imported, Reading


class Reader(Protocol):
    """Reads files of bars and ticks that others made."""

    async def read(self, file: Path, reading: Reading) -> Imported:
        """What the file holds. Raises BadInput with the offending line when it cannot be read in exactly one way."""


class Tables(Protocol):
    """Writes a table as a file."""

    async def write(
        self, name: str, head: Sequence[str], rows: Sequence[Sequence[object]], folder: Path, form: str = "csv"
    ) -> Path:
        """CSV or Parquet (``form`` csv or parquet) under ``folder``; raises BadInput when it cannot be written there."""

    async def keep(self, name: str, data: bytes, folder: Path) -> Path:
        """A file of another kind, such as a picture; raises BadInput likewise."""

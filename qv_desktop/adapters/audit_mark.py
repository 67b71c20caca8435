"""The newest audit row of this installation, remembered in a file outside the database: so that a trail cut short shows."""

import asyncio
import json
import os
import threading
from pathlib import Path

import structlog

from qv_desktop.domain.audit import Entry, Mark
from qv_desktop.domain.errors import BadInput

log = structlog.get_logger(__name__)

EVERY = 1.0  # seconds between writes


class AuditMark:
    """One mark for each database (``where``) that this installation has recorded to, in ``file``.

    It only ever moves on. Once ``freeze`` is called it stays where it is until a person removes the file: the trail lacks
    what it remembers, and new rows must not cover that up. Raises BadInput when the file cannot be read.
    """

    def __init__(self, file: Path, where: str) -> None:
        self._file, self._where = file, where
        self.mark = self._kept().get(where)
        self._moved = self._frozen = False
        self._writing = threading.Lock()

    def heard(self, entry: Entry) -> None:
        """A row was committed."""
        if not self._frozen and (self.mark is None or entry.sequence > self.mark.sequence):
            self.mark, self._moved = Mark(entry.sequence, entry.hash), True

    def freeze(self) -> None:
        """Move no more."""
        self._frozen = True

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await asyncio.to_thread(self.write)

    def write(self) -> None:
        """Write the mark if it moved, whole or not at all; what cannot be written is tried again."""
        with self._writing:
            if self._moved:
                self._write()

    def _write(self) -> None:
        self._moved = False
        try:
            marks = {**self._kept(), self._where: self.mark}
            text = json.dumps({where: [mark.sequence, mark.hash] for where, mark in marks.items() if mark is not None})
            fresh = self._file.with_suffix(".new")
            with fresh.open("w", encoding="utf-8") as out:
                out.write(text + "\n")
                out.flush()
                os.fsync(out.fileno())
            fresh.replace(self._file)
        except (OSError, BadInput) as error:
            self._moved = True
            log.warning("audit_mark_unwritten", reason=str(error))

    def _kept(self) -> dict[str, Mark]:
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            return {str(where): Mark(int(number), str(digest)) for where, (number, digest) in kept.items()}
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise BadInput(
                f"{self._file}, which remembers the newest audit row, cannot be read ({error}); "
                "put it back from a backup, or remove it if you know why it is damaged."
            ) from None

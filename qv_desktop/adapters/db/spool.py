"""The spool: audit rows that the database did not take wait here, on this machine's disk, in order."""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable, Collection
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

import structlog

from qv_desktop.domain.audit import Actor, Draft
from qv_desktop.domain.errors import DatabaseDown, NotPermitted

log = structlog.get_logger(__name__)

EVERY = 1.0  # seconds between attempts


class Spool:
    """``ports.Spool`` as a file of JSON lines, to which rows are only ever appended while they wait.

    ``write`` commits one row and raises DatabaseDown; ``now`` gives UTC, for a row's reason says when it really happened.
    """

    def __init__(self, file: Path, write: Callable[[Draft], Awaitable[object]], now: Callable[[], datetime]) -> None:
        self._file, self._write, self._now = file, write, now
        self._one = asyncio.Lock()

    @property
    def waiting(self) -> int:
        """Rows that are not in the database yet."""
        return len(self._lines())

    def keep(self, draft: Draft) -> None:
        """Append one row and force it to the disk. Raises DatabaseDown when it can be kept nowhere."""
        happened = (
            f"{draft.reason} (at {self._now():%Y-%m-%d %H:%M:%S} UTC, while the database did not take it)".strip()
        )
        line = json.dumps(asdict(replace(draft, reason=happened)))
        try:
            self._append(self._file, line)
        except OSError as error:
            raise DatabaseDown(
                f"The database is away and {self._file} cannot be written ({error.strerror})."
            ) from error

    @staticmethod
    def _append(path: Path, line: str) -> None:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "rb+") as file:
            torn = file.seek(0, os.SEEK_END) > 0 and os.pread(handle, 1, file.tell() - 1) != b"\n"
            file.write(("\n" if torn else "").encode() + line.encode() + b"\n")
            file.flush()
            os.fsync(handle)

    def held(self) -> list[Draft]:
        """The rows that wait, oldest first."""
        return [draft for draft in map(_draft, self._lines()) if draft is not None]

    def set_aside(self, drafts: Collection[Draft], why: str) -> None:
        """Keep those rows in a file beside, whose name ends with .refused: they are not to be written any more."""
        for line in self._lines():
            if _draft(line) in drafts:
                log.error("audit_row_set_aside", why=why, row=line, file=str(self._refused))
                self._append(self._refused, line)
                self._drop(line)

    @property
    def _refused(self) -> Path:
        return self._file.with_suffix(".refused")

    async def drain(self) -> None:
        """Write what waits, in order; what cannot be written stays, and so does the order."""
        async with self._one:
            while lines := self._lines():
                draft = _draft(lines[0])
                if draft is not None and not await self._written(draft):
                    return
                self._drop(lines[0])

    async def run(self) -> None:
        """Drain until cancelled."""
        while True:
            await self.drain()
            await asyncio.sleep(EVERY)

    async def _written(self, draft: Draft) -> bool:
        try:
            await self._write(draft)
        except (DatabaseDown, NotPermitted) as error:  # the last: a row of another person, whose own login writes it
            log.info("audit_rows_wait", rows=self.waiting, reason=str(error))
            return False
        return True

    def _lines(self) -> list[str]:
        try:
            return [line for line in self._file.read_text(encoding="utf-8").split("\n") if line]
        except FileNotFoundError:
            return []

    def _drop(self, line: str) -> None:
        """Whole or not at all: a row may be written twice after a crash, but never be lost."""
        rest, fresh = self._lines(), self._file.with_suffix(".new")
        if line in rest:
            rest.remove(line)
        if not rest:
            self._file.unlink(missing_ok=True)
            return
        fresh.touch(mode=0o600)
        fresh.write_text("".join(f"{line}\n" for line in rest), encoding="utf-8")
        fresh.replace(self._file)


def _draft(line: str) -> Draft | None:
    """The row of a line; None for one that a crash cut short, which is logged as it stands."""
    try:
        raw = json.loads(line)
        return Draft(**{**raw, "actor": Actor(**raw["actor"])})
    except (ValueError, TypeError, KeyError):
        log.error("spooled_row_unreadable", line=line)
        return None

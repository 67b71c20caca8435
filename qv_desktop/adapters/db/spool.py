"""The spool: audit rows that the database did not take wait here, on this machine's disk, in order."""

import asyncio
import json
import os
import threading
from collections.abc import Awaitable, Callable, Collection
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path

import structlog

from qv_desktop.domain.audit import Actor, Draft
from qv_desktop.domain.errors import DatabaseDown, NotPermitted, RowRefused

log = structlog.get_logger(__name__)

EVERY = 1.0  # seconds between attempts


class Spool:
    """``ports.audit.Spool`` as a file of JSON lines, to which rows are only ever appended while they wait.

    ``write`` commits one row and raises DatabaseDown, RowRefused or NotPermitted; ``now`` gives UTC, for a row's reason says when it
    really happened. ``stays`` says which rows are never set aside, for they are in force while they wait. ``told`` hears a sentence of
    each that is.
    """

    def __init__(self, file: Path, write: Callable[[Draft], Awaitable[object]], now: Callable[[], datetime],
                 stays: Callable[[Draft], bool] = lambda draft: False,
                 told: Callable[[str], object] = lambda sentence: None) -> None:  # fmt: skip
        self._file, self._write, self._now, self._stays, self.told = file, write, now, stays, told
        self._one, self._said = asyncio.Lock(), set[str]()
        self._changing = threading.RLock()  # the file, which more than one thread writes

    @property
    def waiting(self) -> int:
        """Rows that are not in the database yet."""
        return len(self._lines())

    def keep(self, draft: Draft) -> None:
        """Append one row and force it to the disk, on whichever thread it is called. Raises DatabaseDown when it can be kept nowhere."""
        happened = (
            f"{draft.reason} (at {self._now():%Y-%m-%d %H:%M:%S} UTC, while the database did not take it)".strip()
        )
        line = json.dumps(asdict(replace(draft, reason=happened)))
        try:
            with self._changing:
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
                self._move(line)
                self.told(
                    f"An audit row was not written and lies in {self._refused} now; show it to whoever keeps the trail. {why}"
                )

    @property
    def _refused(self) -> Path:
        return self._file.with_suffix(".refused")

    async def drain(self) -> None:
        """Write what waits, in order. While the database is away all of it stays; a row that only another login may write stays, and
        so does one that ``stays`` although the database refuses it; any other that is refused is set aside.
        """
        async with self._one:
            in_force = False  # a row that stays waits, and so do those like it behind: the last one written is the one that counts
            for line in self._lines():
                draft = _draft(line)
                if draft is None:
                    log.error("spooled_row_unreadable", line=line)
                    await asyncio.to_thread(self._move, line)
                elif line in self._lines() and not (in_force and self._stays(draft)):  # else it was set aside meanwhile
                    if not await self._done(draft, line):
                        return
                    in_force = in_force or (self._stays(draft) and line in self._lines())

    async def run(self) -> None:
        """Drain until cancelled."""
        while True:
            await self.drain()
            await asyncio.sleep(EVERY)

    async def _done(self, draft: Draft, line: str) -> bool:
        """Whether the rows behind this one may be tried."""
        try:
            await self._write(draft)
        except NotPermitted as error:  # a row of another person, whose own login writes it
            self._say_waits(line, str(error))
        except RowRefused as error:
            if self._stays(draft):
                self._say_waits(line, str(error))
            else:
                self.set_aside([draft], str(error))
        except DatabaseDown as error:
            log.info("audit_rows_wait", rows=self.waiting, reason=str(error))
            return False
        else:
            await asyncio.to_thread(self._drop, line)
        return True

    def _say_waits(self, line: str, why: str) -> None:
        """Once in a sitting, for it is tried again every second."""
        if line not in self._said:
            self._said.add(line)
            log.warning("audit_row_waits", reason=why, row=line)

    def _lines(self) -> list[str]:
        try:
            return [line for line in self._file.read_text(encoding="utf-8").split("\n") if line]
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            log.error("spool_unreadable", file=str(self._file), reason=str(error))
            return []

    def _move(self, line: str) -> None:
        with self._changing:
            self._append(self._refused, line)
            self._drop(line)

    def _drop(self, line: str) -> None:
        """Whole or not at all: a row may be written twice after a crash, but never be lost."""
        with self._changing:
            self._write_without(line)

    def _write_without(self, line: str) -> None:
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
    """The row of a line; None for one that a crash cut short."""
    try:
        raw = json.loads(line)
        return Draft(**{**raw, "actor": Actor(**raw["actor"])})
    except (ValueError, TypeError, KeyError):
        return None

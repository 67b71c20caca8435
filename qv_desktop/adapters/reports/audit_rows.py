"""Audit rows as a file that grows portion by portion: CSV (RFC 4180) or JSON, complete and hashed before it gets its name."""

import asyncio
import csv
import hashlib
import io
import json
import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from qv_desktop.domain.audit import Entry
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.spreadsheets import neutral

HEAD = ("sequence", "time_utc", "time_et", "actor", "actor_type", "role", "session", "host", "action", "object_type", "object_id",
        "outcome", "reason", "before", "after", "correlation", "causation", "app_version", "previous", "hash", "chain")  # fmt: skip


class AuditFiles:
    """Begins files, each on a thread."""

    async def begun(self, folder: Path, name: str, form: str, about: Mapping[str, str]) -> "AuditFile":
        """A file that will be ``name`` under ``folder``; ``about`` says what is in it. Raises BadInput when it cannot be there."""
        return await asyncio.to_thread(AuditFile, folder, name, form, about)


class AuditFile:
    """Rows go in with ``add``; it has no name until ``placed``, and leaves nothing behind once ``dropped``."""

    def __init__(self, folder: Path, name: str, form: str, about: Mapping[str, str]) -> None:
        """Raises BadInput."""
        if form not in ("csv", "json"):
            raise BadInput(f"“{form}” cannot be written; choose csv or json.")
        self._folder, self._form, self._rows = folder, form, 0
        self._digest = hashlib.sha256()
        with self._kindly():
            folder.mkdir(parents=True, exist_ok=True)
            self._target = folder.resolve() / name
            if self._target.parent != folder.resolve() or self._target.is_symlink():
                raise BadInput(f"“{name}” would be written outside {folder}; choose another name.")
            handle, self._part = tempfile.mkstemp(dir=folder, prefix=".", suffix=".part")
            self._file: IO[bytes] = os.fdopen(handle, "wb")
            self._write(_opening(form, about))

    async def add(self, entries: Sequence[Entry]) -> None:
        """Append rows. Raises BadInput when the disk does not take them."""
        await asyncio.to_thread(self._add, entries)

    async def sealed(self) -> str:
        """SHA-256 (hex) of the whole file, which is on the disk now. Raises BadInput."""
        return await asyncio.to_thread(self._seal)

    async def placed(self) -> Path:
        """Where it lies from now on. Raises BadInput."""
        return await asyncio.to_thread(self._place)

    async def dropped(self) -> None:
        """Leave nothing behind."""
        await asyncio.to_thread(self.drop)

    def drop(self) -> None:
        """Leave nothing behind; blocking."""
        self._file.close()
        Path(self._part).unlink(missing_ok=True)

    def _add(self, entries: Sequence[Entry]) -> None:
        with self._kindly():
            self._write(_csv(entries) if self._form == "csv" else _json(entries, first=not self._rows))
        self._rows += len(entries)

    def _seal(self) -> str:
        with self._kindly():
            if self._form == "json":
                self._write("\n]}\n")
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        return self._digest.hexdigest()

    def _place(self) -> Path:
        with self._kindly():
            os.replace(self._part, self._target)
        return self._target

    def _write(self, text: str) -> None:
        data = text.encode()
        self._digest.update(data)
        self._file.write(data)

    @contextmanager
    def _kindly(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise BadInput(
                f"The rows could not be written to {self._folder} ({error.strerror}); free some space or choose another folder."
            ) from error


def _opening(form: str, about: Mapping[str, str]) -> str:
    if form == "csv":
        return ",".join(HEAD) + "\r\n"
    return f'{{"filter": {json.dumps(dict(about), ensure_ascii=False, sort_keys=True)}, "rows": ['


def _csv(entries: Sequence[Entry]) -> str:
    """Numbers stay numbers, texts that a spreadsheet would run as formulas are neutralised."""
    out = io.StringIO()
    lines = csv.writer(out)
    lines.writerows([entry.sequence, *map(neutral, _texts(entry))] for entry in entries)
    return out.getvalue()


def _json(entries: Sequence[Entry], *, first: bool) -> str:
    rows = (dict(zip(HEAD, (entry.sequence, *_texts(entry)), strict=True)) for entry in entries)
    text = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    return text and ("\n" if first else ",\n") + text


def _texts(entry: Entry) -> tuple[str, ...]:
    """Everything but the number, in the order of ``HEAD``; what was changed stays the exact text that was hashed."""
    draft, actor = entry.draft, entry.draft.actor
    return (
        entry.at.isoformat(timespec="microseconds"), entry.at.astimezone(NEW_YORK).isoformat(timespec="microseconds"),
        actor.name, actor.type, actor.role, actor.session, actor.host, draft.action, draft.object_type, draft.object_id,
        draft.outcome, draft.reason, draft.before, draft.after, draft.correlation, draft.causation, entry.app_version,
        entry.previous, entry.hash, entry.chain,
    )  # fmt: skip

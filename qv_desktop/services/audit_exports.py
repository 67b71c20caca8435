"""Exports of audit rows: exactly those asked for as they stood at that moment, recorded before the file gets its name."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import Draft, Entry, Outcome
from qv_desktop.domain.audit_query import AuditQuery
from qv_desktop.domain.errors import BadInput, DatabaseDown
from qv_desktop.services.login import Login
from qv_desktop.services.ports.audit import Trail
from qv_desktop.services.ports.callbacks import Now

EXPORT = Permission(Resource.AUDIT, Action.EXPORT)
PORTION = 2_000  # rows

type Told = Callable[[int], None]  # rows written so far


class RowFile(Protocol):
    """A file that grows and has no name yet; everything raises BadInput when the disk does not take it."""

    async def add(self, entries: Sequence[Entry]) -> None:
        """Append rows."""

    async def sealed(self) -> str:
        """SHA-256 (hex) of the finished file."""

    async def placed(self) -> Path:
        """Where it lies from now on."""

    async def dropped(self) -> None:
        """Leave nothing behind."""


class RowFiles(Protocol):
    """Begins files of rows."""

    async def begun(self, folder: Path, name: str, form: str, about: Mapping[str, str]) -> RowFile:
        """A file that will be ``name`` under ``folder``. Raises BadInput."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A file with its rows and its SHA-256 (hex), which the trail holds as well."""

    path: Path
    rows: int
    digest: str


class AuditExports:
    """Writes what a person filtered, for whoever may export."""

    def __init__(self, trail: Trail, files: RowFiles, login: Login, now: Now, folder: Path) -> None:
        self._trail, self._files, self._login, self._now, self._folder = trail, files, login, now, folder

    async def rows(self, query: AuditQuery, form: str, told: Told = lambda count: None) -> Exported:
        """Every row of ``query`` up to the newest of this moment, oldest first, as csv or json.

        Raises NotPermitted, BadInput, DatabaseDown; then, and when it is cancelled, no file is left.
        """
        await self._login.require(EXPORT)
        name = f"audit-{self._now():%Y%m%d-%H%M%S-%f}.{form}"
        asked = replace(query.whole, before=await self._trail.head(query.chain) + 1, after=0)
        try:
            file = await self._files.begun(self._folder, name, form, query.whole.told())
            try:
                return await self._written(file, name, form, asked, told)
            except BaseException:
                await file.dropped()
                raise
        except BadInput as error:
            await self._record(name, {"form": form, "filter": query.whole.told()}, "failed", str(error))
            raise

    async def _written(self, file: RowFile, name: str, form: str, asked: AuditQuery, told: Told) -> Exported:
        rows = 0
        while portion := await self._trail.found(asked, PORTION):
            await file.add(portion[::-1])
            rows += len(portion)
            told(rows)
            asked = replace(asked, after=portion[0].sequence)
        digest = await file.sealed()
        last = (asked.before or 1) - 1
        what = {"form": form, "rows": rows, "up_to": last, "sha256": digest, "filter": asked.whole.told()}
        await self._record(name, what)  # first: a file that is not in the trail does not come to be
        return Exported(await file.placed(), rows, digest)

    async def _record(self, name: str, what: Mapping[str, object], outcome: Outcome = "ok", reason: str = "") -> None:
        draft = Draft(
            self._login.actor, "export.audit", "audit", name, outcome, reason, after=json.dumps(what, sort_keys=True)
        )
        try:
            await self._trail.append(draft)
        except DatabaseDown:
            if outcome == "ok":
                raise  # of a failure the first error is the one to tell

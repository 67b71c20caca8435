"""The audit trail as the viewer asks for it: pages of rows, the chain's verification, its checkpoints and signed bundles."""

import asyncio
import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import Draft, Entry, Outcome, Verification
from qv_desktop.domain.audit_query import AuditQuery, Installation
from qv_desktop.domain.checkpoints import Checkpoint
from qv_desktop.domain.errors import BadInput, BrokenTrail
from qv_desktop.services.checkpoints import Checkpoints
from qv_desktop.services.login import Login
from qv_desktop.services.ports.audit import Bundles, Trail

EXPORT = Permission(Resource.AUDIT, Action.EXPORT)
GOODBYE = 3.0  # seconds that the last checkpoint of a sitting may take
UNSIGNED = "Nothing can be signed here: this program was started without checkpoints."
VIEW = Permission(Resource.AUDIT, Action.VIEW)
ORDERS = Permission(Resource.TRADING, Action.VIEW)


class Audit:
    """Reads for those who may; ``verified`` is the last verification."""

    def __init__(
        self, trail: Trail, login: Login, checkpoints: Checkpoints | None = None, bundles: Bundles | None = None
    ) -> None:
        self._trail, self._login = trail, login
        self._checkpoints, self._bundles = checkpoints, bundles
        self.verified: Verification | None = None

    async def page(self, query: AuditQuery) -> list[Entry]:
        """The page that ``query`` asks for, newest first. Raises NotPermitted, DatabaseDown."""
        await self._login.require(VIEW)
        return await self._trail.found(query)

    async def count(self, query: AuditQuery) -> int:
        """How many rows ``query`` asks for. Raises NotPermitted, DatabaseDown."""
        await self._login.require(VIEW)
        return await self._trail.count(query)

    async def installations(self) -> list[Installation]:
        """Everybody who records to this database, this installation first. Raises NotPermitted, DatabaseDown."""
        await self._login.require(VIEW)
        return await self._trail.installations()

    async def span(self, query: AuditQuery) -> tuple[int, int] | None:
        """The numbers of the oldest and the newest row that ``query`` asks for; None without any. Raises NotPermitted, DatabaseDown."""
        await self._login.require(VIEW)
        newest = await self._trail.found(query.whole, 1)
        oldest = await self._trail.found(replace(query.whole, after=0), 1)
        return (oldest[0].sequence, newest[0].sequence) if newest and oldest else None

    async def story(self, order: str) -> tuple[list[Entry], str]:
        """An order's rows, oldest first, and why their hashes are left out, if they are. Raises NotPermitted, DatabaseDown.

        Whoever may see the orders may see what happened to one; the chain itself is for those who may view the trail.
        """
        await self._login.require(ORDERS)
        rows = await self._trail.of(order)
        if self._login.may(VIEW):
            return rows, ""
        return [
            replace(row, hash="", previous="") for row in rows
        ], f"Hashes are for roles with “{VIEW}”; ask an Admin."

    async def verify(
        self, *, since_checkpoint: bool = False, progress: Callable[[int, int], None] | None = None
    ) -> Verification:
        """Check the chain, whole or since the last signed checkpoint, and record that it was checked.

        ``progress`` is told how many rows of how many are done. Raises NotPermitted, DatabaseDown, BadInput when table or
        checkpoint file cannot be read.
        """
        await self._login.require(VIEW)
        found = await self._trail.verify(since_checkpoint=since_checkpoint, progress=progress)
        outcome: Outcome = "ok" if found.whole else "failed"
        scope = json.dumps({"since_checkpoint": since_checkpoint, "rows": found.rows, "covered": found.covered})
        await self._trail.append(
            Draft(self._login.actor, "audit.verify", "audit", str(found.head), outcome, found.reason, after=scope)
        )
        self.verified = found
        return found

    async def look(self) -> Verification:
        """Check what no checkpoint covers, as the program itself does at its start: no permission asked, nothing recorded."""
        self.verified = await self._trail.verify(since_checkpoint=True)
        return self.verified

    async def checkpoint(self) -> Checkpoint | None:
        """Sign all that was recorded until now, this wish included. Raises NotPermitted, BrokenTrail, BadInput, DatabaseDown."""
        await self._login.require(VIEW)
        if self._checkpoints is None:
            raise BadInput(UNSIGNED)
        await self._trail.append(Draft(self._login.actor, "audit.checkpoint", "audit", ""))
        return await self._checkpoints.sign()

    @property
    def checkpoints(self) -> Checkpoints | None:
        """What signs the trail by itself, if anything does."""
        return self._checkpoints

    async def close(self) -> None:
        """Sign what there is at the end of a sitting; why it cannot be is no reason to stay."""
        if self._checkpoints is not None:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._checkpoints.attempt(), GOODBYE)

    async def bundle(
        self, *, first: int | None = None, last: int | None = None, start: datetime | None = None, end: datetime | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> Path:  # fmt: skip
        """A signed file of every row from ``first`` to ``last`` and from ``start`` until before ``end`` (UTC), and of what proves it.

        Rows are left out at the ends only, never between: a chain with holes proves nothing. The newest rows are signed first,
        and rows after ``last`` go along as far as the next checkpoint. Raises NotPermitted, BrokenTrail, BadInput, DatabaseDown.
        """
        await self._login.require(EXPORT)
        if self._checkpoints is None or self._bundles is None:
            raise BadInput(UNSIGNED)
        asked = {"first": first, "last": last, "from": start, "until": end}
        what = json.dumps({name: str(value) for name, value in asked.items() if value is not None})
        draft = Draft(self._login.actor, "export.bundle", "audit", "", after=what)
        await self._trail.append(draft)  # first, so that the bundle holds the row of its own making
        try:
            await self._checkpoints.sign()
            return await self._bundles.write(
                first, last, start, end, draft.actor.name, progress or (lambda done, total: None)
            )
        except (BadInput, BrokenTrail) as error:
            await self._trail.append(replace(draft, outcome="failed", reason=str(error)))
            raise

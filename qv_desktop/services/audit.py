"""The audit trail as the viewer asks for it: pages of rows, and the chain's verification."""

from dataclasses import replace

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import Draft, Entry, Outcome, Verification
from qv_desktop.domain.audit_query import AuditQuery
from qv_desktop.services.login import Login
from qv_desktop.services.ports import Trail

VIEW = Permission(Resource.AUDIT, Action.VIEW)
ORDERS = Permission(Resource.TRADING, Action.VIEW)


class Audit:
    """Reads for those who may; ``verified`` is the last verification."""

    def __init__(self, trail: Trail, login: Login) -> None:
        self._trail, self._login = trail, login
        self.verified: Verification | None = None

    async def page(self, query: AuditQuery) -> list[Entry]:
        """The page that ``query`` asks for, newest first. Raises NotPermitted, DatabaseDown."""
        await self._login.require(VIEW)
        return await self._trail.found(query)

    async def count(self, query: AuditQuery) -> int:
        """How many rows ``query`` asks for. Raises NotPermitted, DatabaseDown."""
        await self._login.require(VIEW)
        return await self._trail.count(query)

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

    async def verify(self) -> Verification:
        """Check the whole chain, and record that it was checked. Raises NotPermitted."""
        await self._login.require(VIEW)
        found = await self._trail.verify()
        outcome: Outcome = "ok" if found.whole else "failed"
        await self._trail.append(
            Draft(self._login.actor, "audit.verify", "audit", str(found.head), outcome, found.reason)
        )
        self.verified = found
        return found

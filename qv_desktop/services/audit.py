"""The audit trail as the viewer asks for it: pages of rows, and the chain's verification."""

from qv_desktop.domain.access import Action, Permission, Resource
from qv_desktop.domain.audit import Draft, Entry, Outcome, Verification
from qv_desktop.services.login import Login
from qv_desktop.services.ports import Trail

VIEW = Permission(Resource.AUDIT, Action.VIEW)


class Audit:
    """Reads for those who may; ``verified`` is the last verification."""

    def __init__(self, trail: Trail, login: Login) -> None:
        self._trail, self._login = trail, login
        self.verified: Verification | None = None

    async def page(
        self, *, before: int | None = None, actor: str = "", action: str = "", outcome: str = "", text: str = ""
    ) -> list[Entry]:
        """Rows newest first. Raises NotPermitted."""
        await self._login.require(VIEW)
        return await self._trail.page(before=before, actor=actor, action=action, outcome=outcome, text=text)

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

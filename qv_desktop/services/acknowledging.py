"""Acknowledging notices: who and when, and for critical ones a row in the audit trail."""

from collections.abc import Collection

from qv_desktop.domain.audit import Draft
from qv_desktop.services.login import Login
from qv_desktop.services.notices import Notices
from qv_desktop.services.noting import Note


class Acknowledging:
    """The signed-in person's acknowledgements; rows wait for the database where it is away."""

    def __init__(self, notices: Notices, login: Login, note: Note) -> None:
        self._notices, self._login, self._note = notices, login, note

    async def acknowledge(self, ids: Collection[str]) -> int:
        """Acknowledge these; how many waited. Raises DatabaseDown when a row could not even be spooled."""
        actor = self._login.actor
        seen = self._notices.acknowledge(ids, actor.name)
        for notice in seen:
            if notice.urgency == "critical":
                words = f"{notice.title}: {notice.text}" + (f" ({notice.count} times)" if notice.count > 1 else "")
                await self._note(
                    Draft(actor, "notice.acknowledge", "notice", notice.id, reason=words, correlation=notice.about)
                )
        return len(seen)

    async def acknowledge_all(self) -> int:
        """Acknowledge everything that waits."""
        return await self.acknowledge(self._notices.waiting())

"""One audit row, now or as soon as the database is back."""

from collections.abc import Awaitable, Callable

from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import DatabaseDown, NotPermitted
from qv_desktop.services.ports.audit import Spool, Trail

type Note = Callable[[Draft], Awaitable[None]]


def noting(trail: Trail, spool: Spool) -> Note:
    """Appends to ``trail``, or keeps in ``spool`` what the database does not take now; raises DatabaseDown when it can be kept nowhere."""

    async def note(draft: Draft) -> None:
        try:
            await trail.append(draft)
        except (DatabaseDown, NotPermitted):  # the last: a row that only another login may write
            spool.keep(draft)

    return note

"""Signed bundles of the audit trail: the database's rows, the checkpoints over them and this installation's key."""

from collections.abc import Callable
from datetime import datetime
from itertools import takewhile
from pathlib import Path

from sqlalchemy import Connection

from qv_desktop.adapters.audit_signatures import Signer
from qv_desktop.adapters.db.audit_links import links, span
from qv_desktop.adapters.db.audit_verifying import Watch
from qv_desktop.adapters.db.checkpoints import CheckpointBook
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.reports import audit_bundle
from qv_desktop.app.sealing import Sealing
from qv_desktop.domain.errors import BadInput, BrokenTrail


class Bundles:
    """Writes bundles of one ``chain`` to ``folder``."""

    def __init__(self, database: Database, chain: str, book: CheckpointBook, sealing: Sealing, folder: Path,
                 now: Callable[[], datetime]) -> None:  # fmt: skip
        self._database, self._chain, self._book, self._sealing = database, chain, book, sealing
        self._folder, self._now = folder, now

    async def write(self, first: int | None, last: int | None, start: datetime | None, end: datetime | None, by: str,
                    progress: Callable[[int, int], None]) -> Path:  # fmt: skip
        """The file with the rows asked for and those after them that the next checkpoint covers too.

        Raises BadInput when there are none or the disk does not take them, BrokenTrail, DatabaseDown.
        """
        signer, watch = await self._sealing.signer(), Watch(progress)

        def written(connection: Connection) -> Path:
            found = span(connection, self._chain, first, last, start, end)
            if found is None:
                raise BadInput("There are no audit rows there to put into a bundle; choose a longer time.")
            return self._written(connection, *found, by, signer, watch)

        return await watch.over(self._database.read(written))

    def _written(self, connection: Connection, first: int, last: int, by: str, signer: Signer,
                 told: Callable[[int, int], None]) -> Path:  # fmt: skip
        worth = self._book.standing(connection)
        if worth.fault is not None:
            raise BrokenTrail(f"No bundle can be made: {worth.fault[1]}.")
        points = [point for point in worth.genuine if point.sequence >= first]
        over = next((point for point in points if point.sequence >= last), None)
        if over is None:
            raise BrokenTrail(f"No checkpoint covers row {last}; verify the trail.")
        head = audit_bundle.Head(self._chain, first, over.sequence, self._now(), by, signer.public)
        read = links(connection, self._chain, first, lambda done: told(done, over.sequence - first + 1))
        rows = takewhile(lambda row: row[0] <= over.sequence, read)
        return audit_bundle.write(self._folder, head, points, rows, signer.sign)

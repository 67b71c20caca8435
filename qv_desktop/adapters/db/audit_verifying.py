"""Checks one audit chain in the database against all that is remembered of it elsewhere."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from sqlalchemy import Connection, exists, func, select

from qv_desktop.adapters.db.checkpoints import CheckpointBook, checked_after
from qv_desktop.adapters.db.tables import audit_log, users
from qv_desktop.domain.audit import Mark, Verification, emptied
from qv_desktop.domain.checkpoints import Standing, covered
from qv_desktop.domain.errors import BadInput

UNOPENED = "this installation's key, because the secrets are not open; give their passphrase under Connections and verify again"
TOLD = 5_000  # rows between two words of progress

type Progress = Callable[[int, int], None]  # rows done, of how many


def checked(connection: Connection, chain: str, mark: Mark | None, book: CheckpointBook | None, progress: Progress,
            *, since_checkpoint: bool) -> Verification:  # fmt: skip
    """The chain's verification; blocking. Raises DatabaseDown, BadInput when table or checkpoint file cannot be read."""
    worth = book.standing(connection) if book else Standing()
    start = worth.genuine[-1] if since_checkpoint and worth.genuine else None
    marks = [point.mark for point in worth.genuine]
    if mark is not None:
        marks.append(mark)
    total = _count(connection, chain, start.sequence if start else 1)
    found = checked_after(connection, chain, start, marks, lambda done: progress(min(done, total), total))
    if start is not None and not found.whole:  # where it begins to be broken may lie before: look at all of it
        total = _count(connection, chain, 1)
        found = checked_after(connection, chain, None, marks, lambda done: progress(min(done, total), total))
    if found.whole and not found.rows and not marks and _lost_all(connection):
        found = emptied(found)
    found = covered(found, worth)
    return replace(found, unproven=UNOPENED) if book and worth.genuine and not book.key else found


class Watch:
    """Progress from a thread that reads: ``told``, if anybody, hears on the loop that runs now, every few thousand rows.

    Once it is ``stopped`` the reading ends at the next word, with an error that nobody waits for.
    """

    def __init__(self, told: Progress | None) -> None:
        self._told, self._loop = told, asyncio.get_running_loop()
        self.stopped = False

    def __call__(self, done: int, total: int) -> None:
        """So many rows of so many are read."""
        if self.stopped or self._loop.is_closed():
            raise BadInput("Nobody waits for the verification any more.")
        if self._told is not None and (done % TOLD == 0 or done == total):
            self._loop.call_soon_threadsafe(self._told, done, total)

    async def over[T](self, reading: Awaitable[T]) -> T:
        """What ``reading`` gives; whoever stops waiting stops it too."""
        try:
            return await reading
        except asyncio.CancelledError:
            self.stopped = True
            raise


def _count(connection: Connection, chain: str, first: int) -> int:
    """How many rows there are to read, by their numbers: counting them would be reading them."""
    newest = connection.execute(select(func.max(audit_log.c.sequence)).where(audit_log.c.chain == chain)).scalar()
    return max(0, (newest or 0) - first + 1)


def _lost_all(connection: Connection) -> bool:
    """Whether there are users and not one row of any chain; a fresh installation on a shared database has none of its own."""
    return bool(connection.execute(select(exists(select(users.c.id)) & ~exists(select(audit_log.c.chain)))).scalar())

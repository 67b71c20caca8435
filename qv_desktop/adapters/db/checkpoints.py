"""Signed checkpoints of the audit chain in their two places: a file outside the database, written first, and a table in it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, exists, insert, select, text

from qv_desktop.adapters.audit_signatures import Signer, genuine
from qv_desktop.adapters.checkpoint_file import CheckpointFile
from qv_desktop.adapters.db.audit_links import links
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import audit_checkpoints, audit_log
from qv_desktop.domain.audit import Mark, Verification, linked, linked_after
from qv_desktop.domain.checkpoints import Checkpoint, Standing, drafted, signed_text, standing, succession
from qv_desktop.domain.errors import BrokenTrail

KEY_ROW = "audit.key"  # the action of the row that records a key's first use; its object is the key
_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('audit checkpoint'), hashtext(:chain))")


class KeyChanged(Exception):
    """The signer's key was followed by another one."""


class CheckpointBook:
    """The checkpoints of one ``chain``; ``mark`` gives the newest row that this installation remembers, if it does."""

    def __init__(
        self, database: Database, chain: str, file: CheckpointFile, mark: Callable[[], Mark | None] = lambda: None
    ) -> None:
        self._database, self._chain, self._file, self._mark = database, chain, file, mark
        self.key = ""  # this installation's public key, once it is known
        self.remembered: tuple[int, str] | None = (
            None  # the newest checkpoint's number and digest, as kept beside the key
        )

    @property
    def filed(self) -> bool:
        """Whether there is a file of checkpoints."""
        return self._file.path.exists()

    async def newest(self) -> tuple[Checkpoint | None, int]:
        """The newest checkpoint in the file and how many rows there are after it. Raises DatabaseDown, BadInput."""

        def counted(connection: Connection) -> tuple[Checkpoint | None, int]:
            head, point = _head(connection, self._chain), next(reversed(self._file.newest(1)), None)
            return point, max(0, (head.sequence if head else 0) - (point.sequence if point else 0))

        return await self._database.read(counted)

    async def recorded(self, key: str) -> bool:
        """Whether a row of the chain records the key's first use."""
        return await self._database.read(lambda connection: key in _recorded(connection, self._chain))

    async def sign(self, signer: Signer, at: datetime, successor: str = "") -> Checkpoint | None:
        """The checkpoint over the newest row, once both places have it; None when nothing is new and no ``successor`` is named.

        What it would newly cover is verified first: a broken trail is never signed. Raises BrokenTrail, BadInput,
        DatabaseDown; and KeyChanged when another program has named another key meanwhile.
        """

        def signed(connection: Connection) -> Checkpoint | None:
            connection.execute(_LOCK, {"chain": self._chain})
            before = self._newest(connection, signer.public)
            head = self._proved(connection, before)
            if head is None or (before is not None and before.sequence == head.sequence and not successor):
                return None
            draft = drafted(before, self._chain, head, at, signer.public, successor)
            point = _sealed(draft, signer)
            self._file.append([point])
            _store(connection, [point])
            return point

        return await self._database.write(signed)

    def standing(self, connection: Connection) -> Standing:
        """What the checkpoints in both places are worth, as ``connection`` sees the table."""
        remembered = self.remembered  # before the rest is read, which only ever grows
        filed, stored = self._file.read(), _stored(connection, self._chain)
        if stored and stored[-1].number > (filed[-1].number if filed else 0):  # one was signed between the two looks
            filed = [point for point in self._file.read() if point.number <= stored[-1].number]
        return standing(filed, stored, genuine, key=self.key, recorded=_recorded(connection, self._chain),
                        remembered=remembered)  # fmt: skip

    def _newest(self, connection: Connection, key: str) -> Checkpoint | None:
        """The checkpoint to follow, after the table got what a crash kept from it. Raises BrokenTrail, KeyChanged."""
        filed, stored = self._file.newest(2), _stored(connection, self._chain, 2)
        wrong = succession(filed, stored, genuine, self.remembered)
        if wrong:
            raise BrokenTrail(f"The audit checkpoints are broken: {wrong}; no new one is signed.")
        newest = filed[-1] if filed else None
        if newest and key != (newest.successor or newest.key) and _used(connection, self._chain, key):
            raise KeyChanged
        _store(connection, [point for point in filed if not stored or point.number > stored[-1].number])
        return newest

    def _proved(self, connection: Connection, before: Checkpoint | None) -> Mark | None:
        """The newest row, once every row after ``before`` fits and the remembered one is among them. Raises BrokenTrail."""
        mark, head = self._mark(), _head(connection, self._chain)
        if head is None and before is None:
            return None
        found = checked_after(connection, self._chain, before, () if mark is None else (mark,))
        if not found.whole:
            raise BrokenTrail(
                f"The audit trail is broken at row {found.broken_at}: {found.reason}; no checkpoint is signed."
            )
        return Mark(found.head, found.head_hash)


def checked_after(
    connection: Connection,
    chain: str,
    point: Checkpoint | None,
    marks: Sequence[Mark],
    told: Callable[[int], None] = lambda done: None,
) -> Verification:
    """The chain from ``point``'s row on, or from its first."""
    if point is None:
        return linked(links(connection, chain, 1, told), marks=marks)
    return linked_after(links(connection, chain, point.sequence, told), point.mark, marks)


def _sealed(draft: Checkpoint, signer: Signer) -> Checkpoint:
    return replace(draft, signature=signer.sign(signed_text(draft)))


def _head(connection: Connection, chain: str) -> Mark | None:
    query = select(audit_log.c.sequence, audit_log.c.hash).where(audit_log.c.chain == chain)
    row = connection.execute(query.order_by(audit_log.c.sequence.desc()).limit(1)).first()
    return Mark(row.sequence, row.hash) if row else None


def _recorded(connection: Connection, chain: str) -> set[str]:
    query = select(audit_log.c.object_id).where(audit_log.c.chain == chain, audit_log.c.action == KEY_ROW)
    return set(connection.execute(query).scalars())


def _used(connection: Connection, chain: str, key: str) -> bool:
    row = audit_checkpoints.c
    return bool(connection.execute(select(exists().where(row.chain == chain, row.key == key))).scalar())


def _stored(connection: Connection, chain: str, count: int | None = None) -> list[Checkpoint]:
    """The newest ``count`` checkpoints in the table, or all of them, oldest first."""
    query = (
        select(audit_checkpoints).where(audit_checkpoints.c.chain == chain).order_by(audit_checkpoints.c.number.desc())
    )
    return [Checkpoint(*row) for row in connection.execute(query.limit(count))][::-1]


def _store(connection: Connection, points: Iterable[Checkpoint]) -> None:
    rows = [
        {"chain": point.chain, "number": point.number, "sequence": point.sequence, "hash": point.hash, "at": point.at,
         "previous": point.previous, "key": point.key, "successor": point.successor, "signature": point.signature}
        for point in points
    ]  # fmt: skip
    if rows:
        connection.execute(insert(audit_checkpoints), rows)

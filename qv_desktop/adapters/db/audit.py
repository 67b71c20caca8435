"""The audit trail in Postgres: rows are added at the chain's head, inside the transaction of what they record."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

import msgspec
from psycopg.errors import LockNotAvailable
from sqlalchemy import Connection, Select, func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from qv_desktop.adapters.db.audit_groups import Groups
from qv_desktop.adapters.db.audit_pages import AuditPages
from qv_desktop.adapters.db.audit_verifying import Watch, checked
from qv_desktop.adapters.db.checkpoints import CheckpointBook
from qv_desktop.adapters.db.database import MARK, Database, Lane, Work
from qv_desktop.adapters.db.database_words import unrecorded
from qv_desktop.adapters.db.tables import audit_log
from qv_desktop.domain.audit import GENESIS, Actor, Draft, Entry, Mark, Verification, sealed
from qv_desktop.domain.audit_query import AuditQuery, Installation
from qv_desktop.domain.errors import DatabaseDown

_HOLDS = text("SELECT audit_holds(:chain, :sequence, :hash)")
# whoever may connect can hold this lock, or a row that is not committed, and must not stall a desk with it: the constraint
# against forks guards the chain, the lock only spares writers a second attempt. It waits two seconds. The end of the chain is told with
# it: whoever may add need not be one who may read
_TURN = text("SELECT mark, sequence, hash FROM audit_turn(:chain)")
_HELD = (
    "Another program has held the audit trail for two seconds; nothing was written. Try again; if it stays so, whoever keeps the "
    "database finds in pg_locks who holds it."
)
_COLUMNS = [column.name for column in audit_log.c if column.name != "chain"]
_RECORD = ", ".join(f"{name} {({'sequence': 'bigint', 'at': 'timestamptz'}).get(name, 'text')}" for name in _COLUMNS)
# one statement for any number of rows, as quick as COPY, which is refused where row security stands
_ADD = text(
    f"INSERT INTO audit_log (chain, {', '.join(_COLUMNS)}) "  # noqa: S608 - names of ours
    f"SELECT :chain, added.* FROM json_to_recordset(CAST(:rows AS json)) AS added({_RECORD})"
)


class AuditTrail:
    """One chain. ``recorded`` is called on the loop for each row once it is committed; ``now`` is asked on the write thread.

    ``mark`` gives the newest row that this installation remembers, if it does; the chain is verified against it, and against
    the signed checkpoints in ``book``.
    """

    def __init__(self, database: Database, chain: str, app_version: str, now: Callable[[], datetime],
                 recorded: Callable[[Entry], None], mark: Callable[[], Mark | None] = lambda: None,
                 book: CheckpointBook | None = None) -> None:  # fmt: skip
        self._database = database
        self._chain = chain
        self._app_version = app_version
        self._now = now
        self._recorded, self._mark, self._book = recorded, mark, book
        self._groups, self._pages = Groups(self._together), AuditPages(database, chain, _entry)

    @property
    def chain(self) -> str:
        """The name of the chain, which is this installation's."""
        return self._chain

    async def append(self, draft: Draft) -> Entry:
        """Commit one row at the chain's head, together with others that wait to be. Raises DatabaseDown, RowRefused among them."""
        return await self._groups.append(draft)

    async def write[T](self, work: Work[T], *drafts: Draft, lane: Lane = "records") -> T:
        """What ``work`` returns, committed together with a row for each draft: all or nothing. Raises DatabaseDown."""
        return await self.write_found(lambda connection: (work(connection), drafts), lane)

    async def write_found[T](self, work: Work[tuple[T, Sequence[Draft]]], lane: Lane = "records") -> T:
        """Like ``write``, for work that finds out itself what there is to record: it returns its result and the drafts."""

        def recorded(connection: Connection) -> tuple[T, list[Entry]]:
            result, drafts = work(connection)
            return result, self.append_in(connection, drafts)

        return await self._told(recorded, lane)

    def append_in(self, connection: Connection, drafts: Sequence[Draft]) -> list[Entry]:
        """Add a row for each draft in the caller's transaction; other writers of the chain wait until it ends."""
        try:
            return self._appended(connection, drafts) if drafts else []
        except IntegrityError as error:  # one of the work before is for its caller; this one is the trail's own
            raise unrecorded(error) from error
        except OperationalError as error:
            if isinstance(error.orig, LockNotAvailable):
                raise DatabaseDown(_HELD) from error
            raise

    def _appended(self, connection: Connection, drafts: Sequence[Draft]) -> list[Entry]:
        turn = connection.execute(_TURN, {"chain": self._chain}).one()
        connection.info[MARK] = turn.mark
        sequence, previous = (1, GENESIS) if turn.sequence is None else (turn.sequence + 1, turn.hash)
        entries: list[Entry] = []
        for number, draft in enumerate(drafts, sequence):
            entries.append(sealed(self._chain, number, self._now(), _clean(draft), self._app_version, previous))
            previous = entries[-1].hash
        connection.execute(_ADD, {"chain": self._chain, "rows": _rows(entries)})
        return entries

    async def page(self, *, before: int | None = None, limit: int = 500, actor: str = "", action: str = "", outcome: str = "",
                   text: str = "") -> list[Entry]:  # fmt: skip
        """Rows newest first; ``action`` may end with * for a prefix, ``text`` is looked for anywhere, whatever its case."""
        return await self.found(AuditQuery(actor, action, outcome, text, before=before), limit)

    async def found(self, query: AuditQuery, limit: int = 500) -> list[Entry]:
        """The page that ``query`` asks for, newest first. Raises DatabaseDown."""
        return await self._pages.page(query, limit)

    async def count(self, query: AuditQuery) -> int:
        """How many rows ``query`` asks for. Raises DatabaseDown."""
        return await self._pages.count(query)

    async def head(self, chain: str = "") -> int:
        """The newest row's number, of this chain or another; 0 of an empty one. Raises DatabaseDown."""
        return await self._pages.head(chain)

    async def installations(self) -> list[Installation]:
        """Everybody who records to this database, this installation first. Raises DatabaseDown."""
        return await self._pages.installations()

    async def of(self, correlation: str) -> list[Entry]:
        """Every row of one correlation, oldest first: the story of an order. Raises DatabaseDown."""
        wanted = audit_log.c.correlation
        # the index is of rows that have one, and is used only where the question says so too
        query = select(audit_log).where(audit_log.c.chain == self._chain, wanted == correlation, wanted != "")
        query = query.order_by(audit_log.c.sequence)
        if self._database.acting.personal:  # whoever may see an order need not be one who may read the trail
            query = _story(self._chain, correlation)
        return await self._database.read(lambda connection: [_entry(row) for row in connection.execute(query)])

    async def verify(
        self, *, since_checkpoint: bool = False, progress: Callable[[int, int], None] | None = None
    ) -> Verification:
        """Check the chain, whole or since the last signed checkpoint, against the mark of before and every checkpoint.

        ``progress`` is told on the loop how many rows of how many are done. Raises DatabaseDown, BadInput when it cannot be read.
        """
        mark, watch = self._mark(), Watch(progress)
        reading = self._database.read(
            lambda connection: checked(
                connection, self._chain, mark, self._book, watch, since_checkpoint=since_checkpoint
            )
        )
        return await watch.over(reading)

    async def holds(self, mark: Mark) -> bool:
        """Whether the chain has the row that ``mark`` remembers."""
        asked = {"chain": self._chain, "sequence": mark.sequence, "hash": mark.hash}
        return await self._database.read(lambda connection: bool(connection.execute(_HOLDS, asked).scalar()))

    def _together(self, drafts: Sequence[Draft]) -> asyncio.Future[tuple[None, list[Entry]]]:
        return self._handed(lambda connection: (None, self.append_in(connection, drafts)))

    async def _told[T](self, work: Work[tuple[T, list[Entry]]], lane: Lane) -> T:
        """Commit, then tell of the rows, also when the one who asked has been cancelled meanwhile."""
        result, _ = await asyncio.shield(self._handed(work, lane))
        return result

    def _handed[T](
        self, work: Work[tuple[T, list[Entry]]], lane: Lane = "records"
    ) -> asyncio.Future[tuple[T, list[Entry]]]:
        writing = asyncio.ensure_future(self._written(work, lane))
        writing.add_done_callback(self._tell)
        return writing

    async def _written[T](self, work: Work[tuple[T, list[Entry]]], lane: Lane) -> tuple[T, list[Entry]]:
        try:
            return await self._database.write(work, lane)
        except IntegrityError:
            raise  # a rule of another table, such as a name that is taken
        except SQLAlchemyError as error:
            raise unrecorded(error) from error

    def _tell[T](self, writing: asyncio.Future[tuple[T, list[Entry]]]) -> None:
        if writing.cancelled() or writing.exception() is not None:
            return  # nothing was written; the one who asked hears of it
        for entry in writing.result()[1]:
            self._recorded(entry)


def _story(chain: str, order: str) -> Select[Any]:
    told = func.order_story(order).table_valued(*audit_log.c.keys())
    return select(told).where(told.c.chain == chain).order_by(told.c.sequence)


def _clean(draft: Draft) -> Draft:
    """The draft with what Postgres cannot keep as text (NUL, lone surrogates) replaced, before it is hashed."""
    actor = draft.actor
    texts = "".join((actor.name, actor.role, actor.session, actor.host, draft.action, draft.object_type, draft.object_id,
                     draft.reason, draft.before, draft.after, draft.correlation, draft.causation))  # fmt: skip
    if texts.isascii() and "\0" not in texts:
        return draft
    kept = Actor(_kept(actor.name), actor.type, _kept(actor.role), _kept(actor.session), _kept(actor.host))
    return Draft(kept, _kept(draft.action), _kept(draft.object_type), _kept(draft.object_id), draft.outcome, _kept(draft.reason),
                 _kept(draft.before), _kept(draft.after), _kept(draft.correlation), _kept(draft.causation))  # fmt: skip


def _kept(value: str) -> str:
    return value.encode("utf-8", "replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def _rows(entries: Iterable[Entry]) -> str:
    """The entries as a JSON array of objects by column."""
    return msgspec.json.encode([dict(zip(_COLUMNS, _values(entry), strict=True)) for entry in entries]).decode()


def _values(entry: Entry) -> tuple[object, ...]:
    """An entry's values in the order of the columns after ``chain``."""
    draft, actor = entry.draft, entry.draft.actor
    return (
        entry.sequence, entry.at, actor.name, actor.type, actor.role, actor.session, actor.host, draft.action, draft.object_type,
        draft.object_id, draft.outcome, draft.reason, draft.before, draft.after, draft.correlation, draft.causation,
        entry.app_version, entry.previous, entry.hash,
    )  # fmt: skip


def _entry(row: Iterable[Any]) -> Entry:
    (chain, sequence, at, actor, actor_type, role, session, host, action, object_type, object_id, outcome, reason, before, after,
     correlation, causation, app_version, previous, stored) = row  # fmt: skip
    draft = Draft(Actor(actor, actor_type, role, session, host), action, object_type, object_id, outcome, reason, before, after,
                  correlation, causation)  # fmt: skip
    return Entry(chain, sequence, at, draft, app_version, previous, stored)

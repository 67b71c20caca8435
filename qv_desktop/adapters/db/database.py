"""The one door to Postgres: three write threads and two read threads, transactions, and what to do when the server goes away."""

import asyncio
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Literal

from psycopg.errors import InsufficientPrivilege  # also of a row that a policy refuses
from sqlalchemy import URL, Connection, NullPool, create_engine, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DataError, InterfaceError, OperationalError, ProgrammingError
from sqlalchemy.pool import ConnectionPoolEntry

from qv_desktop.adapters.db import schema, stamps
from qv_desktop.adapters.db.acting import Acting
from qv_desktop.adapters.db.database_words import (
    UNWRITABLE,
    beside_the_groups,
    denied,
    parsed,
    place,
    sentence,
    unverified,
)
from qv_desktop.adapters.db.tables import HEAD
from qv_desktop.domain.errors import BadInput, DatabaseDown, QvError, RowRefused

type Work[T] = Callable[[Connection], T]
type Lane = Literal["data", "records", "intents"]

READERS = 2
YIELDS = 0.05  # seconds at most that records let an intent go first
PATIENCE = 5.0  # seconds that one write may take before the database counts as down
LOST = (OperationalError, InterfaceError)
CONNECT = {
    "connect_timeout": 5, "options": "-c timezone=UTC", "application_name": "qv-desktop",
    "keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 20_000,
}  # fmt: skip
MARK = "mark"  # under which ``work`` may leave the transaction's id in the connection's ``info``, and spare a question
_MARK = text("SELECT pg_current_xact_id_if_assigned()::text")
_FATE = text("SELECT pg_xact_status(CAST(:mark AS xid8))")


class _Writer:
    """A thread that writes. ``failed``: its last write did; ``since``: when the one under way began, on the monotonic clock."""

    def __init__(self, name: str) -> None:
        self.thread = ThreadPoolExecutor(1, name)
        self.failed = False
        self.since: float | None = None

    @property
    def down(self) -> bool:
        """Whether its writes fail, or the one under way has had no answer for a while."""
        since = self.since
        return self.failed or (since is not None and time.monotonic() - since > PATIENCE)


class Database:
    """``url`` is a SQLAlchemy or libpq-like address; ``revive`` (blocking) is called once when no connection can be made.

    Raises BadInput at once when the address cannot be read.
    """

    def __init__(self, url: str, revive: Callable[[], object] | None = None) -> None:
        self.url: URL = parsed(url)
        self._revive = revive
        self._engine = create_engine(self.url, pool_size=READERS + 5, max_overflow=0, hide_parameters=True,
                                     connect_args=CONNECT)  # fmt: skip
        self.acting = Acting()
        event.listen(self._engine, "connect", self._enter)
        self._writers: dict[Lane, _Writer] = {
            "data": _Writer("db-write"), "records": _Writer("db-record"), "intents": _Writer("db-intent"),
        }  # fmt: skip
        self._intending = threading.Lock()  # held while an intent is under way
        self._readers = ThreadPoolExecutor(READERS, "db-read")
        self._waiting = 0

    @property
    def down(self) -> bool:
        """Whether writes fail: the last one did, or the one under way has had no answer for a while."""
        return any(writer.down for writer in self._writers.values())

    @property
    def waiting(self) -> int:
        """Writes handed over and not yet finished."""
        return self._waiting

    @property
    def warnings(self) -> list[str]:
        """What a person must hear of how this database is reached, once it is."""
        shared = [beside_the_groups(self.acting.login)] if self.acting.unguarded else []
        return [*filter(None, [unverified(self.url)]), *shared]

    def migrate(self) -> None:
        """Bring the schema to the newest step; blocking, for a thread before the program runs.

        Raises BadInput for an address that the server refuses or a schema of a newer program, DatabaseDown when it is away.
        """
        try:
            with self._opened() as connection:
                here = schema.current(connection)
            if self.acting.personal:
                schema.check(here, self.acting.login)
            elif here != HEAD:
                self._migrate(here)
        except LOST as error:
            raise sentence(error, self.url, first=True) from error

    def become(self, group: str | None) -> None:
        """Every connection from now on acts as ``group``, or with None as somebody at the door; blocking. Only for a personal login.

        Raises NotPermitted when the login is no member, DatabaseDown.
        """
        if group is not None:
            self._asked(lambda connection: self.acting.check(connection, group))
        self.acting.group = group
        self._engine.dispose()  # what is under way ends as it began

    def become_own(self) -> None:
        """Act as the login's own group, where nobody signs in; blocking. A shared login stays what it is. Raises as ``become`` does."""
        if self.acting.personal:
            self.become(self._asked(self.acting.own))

    def _asked[T](self, question: Work[T]) -> T:
        try:
            with self._opened() as connection:
                return question(connection)
        except LOST as error:
            raise sentence(error, self.url) from error

    async def write[T](self, work: Work[T], lane: Lane = "data") -> T:
        """What ``work`` returns, its transaction committed; in a lane in order, one at a time. Raises DatabaseDown: nothing was written.

        ``records`` are what goes with audit rows: it never waits for market data. ``intents`` are orders that wait to be sent:
        they wait for no news of other orders.
        Once begun it is finished, even when the waiting task is cancelled. When the connection breaks under it ``work`` runs
        a second time, so it acts on nothing but its connection.
        """
        writer = self._writers[lane]
        run = {"records": self._after_intents, "intents": self._intended}.get(lane, self._written)
        future = asyncio.wrap_future(self._handed(writer.thread, partial(run, writer), work))
        self._waiting += 1
        future.add_done_callback(lambda _: self._one_less())
        return await asyncio.shield(future)

    async def read[T](self, work: Work[T]) -> T:
        """What ``work`` returns of one snapshot of the database. Raises DatabaseDown."""
        return await asyncio.wrap_future(self._handed(self._readers, self._seen, work))

    def close(self) -> None:
        """Finish the writes that wait, then disconnect; blocking."""
        for lane in ("intents", "records", "data"):
            self._writers[lane].thread.shutdown(wait=True)
        self._readers.shutdown(wait=True, cancel_futures=True)
        self._engine.dispose()

    def _one_less(self) -> None:
        self._waiting -= 1

    def _handed[T](self, pool: ThreadPoolExecutor, run: Callable[[Work[T]], T], work: Work[T]) -> Future[T]:
        try:
            return pool.submit(run, work)
        except RuntimeError as error:
            raise DatabaseDown("The database is closed because the program is ending; nothing was written.") from error

    def _intended[T](self, writer: _Writer, work: Work[T]) -> T:
        with self._intending:
            return self._written(writer, work)

    def _after_intents[T](self, writer: _Writer, work: Work[T]) -> T:
        """An order that waits to be sent has the server and this process to itself, as far as records can see to it."""
        if self._intending.acquire(timeout=YIELDS):
            self._intending.release()
        return self._written(writer, work)

    def _written[T](self, writer: _Writer, work: Work[T]) -> T:
        writer.since = time.monotonic()
        try:
            result = self._twice(self._committed_once, work)
        except RowRefused:
            raise  # the server is there, and has answered
        except DatabaseDown:
            writer.failed = True
            raise
        finally:
            writer.since = None
        for each in self._writers.values():
            each.failed = False  # the server is there, for all of them
        return result

    def _seen[T](self, work: Work[T]) -> T:
        return self._twice(self._seen_once, work)

    def _twice[T](self, run: Callable[[Work[T]], T], work: Work[T]) -> T:
        """Once more when the connection broke under the work: what it did until then is undone, and the server may be back."""
        try:
            try:
                return run(work)
            except LOST as error:
                if not getattr(error, "connection_invalidated", False):
                    raise
                return run(work)
        except LOST as error:
            raise sentence(error, self.url) from error
        except (DataError, UnicodeEncodeError) as error:
            if isinstance(error, DataError) and getattr(error.orig, "sqlstate", None) is not None:
                raise  # the server's word; this one never left
            raise BadInput(UNWRITABLE) from error
        except (ProgrammingError, InsufficientPrivilege) as error:
            refused = getattr(error, "orig", error)
            if self.acting.personal and isinstance(refused, InsufficientPrivilege):
                raise denied(refused, self.acting.login) from error
            raise

    def _committed_once[T](self, work: Work[T]) -> T:
        with self._opened() as connection:
            transaction = connection.begin()
            try:
                connection.info.pop(MARK, None)
                result = work(connection)
                mark = connection.info.pop(MARK, None) or connection.execute(_MARK).scalar()
            except BaseException:
                transaction.rollback()
                raise
            try:
                transaction.commit()
            except LOST:
                if not self._committed(mark):
                    raise
            return result

    def _seen_once[T](self, work: Work[T]) -> T:
        with self._opened() as connection:
            connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                return work(connection)

    def _committed(self, mark: str | None) -> bool:
        """Whether the server kept the transaction whose COMMIT got no answer."""
        if mark is None:
            return True  # it changed nothing
        try:
            with self._opened() as connection:
                return connection.execute(_FATE, {"mark": mark}).scalar() == "committed"
        except (*LOST, QvError) as error:
            raise DatabaseDown(f"The database on {place(self.url)} went away in the middle of a change; whether the last change was "
                               "kept is not known until it is back.") from error  # fmt: skip

    def _opened(self) -> Connection:
        try:
            return self._engine.connect()
        except LOST:
            if self._revive is None:
                raise
            self._revive()
            return self._engine.connect()

    def _migrate(self, here: str) -> None:
        owner = create_engine(self.url, poolclass=NullPool, connect_args=CONNECT)
        schema.bring_to_head(owner, here)
        self._engine.dispose()  # connections made before the role existed have too many rights

    def _enter(self, connection: DBAPIConnection, _: ConnectionPoolEntry) -> None:
        stamps.tolerate(connection)
        self.acting.enter(connection)

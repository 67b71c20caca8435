"""Binary COPY through the driver, into a table at once when its rows are new, else through a temporary table that merges."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psycopg
from psycopg import sql
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

WARY = 8  # batches that are merged after one that held known rows: a replay seldom ends with it


@dataclass(slots=True)
class Intake:
    """The way into ``table``; ``conflict`` says what becomes of a row whose key is known, in SQL."""

    table: str
    columns: Sequence[str]
    types: Sequence[str]
    conflict: str
    _wary: int = field(default=0, init=False)

    def add(self, connection: Connection, rows: Sequence[Sequence[object]]) -> int:
        """The number of rows inserted or changed; on the write thread, in the caller's transaction."""
        if self._wary:
            self._wary -= 1
            return self._merged(connection, rows)
        nested = connection.begin_nested()
        try:
            self._copied(connection, self.table, rows)
        except IntegrityError as error:
            nested.rollback()
            if not isinstance(error.orig, psycopg.errors.UniqueViolation):
                raise
            self._wary = WARY
            return self._merged(connection, rows)
        nested.commit()
        return len(rows)

    def _merged(self, connection: Connection, rows: Iterable[Sequence[object]]) -> int:
        incoming, names = f"incoming_{self.table}", ", ".join(self.columns)
        connection.execute(
            text(f"CREATE TEMP TABLE IF NOT EXISTS {incoming} (LIKE {self.table}) ON COMMIT DELETE ROWS")
        )
        self._copied(connection, incoming, rows)
        merge = f"INSERT INTO {self.table} ({names}) SELECT {names} FROM {incoming} ON CONFLICT {self.conflict}"  # noqa: S608 - constants
        return connection.execute(text(merge)).rowcount

    def _copied(self, connection: Connection, table: str, rows: Iterable[Sequence[object]]) -> None:
        names = sql.SQL(", ").join(map(sql.Identifier, self.columns))
        order = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(sql.Identifier(table), names)
        with driven(connection) as driver, driver.cursor() as cursor, cursor.copy(order) as copy:
            copy.set_types(self.types)
            write = copy.write_row
            for row in rows:
                write(row)


@contextmanager
def driven(connection: Connection) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """The driver under ``connection``, for what SQLAlchemy has no words for; its errors come out as SQLAlchemy's own."""
    driver = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the connection was lost before the work")
    try:
        yield driver
    except psycopg.Error as error:
        lost = bool(driver.closed)
        if lost:
            connection.invalidate(error)
        raise DBAPIError.instance("(by the driver)", None, error, psycopg.Error, connection_invalidated=lost) from error

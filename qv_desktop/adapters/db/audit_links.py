"""The audit chain read for verifying: each row only as its place, its hashes and its canonical text; a million in seconds.

The server sends the columns and nothing that it computed of them: canonical text and hash are made here, of what is stored.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from operator import ge, le, lt

import msgspec
from psycopg import Error, OperationalError, sql
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format
from sqlalchemy import Connection, func, select

from qv_desktop.adapters.db.tables import audit_log
from qv_desktop.domain.audit import Link
from qv_desktop.domain.errors import BadInput, DatabaseDown

CHUNK = 250  # rows at a time: larger ones are no quicker, and would keep a window waiting for Python's lock
COLUMNS = [column.name for column in audit_log.c]  # in the order of the canonical text, but for the hash at the end
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)  # Postgres counts microseconds from here
_MICROSECOND = timedelta(microseconds=1)


class _Stamp(Loader):
    """A time as the canonical text has it; one that no clock ever showed becomes a text that no row was hashed with."""

    format = Format.BINARY

    def load(self, data: Buffer) -> str:
        count = int.from_bytes(data, "big", signed=True)
        try:
            return (_EPOCH + count * _MICROSECOND).isoformat(timespec="microseconds")
        except OverflowError:
            return f"{count} µs"


def links(connection: Connection, chain: str, first: int, told: Callable[[int], None]) -> Iterator[Link]:
    """The chain from row ``first`` on, in order; ``told`` hears now and then how many were read.

    Raises DatabaseDown, and BadInput when the table is not as it was made.
    """
    driver = connection.connection.driver_connection
    if driver is None:
        raise DatabaseDown("The connection was lost before the audit trail was read; try again.")
    names = sql.SQL(", ").join(map(sql.Identifier, COLUMNS))
    query = sql.SQL("SELECT {} FROM audit_log WHERE chain = %s AND sequence >= %s ORDER BY sequence").format(names)
    try:
        with driver.cursor("audit_chain", binary=True) as cursor:
            cursor.adapters.register_loader("timestamptz", _Stamp)
            cursor.execute(query, (chain, first))
            done = 0
            while rows := cursor.fetchmany(CHUNK):
                yield from map(_link, rows)
                done += len(rows)
                told(done)
    except OperationalError as error:
        raise DatabaseDown("The database went away while the audit trail was read; try again.") from error
    except Error as error:
        raise BadInput(f"The audit trail cannot be read ({error}); its table was changed.") from error


def span(connection: Connection, chain: str, first: int | None, last: int | None, start: datetime | None, end: datetime | None) -> (
    tuple[int, int] | None
):  # fmt: skip
    """The first and the last of the chain's rows between these numbers and times, ``end`` not included; None if there are none."""
    row = audit_log.c
    asked = select(func.min(row.sequence), func.max(row.sequence)).where(row.chain == chain)
    bounds = ((row.sequence, ge, first), (row.sequence, le, last), (row.at, ge, start), (row.at, lt, end))
    asked = asked.where(*(compare(column, bound) for column, compare, bound in bounds if bound is not None))
    least, greatest = connection.execute(asked).one()
    return None if least is None else (least, greatest)


def _link(row: tuple[object, ...]) -> Link:
    sequence, previous, stored = row[1], row[18], row[19]
    text = msgspec.json.encode((row[0], str(sequence), *row[2:19]))
    return sequence, previous, stored, text  # type: ignore[return-value]  # what is of another kind does not fit the chain

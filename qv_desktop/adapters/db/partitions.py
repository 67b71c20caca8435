"""Fast writing into tables partitioned by time: partitions made on demand, and COPY into a temporary table."""

from collections.abc import Awaitable, Callable, Iterable, Sequence

from psycopg import sql
from sqlalchemy import Connection, text

_ADD = text("SELECT add_partition(:parent, :at)")


class Partitions:
    """Which partitions of ``parent`` exist, as far as this program knows; ``period`` maps a time in ns to its partition."""

    def __init__(self, parent: str, period: Callable[[int], int]) -> None:
        self._parent = parent
        self._period = period
        self._known: set[int] = set()
        self._made: set[int] = set()

    def ensure(self, connection: Connection, times: Iterable[int]) -> None:
        """Make the partitions that hold ``times`` in the caller's transaction, on the write thread."""
        missing = {self._period(at): at for at in times}
        for period, at in missing.items():
            if period not in self._known:
                connection.execute(_ADD, {"parent": self._parent, "at": at})
                self._made.add(period)

    async def remembered[T](self, writing: Awaitable[T]) -> T:
        """The write's result; the partitions it made are remembered once they are committed."""
        try:
            result = await writing
        except BaseException:
            self._made.clear()
            raise
        self._known |= self._made
        self._made.clear()
        return result


def copied(
    connection: Connection, table: str, columns: Sequence[str], types: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """COPY ``rows`` into the temporary table ``incoming_<table>``, which is empty again after the transaction."""
    driver = connection.connection.driver_connection
    if driver is None:
        raise RuntimeError("the connection was lost before the copy")
    incoming = sql.Identifier(f"incoming_{table}")
    with driver.cursor() as cursor:
        cursor.execute(
            sql.SQL("CREATE TEMP TABLE IF NOT EXISTS {} (LIKE {}) ON COMMIT DELETE ROWS").format(
                incoming, sql.Identifier(table)
            )
        )
        names = sql.SQL(", ").join(map(sql.Identifier, columns))
        with cursor.copy(sql.SQL("COPY {} ({}) FROM STDIN (FORMAT BINARY)").format(incoming, names)) as copy:
            copy.set_types(types)
            for row in rows:
                copy.write_row(row)

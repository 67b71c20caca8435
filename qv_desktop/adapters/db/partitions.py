"""Writing into tables partitioned by time: a partition is made when the first row for it comes, and remembered once committed."""

from collections.abc import Callable, Iterable, Set

from sqlalchemy import Connection, text
from sqlalchemy.exc import DataError, IntegrityError

from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.database_words import refused
from qv_desktop.domain.market import SECOND

DAY = 86_400 * SECOND  # ns
_ADD = text("SELECT add_partition(:parent, :at)")
_LAZY = text("SET LOCAL synchronous_commit = off")


class Partitions:
    """The partitions of ``parent``, as far as this program knows; ``period`` maps a UTC day's first ns to its partition."""

    def __init__(self, database: Database, parent: str, period: Callable[[int], int] = lambda day: day // DAY) -> None:
        self._database, self._parent, self._period = database, parent, period
        self._days: set[int] = set()  # whose partitions are committed

    async def write(self, times: Callable[[], Iterable[int]], insert: Callable[[Connection], int]) -> int:
        """What ``insert`` returns, with partitions for ``times`` (ns) and its rows in one transaction, on the write thread.

        It is not flushed to the disk at once: the vendor's history gives back the half second that a crash of the machine may cost.
        Raises BadInput when the table refuses a row, and then nothing is kept.
        """
        try:
            return await self._written(times, insert)
        except (IntegrityError, DataError) as error:
            if not (self._days and "no partition of relation" in str(error.orig)):
                raise refused(self._parent, error) from error
        self._days.clear()  # retention dropped one, perhaps another program's
        return await self.write(times, insert)

    async def _written(self, times: Callable[[], Iterable[int]], insert: Callable[[Connection], int]) -> int:
        def work(connection: Connection) -> tuple[int, Set[int]]:
            connection.execute(_LAZY)
            fresh = self._ensured(connection, times())
            return insert(connection), fresh

        touched, fresh = await self._database.write(work)
        self._days |= fresh
        return touched

    def _ensured(self, connection: Connection, times: Iterable[int]) -> Set[int]:
        fresh = {at // DAY for at in times} - self._days
        for at in {self._period(day * DAY): day * DAY for day in fresh}.values():
            connection.execute(_ADD, {"parent": self._parent, "at": at})
        return fresh

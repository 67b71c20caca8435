"""Stored bars: inserted or amended by symbol, timeframe and start; partitioned by year."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select, text

from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.partitions import Partitions, copied
from qv_desktop.adapters.db.tables import bars
from qv_desktop.domain.market import Bar, Timeframe, ns, utc

VALUES = ("open", "high", "low", "close", "volume", "count", "vwap", "source")
COLUMNS = ("symbol", "timeframe", "start", *VALUES)
TYPES = ("text", "text", "int8", "float8", "float8", "float8", "float8", "float8", "int4", "float8", "text")
_OLD, _NEW = (", ".join(f"{side}.{name}" for name in VALUES) for side in ("bars", "excluded"))
_MERGE = text(
    f"INSERT INTO bars ({', '.join(COLUMNS)}) "  # noqa: S608 - constants
    f"SELECT {', '.join(COLUMNS)} FROM incoming_bars "
    f"ON CONFLICT (symbol, timeframe, start) DO UPDATE SET ({', '.join(VALUES)}) = ROW ({_NEW}) "
    f"WHERE ({_OLD}) IS DISTINCT FROM ({_NEW})"
)


class BarStore:
    """``ports.BarStore`` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._partitions = Partitions("bars", lambda at: utc(at).year)

    async def forget(self) -> None:
        """Drop every bar: they can be asked for again. For a demo that turns to another simulated market."""
        await self._database.write(lambda connection: connection.execute(delete(bars)))

    async def bars(self, symbol: str, frame: Timeframe, start: datetime, end: datetime) -> list[Bar]:
        """Stored bars from ``start`` up to ``end``, oldest first."""
        c = bars.c
        query = (
            select(c.symbol, c.start, c.open, c.high, c.low, c.close, c.volume, c.count, c.vwap)
            .where(c.symbol == symbol, c.timeframe == str(frame), c.start >= ns(start), c.start < ns(end))
            .order_by(c.start)
        )
        return await self._database.read(lambda connection: [Bar(*row) for row in connection.execute(query)])

    async def save(self, frame: Timeframe, bars: Sequence[Bar], source: str) -> int:
        """Insert or amend by symbol, timeframe and start; the number of rows touched, unchanged ones not counted."""
        latest = {(bar.symbol, bar.start): bar for bar in bars}  # of one start the last word counts
        if not latest:
            return 0
        rows = [(b.symbol, str(frame), b.start, b.open, b.high, b.low, b.close, b.volume, b.count, b.vwap, source)
                for b in latest.values()]  # fmt: skip

        def work(connection: Connection) -> int:
            self._partitions.ensure(connection, [bar.start for bar in latest.values()])
            copied(connection, "bars", COLUMNS, TYPES, rows)
            return connection.execute(_MERGE).rowcount

        return await self._partitions.remembered(self._database.write(work))

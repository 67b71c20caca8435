"""Stored trades and the holes in them: batches go in by COPY, replays insert nothing twice."""

import hashlib
from collections.abc import Sequence

from sqlalchemy import Connection, delete, select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.partitions import Partitions, copied
from qv_desktop.adapters.db.tables import gaps, trades
from qv_desktop.domain.market import SECOND, Gap, Trade

DAY = 86_400 * SECOND
COLUMNS = ("symbol", "at", "price", "size", "id", "exchange", "tape", "conditions")
TYPES = ("text", "int8", "float8", "float8", "text", "text", "text", "text")
_ONCE = text(f"INSERT INTO trades SELECT {', '.join(COLUMNS)} FROM incoming_trades ON CONFLICT DO NOTHING")  # noqa: S608 - constants


class TickStore:
    """``ports.TickStore`` on Postgres; trades are partitioned by UTC day."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._partitions = Partitions("trades", lambda at: at // DAY)

    async def forget(self) -> None:
        """Drop every trade and gap. For a demo that turns to another simulated market."""

        def work(connection: Connection) -> None:
            connection.execute(delete(trades))
            connection.execute(delete(gaps))

        await self._database.write(work)

    async def save(self, trades: Sequence[Trade]) -> int:
        """Insert; replays insert nothing twice. The number of new rows. Not flushed to disk one by one: a crash of the whole
        machine may lose the last half second, which the vendor's history gives back."""
        if not trades:
            return 0

        def work(connection: Connection) -> int:
            connection.execute(text("SET LOCAL synchronous_commit = off"))
            self._partitions.ensure(connection, [t.at for t in trades])
            copied(connection, "trades", COLUMNS, TYPES, trades)
            return connection.execute(_ONCE).rowcount

        return await self._partitions.remembered(self._database.write(work))

    async def trades(self, symbol: str, start: int, end: int, limit: int = 100_000) -> list[Trade]:
        """Stored trades from ``start`` up to ``end`` (ns), oldest first."""
        query = (
            select(*(trades.c[name] for name in COLUMNS))
            .where(trades.c.symbol == symbol, trades.c.at >= start, trades.c.at < end)
            .order_by(trades.c.at)
            .limit(limit)
        )
        return await self._database.read(lambda connection: [Trade(*row) for row in connection.execute(query)])

    async def save_gap(self, gap: Gap) -> None:
        """Keep a hole, or mark it as filled; a hole is known by its feed, start and symbols."""
        key = hashlib.sha256("\n".join(sorted(gap.symbols)).encode()).hexdigest()
        row = {"feed": gap.feed, "started": gap.start, "symbols_hash": key, "symbols": list(gap.symbols), "ended": gap.end,
               "reason": gap.reason, "filled_at": gap.filled_at}  # fmt: skip
        changed = {name: row[name] for name in ("ended", "reason", "filled_at")}
        once = (
            upsert(gaps)
            .values(row)
            .on_conflict_do_update(index_elements=["feed", "started", "symbols_hash"], set_=changed)
        )
        await self._database.write(lambda connection: connection.execute(once))

    async def gaps(self, limit: int = 200) -> list[Gap]:
        """Holes, newest first."""
        columns = (gaps.c.feed, gaps.c.symbols, gaps.c.started, gaps.c.ended, gaps.c.reason, gaps.c.filled_at)
        query = select(*columns).order_by(gaps.c.started.desc()).limit(limit)
        return await self._database.read(
            lambda connection: [Gap(row[0], tuple(row[1]), *row[2:]) for row in connection.execute(query)]
        )

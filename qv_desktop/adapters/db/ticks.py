"""Stored trades and the holes in them: batches go in by COPY, replays insert nothing twice."""

import hashlib
from collections.abc import Iterable, Sequence
from operator import itemgetter

from sqlalchemy import Connection, delete, select, tuple_
from sqlalchemy.dialects.postgresql import insert as upsert

from qv_desktop.adapters.db.copying import Intake
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.partitions import DAY, Partitions
from qv_desktop.adapters.db.tables import gaps, trades
from qv_desktop.domain.market import Correction, Gap, Trade

COLUMNS = ("symbol", "at", "price", "size", "id", "exchange", "tape", "conditions")
TYPES = ("text", "int8", "float8", "float8", "text", "text", "text", "text")
_at = itemgetter(COLUMNS.index("at"))


class TickStore:
    """``ports.ticks.TickStore`` on Postgres; trades are partitioned by UTC day."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._partitions = Partitions(database, "trades")
        self._intake = Intake("trades", COLUMNS, TYPES, "DO NOTHING")

    async def forget(self) -> None:
        """Drop every trade and gap. For a demo that turns to another simulated market."""

        def work(connection: Connection) -> None:
            connection.execute(delete(trades))
            connection.execute(delete(gaps))

        await self._database.write(work)

    async def save(self, trades: Sequence[Trade]) -> int:
        """Insert; replays insert nothing twice. The number of new rows. Raises BadInput when a trade is none: nothing is kept."""
        if not trades:
            return 0
        return await self._partitions.write(
            lambda: map(_at, trades), lambda connection: self._intake.add(connection, trades)
        )

    async def trades(self, symbol: str, start: int, end: int, limit: int = 100_000) -> list[Trade]:
        """Stored trades from ``start`` up to ``end`` (ns), oldest first."""
        query = (
            select(*(trades.c[name] for name in COLUMNS))
            .where(trades.c.symbol == symbol, trades.c.at >= start, trades.c.at < end)
            .order_by(trades.c.at)
            .limit(limit)
        )
        return await self._database.read(lambda connection: [Trade(*row) for row in connection.execute(query)])

    async def amend(self, corrections: Sequence[Correction]) -> int:
        """Correct or take away the prints that the exchange took back; the number of rows changed, none when told again."""
        if not corrections:
            return 0

        return await self._partitions.write(
            lambda: (one.trade.at for one in corrections if one.trade),
            lambda connection: sum(_amended(connection, one) for one in corrections),
        )

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

    async def gaps(self, limit: int = 200, unfilled: bool = False) -> list[Gap]:
        """Holes, newest first; all, or only those that nothing has filled yet."""
        columns = (gaps.c.feed, gaps.c.symbols, gaps.c.started, gaps.c.ended, gaps.c.reason, gaps.c.filled_at)
        query = select(*columns).order_by(gaps.c.started.desc()).limit(limit)
        if unfilled:
            query = query.where(gaps.c.filled_at.is_(None))
        return await self._database.read(
            lambda connection: [Gap(row[0], tuple(row[1]), *row[2:]) for row in connection.execute(query)]
        )


def _amended(connection: Connection, correction: Correction) -> int:
    """1 when something changed: the wrong print goes unless it already is what it should be, and the right one comes once."""
    day, c = correction.at - correction.at % DAY, trades.c
    wrong = delete(trades).where(c.symbol == correction.symbol, c.at >= day, c.at < day + DAY, c.id == correction.id,
                                 c.exchange == correction.exchange, c.tape == correction.tape)  # fmt: skip
    if correction.trade is None:
        return connection.execute(wrong).rowcount
    right = tuple(correction.trade)
    gone = connection.execute(wrong.where(tuple_(*_columns()).is_distinct_from(tuple_(*right)))).rowcount
    come = connection.execute(
        upsert(trades).values(dict(zip(COLUMNS, right, strict=True))).on_conflict_do_nothing()
    ).rowcount
    return max(gone, come)


def _columns() -> Iterable[object]:
    return (trades.c[name] for name in COLUMNS)

"""Stored instruments: what the broker lists, kept for starts without it."""

from collections.abc import Sequence
from dataclasses import asdict, fields

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as upsert

from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import instruments
from qv_desktop.domain.instruments import Instrument

NAMES = [field.name for field in fields(Instrument)]
PIECE = 1_000


class InstrumentStore:
    """Instruments by symbol."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, listed: Sequence[Instrument]) -> None:
        """Insert or amend by symbol; the ones not named stay."""
        rows = [asdict(instrument) for instrument in {i.symbol: i for i in listed}.values()]

        def work(connection: Connection) -> None:
            for first in range(0, len(rows), PIECE):
                statement = upsert(instruments).values(rows[first : first + PIECE])
                changed = {name: statement.excluded[name] for name in NAMES if name != "symbol"}
                connection.execute(statement.on_conflict_do_update(index_elements=["symbol"], set_=changed))

        await self._database.write(work)

    async def all(self) -> list[Instrument]:
        """Every stored instrument by symbol."""
        query = select(*(instruments.c[name] for name in NAMES)).order_by(instruments.c.symbol)
        return await self._database.read(lambda connection: [Instrument(*row) for row in connection.execute(query)])

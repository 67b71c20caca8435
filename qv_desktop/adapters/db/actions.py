"""Stored splits and dividends, and when a vendor was last asked for them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert

from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import actions, actions_asked
from qv_desktop.domain.market import Action


class ActionStore:
    """``ports.history.ActionStore`` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def actions(self, symbol: str) -> tuple[datetime | None, list[Action]]:
        """When they were last asked for (None: never), and all of them, oldest first."""
        asked = select(actions_asked.c.asked_at).where(actions_asked.c.symbol == symbol)
        c = actions.c
        known = select(c.symbol, c.day, c.kind, c.amount).where(c.symbol == symbol).order_by(c.day, c.kind, c.amount)
        return await self._database.read(
            lambda connection: (
                connection.execute(asked).scalar(),
                [Action(*row) for row in connection.execute(known)],
            )
        )

    async def save_actions(self, symbol: str, actions: Sequence[Action], asked_at: datetime) -> None:
        """Replace the symbol's actions by what a vendor says now."""
        await self._database.write(lambda connection: _replaced(connection, symbol, set(actions), asked_at))


def _replaced(connection: Connection, symbol: str, known: set[Action], asked_at: datetime) -> None:
    connection.execute(delete(actions).where(actions.c.symbol == symbol))
    if known:
        rows = [{"symbol": symbol, "day": one.day, "kind": one.kind, "amount": one.amount} for one in known]
        connection.execute(insert(actions), rows)
    asked = upsert(actions_asked).values(symbol=symbol, asked_at=asked_at)
    connection.execute(asked.on_conflict_do_update(index_elements=["symbol"], set_={"asked_at": asked_at}))

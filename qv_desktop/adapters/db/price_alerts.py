"""Stored price alerts of each person."""

from dataclasses import asdict

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert

from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import price_alerts
from qv_desktop.domain.price_alerts import PriceAlert

_c = price_alerts.c
_COLUMNS = (_c.id, _c.symbol, _c.price, _c.direction, _c.note, _c.repeats, _c.state, _c.created, _c.fired_at)


class PriceAlerts:
    """``ports.preferences.PriceAlerts`` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self, user: str) -> list[PriceAlert]:
        """In the order in which they were made."""
        query = select(*_COLUMNS).where(_c.user == user).order_by(_c.created, _c.id)
        return await self._database.read(lambda connection: [PriceAlert(*row) for row in connection.execute(query)])

    async def save(self, user: str, alert: PriceAlert) -> None:
        """Keep an alert, new or known by its id."""
        values = asdict(alert)
        once = upsert(price_alerts).values(user=user, **values)
        once = once.on_conflict_do_update(index_elements=["user", "id"], set_=values)
        await self._database.write(lambda connection: connection.execute(once))

    async def delete(self, user: str, id_: str) -> None:
        """Forget an alert."""
        gone = delete(price_alerts).where(_c.user == user, _c.id == id_)
        await self._database.write(lambda connection: connection.execute(gone))

"""After how many idle minutes a desk locks: one number a person, and an Admin's bound for everybody."""

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert as upsert

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import settings
from qv_desktop.domain.audit import Draft

KEY = "auto_lock_minutes"
EVERYBODY = "everybody"  # in the place of a user's id, which is a UUID


class IdleTimes:
    """``ports.users.IdleTimes`` on Postgres."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database, self._trail = database, trail

    async def idle_times(self, user: str) -> tuple[int | None, int | None]:
        """The person's minutes and everybody's bound, None for what nobody has chosen."""
        query = select(settings.c.user, settings.c.value).where(
            settings.c.key == KEY, settings.c.user.in_([user, EVERYBODY])
        )
        found = dict(await self._database.read(lambda connection: [tuple(row) for row in connection.execute(query)]))
        return _minutes(found.get(user)), _minutes(found.get(EVERYBODY))

    async def save_idle_time(self, user: str, minutes: int) -> None:
        """Keep the person's choice."""
        await self._database.write(lambda connection: _kept(connection, user, minutes))

    async def save_idle_bound(self, minutes: int, by: Draft) -> None:
        """Keep the bound, and record who set it."""
        await self._trail.write(lambda connection: _kept(connection, EVERYBODY, minutes), by)


def _kept(connection: Connection, user: str, minutes: int) -> None:
    row = upsert(settings).values(user=user, key=KEY, value=str(minutes))
    connection.execute(row.on_conflict_do_update(index_elements=["user", "key"], set_={"value": str(minutes)}))


def _minutes(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdigit() else None

"""Stored scans of each person."""

from dataclasses import asdict

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import scans
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.scans import Scan

_c = scans.c


class Scans:
    """``ports.preferences.Scans`` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self, user: str) -> list[Scan]:
        """In order of name."""
        columns = (_c.name, _c.rule, _c.universe, _c.sort, _c.limit, _c.alert)
        query = select(*columns).where(_c.user == user).order_by(_c.name)
        return await self._database.read(lambda connection: [Scan(*row) for row in connection.execute(query)])

    async def save(self, user: str, scan: Scan) -> None:
        """Keep a scan, new or known by its name. Raises BadInput without a name or a limit."""
        values = asdict(scan)
        name = values.pop("name")
        once = upsert(scans).values(user=user, name=name, **values)
        once = once.on_conflict_do_update(index_elements=["user", "name"], set_=values)
        try:
            await self._database.write(lambda connection: connection.execute(once))
        except IntegrityError as error:
            raise BadInput("A scan needs a name and a limit above zero; correct them and save it again.") from error

    async def delete(self, user: str, name: str) -> None:
        """Forget a scan."""
        gone = delete(scans).where(_c.user == user, _c.name == name)
        await self._database.write(lambda connection: connection.execute(gone))

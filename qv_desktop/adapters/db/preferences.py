"""What a user keeps between sessions: window layouts and settings."""

from sqlalchemy import Connection, Table, delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import settings, workspaces
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import BadInput


class Preferences:
    """``ports.preferences.Preferences`` on Postgres."""

    def __init__(self, database: Database, trail: AuditTrail | None = None) -> None:
        """``trail`` takes the rows of settings that are recorded."""
        self._database, self._trail = database, trail

    async def workspace(self, user: str, name: str) -> bytes | None:
        """The window's saved layout."""
        query = select(workspaces.c.layout).where(workspaces.c.user == user, workspaces.c.name == name)
        found = await self._database.read(lambda connection: connection.execute(query).scalar())
        return None if found is None else bytes(found)

    async def save_workspace(self, user: str, name: str, layout: bytes) -> None:
        """Keep the layout."""
        await self._keep(workspaces, {"user": user, "name": name}, {"layout": layout})

    async def workspaces(self, user: str) -> list[str]:
        """The names of the person's layouts, in order."""
        query = select(workspaces.c.name).where(workspaces.c.user == user).order_by(workspaces.c.name)
        return await self._database.read(lambda connection: list(connection.execute(query).scalars()))

    async def rename_workspace(self, user: str, name: str, new: str) -> None:
        """Give a layout another name. Raises BadInput when that is taken, or when the layout is gone."""
        moved = update(workspaces).where(workspaces.c.user == user, workspaces.c.name == name).values(name=new)
        taken = select(workspaces.c.name).where(workspaces.c.user == user, workspaces.c.name == new)

        def rename(connection: Connection) -> None:
            if connection.execute(taken).scalar() is not None:
                raise BadInput(f"There is a layout “{new}” already; choose another name.")
            if not connection.execute(moved).rowcount:
                raise BadInput(f"There is no layout “{name}” any more; look at the list again.")

        await self._database.write(rename)

    async def forget_workspace(self, user: str, name: str) -> None:
        """Forget a layout."""
        gone = delete(workspaces).where(workspaces.c.user == user, workspaces.c.name == name)
        await self._database.write(lambda connection: connection.execute(gone))

    async def setting(self, user: str, key: str) -> str | None:
        """One setting's text."""
        query = select(settings.c.value).where(settings.c.user == user, settings.c.key == key)
        return await self._database.read(lambda connection: connection.execute(query).scalar())

    async def save_setting(self, user: str, key: str, value: str, draft: Draft | None = None) -> None:
        """Keep one setting, together with its row in the audit trail where there is one."""
        await self._keep(settings, {"user": user, "key": key}, {"value": value}, draft)

    async def _keep(
        self, table: Table, key: dict[str, object], values: dict[str, object], draft: Draft | None = None
    ) -> None:
        once = upsert(table).values(key | values).on_conflict_do_update(index_elements=list(key), set_=values)
        if draft is None:
            await self._database.write(lambda connection: connection.execute(once))
        elif self._trail is None:
            raise RuntimeError("a setting that is to be recorded needs the trail")
        else:
            await self._trail.write(lambda connection: connection.execute(once), draft)

"""Exports of tables: permitted, recorded, and written under the export folder only."""

from collections.abc import Sequence
from pathlib import Path

from qv_desktop.domain.access import Permission
from qv_desktop.domain.audit import Draft
from qv_desktop.services.login import Login
from qv_desktop.services.ports import Now, Tables, Trail


class Exports:
    """Writes what a person sees in a table."""

    def __init__(self, tables: Tables, login: Login, trail: Trail, now: Now, folder: Path) -> None:
        self._tables, self._login, self._trail, self._now, self.folder = tables, login, trail, now, folder

    async def table(
        self, name: str, permission: Permission, head: Sequence[str], rows: Sequence[Sequence[object]]
    ) -> Path:
        """The CSV file that holds ``rows``. Raises NotPermitted, BadInput, DatabaseDown."""
        await self._login.require(permission)
        file = f"{name}-{self._now():%Y%m%d-%H%M%S}.csv"
        await self._trail.append(Draft(self._login.actor, "export.table", name, file, after=f'{{"rows": {len(rows)}}}'))
        return await self._tables.write(file, head, rows, self.folder)

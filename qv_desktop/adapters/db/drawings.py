"""Stored drawings of each person."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.engine import Connection

from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import drawings
from qv_desktop.domain.drawings import Drawing, body, from_body

_c = drawings.c


class Drawings:
    """``ports.preferences.Drawings`` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, user: str, symbol: str) -> tuple[list[Drawing], int]:
        """The last changed last, and how many more are stored that cannot be read; those stay as they are."""
        columns = (_c.id, _c.symbol, _c.kind, _c.body)
        query = select(*columns).where(_c.user == user, _c.symbol == symbol).order_by(_c.changed, _c.id)
        rows = await self._database.read(lambda connection: [from_body(*row) for row in connection.execute(query)])
        known = [drawing for drawing in rows if drawing is not None]
        return known, len(rows) - len(known)

    async def keep(self, user: str, changes: Mapping[str, Drawing | None], at: datetime) -> None:
        """Commit all at once: by id the drawing as it now stands, or None where it is gone."""
        rows = [_row(user, drawing, at) for drawing in changes.values() if drawing is not None]
        gone = [id for id, drawing in changes.items() if drawing is None]
        once = upsert(drawings)
        new = {name: once.excluded[name] for name in ("symbol", "kind", "body", "changed")}
        once = once.on_conflict_do_update(index_elements=["user", "id"], set_=new)

        def work(connection: Connection) -> None:
            if rows:
                connection.execute(once, rows)
            if gone:
                connection.execute(delete(drawings).where(_c.user == user, _c.id.in_(gone)))

        await self._database.write(work)


def _row(user: str, drawing: Drawing, at: datetime) -> dict[str, object]:
    return {"user": user, "id": drawing.id, "symbol": drawing.symbol, "kind": drawing.kind.value, "body": body(drawing),
            "changed": at}  # fmt: skip

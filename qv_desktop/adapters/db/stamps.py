"""Times that no calendar has: Postgres keeps ``infinity`` and years that Python cannot count, and one such row must blind nobody."""

from datetime import UTC, date, datetime
from typing import Any

from psycopg import DataError
from psycopg.abc import AdaptContext, Buffer, Loader
from psycopg.adapt import Loader as Base
from psycopg.pq import Format
from sqlalchemy.engine.interfaces import DBAPIConnection

# the first and the last that can still be shown in every time zone
FIRST, LAST = datetime(1, 1, 3, tzinfo=UTC), datetime(9999, 12, 29, tzinfo=UTC)


def tolerate(connection: DBAPIConnection) -> None:
    """Let ``connection`` read such times as the first or the last that Python has, where it raised an error before."""
    adapters: Any = connection.adapters
    for name in ("timestamptz", "date"):
        oid = adapters.types[name].oid
        for format_ in (Format.TEXT, Format.BINARY):
            adapters.register_loader(oid, _tolerant(adapters.get_loader(oid, format_), format_, day=name == "date"))


def _tolerant(exact: type[Loader], its_format: Format, *, day: bool) -> type[Base]:
    class Tolerant(Base):
        format = its_format

        def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
            super().__init__(oid, context)
            self._exact = exact(oid, context)

        def load(self, data: Buffer) -> datetime | date:
            try:
                found: datetime | date = self._exact.load(data)
            except DataError:
                edge = FIRST if _before(bytes(data), its_format) else LAST
                return edge.date() if day else edge
            return found

    return Tolerant


def _before(data: bytes, its_format: Format) -> bool:
    if its_format is Format.BINARY:
        return int.from_bytes(data, "big", signed=True) < 0
    return data.startswith(b"-") or data.endswith(b"BC")

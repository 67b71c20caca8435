"""What time it is by the database's clock: what ends or is locked does so by it, for a terminal's can be set by whoever sits there."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select


def now() -> ColumnElement[Any]:
    """The moment at which a statement uses it."""
    return func.clock_timestamp()


def moment(connection: Connection) -> datetime:
    """The moment at which it is asked, in UTC."""
    found: datetime = connection.execute(select(now())).scalar_one()
    return found.astimezone(UTC)

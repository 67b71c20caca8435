"""Drops what the policy no longer keeps: trades and bars of seconds by whole days, other bars in portions."""

from datetime import UTC, datetime

from sqlalchemy import Connection, text

from qv_desktop.adapters.db import coverage
from qv_desktop.adapters.db.database import Database
from qv_desktop.domain.history import Span
from qv_desktop.domain.market import SECOND, ns, timeframe

PORTION = 6 * 3600 * SECOND  # ns that are deleted at once: between two portions an order's journal line may go first
_DROP = text("SELECT drop_partitions(:parent, :before)")
_FRAMES = text("SELECT DISTINCT timeframe FROM bar_coverage WHERE timeframe LIKE '%s'")
_OLDEST = text("SELECT min(start) FROM bars WHERE timeframe = :frame AND start < :before")
_DELETE = text("DELETE FROM bars WHERE timeframe = :frame AND start >= :start AND start < :end")


class Retention:
    """``ports.ticks.Retention`` on Postgres."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep_since(self, kind: str, oldest: datetime) -> int:
        """Drop what is before ``oldest``: whole UTC days of ``trades`` or of seconds such as ``1s``, rows of another timeframe such as
        ``1m``. How many days or rows. Dropped bars are no longer known to be complete.
        """
        if kind == "trades":
            return await self._database.write(lambda connection: _dropped(connection, "trades", ns(oldest)))
        if timeframe(kind).unit == "s":
            day = oldest.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
            return await self._database.write(lambda connection: _seconds_dropped(connection, ns(day)))
        return await self._deleted(str(timeframe(kind)), ns(oldest))

    async def _deleted(self, frame: str, before: int) -> int:
        asked = {"frame": frame, "before": before}
        oldest = await self._database.read(lambda connection: connection.execute(_OLDEST, asked).scalar())
        if oldest is None:
            return 0
        gone = Span(0, before)
        await self._database.write(lambda connection: coverage.uncover(connection, None, [frame], gone))
        return sum(
            [
                await self._portion(frame, start, min(start + PORTION, before))
                for start in range(oldest, before, PORTION)
            ]
        )

    async def _portion(self, frame: str, start: int, end: int) -> int:
        asked = {"frame": frame, "start": start, "end": end}
        return await self._database.write(lambda connection: connection.execute(_DELETE, asked).rowcount)


def _dropped(connection: Connection, parent: str, before: int) -> int:
    dropped: int = connection.execute(_DROP, {"parent": parent, "before": before}).scalar_one()
    return dropped


def _seconds_dropped(connection: Connection, before: int) -> int:
    frames = list(connection.execute(_FRAMES).scalars())
    coverage.uncover(connection, None, frames, Span(0, before))
    return _dropped(connection, "second_bars", before)

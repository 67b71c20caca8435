"""Retention: each kind by its own number of days, and another try when the database was away."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from qv_desktop.domain.errors import DatabaseDown
from qv_desktop.services.retention import Retention
from tests.fakes import Trail

NOW = datetime(2026, 11, 20, 16, tzinfo=UTC)


@dataclass
class Store:
    """Counts what it is told to drop."""

    asked: list[tuple[str, datetime]] = field(default_factory=list)
    down: bool = False

    async def keep_since(self, kind: str, oldest: datetime) -> int:
        if self.down:
            raise DatabaseDown("The database is away.")
        self.asked.append((kind, oldest))
        return 3


def test_each_kind_is_kept_for_its_own_days_and_zero_is_for_ever() -> None:
    store = Store()
    keeper = Retention(store, {"trades": 30, "1s": 7, "1m": 0}, lambda: NOW, Trail().append)
    assert asyncio.run(keeper.drop()) == {"trades": 3, "1s": 3}
    assert store.asked == [("trades", NOW - timedelta(days=30)), ("1s", NOW - timedelta(days=7))]


def test_a_database_that_is_away_is_tried_again() -> None:
    store = Store(down=True)
    keeper = Retention(store, {"trades": 30}, lambda: NOW, Trail().append)
    assert asyncio.run(keeper.drop()) is None
    store.down = False
    assert asyncio.run(keeper.drop()) == {"trades": 3}

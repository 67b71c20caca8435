"""A database from before people wrote strategies: what shipped then is known as such, and goes on as the next version."""

import asyncio
from datetime import UTC, datetime

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.strategies import StrategyStore
from qv_desktop.services.strategies import Strategies
from qv_desktop.strategies.built_in import built_in
from tests.adapters.db.test_schema import _stepped, _told

NOW = datetime(2026, 11, 27, tzinfo=UTC)


def test_a_database_of_step_21_keeps_its_strategies_and_takes_the_new_ones(postgres_template: str) -> None:
    name = "t_of_step_21"
    _told(postgres_template, f"CREATE DATABASE {name}")
    url = postgres_template.replace("/quantvision", f"/{name}", 1)
    _stepped(url, "0021")
    _told(url, "INSERT INTO strategies VALUES ('a1b2c3d4e5f6', 'sma_cross')",
          "INSERT INTO strategy_versions VALUES ('a1b2c3d4e5f6', 1, 'SMA cross', '[]', 'old', 'h1', 'QuantVision', now())")  # fmt: skip
    database = Database(url)
    try:
        database.migrate()
        trail = AuditTrail(database, "c", "1", lambda: NOW, lambda entry: None)
        store = StrategyStore(database, trail)
        strategies = Strategies(store)
        found = asyncio.run(strategies.load(built_in(NOW)))
        assert {strategy.name for strategy in found} == {strategy.name for strategy in built_in(NOW)}
        assert strategies.clashes == ()
        cross = strategies.named("sma_cross")
        assert (cross.id, cross.version, cross.built_in) == ("a1b2c3d4e5f6", 2, True)
        assert [version.source for version in asyncio.run(store.versions(cross.id))] == [cross.source, "old"]
        asyncio.run(strategies.require_consent(cross))
    finally:
        database.close()
        _told(postgres_template, f"DROP DATABASE {name} WITH (FORCE)")

"""Stored strategies: a new version whenever the source's hash is new, none ever changed."""

from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, RowMapping, func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import strategies, strategy_versions
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.strategies import Parameter, Strategy

v = strategy_versions.c
_COLUMNS = (
    strategies.c.id,
    strategies.c.name,
    v.title,
    v.version,
    v.parameters,
    v.source,
    v.code_hash,
    v.author,
    v.created,
)


class StrategyStore:
    """``ports.StrategyStore`` on Postgres."""

    def __init__(self, database: Database, trail: AuditTrail) -> None:
        self._database = database
        self._trail = trail

    async def keep(self, strategy: Strategy, draft: Draft) -> Strategy:
        """Commit a version when its hash is new, and return the stored one with its version number."""

        def work(connection: Connection) -> tuple[Strategy, list[Draft]]:
            if found := _found(connection, strategy):
                return found, []
            return _added(connection, strategy), [draft]

        return await self._trail.write_found(work)

    async def all(self) -> list[Strategy]:
        """The newest version of each, by name."""
        query = select(*_COLUMNS).join_from(strategies, strategy_versions, v.strategy == strategies.c.id)
        newest = query.ext(distinct_on(strategies.c.name)).order_by(strategies.c.name, v.version.desc())
        return await self._database.read(
            lambda connection: [_strategy(row) for row in connection.execute(newest).mappings()]
        )


def _found(connection: Connection, strategy: Strategy) -> Strategy | None:
    query = select(*_COLUMNS).join_from(strategies, strategy_versions, v.strategy == strategies.c.id)
    row = (
        connection.execute(query.where(strategies.c.id == strategy.id, v.code_hash == strategy.code_hash))
        .mappings()
        .first()
    )
    return _strategy(row) if row else None


def _added(connection: Connection, strategy: Strategy) -> Strategy:
    named = connection.execute(select(strategies.c.id).where(strategies.c.name == strategy.name)).scalar()
    if named not in (None, strategy.id):
        raise BadInput(f"A strategy named “{strategy.name}” exists already; choose another name.")
    connection.execute(
        upsert(strategies).values(id=strategy.id, name=strategy.name).on_conflict_do_nothing(index_elements=["id"])
    )
    connection.execute(
        select(strategies.c.id).where(strategies.c.id == strategy.id).with_for_update()
    )  # one counts at a time
    last = connection.execute(select(func.max(v.version)).where(v.strategy == strategy.id)).scalar() or 0
    stored = replace(strategy, version=last + 1)
    connection.execute(insert(strategy_versions).values(
        strategy=stored.id, version=stored.version, title=stored.title, parameters=[asdict(p) for p in stored.parameters],
        source=stored.source, code_hash=stored.code_hash, author=stored.author, created=stored.created))  # fmt: skip
    return stored


def _strategy(row: RowMapping) -> Strategy:
    values: dict[str, Any] = dict(row)
    values["parameters"] = tuple(Parameter(**parameter) for parameter in values["parameters"])
    return Strategy(**values)

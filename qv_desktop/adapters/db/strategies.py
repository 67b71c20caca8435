"""Stored strategies: versions that never change, one after another, and which strategies are archived."""

from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, func, insert, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import deployments, strategies, strategy_versions
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import BadInput, Superseded
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
    v.note,
    strategies.c.archived,
    strategies.c.built_in,
)


class StrategyStore:
    """``ports.strategies.StrategyStore`` on Postgres."""

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

    async def create(self, strategy: Strategy, draft: Draft) -> Strategy:
        """Commit a new strategy with its first version. Raises BadInput when its name is taken."""
        return await self._trail.write(lambda connection: _added(connection, strategy), draft)

    async def save(self, strategy: Strategy, base: int, draft: Draft) -> Strategy:
        """Commit the version after ``base``, or nothing where the newest is the same source: then that is returned.

        Raises Superseded when ``base`` is not the newest any more.
        """

        def work(connection: Connection) -> tuple[Strategy, list[Draft]]:
            _locked(connection, strategy)
            newest = _newest(connection, strategy.id)
            if newest is None:
                raise BadInput(f"There is no strategy “{strategy.name}” any more.")
            if newest.code_hash == strategy.code_hash and newest.source == strategy.source:
                return newest, []
            if newest.version != base:
                raise Superseded(_superseded(newest, base), newest)
            return _added(connection, strategy), [draft]

        return await self._trail.write_found(work)

    async def archive(self, strategy: Strategy, archived: bool, draft: Draft) -> None:
        """Put a strategy out of sight, or back. Raises BadInput while it is deployed."""

        def work(connection: Connection) -> tuple[None, list[Draft]]:
            _locked(connection, strategy)
            if archived and _deployed(connection, strategy.id):
                raise BadInput(f"“{strategy.name}” is deployed; stop it before you archive it.")
            changed = (
                update(strategies)
                .where(strategies.c.id == strategy.id, strategies.c.archived != archived)
                .values(archived=archived)
            )
            return None, [draft] if connection.execute(changed).rowcount else []

        await self._trail.write_found(work)

    async def all(self) -> list[Strategy]:
        """The newest version of each, by name, archived ones too."""
        newest = _versions().ext(distinct_on(strategies.c.name)).order_by(strategies.c.name, v.version.desc())
        return await self._read(newest)

    async def versions(self, strategy: str) -> list[Strategy]:
        """Every version of the strategy with this id, newest first."""
        return await self._read(_versions().where(strategies.c.id == strategy).order_by(v.version.desc()))

    async def at(self, name: str, version: int) -> Strategy | None:
        """One version of the strategy with this name."""
        found = await self._read(_versions().where(strategies.c.name == name, v.version == version))
        return found[0] if found else None

    async def heads(self) -> list[tuple[str, int, bool]]:
        """Of each strategy its id, its newest version's number and whether it is archived: to see whether anything changed."""
        query = select(strategies.c.id, func.max(v.version), strategies.c.archived).join_from(
            strategies, strategy_versions, v.strategy == strategies.c.id
        )
        query = query.group_by(strategies.c.id, strategies.c.archived).order_by(strategies.c.id)
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [(id, version, archived) for id, version, archived in rows]

    async def _read(self, query: Select[Any]) -> list[Strategy]:
        return await self._database.read(
            lambda connection: [_strategy(row) for row in connection.execute(query).mappings()]
        )


def _versions() -> Select[Any]:
    return select(*_COLUMNS).join_from(strategies, strategy_versions, v.strategy == strategies.c.id)


def _found(connection: Connection, strategy: Strategy) -> Strategy | None:
    # by the text, too: a row of another text that only says it has this hash is another version
    same = (v.code_hash == strategy.code_hash) & (v.source == strategy.source)
    query = _versions().where(strategies.c.id == strategy.id, same)
    row = connection.execute(query.order_by(v.version.desc())).mappings().first()
    return _strategy(row) if row else None


def _newest(connection: Connection, strategy: str) -> Strategy | None:
    query = _versions().where(strategies.c.id == strategy).order_by(v.version.desc()).limit(1)
    row = connection.execute(query).mappings().first()
    return _strategy(row) if row else None


def _superseded(newest: Strategy, base: int) -> str:
    return (
        f"{newest.author} saved version {newest.version} of “{newest.name}” while you worked on version {base}; "
        "nothing was overwritten. Compare the two, then save yours on top of it or go on from it."
    )


def _deployed(connection: Connection, strategy: str) -> bool:
    query = (
        select(deployments.c.id)
        .where(deployments.c.strategy == strategy, deployments.c.state.in_(("running", "paused")))
        .limit(1)
    )
    return connection.execute(query).first() is not None


def _locked(connection: Connection, strategy: Strategy) -> None:
    """One counts its versions at a time."""
    connection.execute(select(strategies.c.id).where(strategies.c.id == strategy.id).with_for_update())


def _added(connection: Connection, strategy: Strategy) -> Strategy:
    named = connection.execute(select(strategies.c.id).where(strategies.c.name == strategy.name)).scalar()
    if named not in (None, strategy.id):
        raise BadInput(f"A strategy named “{strategy.name}” exists already; choose another name.")
    once = upsert(strategies).values(
        id=strategy.id, name=strategy.name, archived=strategy.archived, built_in=strategy.built_in
    )
    connection.execute(once.on_conflict_do_nothing(index_elements=["id"]))
    _locked(connection, strategy)
    last = connection.execute(select(func.max(v.version)).where(v.strategy == strategy.id)).scalar() or 0
    stored = replace(strategy, version=last + 1)
    connection.execute(insert(strategy_versions).values(
        strategy=stored.id, version=stored.version, title=stored.title, parameters=[asdict(p) for p in stored.parameters],
        source=stored.source, code_hash=stored.code_hash, author=stored.author, created=stored.created, note=stored.note))  # fmt: skip
    return stored


def _strategy(row: RowMapping) -> Strategy:
    values: dict[str, Any] = dict(row)
    values["parameters"] = tuple(Parameter(**parameter) for parameter in values["parameters"])
    return Strategy(**values)

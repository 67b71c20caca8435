"""The trail shares the transaction of what it records, cannot be changed or forked, and shows any tampering."""

import asyncio
from collections.abc import Iterator
from itertools import pairwise

import pytest
from sqlalchemy import Connection, Engine, NullPool, create_engine, insert, text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.tables import audit_log
from qv_desktop.domain.audit import GENESIS, SYSTEM, Actor, Draft, Entry, Mark, sealed
from qv_desktop.domain.errors import DatabaseDown, RowRefused
from tests.adapters.db.conftest import Clock

HUMAN = Actor("maria", "human", "Trader", "s1", "desk-4")


def a_draft(number: int = 0, **changed: str) -> Draft:
    values = {"action": "order.submit", "object_type": "order", "object_id": f"qv-{number}", "reason": "", **changed}
    return Draft(HUMAN, **values)  # type: ignore[arg-type]


@pytest.fixture
def owner(postgres_url: str) -> Iterator[Engine]:
    """The database as its superuser sees it."""
    engine = create_engine(postgres_url, poolclass=NullPool)
    yield engine
    engine.dispose()


def filled(trail: AuditTrail, rows: int) -> list[Entry]:
    async def story() -> list[Entry]:
        return [await trail.append(a_draft(number)) for number in range(rows)]

    return asyncio.run(story())


def tampered(owner: Engine, statement: str, trail: AuditTrail) -> None:
    """What someone with every right would do: take the guards away, change the rows, put the guards back."""
    with owner.begin() as connection:
        connection.execute(text("ALTER TABLE audit_log DISABLE TRIGGER append_only"))
        connection.execute(text(statement), {"chain": trail._chain})
        connection.execute(text("ALTER TABLE audit_log ENABLE ALWAYS TRIGGER append_only"))


def test_a_row_comes_back_as_it_was_written(trail: AuditTrail, clock: Clock) -> None:
    clock.time = clock.time.replace(microsecond=123456)
    draft = Draft(
        HUMAN,
        "risk.change",
        "limits",
        "acc",
        "refused",
        "zu hoch — “so nicht”\n",
        '{"a":1}',
        '{"a":2}',
        "corr",
        "cause",
    )
    entry = asyncio.run(trail.append(draft))
    assert asyncio.run(trail.page()) == [entry]
    assert (entry.sequence, entry.previous, entry.at, entry.draft) == (1, GENESIS, clock.time, draft)


def test_text_that_postgres_cannot_keep_is_replaced_before_it_is_hashed(trail: AuditTrail) -> None:
    asyncio.run(trail.append(a_draft(reason="nul\0 and lone \ud800")))
    assert asyncio.run(trail.verify()).whole
    assert "\0" not in asyncio.run(trail.page())[0].draft.reason


def test_each_row_follows_the_one_before_and_the_chain_verifies(trail: AuditTrail) -> None:
    entries = filled(trail, 20)
    assert [e.sequence for e in entries] == list(range(1, 21))
    assert all(second.previous == first.hash for first, second in pairwise(entries))
    found = asyncio.run(trail.verify())
    assert (found.whole, found.rows, found.head, found.head_hash) == (True, 20, 20, entries[-1].hash)


def test_an_empty_chain_is_whole(trail: AuditTrail) -> None:
    assert asyncio.run(trail.verify()).whole
    assert asyncio.run(trail.page()) == []


def test_what_is_recorded_and_its_row_are_written_together_or_not_at_all(
    trail: AuditTrail, database: Database, recorded: list[Entry]
) -> None:
    def failing(connection: Connection) -> None:
        connection.execute(text("INSERT INTO settings VALUES ('u', 'together', 'x')"))
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        asyncio.run(trail.write(failing, a_draft()))
    assert recorded == []
    assert asyncio.run(trail.page()) == []


def test_when_the_row_cannot_be_written_neither_is_what_it_records(
    trail: AuditTrail, database: Database, recorded: list[Entry]
) -> None:
    keep = text("INSERT INTO settings VALUES ('u', 'unrecorded', 'x')")
    with pytest.raises(RowRefused, match=r"does not take the audit row .*; nothing was done"):
        asyncio.run(trail.write(lambda connection: connection.execute(keep), a_draft(action="")))
    rows = text("SELECT count(*) FROM settings WHERE key = 'unrecorded'")
    assert asyncio.run(database.read(lambda connection: connection.execute(rows).scalar())) == 0
    assert recorded == []


def test_it_is_told_on_the_loop_once_per_row_and_after_the_commit(database: Database, clock: Clock) -> None:
    told: list[tuple[int, bool]] = []
    trail = AuditTrail(
        database, "told", "1.0", clock, lambda entry: told.append((entry.sequence, bool(asyncio.get_running_loop())))
    )

    async def story() -> None:
        await trail.write(lambda _: None, a_draft(1), a_draft(2))
        await asyncio.sleep(0)

    asyncio.run(story())
    assert told == [(1, True), (2, True)]


def test_a_cancelled_asker_does_not_silence_the_row(
    trail: AuditTrail, database: Database, recorded: list[Entry]
) -> None:
    async def story() -> None:
        blocker = asyncio.ensure_future(
            database.write(lambda connection: connection.execute(text("SELECT pg_sleep(0.2)")))
        )
        asked = asyncio.ensure_future(trail.append(a_draft()))
        await asyncio.sleep(0.05)
        asked.cancel()
        await blocker
        await database.write(lambda _: None)
        await asyncio.sleep(0.01)

    asyncio.run(story())
    assert [entry.sequence for entry in recorded] == [1]


def test_a_closed_database_refuses_the_action(postgres_url: str, clock: Clock) -> None:
    database = Database(postgres_url)
    trail = AuditTrail(database, "closed", "1.0", clock, lambda _: None)
    database.close()
    with pytest.raises(DatabaseDown):
        asyncio.run(trail.append(a_draft()))


def test_eight_writers_at_once_make_one_line(postgres_url: str, clock: Clock) -> None:
    databases = [Database(postgres_url) for _ in range(8)]
    trails = [AuditTrail(database, "shared", "1.0", clock, lambda _: None) for database in databases]

    async def story() -> None:
        await asyncio.gather(*(trail.append(a_draft(n)) for trail in trails for n in range(25)))

    asyncio.run(story())
    found = asyncio.run(trails[0].verify())
    for database in databases:
        database.close()
    assert (found.whole, found.rows) == (True, 200)


def test_a_fork_is_refused_by_the_table_itself(trail: AuditTrail, database: Database) -> None:
    first, second = filled(trail, 2)
    chain = trail._chain
    for entry in (sealed(chain, 3, first.at, a_draft(9), "1.0", first.hash), sealed(chain, 2, first.at, a_draft(9), "1.0", second.hash),
                  sealed(chain, 3, first.at, a_draft(9), "1.0", GENESIS)):  # fmt: skip
        values = {**dict.fromkeys((c.name for c in audit_log.c), ""), "chain": chain, "sequence": entry.sequence, "at": entry.at,
                  "actor_type": "system", "action": "x.y", "outcome": "ok", "previous": entry.previous, "hash": entry.hash}  # fmt: skip
        with pytest.raises(IntegrityError):
            asyncio.run(database.write(lambda connection, v=values: connection.execute(insert(audit_log).values(v))))


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET reason = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log"]
)
def test_even_the_owner_is_stopped_by_the_trigger(owner: Engine, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="append-only"), owner.begin() as connection:
        connection.execute(text(statement))


def test_the_trigger_also_stands_in_replica_mode(owner: Engine) -> None:
    with owner.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        with pytest.raises(ProgrammingError, match="append-only"):
            connection.execute(text("DELETE FROM audit_log"))


@pytest.mark.parametrize(("statement", "at", "reason"), [
    ("UPDATE audit_log SET reason = 'other' WHERE chain = :chain AND sequence = 4", 4, "changed"),
    ("UPDATE audit_log SET actor = 'eve' WHERE chain = :chain AND sequence = 1", 1, "changed"),
    ("UPDATE audit_log SET at = at + interval '1 microsecond' WHERE chain = :chain AND sequence = 7", 7, "changed"),
    ("DELETE FROM audit_log WHERE chain = :chain AND sequence = 5", 5, "missing"),
    ("DELETE FROM audit_log WHERE chain = :chain AND sequence = 1", 1, "missing"),
    ("UPDATE audit_log SET sequence = sequence + 1 WHERE chain = :chain AND sequence = 10", 10, "missing"),
    ("UPDATE audit_log SET hash = repeat('a', 64) WHERE chain = :chain AND sequence = 6", 6, "changed"),
    ("UPDATE audit_log SET previous = repeat('b', 64) WHERE chain = :chain AND sequence = 3", 3, "does not follow"),
])  # fmt: skip
def test_tampering_is_found_at_the_row(trail: AuditTrail, owner: Engine, statement: str, at: int, reason: str) -> None:
    filled(trail, 10)
    tampered(owner, statement, trail)
    found = asyncio.run(trail.verify())
    assert not found.whole
    assert found.broken_at == at
    assert reason in found.reason


def test_pages_go_backwards_and_filters_narrow_them(trail: AuditTrail) -> None:
    async def story() -> dict[str, list[int]]:
        for number in range(1, 6):
            await trail.append(a_draft(number))
        await trail.append(Draft(SYSTEM, "order_x.fill", "order", "1", "failed", "50% of_it"))
        await trail.append(a_draft(7, action="risk.halt", reason="Volatility"))

        async def numbers(**asked: object) -> list[int]:
            return [entry.sequence for entry in await trail.page(**asked)]  # type: ignore[arg-type]

        return {
            "newest": await numbers(limit=2), "before": await numbers(before=3), "actor": await numbers(actor="system"),
            "exact": await numbers(action="risk.halt"),
            "prefix": await numbers(action="order_*"), "outcome": await numbers(outcome="failed"),
            "text": await numbers(text="volat"), "percent": await numbers(text="0% OF_"), "wild": await numbers(text="%"),
        }  # fmt: skip

    assert asyncio.run(story()) == {"newest": [7, 6], "before": [2, 1], "actor": [6], "exact": [7], "prefix": [6], "outcome": [6],
                                    "text": [7], "percent": [6], "wild": [6]}  # fmt: skip


def test_two_chains_in_one_database_do_not_mix(database: Database, clock: Clock) -> None:
    one, two = (AuditTrail(database, name, "1.0", clock, lambda _: None) for name in ("one", "two"))
    filled(one, 3)
    filled(two, 2)
    assert asyncio.run(one.verify()).rows == 3
    assert [entry.sequence for entry in asyncio.run(two.page())] == [2, 1]


def test_a_trail_that_lost_its_end_is_broken_where_the_mark_says(trail: AuditTrail, owner: Engine) -> None:
    rows = filled(trail, 5)
    trail._mark = lambda: Mark(5, rows[4].hash)
    assert asyncio.run(trail.verify()).whole
    tampered(owner, "DELETE FROM audit_log WHERE chain = :chain AND sequence > 3", trail)
    found = asyncio.run(trail.verify())
    assert (found.broken_at, found.head) == (4, 3)
    assert asyncio.run(trail.holds(Mark(3, rows[2].hash)))
    assert not asyncio.run(trail.holds(Mark(5, rows[4].hash)))


def test_an_emptied_trail_of_a_database_with_users_is_not_whole(trail: AuditTrail, owner: Engine) -> None:
    tampered(owner, "DELETE FROM audit_log", trail)
    assert asyncio.run(trail.verify()).whole  # nobody was there yet
    with owner.begin() as connection:
        connection.execute(text("INSERT INTO users (id, name, role, state, role_version, password_hash, created) "
                                "VALUES ('u1', 'maria', 'Trader', 'active', 1, '$argon2id$x', now())"))  # fmt: skip
    try:
        found = asyncio.run(trail.verify())
        assert (found.broken_at, found.rows) == (1, 0)
        assert "users" in found.reason
    finally:
        with owner.begin() as connection:
            connection.execute(text("DELETE FROM users WHERE id = 'u1'"))


def test_an_order_s_rows_are_found_by_its_id_oldest_first_and_by_the_index(trail: AuditTrail, owner: Engine) -> None:
    async def story() -> list[Entry]:
        for number in range(6):
            await trail.append(a_draft(number, correlation=f"qv-{number % 2}"))
        return await trail.of("qv-1")

    found = asyncio.run(story())
    assert [entry.draft.object_id for entry in found] == ["qv-1", "qv-3", "qv-5"]
    assert all(entry.hash for entry in found)
    assert asyncio.run(trail.of("")) == []
    with owner.connect() as connection:
        connection.execute(text("SET enable_seqscan = off"))
        question = "EXPLAIN SELECT * FROM audit_log WHERE chain = :chain AND correlation = :id AND correlation <> ''"
        plan = connection.execute(text(question), {"chain": trail._chain, "id": "qv-1"}).scalars()
        assert "audit_log_correlation" in "\n".join(plan)

"""Rows that wait together share a commit, eight processes at once make one line, and what cannot be recorded does not happen."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine, NullPool, create_engine, text
from sqlalchemy.exc import IntegrityError

from qv_desktop.adapters.db.audit import AuditTrail, _clean
from qv_desktop.adapters.db.audit_groups import MOST
from qv_desktop.adapters.db.audit_links import _link
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.limits import LimitStore
from qv_desktop.adapters.db.orders import OrderJournal
from qv_desktop.adapters.db.risk import RiskStore
from qv_desktop.adapters.db.spool import Spool
from qv_desktop.adapters.db.tables import audit_log
from qv_desktop.adapters.db.users import Users
from qv_desktop.domain.audit import SYSTEM, Actor, Draft, Entry, link, sealed
from qv_desktop.domain.errors import DatabaseDown, RowRefused
from qv_desktop.domain.limits import Scope, ScopedLimits
from qv_desktop.domain.orders import OrderStatus
from qv_desktop.domain.risk import TradingState
from qv_desktop.services.noting import noting
from tests.adapters.db.conftest import Clock
from tests.benchmarks.audit import EACH, WRITERS, written
from tests.builders import an_order

ANY = st.text(max_size=30)


def a_draft(number: int = 0, action: str = "order.submit") -> Draft:
    return Draft(SYSTEM, action, "order", f"qv-{number}")


@given(ANY, ANY, ANY, ANY, st.integers(1, 2**60), st.datetimes())
def test_what_is_read_for_verifying_is_the_text_that_was_hashed(
    name: str, reason: str, before: str, correlation: str, number: int, at: datetime
) -> None:
    draft = _clean(Draft(Actor(name, "human", "Trader"), "a.b", "order", "1", "ok", reason, before, "", correlation))
    entry = sealed("chain", number, at.replace(tzinfo=UTC), draft, "1.0", "0" * 64)
    actor = draft.actor
    row = (entry.chain, number, entry.at.isoformat(timespec="microseconds"), actor.name, actor.type, actor.role, actor.session, actor.host,
           draft.action, draft.object_type, draft.object_id, draft.outcome, draft.reason, draft.before, draft.after, draft.correlation,
           draft.causation, entry.app_version, entry.previous, entry.hash)  # fmt: skip
    assert _link(row) == link(entry)


def test_rows_that_wait_together_share_a_commit_and_keep_their_order(
    trail: AuditTrail, database: Database, recorded: list[Entry]
) -> None:
    async def story() -> list[Entry]:
        return list(await asyncio.gather(*(trail.append(a_draft(number)) for number in range(MOST + 50))))

    entries = asyncio.run(story())
    assert [entry.sequence for entry in entries] == list(range(1, MOST + 51))
    assert [entry.draft.object_id for entry in entries] == [f"qv-{number}" for number in range(MOST + 50)]
    assert recorded == entries
    commits = text("SELECT count(DISTINCT xmin::text) FROM audit_log WHERE chain = :chain")
    count = asyncio.run(database.read(lambda c: c.execute(commits, {"chain": trail._chain}).scalar_one()))
    assert count <= 4
    assert asyncio.run(trail.verify()).whole


def test_one_that_cannot_be_recorded_is_refused_alone(trail: AuditTrail, recorded: list[Entry]) -> None:
    async def story() -> list[Entry | BaseException]:
        return await asyncio.gather(
            *(trail.append(a_draft(number, "" if number == 13 else "order.submit")) for number in range(30)),
            return_exceptions=True,
        )

    answers = asyncio.run(story())
    assert [number for number, answer in enumerate(answers) if isinstance(answer, BaseException)] == [13]
    assert isinstance(answers[13], RowRefused)
    assert len(recorded) == 29
    found = asyncio.run(trail.verify())
    assert (found.whole, found.rows) == (True, 29)


def test_an_order_and_the_row_asked_for_before_it_stay_in_their_order(trail: AuditTrail) -> None:
    async def story() -> None:
        await asyncio.gather(trail.append(a_draft(1)), trail.write(lambda _: None, a_draft(2)))

    asyncio.run(story())
    assert [entry.draft.object_id for entry in asyncio.run(trail.page())] == ["qv-2", "qv-1"]


def test_eight_processes_at_once_make_one_line_without_forks_and_gaps(postgres_url: str, database: Database) -> None:
    with ProcessPoolExecutor(WRITERS, get_context("spawn")) as pool:
        list(pool.map(written, [postgres_url] * WRITERS, range(WRITERS)))
    asked = text("SELECT count(*), count(DISTINCT previous), max(sequence) FROM audit_log WHERE chain = 'eight'")
    rows, descents, newest = asyncio.run(database.read(lambda connection: tuple(connection.execute(asked).one())))
    assert rows == descents == newest == WRITERS * EACH
    found = asyncio.run(AuditTrail(database, "eight", "1", lambda: None, lambda _: None).verify())  # type: ignore[arg-type, return-value]
    assert (found.whole, found.rows) == (True, WRITERS * EACH)


@pytest.mark.parametrize("how", ["the lock", "a row that is not committed"])
def test_another_login_that_holds_the_trail_stalls_nobody_and_the_brakes_wait_for_their_turn(
    how: str, trail: AuditTrail, database: Database, postgres_url: str, recorded: list[Entry], tmp_path: Path
) -> None:
    first = asyncio.run(trail.append(a_draft()))
    spool = Spool(tmp_path / "waiting.jsonl", trail.append, lambda: datetime.now(UTC))
    ahead = sealed(trail._chain, 2, datetime.now(UTC), a_draft(), "1", first.hash)
    values = dict.fromkeys(audit_log.c.keys(), "") | {
        "chain": trail._chain, "sequence": 2, "at": ahead.at, "actor_type": "system", "action": "x.y", "outcome": "ok",
        "previous": ahead.previous, "hash": ahead.hash}  # fmt: skip
    lock = text("SELECT pg_advisory_xact_lock(hashtext('audit'), hashtext(:chain))")
    other = create_engine(postgres_url, poolclass=NullPool)
    with other.connect() as holder:
        holder.execute(*((lock, {"chain": trail._chain}) if how == "the lock" else (audit_log.insert(), values)))
        with pytest.raises(DatabaseDown, match="held the audit trail for two seconds; nothing was written"):
            asyncio.run(trail.append(a_draft(1)))
        asyncio.run(noting(trail, spool)(a_draft(2, "kill.switch")))
        assert spool.waiting == 1
        holder.rollback()
    asyncio.run(spool.drain())
    assert (recorded[-1].sequence, spool.waiting, database.down) == (2, 0, False)
    other.dispose()


@pytest.mark.parametrize("name", ["previous", "hash"])
@pytest.mark.parametrize("value", ["", "a" * 63, "a" * 65, "A" * 64, "g" + "a" * 63, "a" * 63 + "\n"])
def test_the_table_takes_no_hash_that_is_none(database: Database, trail: AuditTrail, name: str, value: str) -> None:
    entry = sealed(trail._chain, 2, datetime.now(UTC), a_draft(), "1", "a" * 64)
    values = dict.fromkeys(audit_log.c.keys(), "") | {
        "chain": trail._chain, "sequence": 2, "at": entry.at, "actor_type": "system", "action": "x.y", "outcome": "ok",
        "previous": entry.previous, "hash": entry.hash, name: value}  # fmt: skip
    with pytest.raises(IntegrityError, match=f"audit_log_{name}_check"):
        asyncio.run(database.write(lambda connection: connection.execute(audit_log.insert().values(values))))


@pytest.fixture
def full(postgres_url: str) -> Iterator[None]:
    """A disk that takes no more audit rows, as Postgres tells it."""
    owner = create_engine(postgres_url, poolclass=NullPool)
    told(owner, """
        CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = 'disk_full'; END $$
    """, "CREATE TRIGGER no_room BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION no_room()")  # fmt: skip
    yield
    told(owner, "DROP TRIGGER no_room ON audit_log", "DROP FUNCTION no_room")
    owner.dispose()


def told(owner: Engine, *statements: str) -> None:
    with owner.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def an_intent(database: Database, trail: AuditTrail, clock: Clock) -> Awaitable[object]:
    return OrderJournal(database, trail).intend(an_order(status=OrderStatus.INTENT), a_draft())


def a_limit(database: Database, trail: AuditTrail, clock: Clock) -> Awaitable[object]:
    return LimitStore(database, trail).tighten(
        ScopedLimits(Scope.ACCOUNT, "acc", {"order_value": Decimal(5)}, 1, "u"), "", a_draft()
    )


def a_halt_lifted(database: Database, trail: AuditTrail, clock: Clock) -> Awaitable[object]:
    return RiskStore(database, trail).save_state("acc", TradingState.ACTIVE, a_draft())


def a_user(database: Database, trail: AuditTrail, clock: Clock) -> Awaitable[object]:
    return Users(database, trail, clock).create("Full", "correct horse battery", "Trader", a_draft())


type Act = Callable[[Database, AuditTrail, Clock], Awaitable[object]]


@pytest.mark.parametrize(
    ("act", "table"),
    [
        (an_intent, "orders"),
        (a_limit, "limit_versions WHERE scope = 'account'"),
        (a_halt_lifted, "risk_events"),
        (a_user, "users"),
    ],
)
@pytest.mark.usefixtures("full")
def test_where_no_audit_row_can_be_written_nothing_happens(
    database: Database, trail: AuditTrail, clock: Clock, recorded: list[Entry], act: Act, table: str
) -> None:
    async def story() -> None:
        with pytest.raises(DatabaseDown):
            await act(database, trail, clock)

    asyncio.run(story())
    count = text(f"SELECT count(*) FROM {table}")  # noqa: S608 - names of ours
    assert asyncio.run(database.read(lambda connection: connection.execute(count).scalar_one())) == 0
    assert recorded == []

"""What the database does not take for another reason than being away: the brakes hold and their rows wait, all else is not done."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import NullPool, create_engine, text

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.orders import OrderJournal
from qv_desktop.adapters.db.risk import RiskStore
from qv_desktop.adapters.db.spool import Spool
from qv_desktop.adapters.db.users import Users
from qv_desktop.app.building import late
from qv_desktop.domain.audit import SYSTEM, Draft, Entry
from qv_desktop.domain.errors import DatabaseDown, NotPermitted, RowRefused
from qv_desktop.domain.risk import TradingState
from qv_desktop.services.noting import noting
from qv_desktop.services.trading_states import brakes
from tests.adapters.db.conftest import Clock
from tests.adapters.db.test_orders import an_order
from tests.builders import NOW
from tests.services.test_orders import Desk, on_a_desk

DRAFT = Draft(SYSTEM, "order.submit", "order", "qv-1")
REASONS = ["data_exception", "check_violation", "insufficient_privilege", "internal_error", "unique_violation"]


class Gate:
    """Refuses rows of one table."""

    def __init__(self, url: str) -> None:
        self._owner = create_engine(url, poolclass=NullPool)
        self._shut: list[str] = []

    def shut(self, why: str, table: str = "audit_log") -> None:
        self._told(f"""
            CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION 'not this one' USING ERRCODE = '{why}'; END $$
        """, f"CREATE TRIGGER gate BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION gate()")  # fmt: skip
        self._shut.append(table)

    def open(self) -> None:
        for table in self._shut:
            self._told(f"DROP TRIGGER gate ON {table}", "DROP FUNCTION gate()")
        self._shut.clear()

    def close(self) -> None:
        self.open()
        self._owner.dispose()

    def _told(self, *statements: str) -> None:
        with self._owner.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))


@pytest.fixture
def gate(postgres_url: str) -> Iterator[Gate]:
    found = Gate(postgres_url)
    yield found
    found.close()


@pytest.mark.parametrize("why", REASONS)
def test_the_row_of_a_kill_waits_and_is_written_once_the_database_takes_it(
    gate: Gate, why: str, trail: AuditTrail, database: Database, recorded: list[Entry], tmp_path: Path
) -> None:
    spool = Spool(tmp_path / "waiting.jsonl", trail.append, lambda: NOW)

    async def story() -> None:
        await noting(trail, spool)(Draft(SYSTEM, "kill.switch", "account", "a"))
        assert (spool.waiting, recorded, database.down) == (1, [], False)
        gate.open()
        await spool.drain()

    gate.shut(why)
    asyncio.run(story())
    assert [entry.draft.action for entry in recorded] == ["kill.switch"]


@pytest.mark.parametrize("table", ["audit_log", "risk_events"])
@pytest.mark.parametrize("why", REASONS)
def test_a_halt_that_is_refused_holds_through_a_restart_until_somebody_resumes(
    gate: Gate, why: str, table: str, trail: AuditTrail, database: Database, tmp_path: Path
) -> None:
    store = RiskStore(database, trail)

    async def story(desk: Desk) -> None:
        desk.risk._store = store
        desk.risk._spool = spool = Spool(tmp_path / "waiting.jsonl", late(trail, store), lambda: NOW, brakes)
        gate.shut(why, table)
        await desk.risk.halt("drill")
        assert spool.waiting == 1
        desk.risk.state, desk.risk._braked = TradingState.ACTIVE, None  # the next sitting
        await spool.drain()
        await desk.risk.load()
        assert desk.risk.state is TradingState.HALTED
        with pytest.raises(RowRefused):
            await desk.risk.resume("over")
        assert desk.risk.state is TradingState.HALTED
        gate.open()
        await desk.risk.resume("over")
        await spool.drain()
        await desk.risk.load()
        assert (desk.risk.state, spool.waiting) == (TradingState.ACTIVE, 0)

    on_a_desk(story)


@pytest.mark.parametrize("why", REASONS)
def test_orders_and_log_ins_fail_closed_with_one_sentence(
    gate: Gate, why: str, trail: AuditTrail, database: Database, clock: Clock
) -> None:
    users = Users(database, trail, clock)
    name, password = f"ada{why[:6]}", "a long enough passphrase 7"
    asyncio.run(users.create(name, password, "Trader", DRAFT))
    gate.shut(why)
    order = an_order(clock, f"qv-{why}", "shut")
    for deed in (
        lambda: OrderJournal(database, trail).intend(order, DRAFT),
        lambda: users.sign_in(name, password, "host"),
        lambda: trail.append(DRAFT),
    ):
        with pytest.raises(RowRefused) as refused:
            asyncio.run(deed())
        assert str(refused.value).count(". ") <= 1
        assert "not this one" in str(refused.value)
    assert asyncio.run(OrderJournal(database, trail).orders_since("shut", clock())) == []


# ---- the spool


def a_draft(name: str, action: str = "permission.refuse") -> Draft:
    return Draft(SYSTEM, action, "permission", name, after='{"state": "HALTED"}')


class Taker:
    """Takes rows but for those that it was told not to."""

    def __init__(self, **refused: Exception) -> None:
        self.refused, self.rows = refused, list[str]()

    async def write(self, draft: Draft) -> None:
        if draft.object_id in self.refused:
            raise self.refused[draft.object_id]
        self.rows.append(draft.object_id)


def drained(spool: Spool, *drafts: Draft) -> None:
    for draft in drafts:
        spool.keep(draft)
    asyncio.run(spool.drain())


def test_a_row_that_is_refused_is_set_aside_and_said_and_those_behind_it_go_on(tmp_path: Path) -> None:
    database, told = Taker(b=RowRefused("It breaks a rule.")), list[str]()
    spool = Spool(tmp_path / "waiting.jsonl", database.write, lambda: NOW, told=told.append)
    drained(spool, a_draft("a"), a_draft("b"), a_draft("c"))
    assert (database.rows, spool.waiting) == (["a", "c"], 0)
    aside = (tmp_path / "waiting.refused").read_text().splitlines()
    assert [json.loads(line)["object_id"] for line in aside] == ["b"]
    assert len(told) == 1
    assert "It breaks a rule." in told[0]
    drained(spool, a_draft("d"))
    assert (database.rows, len(told)) == (["a", "c", "d"], 1)


def test_a_row_that_only_another_login_may_write_waits_and_blocks_nobody(tmp_path: Path) -> None:
    database = Taker(maria=NotPermitted("It is hers."))
    spool = Spool(tmp_path / "waiting.jsonl", database.write, lambda: NOW)
    drained(spool, a_draft("maria"), a_draft("b"))
    assert (database.rows, spool.waiting) == (["b"], 1)
    assert not (tmp_path / "waiting.refused").exists()
    database.refused.clear()
    drained(spool)
    assert (database.rows, spool.waiting) == (["b", "maria"], 0)


def test_while_the_database_is_away_nothing_is_set_aside_and_the_order_stays(tmp_path: Path) -> None:
    database = Taker(a=DatabaseDown("It is away."))
    spool = Spool(tmp_path / "waiting.jsonl", database.write, lambda: NOW)
    drained(spool, a_draft("a"), a_draft("b"))
    assert (database.rows, spool.waiting) == ([], 2)
    database.refused.clear()
    drained(spool)
    assert database.rows == ["a", "b"]


def test_a_brake_that_is_refused_stays_and_later_brakes_stay_behind_it(tmp_path: Path) -> None:
    database = Taker(a=RowRefused("It breaks a rule."))
    spool = Spool(tmp_path / "waiting.jsonl", database.write, lambda: NOW, brakes)
    drained(spool, a_draft("a", "risk.reducing"), a_draft("b"), a_draft("c", "risk.halted"))
    assert (database.rows, [draft.object_id for draft in spool.held()]) == (["b"], ["a", "c"])
    database.refused.clear()
    drained(spool)
    assert database.rows == ["b", "a", "c"]

"""What the database does not take for another reason than being away: the brakes hold and their rows wait, all else is not done."""

import asyncio
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
from qv_desktop.domain.errors import RowRefused
from qv_desktop.domain.risk import TradingState
from qv_desktop.services.noting import noting
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
        desk.risk._spool = spool = Spool(tmp_path / "waiting.jsonl", late(trail, store), lambda: NOW)
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

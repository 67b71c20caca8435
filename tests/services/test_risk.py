"""The brakes work without a database, and what they did reaches the trail once it is back."""

import asyncio
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from qv_desktop.adapters.db.spool import Spool
from qv_desktop.app.building import late
from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.errors import BadInput, DatabaseDown
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.orders import OrderStatus
from qv_desktop.domain.risk import TradingState
from qv_desktop.services.risk import measured
from tests.builders import NOW, a_limit, a_position, a_view, an_account
from tests.fakes import RiskStore, Trail
from tests.services.test_orders import Desk, on_a_desk


def away(desk: Desk) -> RiskStore:
    """The desk's database is gone, and the last look at the role is too old."""
    store = desk.risk._store
    assert isinstance(store, RiskStore)
    desk.users.down = desk.trail.down = store.down = True
    desk.later(5)
    return store


def test_a_halt_works_without_a_database_and_is_stored_in_order_when_it_is_back(tmp_path: Path) -> None:
    file = tmp_path / "waiting.jsonl"

    async def story(desk: Desk) -> None:
        store = away(desk)
        desk.risk._spool = spool = Spool(file, late(desk.trail, store), lambda: NOW)
        await desk.risk.reduce("too fast")
        await desk.risk.halt("drill")
        assert desk.risk.state is TradingState.HALTED
        await spool.drain()
        assert (spool.waiting, store.kept) == (2, TradingState.ACTIVE)
        store.down = False
        await spool.drain()
        assert (spool.waiting, store.kept) == (0, TradingState.HALTED)

    on_a_desk(story)


def test_a_resume_waits_until_the_halt_before_it_is_stored(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        store = away(desk)
        desk.risk._spool = spool = Spool(tmp_path / "waiting.jsonl", late(desk.trail, store), lambda: NOW)
        await desk.risk.halt("drill")
        desk.users.down = store.down = False
        await desk.risk.resume("over")
        await spool.drain()
        assert (desk.risk.state, store.kept) == (TradingState.ACTIVE, TradingState.ACTIVE)

    on_a_desk(story)


def test_a_halt_that_can_be_kept_nowhere_still_halts_and_says_so(tmp_path: Path) -> None:
    async def story(desk: Desk) -> None:
        store = away(desk)
        desk.risk._spool = Spool(tmp_path, late(desk.trail, store), lambda: NOW)
        with pytest.raises(DatabaseDown, match="a restart will forget it"):
            await desk.risk.halt("drill")
        assert desk.risk.state is TradingState.HALTED

    on_a_desk(story)


def test_spooled_rows_survive_the_program_and_a_torn_line_costs_no_other_row(tmp_path: Path) -> None:
    file, trail = tmp_path / "waiting.jsonl", Trail()
    one, two = (Draft(SYSTEM, "permission.refuse", "permission", name, "refused", "why") for name in ("a", "b"))
    Spool(file, trail.append, lambda: NOW).keep(one)
    with file.open("a") as torn:
        torn.write('{"actor": ')
    Spool(file, trail.append, lambda: NOW + timedelta(seconds=1)).keep(two)
    asyncio.run(Spool(file, trail.append, lambda: NOW).drain())
    assert [row.draft.object_id for row in trail.rows] == ["a", "b"]
    assert trail.rows[0].draft.reason == "why (at 2026-11-20 15:30:00 UTC, while the database did not take it)"
    assert not file.exists()


def test_an_order_that_is_still_being_written_down_counts_as_a_duplicate() -> None:
    async def story(desk: Desk) -> None:
        one, two = await asyncio.gather(
            desk.orders.submit(a_limit("100.00")), desk.orders.submit(a_limit("100.00", id="qv-2"))
        )
        assert (one.status, two.status) == (OrderStatus.SUBMITTED, OrderStatus.REFUSED)
        assert "same order" in two.reason
        third = await desk.orders.submit(a_limit("100.00", id="qv-3"))
        assert "Orders per minute" in {c.title for c in desk.risk.judge(a_limit("99.00"), desk.orders.book).checks}
        count = next(c for c in desk.risk.judge(a_limit("99.00"), desk.orders.book).checks if c.code == "ORDER_RATE")
        assert (third.status, count.value) == (OrderStatus.REFUSED, "2")

    on_a_desk(story)


def test_limits_of_nothing_are_measured_too() -> None:
    nothing = Limits(*([Decimal(0)] * 7), 0, Decimal(0))
    view = a_view(account=an_account("99000", last_equity=Decimal(100_000)), positions={"AAPL": a_position(100)})
    used = {gauge.title: gauge.used for gauge in measured(view, nothing).gauges}
    assert (used["Day loss"], used["Gross exposure"], used["Orders per minute"]) == (1.0, 1.0, 0.0)


@pytest.mark.parametrize("equity", ["-500", "0"])
def test_of_a_negative_equity_every_dollar_that_is_held_is_too_much(equity: str) -> None:
    """As a fraction of it the more is held the less would be used, and the gauges would be calm."""
    account = an_account(
        equity, last_equity=Decimal(100_000), maintenance_margin=Decimal(2_500), buying_power=Decimal(0)
    )
    view = a_view(account=account, positions={"AAPL": a_position(100)})
    found = {gauge.title: (gauge.used, gauge.value, gauge.limit) for gauge in measured(view, Limits()).gauges}
    assert found["Gross exposure"] == (1.0, "$10,000", "$0")
    assert found["Largest name · AAPL"] == (1.0, "$10,000", "$0")
    assert found["Margin used"] == (1.0, "$2,500", "$0")
    flat = {gauge.title: gauge.used for gauge in measured(a_view(account=account), Limits()).gauges}
    assert flat["Gross exposure"] == 0.0


def test_a_halt_before_the_account_is_known_outlives_what_is_stored_of_it() -> None:
    async def story(desk: Desk) -> None:
        account, store = desk.risk._account, desk.risk._store
        told, account.balances = account.balances, None  # the broker has not answered yet
        await desk.risk.halt("drill")
        account.balances = told
        await desk.risk.load()
        assert desk.risk.state is TradingState.HALTED
        assert await store.state(account.id) is TradingState.HALTED

    on_a_desk(story)


def test_what_is_stored_wins_over_a_lesser_brake_and_over_none() -> None:
    async def story(desk: Desk) -> None:
        account, store = desk.risk._account.id, desk.risk._store
        await store.save_state(account, TradingState.REDUCING, Draft(SYSTEM, "risk.reducing", "account", account))
        await desk.risk.load()
        assert desk.risk.state is TradingState.REDUCING
        await desk.risk.reduce("drill")
        await store.save_state(account, TradingState.HALTED, Draft(SYSTEM, "risk.halted", "account", account))
        await desk.risk.load()
        assert desk.risk.state is TradingState.HALTED

    on_a_desk(story)


def test_the_programs_own_halt_is_kept_for_the_next_start_and_recorded_once() -> None:
    async def story(desk: Desk) -> None:
        store = desk.risk._store
        assert isinstance(store, RiskStore)
        desk.risk.trip("an order is not as it was told")
        desk.risk.trip("another one is not either")
        await asyncio.sleep(0.01)
        assert store.states == {desk.risk._account.id: TradingState.HALTED}
        await desk.risk.load()
        assert desk.risk.state is TradingState.HALTED

    on_a_desk(story)


def test_a_release_waits_for_the_brakes_row_that_is_on_its_way() -> None:
    async def story(desk: Desk) -> None:
        store, written = desk.risk._store, asyncio.Event()
        assert isinstance(store, RiskStore)
        save = store.save_state

        async def hanging(account: str, state: TradingState, draft: Draft) -> None:
            if state is TradingState.HALTED:
                await written.wait()
            await save(account, state, draft)

        store.save_state = hanging  # type: ignore[method-assign]
        desk.risk.trip("odd")
        resuming = asyncio.ensure_future(desk.risk.resume("seen"))
        await asyncio.sleep(0.05)
        assert (resuming.done(), store.drafts) == (False, [])
        written.set()
        await resuming
        assert [draft.action for draft in store.drafts] == ["risk.halted", "risk.active"]
        assert (desk.risk.state, store.kept) == (TradingState.ACTIVE, TradingState.ACTIVE)

    on_a_desk(story)


def test_a_halt_that_comes_while_trading_is_being_resumed_stands() -> None:
    async def story(desk: Desk) -> None:
        store = desk.risk._store
        assert isinstance(store, RiskStore)
        await desk.risk.halt("drill")
        store.slow = 0.02
        resuming = asyncio.ensure_future(desk.risk.resume("over"))
        await asyncio.sleep(0.01)
        await desk.risk.halt("not over")
        with pytest.raises(BadInput, match="HALTED since you asked"):
            await resuming
        assert (desk.risk.state, store.kept) == (TradingState.HALTED, TradingState.HALTED)
        await desk.risk.resume("now it is")
        assert (desk.risk.state, store.kept) == (TradingState.ACTIVE, TradingState.ACTIVE)

    on_a_desk(story)

"""What ends a deployment ends it for good: with the database away, with orders at work, at two desks at once."""

import asyncio
import threading
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from qv_desktop.domain.access import Action, Permission, Resource, Role, User
from qv_desktop.domain.accounts import Environment
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.deployments import Stage, State
from qv_desktop.domain.errors import BadInput, DatabaseDown
from qv_desktop.domain.events import KillChanged
from qv_desktop.domain.killing import Killing
from qv_desktop.domain.orders import OrderStatus, Report, ReportKind
from qv_desktop.domain.signals import Fate, Kind
from qv_desktop.services import deployment_closing
from tests.builders import NOW
from tests.services.test_deployments import TERMS, Desk, Store, at_a_desk

PRESSED = KillChanged(Killing(NOW, "ann", "done", True))


def test_a_kill_with_the_database_away_outlives_the_program() -> None:
    store = Store()

    async def first(desk: Desk) -> None:
        await desk.running()
        store.down = True
        desk.runs.hear(PRESSED)
        await asyncio.sleep(0.02)
        (one,) = desk.service.all()
        assert (one.state, desk.runs.running) == (State.PAUSED, ())

    async def second(desk: Desk) -> None:
        assert next(iter(store.kept.values())).state is State.RUNNING  # nobody could write it down
        await desk.service.load()
        (one,) = desk.service.all()
        assert (one.state, desk.runs.running) == (State.PAUSED, ())
        assert one.reason == "The kill switch was pressed."
        assert store.lines[-1].words == "The kill switch was pressed."
        assert desk.service._brakes._spool.held() == []

    at_a_desk(first, store=store)
    store.down = False
    store.leases.clear()
    at_a_desk(second, store=store)


def test_the_disk_that_keeps_a_pause_is_waited_for_on_another_thread() -> None:
    """And what is on its way there is in force already."""
    threads, slow = list[threading.Thread](), threading.Event()

    async def story(desk: Desk) -> None:
        one = await desk.running()
        spool = desk.service._brakes._spool
        keep = spool.keep

        def kept(draft: Draft) -> None:
            threads.append(threading.current_thread())
            slow.wait(10)
            keep(draft)

        spool.keep = kept  # type: ignore[method-assign]
        desk.store.down = True
        desk.runs.hear(PRESSED)
        assert desk.service.all()[0].state is State.PAUSED
        assert "kill switch" in desk.service._brakes.waits_for(one)
        assert spool.held() == []
        slow.set()
        await desk.service.flush()
        assert [draft.object_id for draft in spool.held()] == [one.id]
        assert "kill switch" in desk.service._brakes.waits_for(one)
        desk.store.down = False
        await desk.service.flush()
        assert spool.held() == []

    at_a_desk(story)
    assert threads
    assert threading.main_thread() not in threads


def test_what_a_person_pauses_while_the_database_is_away_is_on_the_disk_before_they_are_told() -> None:
    async def story(desk: Desk) -> None:
        one = await desk.running()
        desk.store.down = True
        with pytest.raises(DatabaseDown):
            await desk.service.pause(one)
        assert [draft.object_id for draft in desk.service._brakes._spool.held()] == [one.id]

    at_a_desk(story)


def test_what_waits_to_be_paused_does_not_go_on_while_it_waits() -> None:
    store = Store()

    async def first(desk: Desk) -> None:
        await desk.running()
        store.down = True
        desk.runs.hear(PRESSED)

    async def second(desk: Desk) -> None:
        change = desk.store.change

        async def refusing(*_: Any) -> None:
            raise DatabaseDown("The database does not take it.")

        desk.store.change = refusing  # type: ignore[method-assign]
        await desk.service.load()
        await desk.service.refresh()
        (one,) = desk.service.all()
        assert desk.runs.running == ()
        assert "kill switch" in desk.service.trouble(one)
        desk.store.change = change  # type: ignore[method-assign]
        await desk.service.flush()
        await desk.service.refresh()
        assert desk.service.all()[0].state is State.PAUSED

    at_a_desk(first, store=store)
    store.down = False
    store.leases.clear()
    at_a_desk(second, store=store)


def test_a_brake_of_a_run_before_does_not_stop_the_next_one() -> None:
    store = Store()

    async def story(desk: Desk) -> None:
        one = await desk.running()
        store.down = True
        desk.runs.hear(PRESSED)
        await asyncio.sleep(0.02)
        store.down = False
        store.kept[one.id] = replace(one, started=NOW + timedelta(hours=1))  # another desk has begun it anew since
        await desk.service.flush()
        assert store.kept[one.id].state is State.RUNNING
        assert desk.service._brakes._spool.held() == []

    at_a_desk(story, store=store)


# ---- orders at work


def test_a_stop_that_leaves_positions_cancels_what_would_still_enter() -> None:
    async def story(desk: Desk) -> None:
        one = await desk.running()
        await desk.says(Kind.ENTRY)
        (order,) = desk.sent()
        stopping = asyncio.ensure_future(desk.service.stop(one))
        await asyncio.sleep(0.02)
        assert desk.orders.book[order.id].status is OrderStatus.PENDING_CANCEL
        desk.orders.apply(Report(order.id, ReportKind.CANCELED, desk.moment[0], f"b-{order.id}"))
        assert (await stopping).state is State.STOPPED

    at_a_desk(story)


def test_what_was_bought_before_the_cancel_came_is_left() -> None:
    async def story(desk: Desk) -> None:
        one = await desk.running()
        await desk.says(Kind.ENTRY)
        (order,) = desk.sent()
        desk.orders.apply(Report(order.id, ReportKind.FILL, NOW, f"b-{order.id}", "x1", Decimal(4), Decimal(100)))
        stopping = asyncio.ensure_future(desk.service.stop(one))
        await asyncio.sleep(0.02)
        desk.orders.apply(Report(order.id, ReportKind.CANCELED, desk.moment[0], f"b-{order.id}"))
        after = await stopping
        assert dict(desk.service.figures(after).held) == {"AAPL": 4}
        assert len(desk.sent()) == 1

    at_a_desk(story)


def test_an_order_that_cannot_be_cancelled_is_said_and_the_stop_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployment_closing, "CANCELS", 0.05)

    async def story(desk: Desk) -> None:
        one = await desk.running()
        await desk.says(Kind.ENTRY)
        with pytest.raises(BadInput, match="could not be cancelled in time"):
            await desk.service.stop(one)
        assert desk.service.all()[0].state is State.STOPPED

    at_a_desk(story)


def test_a_stop_with_the_database_away_cancels_all_the_same() -> None:
    async def story(desk: Desk) -> None:
        one = await desk.running()
        await desk.says(Kind.ENTRY)
        (order,) = desk.sent()
        desk.store.down = True
        stopping = asyncio.ensure_future(desk.service.stop(one))
        await asyncio.sleep(0.02)
        desk.orders.apply(Report(order.id, ReportKind.CANCELED, desk.moment[0], f"b-{order.id}"))
        with pytest.raises(DatabaseDown):
            await stopping
        assert desk.orders.book[order.id].status is OrderStatus.CANCELED
        assert desk.service.all()[0].state is State.PAUSED

    at_a_desk(story)


def test_what_a_stopped_one_still_holds_can_be_closed_later() -> None:
    async def story(desk: Desk) -> None:
        one = await desk.running()
        with pytest.raises(BadInput, match="stop it"):
            await desk.service.close(one)
        await desk.says(Kind.ENTRY)
        desk.fills()
        after = await desk.service.stop(one)
        closing = asyncio.ensure_future(desk.service.close(after, shown=desk.service.closing(after)))
        await asyncio.sleep(0.02)
        desk.fills()
        await closing
        assert desk.service.figures(after).held == ()
        assert desk.store.lines[-1].step == "close"

    at_a_desk(story)


# ---- two desks


def test_of_two_desks_of_one_person_one_runs_it_and_the_other_takes_over_when_it_ends() -> None:
    store = Store()

    async def story(desk: Desk) -> None:
        one = await desk.running()
        desk.runs.end(one.id)
        await asyncio.sleep(0.01)
        store.leases[one.id] = "another desk"
        await desk.service.load()
        assert desk.runs.running == ()
        assert "another desk, on other" in desk.service.trouble(one)
        await desk.service.refresh()
        assert desk.runs.running == ()
        del store.leases[one.id]  # it ended, or did not renew it
        await desk.service.refresh()
        assert desk.runs.running == (one.id,)
        assert store.lines[-1].step == "resume"

    at_a_desk(story, store=store)


def test_what_another_desk_took_over_ends_here_and_stays_running() -> None:
    async def story(desk: Desk) -> None:
        one = await desk.running()
        desk.store.leases[one.id] = "another desk"
        desk.runs.leases._elapsed = lambda: 1e9
        await desk.runs.look()
        assert desk.runs.running == ()
        assert desk.store.kept[one.id].state is State.RUNNING
        assert desk.store.leases[one.id] == "another desk"

    at_a_desk(story)


def test_while_a_desk_cannot_renew_its_lease_it_sends_nothing_and_an_exit_waits() -> None:
    async def story(desk: Desk) -> None:
        one = await desk.running()
        await desk.says(Kind.ENTRY)
        desk.fills()
        before = desk.runs.leases._elapsed
        desk.runs.leases._elapsed = lambda: before() + 13
        await desk.says(Kind.EXIT, bar=1)
        assert (len(desk.sent()), desk.service.signals()[-1].fate) == (1, Fate.WAITS)
        await desk.runs.look()  # renews it
        assert (len(desk.sent()), desk.runs.running) == (2, (one.id,))

    at_a_desk(story)


def test_a_start_while_another_desk_runs_it_is_refused_before_anything_is_written() -> None:
    async def story(desk: Desk) -> None:
        one = await desk.service.create(TERMS)
        desk.store.leases[one.id] = "another desk"
        with pytest.raises(BadInput, match="still runs it"):
            await desk.service.start(one)
        assert desk.store.kept[one.id].state is State.IDLE

    at_a_desk(story)


def test_a_pause_gives_the_lease_back_and_a_start_takes_it_again() -> None:
    async def story(desk: Desk) -> None:
        one = await desk.running()
        assert desk.store.leases == {one.id: desk.runs.leases.desk}
        paused = await desk.service.pause(one)
        again = await desk.service.start(paused)
        await asyncio.sleep(0.02)
        assert desk.store.leases == {one.id: desk.runs.leases.desk}
        await desk.service.pause(again)
        await asyncio.sleep(0.02)
        assert desk.store.leases == {}

    at_a_desk(story)


# ---- rights


def test_a_role_of_the_desk_s_own_that_loses_a_right_pauses_what_its_holder_runs() -> None:
    async def story(desk: Desk) -> None:
        may = [Permission(Resource.STRATEGIES, Action.RUN), Permission(Resource.STRATEGIES, Action.VIEW)]
        trade = Permission(Resource.TRADING, Action.CREATE)
        desk.signs_in("ann", Role.TRADER)
        one = await desk.running()
        desk.users.user = User("ann", "ann", "Runner", custom=frozenset([*may, trade]))
        await desk.runs.look()
        assert desk.runs.running == (one.id,)
        desk.users.user = User("ann", "ann", "Runner", custom=frozenset(may))
        await desk.runs.look()
        await desk.service.flush()
        assert (desk.runs.running, desk.store.kept[one.id].state) == ((), State.PAUSED)
        assert "lacks “trading: create”" in desk.store.kept[one.id].reason

    at_a_desk(story)


# ---- real money


def test_what_remains_on_paper_is_known_before_it_goes_live() -> None:
    store = Store()

    async def on_paper(desk: Desk) -> None:
        one = await desk.running()
        await desk.says(Kind.ENTRY)
        desk.fills()
        store.done = list(desk.orders.fills.values())
        stopped = await desk.service.stop(one)
        store.kept[one.id] = replace(stopped, stage=Stage.APPROVED, asked_by="ann", approved_by="bob")

    async def live(desk: Desk) -> None:
        await desk.service.refresh()
        (one,) = desk.service.all()
        assert await desk.service.left_on_paper(one) == {"AAPL": Decimal(10)}

    at_a_desk(on_paper, store=store)
    environment: Environment = "LIVE"
    at_a_desk(live, environment=environment, store=store)

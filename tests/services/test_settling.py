"""Settling: crashes, silence and races around an order, each with one possible truth at the end."""

import asyncio
from dataclasses import replace
from decimal import Decimal

from qv_desktop.domain.audit import Draft
from qv_desktop.domain.desks import Turn
from qv_desktop.domain.orders import Fill, Order, OrderStatus, Report, ReportKind, Side
from qv_desktop.domain.risk import TradingState
from qv_desktop.services.asking import READ_LAG
from qv_desktop.services.settling import ASKED_FOR
from tests.builders import NOW, a_limit, a_position, an_order
from tests.services.test_orders import Desk, fill_report, on_a_desk


def a_fill(name: str = "e1", quantity: int = 100, id: str = "qv-1") -> Fill:
    return Fill(name, id, "AAPL", Side.BUY, Decimal(quantity), Decimal(100), NOW)


async def status(desk: Desk, key: str = "qv-1") -> OrderStatus:
    return desk.orders.book[key].status


def test_an_order_lost_between_journal_and_post_ends_as_never_arrived() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.settling.recover([an_order(a_limit("100.00"), OrderStatus.SUBMITTED)], [])
        assert await status(desk) is OrderStatus.UNRESOLVED
        desk.later(READ_LAG + 1)
        await desk.orders.settling.settle_all()
        assert await status(desk) is OrderStatus.REJECTED

    on_a_desk(story)


def test_a_slow_journal_is_not_taken_for_a_lost_order() -> None:
    async def story(desk: Desk) -> None:
        gate = asyncio.Event()
        written = desk.journal.intend

        async def slow(order: Order, draft: Draft, turn: Turn | None = None) -> None:
            await gate.wait()
            await written(order, draft, turn)

        desk.journal.intend = slow  # type: ignore[method-assign]
        sending = asyncio.ensure_future(desk.orders.submit(a_limit("100.00")))
        await asyncio.sleep(0)
        desk.later(60)
        await desk.orders.settling.settle_all()
        assert await status(desk) is OrderStatus.INTENT
        gate.set()
        assert (await sending).status is OrderStatus.SUBMITTED
        assert desk.journal.steps == ["intend qv-1", "post qv-1"]

    on_a_desk(story)


def test_an_order_cancelled_while_it_is_written_down_is_never_sent() -> None:
    async def story(desk: Desk) -> None:
        gate = asyncio.Event()
        written = desk.journal.intend

        async def slow(order: Order, draft: Draft, turn: Turn | None = None) -> None:
            await gate.wait()
            await written(order, draft, turn)

        desk.journal.intend = slow  # type: ignore[method-assign]
        sending = asyncio.ensure_future(desk.orders.submit(a_limit("100.00")))
        await asyncio.sleep(0)
        assert await desk.orders.cancel_all() == 1
        gate.set()
        assert (await sending).status is OrderStatus.CANCELED
        assert desk.journal.steps == ["intend qv-1"]

    on_a_desk(story)


def test_a_cancel_that_overtakes_the_post_follows_its_answer() -> None:
    async def story(desk: Desk) -> None:
        gate = asyncio.Event()
        post = desk.broker.submit

        async def slow(order: Order, verdict: object) -> Report:
            await gate.wait()
            return await post(order, verdict)  # type: ignore[arg-type]

        desk.broker.submit = slow  # type: ignore[method-assign,assignment]
        sending = asyncio.ensure_future(desk.orders.submit(a_limit("100.00")))
        await asyncio.sleep(0.01)
        await desk.orders.cancel(["qv-1"])
        gate.set()
        await sending
        assert desk.broker.steps[-2:] == ["post qv-1", "cancel qv-1"]
        assert await status(desk) is OrderStatus.PENDING_CANCEL

    on_a_desk(story)


def test_a_refused_cancel_of_an_unresolved_order_leaves_it_unresolved() -> None:
    async def story(desk: Desk) -> None:
        desk.broker.answer, desk.broker.cancel_answer = ReportKind.UNCERTAIN, ReportKind.CANCEL_REFUSED
        await desk.orders.submit(a_limit("100.00"))
        await desk.orders.cancel(["qv-1"])
        assert await status(desk) is OrderStatus.UNRESOLVED

    on_a_desk(story)


def test_a_refused_cancel_of_a_held_leg_leaves_it_held() -> None:
    async def story(desk: Desk) -> None:
        leg = an_order(a_limit("110.00", 100, Side.SELL, id="leg"), OrderStatus.HELD, broker_id="b")
        desk.orders.book["leg"] = leg
        desk.broker.known["leg"] = leg
        desk.broker.cancel_answer = ReportKind.CANCEL_REFUSED
        await desk.orders.cancel(["leg"])
        assert await status(desk, "leg") is OrderStatus.HELD

    on_a_desk(story)


def test_an_uncertain_cancel_is_settled_by_what_the_broker_has() -> None:
    async def story(desk: Desk) -> None:
        desk.broker.cancel_answer = ReportKind.UNCERTAIN
        for key, there, here in (
            ("qv-1", OrderStatus.WORKING, OrderStatus.WORKING),
            ("qv-2", OrderStatus.CANCELED, OrderStatus.CANCELED),
        ):
            order = an_order(a_limit("100.00", id=key), broker_id="b")
            desk.orders.book[key] = order
            await desk.orders.cancel([key])
            assert await status(desk, key) is OrderStatus.PENDING_CANCEL
            desk.broker.known[key] = replace(order, status=there)
            await desk.orders.settling.settle_all()
            assert await status(desk, key) is OrderStatus.PENDING_CANCEL  # its answer may still be on its way
            desk.later(ASKED_FOR + 0.1)
            await desk.orders.settling.settle_all()
            assert await status(desk, key) is here

    on_a_desk(story)


def test_a_replacement_that_never_arrived_releases_its_original() -> None:
    async def story(desk: Desk) -> None:
        original = an_order(a_limit("100.00"), broker_id="b")
        desk.orders.book["qv-1"] = desk.broker.known["qv-1"] = original
        desk.broker.replace_answer = ReportKind.UNCERTAIN
        await desk.orders.replace("qv-1", a_limit("99.99", id="qv-2"))
        assert (await status(desk), await status(desk, "qv-2")) == (OrderStatus.PENDING_REPLACE, OrderStatus.UNRESOLVED)
        desk.later(READ_LAG + 1)
        await desk.orders.settling.settle_all()
        assert (await status(desk), await status(desk, "qv-2")) == (OrderStatus.WORKING, OrderStatus.REJECTED)

    on_a_desk(story)


def test_a_fill_between_the_snapshot_and_its_adoption_is_counted_once() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.submit(a_limit("100.00"))
        asked = desk.broker.positions
        desk.broker.executions = [a_fill("e1", 40)]
        desk.broker.held = {"AAPL": a_position(40)}

        async def raced() -> dict[str, object]:
            desk.orders.hear(fill_report("e1", 40))  # already in the snapshot
            found = await asked()
            if len(desk.broker.executions) == 1:  # another one right behind it: not in this snapshot, in the next
                desk.broker.executions.append(a_fill("e2", 60))
                desk.broker.held = {"AAPL": a_position(100)}
                desk.orders.hear(fill_report("e2", 60))
            return found  # type: ignore[return-value]

        desk.broker.positions = raced  # type: ignore[method-assign,assignment]
        await desk.orders.settling.take_over_positions(NOW)
        assert desk.positions["AAPL"].quantity == 100
        assert sorted(desk.orders.fills) == ["e1", "e2"]
        assert await status(desk) is OrderStatus.FILLED

    on_a_desk(story)


def test_fills_heard_during_recovery_move_positions() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.submit(a_limit("100.00"))
        find = desk.broker.find

        async def raced(key: str) -> Order | None:
            desk.orders.hear(fill_report("e1", 100))
            return await find(key)

        desk.broker.find = raced  # type: ignore[method-assign]
        await desk.orders.settling.recover([], [])
        assert desk.positions["AAPL"].quantity == 100

    on_a_desk(story)


def test_an_impossible_report_halts_trading() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.submit(a_limit("100.00", 9_000))
        desk.orders.hear(Report("qv-1", ReportKind.ACCEPTED, NOW, "b"))  # of an order that was refused here
        assert desk.risk.state is TradingState.HALTED

    on_a_desk(story)

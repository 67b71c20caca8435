"""A row that nobody can read does not keep the readable ones from being booked, and positions are never taken from half an answer."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from qv_desktop.domain.errors import BrokerDown, Incomplete
from qv_desktop.domain.orders import Order, OrderStatus
from qv_desktop.services.readable import readable
from tests.builders import NOW, a_limit, a_position, an_order
from tests.services.test_orders import Desk, on_a_desk
from tests.services.test_settling import a_fill


def partly(desk: Desk, name: str) -> None:
    """From now on the broker's answer to ``name`` has one row that cannot be read."""
    whole: Callable[..., Coroutine[Any, Any, Any]] = getattr(desk.broker, name)

    async def incomplete(*args: object) -> None:
        raise Incomplete("1 of 3 rows could not be read.", await whole(*args))

    setattr(desk.broker, name, incomplete)


def test_what_can_be_read_is_what_is_there_and_silence_stays_silence() -> None:
    async def answering(error: Exception | None) -> list[int]:
        if error is not None:
            raise error
        return [1, 2]

    assert asyncio.run(readable(answering(None))) == [1, 2]
    assert asyncio.run(readable(answering(Incomplete("one could not be read", [1])))) == [1]
    for error in (BrokerDown("no answer"), Incomplete("nothing of it could be read")):
        with pytest.raises(BrokerDown):
            asyncio.run(readable(answering(error)))


def test_readable_executions_are_booked_beside_an_unreadable_one() -> None:
    async def story(desk: Desk) -> None:
        order = an_order(a_limit("100.00"), OrderStatus.WORKING, broker_id="b")
        desk.orders.book["qv-1"] = order
        desk.broker.known["qv-1"] = replace(order, filled=Decimal(40), status=OrderStatus.PARTIAL, changed=NOW)
        desk.broker.executions = [a_fill("e1", 30)]
        partly(desk, "fills")
        desk.later(60)
        await desk.orders.settling.settle_open()
        booked = desk.orders.book["qv-1"]
        assert (booked.filled, booked.status, desk.positions.held()["AAPL"].quantity) == (30, OrderStatus.PARTIAL, 30)

    on_a_desk(story)


def test_readable_orders_of_a_list_are_settled_beside_an_unreadable_one() -> None:
    async def story(desk: Desk) -> None:
        waiting: list[Order] = [an_order(a_limit("100.00", id=f"qv-{n}"), OrderStatus.UNRESOLVED) for n in range(6)]
        desk.orders.book.update({order.id: order for order in waiting})
        desk.broker.known = {
            order.id: replace(order, status=OrderStatus.WORKING, broker_id=f"b-{order.id}") for order in waiting
        }
        partly(desk, "recent_orders")
        partly(desk, "open_orders")
        desk.later(60)
        await desk.orders.settling.settle_all()
        assert {order.status for order in desk.orders.book.values()} == {OrderStatus.WORKING}

    on_a_desk(story)


@pytest.mark.parametrize("name", ["positions", "fills"])
def test_positions_are_not_taken_over_from_half_an_answer(name: str) -> None:
    async def story(desk: Desk) -> None:
        desk.positions.adopt({"AAPL": a_position(7)})
        desk.broker.held = {}
        partly(desk, name)
        with pytest.raises(Incomplete):
            await desk.orders.settling.take_over_positions(NOW)
        assert desk.positions.held()["AAPL"].quantity == 7

    on_a_desk(story)

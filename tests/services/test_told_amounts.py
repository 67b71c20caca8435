"""What the broker tells of amounts is held against what is known here: repeats under other names, holes, sizes, and lists that lag."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from qv_desktop.domain.errors import BadInput, BrokerDown
from qv_desktop.domain.orders import Fill, Order, OrderStatus, Report, ReportKind, Side
from qv_desktop.domain.positions import Position
from qv_desktop.domain.risk import TradingState
from qv_desktop.services import taking_over
from tests.builders import NOW, a_limit, a_position, an_order
from tests.services.test_orders import Desk, fill_report, on_a_desk

D = Decimal


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taking_over, "PAUSE", 0.001)


def told(name: str, quantity: int, cumulative: int, id: str = "qv-1") -> Report:
    return replace(fill_report(name, quantity, id=id), cumulative=D(cumulative))


def activity(name: str, quantity: int, cumulative: int, id: str = "qv-1") -> Fill:
    return Fill(name, id, "AAPL", Side.BUY, D(quantity), D(100), NOW, cumulative=D(cumulative))


def there(status: OrderStatus, filled: int, quantity: int = 100, id: str = "qv-1") -> Order:
    return replace(an_order(a_limit("100.00", quantity, id=id), status, broker_id=f"b-{id}"), filled=D(filled))


def test_one_execution_under_two_names_is_booked_once() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.submit(a_limit("100.00"))
        desk.orders.hear(told("of the stream", 40, 40))
        desk.broker.executions, desk.broker.held = [activity("of the list", 40, 40)], {"AAPL": a_position(40)}
        desk.broker.known["qv-1"] = there(OrderStatus.PARTIAL, 40)
        await desk.orders.settling.recover([], [])
        await desk.orders.settling.take_over_positions(NOW)
        assert (desk.orders.book["qv-1"].filled, desk.positions["AAPL"].quantity) == (40, 40)

    on_a_desk(story)


def test_an_order_whose_answer_was_lost_gets_its_broker_id_with_the_execution_that_ends_it() -> None:
    async def story(desk: Desk) -> None:
        desk.broker.answer = ReportKind.UNCERTAIN
        await desk.orders.submit(a_limit("100.00"))
        assert desk.orders.book["qv-1"].broker_id is None
        desk.broker.executions = [replace(activity("e1", 100, 100), broker_id="b-qv-1")]
        desk.broker.held = {"AAPL": a_position(100)}  # and the broker's list of orders lags behind
        await desk.orders.settling.take_over_positions(NOW)
        order = desk.orders.book["qv-1"]
        assert (order.status, order.broker_id, desk.positions["AAPL"].quantity) == (OrderStatus.FILLED, "b-qv-1", 100)

    on_a_desk(story)


def test_equal_executions_one_after_the_other_are_two() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.submit(a_limit("100.00"))
        for name, total in (("e2", 80), ("e1", 40), ("e2", 80)):  # out of order, and one repeated
            desk.orders.hear(told(name, 40, total))
        assert desk.orders.book["qv-1"].filled == 80

    on_a_desk(story)


def test_more_traded_than_was_asked_for_halts_trading() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.submit(a_limit("100.00"))
        desk.orders.hear(fill_report("e1", 100))
        desk.orders.hear(fill_report("e2", 100))
        assert desk.risk.state is TradingState.HALTED

    on_a_desk(story)


def test_an_end_that_tells_of_more_shares_than_are_known_has_them_asked_for() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.submit(a_limit("100.00"))
        desk.orders.hear(Report("qv-1", ReportKind.CANCELED, NOW, "b-qv-1", cumulative=D(40)))
        desk.broker.known["qv-1"] = there(OrderStatus.CANCELED, 40)
        desk.broker.executions = [activity("e1", 40, 40)]
        await desk.orders.settling.settle_all()
        order = desk.orders.book["qv-1"]
        assert (order.status, order.filled, desk.positions["AAPL"].quantity) == (OrderStatus.CANCELED, 40, 40)

    on_a_desk(story)


def test_an_order_that_the_broker_has_for_fewer_shares_ends_when_those_are_filled() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.submit(a_limit("100.00"))
        desk.orders.hear(told("e1", 60, 60))
        desk.broker.known["qv-1"] = there(OrderStatus.FILLED, 60, quantity=60)
        await desk.orders.settling.settle_open()
        order = desk.orders.book["qv-1"]
        assert (order.status, order.request.quantity, order.remaining) == (OrderStatus.FILLED, 60, 0)

    on_a_desk(story)


def test_an_order_that_has_partly_traded_is_not_changed() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.submit(a_limit("100.00"))
        desk.orders.hear(told("e1", 40, 40))
        with pytest.raises(BadInput, match="cancel it and enter a new one"):
            await desk.orders.replace("qv-1", a_limit("100.01", id="qv-2"))
        assert "replace qv-1" not in desk.broker.steps

    on_a_desk(story)


def test_an_order_by_dollars_stays_open_until_the_broker_ends_it() -> None:
    async def story(desk: Desk) -> None:
        desk.broker.known["qv-x"] = there(OrderStatus.WORKING, 0, quantity=0, id="qv-x")
        await desk.orders.settling.import_open(list(desk.broker.known.values()))
        desk.orders.hear(told("e1", 4, 4, "qv-x"))
        assert desk.orders.book["qv-x"].open
        assert await desk.orders.cancel_all() == 1
        desk.later(5)
        desk.broker.known["qv-x"] = there(OrderStatus.FILLED, 4, quantity=4, id="qv-x")
        await desk.orders.settling.settle_all()
        assert desk.orders.book["qv-x"].status is OrderStatus.FILLED

    on_a_desk(story)


def test_positions_that_know_more_than_the_executions_are_not_taken_over() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.submit(a_limit("100.00"))
        desk.broker.known["qv-1"] = there(OrderStatus.FILLED, 100)
        desk.broker.held = {"AAPL": a_position(100)}  # and no execution yet
        with pytest.raises(BrokerDown, match="do not agree yet"):
            await desk.orders.settling.take_over_positions(NOW)
        assert desk.positions["AAPL"].quantity == 0
        desk.broker.executions = [activity("e1", 100, 100)]
        await desk.orders.settling.take_over_positions(NOW)
        assert desk.positions["AAPL"].quantity == 100

    on_a_desk(story)


def test_later_on_positions_are_counted_here_while_the_lists_lag() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.settling.take_over_positions(NOW)
        await desk.orders.submit(a_limit("100.00"))
        asked = desk.broker.positions
        desk.broker.held = {"AAPL": a_position(40)}
        desk.broker.known["qv-1"] = there(OrderStatus.PARTIAL, 40)

        async def raced() -> dict[str, Position]:
            desk.orders.hear(told("e1", 40, 40))
            return await asked()

        desk.broker.positions = raced  # type: ignore[method-assign]
        await desk.orders.settling.take_over_positions(NOW)
        assert desk.positions["AAPL"].quantity == 40
        await asyncio.sleep(0)

    on_a_desk(story)


def test_what_traded_between_two_take_overs_counts_at_once_and_once() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.settling.take_over_positions(NOW)
        await desk.orders.submit(a_limit("100.00"))
        desk.broker.known["qv-1"] = there(OrderStatus.PARTIAL, 40)
        desk.broker.executions = [activity("e1", 40, 40)]
        await desk.orders.settling.recover([], [])
        assert desk.positions["AAPL"].quantity == 40
        desk.broker.known["qv-1"] = there(OrderStatus.PARTIAL, 70)  # trades on, and its executions lag
        await desk.orders.settling.take_over_positions(NOW)
        assert desk.positions["AAPL"].quantity == 40

    on_a_desk(story)

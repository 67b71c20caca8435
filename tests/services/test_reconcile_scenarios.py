"""What can differ between two books, at the start and while trading: one test for each situation, on the real services."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from qv_desktop.adapters.alpaca.broker import AlpacaBroker
from qv_desktop.domain.errors import BadInput, BrokerDown
from qv_desktop.domain.orders import Fill, Order, OrderStatus, OrderType, ReportKind, Side
from qv_desktop.domain.positions import Position
from qv_desktop.services import reconcile
from qv_desktop.services.settling import NEVER_ARRIVED, STILL_THERE
from qv_desktop.services.strangers import SOMEBODY
from tests.builders import NOW, a_limit, a_position, a_request, an_order
from tests.services.reconciling import BEFORE, Room, execution, in_a_room, theirs


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "SETTLE", 0.001)


def knows(room: Room, *orders: Order, fills: tuple[Fill, ...] = (), held: tuple[Position, ...] = ()) -> None:
    """What the broker has."""
    room.desk.broker.known = {order.id: order for order in orders}
    room.desk.broker.executions = list(fills)
    room.desk.broker.held = {one.symbol: one for one in held}


async def restarted(
    room: Room, *ours: Order, fills: tuple[Fill, ...] = (), kept: tuple[Position, ...] | None = None
) -> None:
    """The start: kept positions (None: the account was never seen), the journal's orders and executions, and the broker's answers."""
    settling = room.desk.orders.settling
    room.desk.positions.restore(kept or ())
    await settling.recover(list(ours), list(fills))
    await settling.take_over_positions(NOW - timedelta(hours=1), None if kept is None else ())
    await settling.import_open(await room.desk.broker.open_orders())


def sent(**rest: Any) -> Order:
    return theirs(status=OrderStatus.SUBMITTED, **rest)


# ---- at the start


def test_start_1_an_order_that_was_rejected_there_is_rejected_here() -> None:
    async def story(room: Room) -> None:
        knows(room, theirs(status=OrderStatus.REJECTED, reason="no such share"))
        await restarted(room, sent())
        assert (room.desk.orders.book["qv-1"].status, room.desk.orders.book["qv-1"].reason) == (
            "rejected",
            "no such share",
        )
        assert (await room.run()).passed

    in_a_room(story)


def test_start_2_an_execution_that_was_missed_is_booked_and_its_order_is_filled() -> None:
    async def story(room: Room) -> None:
        fills = (execution("e1", 100, cumulative=100),)
        knows(room, theirs(status=OrderStatus.FILLED, filled=100), fills=fills, held=(a_position(100, "99"),))
        await restarted(room, sent(), kept=())
        assert room.desk.orders.book["qv-1"].status is OrderStatus.FILLED
        assert room.desk.positions["AAPL"].quantity == 100  # once: it is in the positions that were taken over
        assert (await room.run()).passed

    in_a_room(story)


def test_start_3_of_several_executions_those_that_were_missed_are_added_to_those_that_are_known() -> None:
    async def story(room: Room) -> None:
        fills = tuple(
            execution(f"e{n}", 20, price, cumulative=20 * n) for n, price in ((1, "98"), (2, "99"), (3, "100"))
        )
        knows(room, theirs(status=OrderStatus.PARTIAL, filled=60), fills=fills, held=(a_position(60, "99"),))
        ours = theirs(status=OrderStatus.PARTIAL, filled=20, average=Decimal(98), executions=frozenset({"e1"}))
        await restarted(room, ours, fills=fills[:1], kept=(a_position(20, "98"),))
        assert room.desk.positions["AAPL"] == a_position(60, "99")
        order = room.desk.orders.book["qv-1"]
        assert (order.filled, order.average, set(room.desk.orders.fills)) == (60, 99, {"e1", "e2", "e3"})
        assert (await room.run()).passed

    in_a_room(story)


def test_start_4_an_order_made_elsewhere_is_taken_in_as_such_and_left_alone() -> None:
    async def story(room: Room) -> None:
        knows(room, theirs("other"))
        await restarted(room)
        assert room.desk.orders.book["other"].user == SOMEBODY
        assert not [step for step in room.desk.broker.steps if step.startswith("cancel")]
        assert (await room.run()).passed

    in_a_room(story)


def test_start_5_an_order_that_traded_in_part_and_was_cancelled_is_closed_and_keeps_its_executions() -> None:
    async def story(room: Room) -> None:
        fills = (execution("e1", 40, cumulative=40),)
        knows(room, theirs(status=OrderStatus.CANCELED, filled=40), fills=fills, held=(a_position(40, "99"),))
        await restarted(room, theirs(), kept=())
        order = room.desk.orders.book["qv-1"]
        assert (order.status, order.filled, list(room.desk.orders.fills)) == ("canceled", 40, ["e1"])
        assert (await room.run()).passed

    in_a_room(story)


def test_start_6_an_execution_told_at_another_price_is_a_break_and_ours_stays_until_a_person_decides() -> None:
    async def story(room: Room) -> None:
        knows(
            room,
            theirs(status=OrderStatus.FILLED, filled=100),
            fills=(execution("e1", 100, "99.50"),),
            held=(a_position(100, "99"),),
        )
        mine = execution("e1", 100, "99.00")
        await restarted(
            room,
            theirs(status=OrderStatus.FILLED, filled=100, executions=frozenset({"e1"})),
            fills=(mine,),
            kept=(a_position(100, "99"),),
        )
        run = await room.run()
        assert room.kinds(run) == [("fills", "price")]
        assert (run.breaks[0].internal, run.breaks[0].external) == ("BUY 100 AAPL @ 99.00", "BUY 100 AAPL @ 99.50")
        assert room.desk.orders.fills["e1"] == mine
        assert room.closed is not None

    in_a_room(story)


def test_start_7_orders_and_positions_that_are_not_of_shares_are_left_out_of_both_books() -> None:
    class Told(AlpacaBroker):
        async def _asked(self, path: str, data: dict[str, object] | None = None, lane: Any = None) -> Any:
            option = {"id": "b1", "client_order_id": "o1", "symbol": "AAPL261218C00200000", "asset_class": "us_option", "qty": "1",
                      "side": "buy", "type": "market", "time_in_force": "day", "status": "new", "filled_qty": "0",
                      "submitted_at": "2026-11-20T15:00:00Z", "avg_entry_price": "2", "id_": "x"}  # fmt: skip
            return {"id": "account"} if path == "/account" else [option]

    async def story(room: Room) -> None:
        broker = Told("k", "s", "http://127.0.0.1:1", lambda: NOW, "SIMULATION")
        assert (await broker.open_orders(), await broker.positions()) == ([], {})
        broker.close()

    in_a_room(story)


def test_start_8_two_orders_under_one_id_are_a_break_and_close_trading() -> None:
    async def story(room: Room) -> None:
        ours = [theirs(f"qv-{n}") for n in range(6)]
        knows(room, *ours)
        await restarted(room, *ours)
        twice = [*ours, theirs("qv-3", broker_id="b-another")]

        async def doubled() -> list[Order]:
            return twice

        room.desk.broker.open_orders = doubled  # type: ignore[method-assign]
        run = await room.run()
        assert [(b.section, b.key, b.kind) for b in run.breaks] == [("open orders", "qv-3", "duplicate")]
        assert room.closed is not None

    in_a_room(story)


@pytest.mark.parametrize(
    ("here", "there", "kind", "entry"),
    [
        pytest.param(100, 150, "quantity", "book BUY 50 @ 99.00", id="start 9: long, and longer there"),
        pytest.param(-100, -150, "quantity", "book SELL 50 @ 99.00", id="start 10: short, and shorter there"),
        pytest.param(150, 100, "quantity", "book SELL 50 @ 99.00", id="start 11: long, and less there"),
        pytest.param(100, -50, "side", "book SELL 150 @ 99.00", id="start 12: long here and short there"),
    ],
)
def test_a_position_that_differs_without_an_execution_is_a_persons_with_the_entry_that_would_settle_it(
    here: int, there: int, kind: str, entry: str
) -> None:
    async def story(room: Room) -> None:
        knows(room, held=(a_position(there, "99"),))
        await restarted(room, kept=(a_position(here, "99"),))
        run = await room.run()
        assert [(b.kind, b.proposal) for b in run.breaks] == [(kind, entry)]
        assert run.at_risk == abs(there - here) * 99
        assert room.desk.positions["AAPL"].quantity == here  # nothing was booked
        assert room.closed is not None

    in_a_room(story)


def test_start_13_an_entry_that_settles_a_position_bears_a_persons_name_and_the_next_run_finds_nothing() -> None:
    async def story(room: Room) -> None:
        knows(room, held=(a_position(150, "99"),))
        await restarted(room, kept=(a_position(100, "98"),))
        found = (await room.run()).breaks[0]
        with pytest.raises(BadInput, match="Say why"):
            await room.service.book(found, " ")
        await room.service.book(found, "transfer from the old broker")
        assert room.desk.positions["AAPL"] == Position("AAPL", Decimal(150), Decimal(99))
        row = room.booked[-1]
        assert (row.actor.name, row.object_id, row.reason) == ("demo", "AAPL", "transfer from the old broker")
        assert (await room.run()).passed
        assert room.closed is None

    in_a_room(story)


# ---- while trading


def test_run_1_an_order_that_the_broker_refuses_in_so_many_words_is_rejected_at_once() -> None:
    async def story(room: Room) -> None:
        room.desk.broker.answer, room.desk.broker.reason = ReportKind.REJECTED, "insufficient buying power"
        order = await room.desk.orders.submit(a_limit("99.00"))
        assert (order.status, order.reason) == (OrderStatus.REJECTED, "insufficient buying power")
        assert (await room.run()).passed

    in_a_room(story)


def test_run_2_an_order_whose_sending_has_no_answer_stays_unresolved_and_is_found() -> None:
    async def story(room: Room) -> None:
        room.desk.broker.answer = ReportKind.UNCERTAIN
        order = await room.desk.orders.submit(a_limit("99.00"))
        assert order.status is OrderStatus.UNRESOLVED
        run = await room.run()
        assert room.kinds(run) == [("open orders", "timing")]  # neither there nor gone: it says so
        assert run.breaks[0].difference == "on its way"
        knows(room, theirs(submitted=NOW))
        assert (await room.run()).passed
        assert room.desk.orders.book["qv-1"].status is OrderStatus.WORKING
        assert room.desk.broker.steps.count("post qv-1") == 1

    in_a_room(story)


def test_run_3_an_order_that_never_arrived_is_closed_after_the_brokers_lag_and_not_before() -> None:
    async def story(room: Room) -> None:
        room.desk.broker.answer = ReportKind.UNCERTAIN
        await room.desk.orders.submit(a_limit("99.00"))
        room.desk.later(9)
        await room.run()
        assert room.desk.orders.book["qv-1"].open
        room.desk.later(2)
        assert (await room.run()).passed
        assert room.desk.orders.book["qv-1"].reason == NEVER_ARRIVED

    in_a_room(story)


def test_run_4_a_cancel_without_an_answer_is_never_taken_for_done() -> None:
    async def story(room: Room) -> None:
        await room.desk.orders.submit(a_limit("99.00"))
        knows(room, theirs(submitted=NOW))
        await room.run()
        room.desk.broker.cancel_answer = ReportKind.UNCERTAIN
        await room.desk.orders.cancel(["qv-1"])
        assert (await room.run()).passed
        assert room.desk.orders.book["qv-1"].status is OrderStatus.PENDING_CANCEL
        room.desk.later(3)
        assert (await room.run()).passed
        order = room.desk.orders.book["qv-1"]
        assert (order.status, order.reason) == (OrderStatus.WORKING, STILL_THERE)

    in_a_room(story)


def test_run_5_what_became_of_an_open_order_unheard_is_found_by_the_next_comparison() -> None:
    async def story(room: Room) -> None:
        knows(room, theirs())
        await restarted(room)
        knows(room, theirs(status=OrderStatus.EXPIRED))
        run = await room.run()
        assert run.passed
        assert room.desk.orders.book["qv-1"].status is OrderStatus.EXPIRED

    in_a_room(story)


def test_run_6_a_position_closed_at_the_broker_by_hand_closes_trading_until_it_is_settled() -> None:
    async def story(room: Room) -> None:
        knows(room, held=(a_position(100),))
        await restarted(room, kept=(a_position(100),))
        assert (await room.run()).passed
        knows(room)
        run = await room.run()
        assert room.kinds(run) == [("positions", "missing there")]
        assert room.closed is not None
        sold = execution("e9", 100, "101", "by hand", 100, Side.SELL)
        by_hand = theirs("by hand", OrderStatus.FILLED, 100, price="101", side=Side.SELL)
        knows(room, by_hand, fills=(sold,))
        run = await room.run()
        assert run.passed  # the execution came, and was booked with its order
        assert run.booked == ("imported order by hand: sell 100 AAPL",)
        assert (room.desk.positions["AAPL"].quantity, room.desk.positions["AAPL"].realised) == (0, 100)
        assert room.closed is None

    in_a_room(story)


@pytest.mark.parametrize(
    ("there", "kind"),
    [
        (theirs(price="98.50"), "price"),
        (theirs(side=Side.SELL), "side"),
        (theirs(status=OrderStatus.HELD), "status"),
    ],
)
def test_run_7_an_order_that_rests_on_other_terms_than_ours_is_a_break(there: Order, kind: str) -> None:
    async def story(room: Room) -> None:
        knows(room, theirs())
        await restarted(room)
        knows(room, there)

        async def says_nothing(key: str) -> Order | None:
            raise BrokerDown("Not now.")

        room.desk.later(11)
        room.desk.broker.find = says_nothing  # type: ignore[method-assign]  # or it would be settled by the question
        assert room.kinds(await room.run()) == [("open orders", kind)]

    in_a_room(story)


def test_run_7_a_stop_that_stands_elsewhere_is_a_break_and_one_that_trails_is_none() -> None:
    def stop(kind: OrderType, price: str) -> Order:
        request = a_request(100, Side.SELL, type=kind, stop=Decimal(price))
        return an_order(request, OrderStatus.WORKING, broker_id="b-qv-1", submitted=BEFORE, changed=BEFORE)

    async def story(room: Room) -> None:
        for kind, found in ((OrderType.STOP, [("open orders", "price")]), (OrderType.TRAILING_STOP, [])):
            knows(room, stop(kind, "90"))
            room.desk.orders.book["qv-1"] = stop(kind, "91")
            room.desk.later(11)
            assert room.kinds(await room.run()) == found

    in_a_room(story)


# ---- what both have in common


@pytest.mark.parametrize("fails", ["account", "positions", "open_orders", "fills"])
def test_a_question_that_fails_is_never_read_as_nothing_and_changes_nothing(fails: str) -> None:
    async def story(room: Room) -> None:
        knows(room, theirs(), held=(a_position(100),))
        await restarted(room)
        assert (await room.run()).passed
        before = (
            dict(room.desk.orders.book),
            room.desk.positions.all(),
            dict(room.desk.orders.fills),
            list(room.runs.kept),
        )

        async def down(*words: object) -> None:
            raise BrokerDown("The broker does not answer.")

        setattr(room.desk.broker, fails, down)
        with pytest.raises(BrokerDown):
            await room.run()
        assert (
            dict(room.desk.orders.book),
            room.desk.positions.all(),
            dict(room.desk.orders.fills),
            room.runs.kept,
        ) == before
        assert room.closed is None  # the last verdict stands, and its age is shown

    in_a_room(story)


def test_what_differs_differently_each_time_is_not_compared_and_moves_no_gate() -> None:
    async def story(room: Room) -> None:
        assert (await room.run()).passed
        shares = iter(range(1, 100))

        async def restless() -> dict[str, Position]:
            return {"AAPL": a_position(next(shares))}

        room.desk.broker.positions = restless  # type: ignore[method-assign]
        run = await room.run()
        assert (run.breaks, [(one.section, one.key) for one in run.uncompared if one.section == "positions"]) == (
            (),
            [("positions", "AAPL")],
        )
        assert run.unsettled
        assert room.closed is None

    in_a_room(story)


def test_an_execution_that_only_the_stream_has_told_is_late_at_the_broker_and_closes_nothing() -> None:
    async def story(room: Room) -> None:
        assert (await room.run()).passed
        fill = execution("e1", 10, at=NOW)
        room.desk.orders.fills["e1"] = fill
        room.desk.positions.fill(fill)
        run = await room.run()
        assert sorted(room.kinds(run)) == [("fills", "timing"), ("positions", "timing")]
        assert room.closed is None
        room.desk.later(11)
        assert sorted(room.kinds(await room.run())) == [("fills", "missing there"), ("positions", "missing there")]
        assert room.closed is not None

    in_a_room(story)

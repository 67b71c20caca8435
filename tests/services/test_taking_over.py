"""What the broker has is adopted where executions lead there; what they do not lead to stays for a comparison, and a person."""

from collections.abc import Callable, Coroutine
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from qv_desktop.domain.account_history import Activity
from qv_desktop.domain.errors import BrokerDown, DatabaseDown
from qv_desktop.domain.market import Action
from qv_desktop.domain.orders import OrderStatus, Side
from qv_desktop.domain.positions import Position
from qv_desktop.domain.reconciliation_rules import Rules
from qv_desktop.services import reconcile, taking_over
from qv_desktop.services.cash import Cash
from qv_desktop.services.taking_over import lacked
from tests.builders import NOW, a_position
from tests.services.reconciling import Room, execution, in_a_room, theirs
from tests.services.test_reconcile_scenarios import knows

HOUR = NOW - timedelta(hours=1)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "SETTLE", 0.001)
    monkeypatch.setattr(taking_over, "PAUSE", 0.001)


async def starts(room: Room, *kept: Position, known: tuple[Any, ...] = (), loose: tuple[Any, ...] = ()) -> None:
    """The next sitting's start: kept positions, known executions, and the broker's answers."""
    room.desk.positions.restore(kept)
    await room.desk.orders.settling.recover([], list(known))
    await room.desk.orders.settling.take_over_positions(HOUR, loose)
    await room.desk.orders.settling.import_open(await room.desk.broker.open_orders())


def bought(shares: int = 50, name: str = "e1") -> tuple[Any, Any]:
    return theirs("other", OrderStatus.FILLED, shares, shares), execution(name, shares, id="other", cumulative=shares)


def test_a_position_that_changed_overnight_without_an_execution_closes_trading_at_the_start_until_a_person_decides() -> (
    None
):
    async def story(room: Room) -> None:
        knows(room, held=(a_position(150, "99"),))
        await starts(room, a_position(100, "99"))
        run = await room.run()
        assert (room.kinds(run), room.desk.positions["AAPL"].quantity) == ([("positions", "quantity")], 100)
        assert room.closed is not None
        await room.service.book(run.breaks[0], "a transfer from the old broker")
        assert (await room.run()).passed
        assert (room.closed, room.desk.positions["AAPL"].quantity) == (None, 150)

    in_a_room(story)


def test_what_was_flat_already_is_no_position_of_today() -> None:
    async def story(room: Room) -> None:
        knows(room)
        await starts(room, Position("KO"), a_position(5, symbol="MSFT"))
        assert set(room.desk.positions.all()) == {"MSFT"}

    in_a_room(story)


def test_what_executions_of_another_program_lead_to_is_adopted_and_the_brokers_average_by_the_comparison() -> None:
    async def story(room: Room) -> None:
        order, fill = bought()
        knows(room, order, fills=(fill,), held=(a_position(150, "98.5"),))
        await starts(room, a_position(100, "98"))
        assert round(room.desk.positions["AAPL"].average, 4) == Decimal("98.3333")  # (100 x 98 + 50 x 99) / 150
        run = await room.run()
        assert (run.passed, len(run.booked)) == (True, 1)
        assert room.desk.positions["AAPL"] == Position("AAPL", Decimal(150), Decimal("98.5"))

    in_a_room(story)


def test_an_average_that_no_execution_led_to_is_not_taken_in_silence_nor_where_the_rules_leave_it_to_a_person() -> None:
    async def story(room: Room) -> None:
        knows(room, held=(a_position(100, "90"),))
        await starts(room, a_position(100, "98"))
        assert room.desk.positions["AAPL"].average == 98
        run = await room.run()
        assert (run.passed, room.desk.positions["AAPL"].average) == (True, 90)
        assert [draft.object_id for draft in room.booked] == ["AAPL"]

    async def by_hand(room: Room) -> None:
        async def rules() -> Rules:
            return Rules(automatic=frozenset())

        room.service._rules = rules
        order, fill = bought()
        knows(room, order, fills=(fill,), held=(a_position(150, "90"),))
        await starts(room, a_position(100, "98"))
        assert room.kinds(await room.run()) == [("positions", "price")]

    in_a_room(story)
    in_a_room(by_hand)


def test_what_was_taken_today_counts_when_the_shares_of_yesterday_went_unseen_and_what_went_yesterday_does_not() -> (
    None
):
    async def story(room: Room) -> None:
        order = theirs("other", OrderStatus.FILLED, 100, 100, side=Side.SELL)
        fill = execution("e1", 100, "90", id="other", cumulative=100, side=Side.SELL)
        knows(room, order, fills=(fill,))
        await starts(room, a_position(100, "98"))
        room.desk.positions.take_realised([fill])
        assert (room.desk.positions["AAPL"].quantity, room.desk.positions.realised()) == (0, -800)
        assert (await room.run()).passed

    async def yesterday(room: Room) -> None:
        order = theirs("other", OrderStatus.FILLED, 100, 100, side=Side.SELL)
        fill = execution("e1", 100, "90", id="other", cumulative=100, side=Side.SELL, at=NOW - timedelta(days=1))
        knows(room, order, fills=(fill,))
        room.desk.positions.restore([a_position(100, "98")])
        await room.desk.orders.settling.take_over_positions(NOW - timedelta(days=2), ())
        assert (room.desk.positions["AAPL"].quantity, room.desk.positions.realised()) == (0, 0)

    in_a_room(story)
    in_a_room(yesterday)


def test_a_long_position_that_turned_short_unseen_costs_what_its_last_executions_did_in_whatever_order_they_are_told() -> (
    None
):
    async def story(room: Room) -> None:
        sold = theirs("s", OrderStatus.FILLED, 150, 150, side=Side.SELL)
        fills = [
            execution("e1", 100, "90", id="s", cumulative=100, side=Side.SELL, at=NOW - timedelta(minutes=5)),
            execution("e2", 50, "80", id="s", cumulative=150, side=Side.SELL, at=NOW - timedelta(minutes=4)),
        ]
        knows(room, sold, fills=tuple(reversed(fills)), held=(a_position(-50, "80"),))
        await starts(room, a_position(100, "98"))
        assert room.desk.positions["AAPL"] == Position("AAPL", Decimal(-50), Decimal(80), Decimal(-800))
        room.desk.positions.take_realised(fills)
        assert room.desk.positions.realised() == -800
        run = await room.run()
        assert (run.passed, run.booked) == (True, ())

    in_a_room(story)


def test_executions_and_something_unexplained_leave_the_unexplained_alone_as_a_break() -> None:
    async def story(room: Room) -> None:
        order, fill = bought()
        knows(room, order, fills=(fill,), held=(a_position(157, "99"),))
        await starts(room, a_position(100, "99"))
        assert room.desk.positions["AAPL"].quantity == 150
        run = await room.run()
        assert [(one.kind, one.difference) for one in run.breaks] == [("quantity", "+7")]

    in_a_room(story)


def test_positions_that_were_kept_just_before_the_last_executions_are_brought_up_and_no_others() -> None:
    async def story(room: Room) -> None:
        order, fill = bought()
        knows(room, order, fills=(fill,), held=(a_position(150, "99"),))
        room.desk.orders.book["other"] = order
        await starts(room, a_position(100, "99"), known=(fill,), loose=(fill,))
        assert room.desk.positions["AAPL"].quantity == 150
        assert (await room.run()).passed

    async def long_ago(room: Room) -> None:
        order, fill = bought()
        knows(room, order, fills=(fill,), held=(a_position(150, "99"),))
        room.desk.orders.book["other"] = order
        await starts(room, a_position(100, "99"), known=(fill,))
        assert room.kinds(await room.run()) == [("positions", "quantity")]

    in_a_room(story)
    in_a_room(long_ago)


def test_a_split_overnight_is_booked_at_the_start_by_the_brokers_entries_or_by_its_announcement() -> None:
    def split(tell: Callable[[Room], None]) -> Callable[[Room], Coroutine[Any, Any, None]]:
        async def story(room: Room) -> None:
            account = await room.desk.broker.account()
            await room.service.run("system", "the evening before")
            assert room.runs.kept
            assert account.cash is not None
            room.desk.later(18 * 3600)
            tell(room)
            knows(room, held=(a_position(400, "25"),))
            await starts(room, a_position(100, "100"))
            run = await room.run()
            assert (run.passed, room.desk.positions["AAPL"].quantity) == (True, 400)
            assert [entry.startswith("Split") for entry in run.booked] == [True]

        return story

    def announced(room: Room) -> None:
        room.splits.append(Action("AAPL", room.desk.moment[0].date(), "split", 4.0))

    def entered(room: Room) -> None:
        at = room.desk.moment[0] - timedelta(hours=4)
        room.moved.told += [
            Activity(f"s{shares}", "SPLIT", at, symbol="AAPL", quantity=Decimal(shares), net=Decimal(0))
            for shares in (-100, 400)
        ]

    in_a_room(split(announced))
    in_a_room(split(entered))


@pytest.mark.parametrize(("hours", "explained"), [(14.0, True), (-5.0, False)])
def test_an_entry_of_the_night_explains_at_the_start_and_one_that_is_in_the_positions_already_does_not(
    hours: float, explained: bool
) -> None:
    async def story(room: Room) -> None:
        await room.run()  # the evening's books agree
        room.desk.later(18 * 3600)
        at = NOW + timedelta(hours=hours)
        room.moved.told.append(Activity("s", "SPLIT", at, symbol="AAPL", quantity=Decimal(300), net=Decimal(0)))
        knows(room, held=(a_position(400, "25"),))
        await starts(room, a_position(100, "100"))
        morning = Cash(room.moved, room.marks, lambda: room.desk.moment[0])
        room.service._cash = room.service._looking._cash = morning
        room.service.last = None
        run = await room.run()
        assert room.kinds(run) == ([] if explained else [("positions", "quantity")])
        assert room.desk.positions["AAPL"].quantity == (400 if explained else 100)

    in_a_room(story)


def test_an_entry_of_the_night_explains_at_the_start_though_a_scheduler_compared_since() -> None:
    async def story(room: Room) -> None:
        await room.run()  # the evening's books agree
        at = NOW + timedelta(hours=14)
        room.moved.told.append(Activity("s", "SPLIT", at, symbol="AAPL", quantity=Decimal(300), net=Decimal(0)))
        scheduler, (cash,) = NOW + timedelta(hours=15), room.marks.kept.values()
        room.marks.kept[scheduler] = cash  # cash agreed there, and nothing was booked
        room.marks.looked.add(scheduler)
        room.desk.later(18 * 3600)
        knows(room, held=(a_position(400, "25"),))
        await starts(room, a_position(100, "100"))
        room.service._cash = room.service._looking._cash = Cash(room.moved, room.marks, lambda: room.desk.moment[0])
        room.service.last = None
        assert (await room.run()).passed
        assert room.desk.positions["AAPL"].quantity == 400

    in_a_room(story)


def test_an_execution_that_the_stream_tells_before_what_was_kept_is_read_counts_once() -> None:
    async def story(room: Room) -> None:
        order, fill = bought()
        room.desk.orders.book["other"], room.desk.orders.fills["e1"] = order, fill
        room.desk.positions.fill(fill)
        knows(room, order, fills=(fill,), held=(a_position(150, "99"),))
        await starts(room, a_position(100, "99"))
        assert room.desk.positions["AAPL"].quantity == 150

    in_a_room(story)


def test_after_a_reconnect_what_traded_meanwhile_is_adopted_and_a_close_without_an_execution_is_not() -> None:
    async def story(room: Room) -> None:
        knows(room, held=(a_position(100, "99"),))
        await starts(room, a_position(100, "99"))
        order, fill = bought()
        knows(room, order, fills=(fill,), held=(a_position(150, "99"),))
        await room.desk.orders.settling.take_over_positions(HOUR, ())
        assert room.desk.positions["AAPL"].quantity == 150
        knows(room, order, fills=(fill,))
        await room.desk.orders.settling.take_over_positions(HOUR, ())
        assert room.desk.positions["AAPL"].quantity == 150
        assert room.kinds(await room.run()) == [("positions", "missing there")]

    in_a_room(story)


def test_only_the_last_executions_in_their_order_explain_a_gap() -> None:
    fills = [
        execution(f"e{shares}", shares, side=side) for shares, side in ((10, Side.BUY), (20, Side.BUY), (5, Side.SELL))
    ]
    explained = {gap for gap in range(-40, 41) if lacked(Decimal(gap), fills) is not None}
    assert explained == {0, -5, 15, 25}


def test_shares_that_trade_while_a_split_or_an_average_is_being_recorded_stay_in_the_position() -> None:
    def story(told: Position, expected: int) -> Callable[[Room], Coroutine[Any, Any, None]]:
        async def inner(room: Room) -> None:
            room.splits.append(Action("AAPL", room.desk.moment[0].date(), "split", 4.0))
            knows(room, held=(told,))
            await starts(room, a_position(100, "100"))
            note = room.service._syncing._note

            async def meanwhile(draft: Any) -> None:
                room.desk.positions.fill(execution("e9", 10))  # the stream told it just now
                await note(draft)

            room.service._syncing._note = meanwhile
            await room.run()
            assert room.desk.positions["AAPL"].quantity == expected

        return inner

    in_a_room(story(a_position(400, "25"), 410))
    in_a_room(story(a_position(100, "90"), 110))


def test_shares_that_all_went_in_a_merger_are_booked_by_the_brokers_entry() -> None:
    async def story(room: Room) -> None:
        await room.run()
        room.desk.later(3600)
        at = room.desk.moment[0] - timedelta(minutes=5)
        room.moved.told.append(Activity("m", "MA", at, symbol="AAPL", quantity=Decimal(-100), net=Decimal(0)))
        await starts(room, a_position(100, "99"))
        run = await room.run()
        assert (room.kinds(run), room.desk.positions["AAPL"].quantity) == ([], 0)
        assert [draft.object_id for draft in room.booked] == ["AAPL"]

    in_a_room(story)


def test_a_broker_that_never_tells_an_execution_keeps_the_books_shut_for_a_minute_and_not_for_ever() -> None:
    async def story(room: Room) -> None:
        knows(room, theirs(status=OrderStatus.FILLED, filled=50, quantity=50), held=(a_position(150, "99"),))
        room.desk.orders.book["qv-1"] = theirs(quantity=50)
        for _ in range(3):
            with pytest.raises(BrokerDown, match="do not agree yet"):
                await room.desk.orders.settling.take_over_positions(HOUR, ())
            room.desk.later(20)
        await starts(room, a_position(100, "99"))
        assert room.desk.positions["AAPL"].quantity == 100
        assert ("positions", "quantity") in room.kinds(await room.run())
        room.desk.later(61)
        run = await room.run()
        assert (len(run.booked), room.desk.positions["AAPL"].quantity) == (1, 150)
        assert (await room.run()).passed

    in_a_room(story)


def test_a_split_that_could_not_be_recorded_is_booked_by_the_next_comparison() -> None:
    async def story(room: Room) -> None:
        room.splits.append(Action("AAPL", room.desk.moment[0].date(), "split", 4.0))
        knows(room, held=(a_position(400, "25"),))
        await starts(room, a_position(100, "100"))
        note = room.service._syncing._note

        async def away(draft: Any) -> None:
            raise DatabaseDown("The database is away.")

        room.service._syncing._note = away
        with pytest.raises(DatabaseDown):
            await room.run()
        assert room.desk.positions["AAPL"].quantity == 100
        room.service._syncing._note = note
        assert (await room.run()).passed
        assert room.desk.positions["AAPL"].quantity == 400

    in_a_room(story)

"""What a reconciliation books by itself: once, recorded, and nothing that the policy does not name; cash; and the override."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest

from qv_desktop.domain.access import Role
from qv_desktop.domain.account_history import Activity
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted
from qv_desktop.domain.market import Action
from qv_desktop.domain.orders import OrderStatus, Report, ReportKind, Side
from qv_desktop.domain.positions import Position
from qv_desktop.domain.reconciliation_rules import Rules
from qv_desktop.domain.untold import execution_id
from qv_desktop.services import reconcile
from qv_desktop.services.account import Account as AccountService
from tests.builders import NOW, a_position, an_account
from tests.services.reconciling import Room, execution, in_a_room, theirs
from tests.services.test_reconcile_scenarios import knows, restarted


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "SETTLE", 0.001)


# ---- executions and orders


def test_an_execution_that_the_stream_never_told_is_booked_once_with_an_audit_row() -> None:
    async def story(room: Room) -> None:
        closed = theirs(status=OrderStatus.CANCELED, filled=10)
        knows(room, closed, fills=(execution("e1", 10, cumulative=10),), held=(a_position(10, "99"),))
        room.desk.orders.book["qv-1"] = theirs(status=OrderStatus.CANCELED)  # closed here before its execution was told
        run = await room.run()
        assert (run.passed, run.booked) == (True, ("book BUY 10 AAPL @ 99.00",))
        assert room.desk.positions["AAPL"].quantity == 10
        assert await room.desk.orders.records.written(5)
        assert [(row.object_id, row.reason, row.correlation) for row in room.booked] == [
            ("qv-1", "book BUY 10 AAPL @ 99.00", run.id)
        ]
        events = len(room.desk.events)
        again = await room.run()
        assert (again.passed, again.booked, len(room.desk.events) - events) == (
            True,
            (),
            1,
        )  # the run itself, and nothing else

    in_a_room(story)


def test_an_order_made_elsewhere_that_nothing_told_of_is_imported_once() -> None:
    async def story(room: Room) -> None:
        knows(room, theirs("other"))
        run = await room.run()
        assert (run.passed, run.booked) == (True, ("imported order other: buy 100 AAPL",))
        assert (await room.run()).booked == ()

    in_a_room(story)


def test_shares_that_the_broker_says_have_traded_and_tells_no_executions_of_are_booked_once_after_a_minute() -> None:
    async def story(room: Room) -> None:
        told = theirs(status=OrderStatus.PARTIAL, filled=60, average=Decimal("98.50"))
        ours = theirs(status=OrderStatus.PARTIAL, filled=20, average=Decimal(98), executions=frozenset({"e1"}))
        knows(room, told, fills=(execution("e1", 20, "98", cumulative=20),), held=(a_position(60, "98.50"),))
        room.desk.orders.book["qv-1"], room.desk.orders.fills["e1"] = ours, execution("e1", 20, "98")
        room.desk.positions.adopt({"AAPL": a_position(20, "98")})
        run = await room.run()
        assert sorted(room.kinds(run)) == [("open orders", "quantity"), ("positions", "quantity")]
        room.desk.later(61)
        run = await room.run()
        assert run.passed
        order, position = room.desk.orders.book["qv-1"], room.desk.positions["AAPL"]
        assert (order.filled, order.average, position.quantity, position.average) == (
            60,
            Decimal("98.50"),
            60,
            Decimal("98.50"),
        )
        name = execution_id("account", "qv-1", Decimal(20), Decimal(60), Decimal("98.75"))
        assert set(room.desk.orders.fills) == {"e1", name}
        assert (await room.run()).booked == ()
        real = (execution("e2", 10, "98.60", cumulative=30), execution("e3", 30, "98.80", cumulative=60))
        for fill in real:  # the executions come after all: they are known
            room.desk.orders.hear(Report("qv-1", ReportKind.FILL, NOW, "b-qv-1", fill.execution_id, fill.quantity, fill.price,
                                         cumulative=fill.cumulative))  # fmt: skip
        knows(room, told, fills=(execution("e1", 20, "98", cumulative=20), *real), held=(a_position(60, "98.50"),))
        assert (await room.run()).passed
        assert (room.desk.orders.book["qv-1"].filled, room.desk.positions["AAPL"].quantity) == (60, 60)

    in_a_room(story)


def test_the_name_of_an_untold_execution_follows_from_account_order_total_and_price_alone() -> None:
    one = execution_id("a", "o", Decimal(20), Decimal(60), Decimal("98.75"))
    assert one == execution_id("a", "o", Decimal("20.0"), Decimal("60.00"), Decimal("98.750"))
    others = [
        ("b", "o", 20, 60, "98.75"),
        ("a", "p", 20, 60, "98.75"),
        ("a", "o", 20, 61, "98.75"),
        ("a", "o", 20, 60, "98.76"),
    ]
    assert len({one, *(execution_id(a, o, Decimal(b), Decimal(t), Decimal(p)) for a, o, b, t, p in others)}) == 5


# ---- corporate actions


def test_an_announced_split_is_booked_once_at_the_same_cost() -> None:
    async def story(room: Room) -> None:
        knows(room, held=(a_position(10, "400"),))
        await restarted(room)
        assert (await room.run()).passed
        knows(room, held=(a_position(40, "100"),))
        room.splits.append(Action("AAPL", NOW.date(), "split", 4.0))
        run = await room.run()
        assert (run.passed, run.booked) == (True, (f"Split 4:1 of {NOW.date()}: 10 → 40 sh @ 100.0000",))
        assert room.desk.positions["AAPL"] == Position("AAPL", Decimal(40), Decimal(100))
        assert [(row.object_type, row.object_id) for row in room.booked] == [("position", "AAPL")]
        assert (await room.run()).booked == ()

    in_a_room(story)


@pytest.mark.parametrize(
    ("ratio", "there"), [(4.0, a_position(41, "100")), (4.0, a_position(40, "120")), (2.0, a_position(40, "100"))]
)
def test_a_split_that_does_not_lead_to_what_the_broker_has_explains_nothing(ratio: float, there: Position) -> None:
    async def story(room: Room) -> None:
        knows(room, held=(a_position(10, "400"),))
        await restarted(room)
        knows(room, held=(there,))
        room.splits.append(Action("AAPL", NOW.date(), "split", ratio))
        run = await room.run()
        assert (room.kinds(run), run.booked) == ([("positions", "quantity")], ())

    in_a_room(story)


def test_one_split_is_not_booked_twice_and_its_entry_has_an_id_that_follows_from_what_it_does() -> None:
    names = []

    async def story(room: Room) -> None:
        knows(room, held=(a_position(10, "400"),))
        await restarted(room)
        knows(room, held=(a_position(40, "100"),))
        room.splits.append(Action("AAPL", NOW.date(), "split", 4.0))
        assert (await room.run()).passed
        names.append(json.loads(room.booked[-1].after)["id"])
        knows(room, held=(a_position(160, "25"),))  # the broker's slip: it split them once more
        run = await room.run()
        assert (run.booked, room.desk.positions["AAPL"].quantity) == ((), 40)
        assert run.closing
        assert room.closed is not None

    in_a_room(story)
    in_a_room(story)
    assert names[0] == names[1] != ""


def test_a_resting_order_follows_an_announced_split_once_and_any_other_limit_is_a_persons() -> None:
    async def story(room: Room) -> None:
        knows(room, theirs(price="200.00", quantity=10))
        await restarted(room)
        room.desk.later(11)
        knows(room, theirs(price="50.00", quantity=40))
        assert room.kinds(await room.run()) == [("open orders", "price")]
        room.splits.append(Action("AAPL", NOW.date(), "split", 4.0))
        run = await room.run()
        assert (run.passed, run.booked) == (
            True,
            (f"Split 4:1 of {NOW.date()}: BUY 40 AAPL 200.00 → BUY 40 AAPL 50.00",),
        )
        request = room.desk.orders.book["qv-1"].request
        assert (request.quantity, request.limit) == (40, 50)
        assert await room.desk.orders.records.written(5)
        assert [(row.object_type, row.object_id) for row in room.booked] == [("order", "qv-1")]
        assert (await room.run()).booked == ()
        room.desk.later(11)
        knows(room, theirs(price="49.00", quantity=40))
        assert room.kinds(await room.run()) == [("open orders", "price")]

    in_a_room(story)


def test_shares_that_the_broker_booked_without_an_order_are_booked_by_its_own_entry() -> None:
    async def story(room: Room) -> None:
        assert (await room.run()).passed
        knows(room, held=(a_position(25, "12"),))
        room.moved.told.append(
            Activity("j1", "JNLS", day=NOW.date(), symbol="AAPL", quantity=Decimal(25), net=Decimal(0))
        )
        run = await room.run()
        assert (run.passed, run.booked) == (True, (f"Journal of shares of {NOW.date()}: 0 → 25 sh @ 12.0000",))
        knows(room, held=(a_position(50, "12"),))
        assert room.kinds(await room.run()) == [("positions", "quantity")]  # an entry explains once

    in_a_room(story)


def test_what_cannot_be_recorded_is_not_booked() -> None:
    async def story(room: Room) -> None:
        knows(room, held=(a_position(10, "400"),))
        await restarted(room)
        knows(room, held=(a_position(40, "100"),))
        room.splits.append(Action("AAPL", NOW.date(), "split", 4.0))
        room.desk.trail.down = True
        with pytest.raises(DatabaseDown):
            await room.run()
        assert room.desk.positions["AAPL"].quantity == 10

    in_a_room(story)


# ---- cash


def balances(room: Room, cash: str) -> None:
    """What the broker tells of money from now on."""
    account = an_account(cash=Decimal(cash), long_value=Decimal(100_000) - Decimal(cash), short_value=Decimal(0))

    async def told() -> object:
        from dataclasses import replace

        return replace(account, at=room.desk.moment[0])

    room.desk.broker.account = told  # type: ignore[method-assign, assignment]


def test_cash_is_explained_by_executions_fees_dividends_and_transfers_and_the_rest_is_a_break() -> None:
    async def story(room: Room) -> None:
        balances(room, "50000")
        first = await room.run()
        assert [one.key for one in first.uncompared] == ["cash"]  # nothing is known to compare it with
        room.desk.later(60)
        at = room.desk.moment[0] - timedelta(seconds=30)
        knows(room, theirs(status=OrderStatus.FILLED, filled=100), fills=(execution("e1", 100, "99", cumulative=100, at=at),),
              held=(a_position(100, "99"),))  # fmt: skip
        room.desk.orders.book["qv-1"] = theirs(status=OrderStatus.FILLED)
        room.moved.told = [Activity("f1", "FEE", at, net=Decimal("-1.25")), Activity("d1", "DIV", day=NOW.date(), net=Decimal(3)),
                           Activity("c1", "CSD", at, net=Decimal(500))]  # fmt: skip
        balances(room, "40601.75")  # 50000 - 9900 - 1.25 + 3 + 500
        run = await room.run()
        assert (run.passed, run.uncompared) == (True, ())
        room.desk.later(60)
        balances(room, "40581.75")
        run = await room.run()
        assert [(b.section, b.kind, b.internal, b.external, b.difference, b.at_risk) for b in run.breaks] == [
            ("cash", "missing here", "40,601.75", "40,581.75", "-20.00", Decimal(20))
        ]
        assert run.breaks[0].proposal.startswith("book an expense of $20.00")
        await room.service.book(run.breaks[0], "a wire fee, says the broker")
        assert (await room.run()).passed

    in_a_room(story)


def test_cash_whose_activities_cannot_be_asked_for_is_not_compared_and_not_equal() -> None:
    async def story(room: Room) -> None:
        balances(room, "50000")
        await room.run()
        room.desk.later(60)
        balances(room, "49000")
        room.moved.down = True
        run = await room.run()
        assert run.passed  # of what was compared
        assert [(one.key, one.why) for one in run.uncompared if one.key == "cash"] == [
            ("cash", "The broker does not tell its activities.")
        ]
        room.moved.down = False
        assert [(b.section, b.difference) for b in (await room.run()).breaks] == [
            ("cash", "-1,000.00")
        ]  # it was not forgotten

    in_a_room(story)


def again(room: Room) -> reconcile.Reconcile:
    """The same account in another sitting, or at another machine."""
    return reconcile.Reconcile(room.desk.broker, room.runs, None, room.desk.orders, room.desk.positions,  # type: ignore[arg-type]
                               AccountService(room.desk.broker, room.desk.journal, room.desk.events.append), room.desk.orders._login,
                               room.desk.events.append, lambda: room.desk.moment[0], lambda: NOW, reconcile.Path("/"), room.desk.trail,
                               movements=room.moved, marks=room.marks)  # fmt: skip


def test_where_cash_last_agreed_is_known_in_the_next_sitting() -> None:
    async def story(room: Room) -> None:
        balances(room, "50000")
        await room.run()
        room.desk.later(60)
        balances(room, "49000")
        assert [(b.section, b.difference) for b in (await again(room).run("system", "at start")).breaks] == [
            ("cash", "-1,000.00")
        ]

    in_a_room(story)


def test_cash_that_nobody_settled_all_day_is_a_break_still_in_the_next_sitting() -> None:
    async def story(room: Room) -> None:
        balances(room, "50000")
        await room.run()
        room.desk.later(60)
        balances(room, "49000")
        run = await room.run()
        room.runs.kept += [run] * 1_000  # every 30 s, for more than eight hours
        assert [(b.section, b.difference) for b in (await again(room).run("system", "at start")).breaks] == [
            ("cash", "-1,000.00")
        ]

    in_a_room(story)


def test_cash_that_was_booked_at_one_machine_is_no_break_at_another_either() -> None:
    async def story(room: Room) -> None:
        balances(room, "50000")
        await room.run()
        other = again(room)
        room.desk.later(60)
        balances(room, "49000")
        run = await room.run()
        assert [b.section for b in (await other.run("system", "every 30 s")).breaks] == ["cash"]
        await room.service.book(run.breaks[0], "a wire that the bank confirmed")
        room.desk.later(60)
        balances(room, "49000")
        assert (await room.run()).passed
        assert (await other.run("system", "every 30 s")).passed

    in_a_room(story)


# ---- the override


def test_trading_that_was_opened_over_an_average_goes_on_while_it_moves_and_closes_when_shares_are_lacking() -> None:
    async def story(room: Room) -> None:
        async def rules() -> Rules:
            return Rules(automatic=frozenset())

        room.service._rules = rules
        room.desk.positions.restore([a_position(100, "98")])
        knows(room, held=(a_position(100, "97"),))
        await room.run()
        await room.service.open_over("the broker counts wash sales")
        knows(room, held=(a_position(100, "96.5"),))
        await room.run()
        assert room.closed is None
        knows(room, held=(a_position(90, "96.5"),))
        await room.run()
        assert room.closed is not None

    in_a_room(story)


def test_what_was_found_while_a_person_gave_their_reason_is_not_opened_over_unseen() -> None:
    async def story(room: Room) -> None:
        knows(room, held=(a_position(5),))
        seen = await room.run()
        knows(room, held=(a_position(5), a_position(700, symbol="MSFT")))
        await room.run()
        with pytest.raises(BadInput, match="compared again"):
            await room.service.open_over("known transfer", seen)
        assert (room.closed is not None, room.service.override) == (True, None)
        knows(room, held=(a_position(5),))
        await room.run()
        await room.service.open_over("known transfer", seen)
        assert room.closed is None

    in_a_room(story)


def test_a_person_opens_trading_over_the_breaks_they_saw_and_a_new_one_closes_it_again() -> None:
    async def story(room: Room) -> None:
        with pytest.raises(BadInput, match="no break"):
            await room.service.open_over("let us go")
        knows(room, held=(a_position(5),))
        await room.run()
        assert room.closed is not None
        with pytest.raises(BadInput, match="Say why"):
            await room.service.open_over("  ")
        override = await room.service.open_over("known transfer, arrives today")
        assert (override.by, override.covers) == ("demo", frozenset({("positions", "AAPL", "+5")}))
        row = room.desk.trail.rows[-1].draft
        assert (row.action, row.actor.name, row.reason) == (
            "reconciliation.override",
            "demo",
            "known transfer, arrives today",
        )
        assert room.closed is None
        await room.run()
        assert (room.closed, room.service.override) == (None, override)
        knows(room, held=(a_position(700),))
        await room.run()
        assert room.closed is not None  # the same symbol, and not what they saw
        knows(room, held=(a_position(5), a_position(7, symbol="MSFT")))
        await room.run()
        assert room.closed is not None
        assert room.closed.startswith("1 reconciliation break")
        knows(room)
        await room.run()
        assert (room.closed, room.service.override) == (None, None)
        knows(room, held=(a_position(5),))
        await room.run()
        assert room.closed is not None  # it ended with the run that passed

    in_a_room(story)


def test_an_override_that_cannot_be_recorded_opens_nothing_and_a_trader_cannot_make_one() -> None:
    async def story(room: Room) -> None:
        knows(room, held=(a_position(5),))
        await room.run()
        room.desk.trail.down = True
        with pytest.raises(DatabaseDown):
            await room.service.open_over("known transfer")
        assert room.closed is not None

    async def no_admin(room: Room) -> None:
        knows(room, held=(a_position(5),))
        found = (await room.run()).breaks[0]
        with pytest.raises(NotPermitted):
            await room.service.open_over("known transfer")
        with pytest.raises(NotPermitted):
            await room.service.book(found, "known transfer")
        assert room.closed is not None

    in_a_room(story)
    in_a_room(no_admin, Role.TRADER)


# ---- the start


def test_positions_that_changed_while_nobody_looked_are_told_and_recorded_and_those_that_executions_explain_are_not() -> (
    None
):
    async def story(room: Room) -> None:
        stored = [a_position(10, "99"), a_position(3, symbol="MSFT")]
        knows(room, theirs(status=OrderStatus.FILLED, filled=5, quantity=5), fills=(execution("e1", 5, cumulative=5),),
              held=(a_position(15, "99"), a_position(8, "250", "TSLA")))  # fmt: skip
        await restarted(room)
        told = await room.service.tell_taken_over(stored, ())
        assert told == [
            "took over MSFT from the broker: 3 → 0 sh @ 0.0000",
            "took over TSLA from the broker: 0 → 8 sh @ 250.0000",
        ]
        assert [(row.object_id, row.action) for row in room.booked] == [
            ("MSFT", "reconciliation.book"),
            ("TSLA", "reconciliation.book"),
        ]

    in_a_room(story)


def test_side_and_sign_survive_a_short_sale_that_was_never_told() -> None:
    async def story(room: Room) -> None:
        short = theirs(status=OrderStatus.FILLED, filled=30, quantity=30, side=Side.SELL)
        knows(room, short, fills=(execution("e1", 30, side=Side.SELL, cumulative=30),), held=(a_position(-30, "99"),))
        run = await room.run()
        assert run.passed
        assert room.desk.positions["AAPL"] == Position("AAPL", Decimal(-30), Decimal("99"))

    in_a_room(story)


def test_executions_heard_in_another_order_end_in_the_same_average_and_the_same_profit() -> None:
    async def story(room: Room) -> None:
        orders = (theirs("b1", OrderStatus.FILLED, 10, 10, "100"), theirs("s1", OrderStatus.FILLED, 5, 5, "110", Side.SELL),
                  theirs("b2", OrderStatus.FILLED, 10, 10, "120"))  # fmt: skip
        fills = [execution(f"e{place}", int(one.filled), f"{one.average}", one.id, int(one.filled), one.request.side,
                           NOW - timedelta(minutes=9 - place)) for place, one in enumerate(orders)]  # fmt: skip
        average = (Decimal(500) + Decimal(1200)) / 15
        knows(room, *orders, fills=tuple(fills), held=(Position("AAPL", Decimal(15), average),))
        for order in orders:
            room.desk.orders.book[order.id] = theirs(
                order.id, OrderStatus.WORKING, 0, int(order.filled), side=order.request.side
            )
        for fill in fills[::-1] * 2:  # the last first, and each twice
            room.desk.orders.hear(Report(fill.client_order_id, ReportKind.FILL, fill.at, "b", fill.execution_id, fill.quantity, fill.price,
                                         cumulative=fill.cumulative))  # fmt: skip
        assert room.desk.positions["AAPL"].average != average
        run = await room.run()
        assert (run.passed, len(run.booked)) == (True, 1)
        assert room.desk.positions["AAPL"] == Position("AAPL", Decimal(15), average, Decimal(50))
        assert (await room.run()).booked == ()

    in_a_room(story)

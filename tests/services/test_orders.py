"""The one way in: permission, gate, journal, then the broker; and nothing is ever guessed."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from qv_desktop.domain.access import Role, User, UserState
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.desks import Turn
from qv_desktop.domain.errors import DatabaseDown, NotPermitted
from qv_desktop.domain.events import Event, Filled, OrderChanged
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.market import Batch, Trade, ns
from qv_desktop.domain.orders import Fill, Order, OrderClass, OrderStatus, OrderType, Report, ReportKind, Side
from qv_desktop.domain.risk import TradingState
from qv_desktop.services.account import Account
from qv_desktop.services.clock import Clock
from qv_desktop.services.flattening import Flattening
from qv_desktop.services.login import Login
from qv_desktop.services.market_data import MarketData
from qv_desktop.services.orders import Orders
from qv_desktop.services.positions import Positions
from qv_desktop.services.risk import Risk
from tests.builders import NOW, a_limit, a_position, a_quote, a_request, a_session, an_order
from tests.domain.test_exposure import exits
from tests.fakes import Broker, Journal, RiskStore, Trail, Users


@dataclass
class Desk:
    """Everything around ``Orders``, with a clock that tests move."""

    orders: Orders
    broker: Broker
    journal: Journal
    positions: Positions
    risk: Risk
    users: Users
    trail: Trail
    events: list[Event]
    moment: list[datetime]

    def later(self, seconds: float) -> None:
        self.moment[0] += timedelta(seconds=seconds)

    def kinds(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def on_a_desk(story: Callable[[Desk], Coroutine[Any, Any, None]], role: Role = Role.TRADER) -> None:
    asyncio.run(a_sitting(story, role))


async def a_sitting(story: Callable[[Desk], Coroutine[Any, Any, None]], role: Role) -> None:
    steps: list[str] = []
    broker, journal, events, moment = Broker(steps), Journal(steps), [], [NOW]
    users, trail = Users(User("u1", "demo", role), a_session(role)), Trail()
    now = lambda: moment[0]  # noqa: E731
    login = Login(users, trail, now, "host", lambda: (now() - NOW).total_seconds())
    await login.sign_in("demo", "right")
    market = MarketData(
        Clock(wall_ns=lambda: ns(moment[0])), events.append, lambda trades: None, lambda frame, bars: None
    )
    market.hear(Batch([Trade("AAPL", ns(NOW), 100.0, 10, "1")], [a_quote()]))
    positions, account = Positions(events.append), Account(broker, journal, events.append)
    await account.refresh()
    risk = Risk(RiskStore(), market, positions, account, login, events.append, now)
    risk.know([Instrument("AAPL", "Apple Inc", "NASDAQ")])
    orders = Orders(
        broker,
        journal,
        risk,
        positions,
        login,
        events.append,
        now,
        lambda: account.id,
        lambda: moment[0].timestamp(),
    )
    writer = asyncio.ensure_future(orders.records.run())
    await story(Desk(orders, broker, journal, positions, risk, users, trail, events, moment))
    writer.cancel()


def fill_report(name: str, quantity: int, price: str = "100", id: str = "qv-1") -> Report:
    return Report(id, ReportKind.FILL, NOW, "b1", name, Decimal(quantity), Decimal(price))


def test_the_intent_is_committed_before_a_byte_leaves() -> None:
    async def story(desk: Desk) -> None:
        order = await desk.orders.submit(a_limit("100.00"))
        assert desk.journal.steps == ["intend qv-1", "post qv-1"]
        assert order.status is OrderStatus.SUBMITTED
        assert desk.journal.drafts[0].action == "order.submit"
        assert desk.journal.drafts[0].actor.name == "demo"

    on_a_desk(story)


def test_a_double_click_is_one_order() -> None:
    async def story(desk: Desk) -> None:
        one, two = await asyncio.gather(desk.orders.submit(a_limit("100.00")), desk.orders.submit(a_limit("100.00")))
        assert one.id == two.id
        assert desk.journal.steps.count("post qv-1") == 1

    on_a_desk(story)


def test_a_refused_order_never_reaches_the_broker_but_reaches_the_record() -> None:
    async def story(desk: Desk) -> None:
        order = await desk.orders.submit(a_limit("100.00", 9_000))
        assert order.status is OrderStatus.REFUSED
        assert "at most" in order.reason
        assert desk.journal.steps == ["intend qv-1"]
        assert desk.journal.drafts[0].outcome == "refused"

    on_a_desk(story)


@pytest.mark.parametrize("role", [Role.ANALYST, Role.VIEWER])
def test_without_permission_nothing_happens_but_a_record_of_the_attempt(role: Role) -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(NotPermitted, match="trading: create"):
            await desk.orders.submit(a_limit("100.00"))
        assert desk.journal.steps == []
        assert [row.draft.action for row in desk.trail.rows] == ["permission.refuse"]

    on_a_desk(story, role)


def test_a_suspended_user_is_stopped_within_a_second() -> None:
    async def story(desk: Desk) -> None:
        desk.users.user = User("u1", "demo", Role.TRADER, UserState.SUSPENDED)
        desk.later(1.0)
        with pytest.raises(NotPermitted):
            await desk.orders.submit(a_limit("100.00"))

    on_a_desk(story)


def test_without_a_database_there_is_no_order() -> None:
    async def story(desk: Desk) -> None:
        desk.journal.down = True
        with pytest.raises(DatabaseDown):
            await desk.orders.submit(a_limit("100.00"))
        assert desk.broker.steps == []
        assert desk.orders.book == {}

    on_a_desk(story)


def test_a_cancel_goes_out_even_without_a_database() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.submit(a_limit("100.00"))
        desk.journal.down = True
        await desk.orders.cancel(["qv-1"])
        assert desk.broker.steps[-1] == "cancel qv-1"
        desk.journal.down = False
        assert await desk.orders.records.written(5)
        assert desk.journal.orders["qv-1"].status is OrderStatus.PENDING_CANCEL

    on_a_desk(story)


def test_fills_move_the_position_once_however_often_they_are_told() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.submit(a_limit("100.00"))
        for report in (fill_report("e1", 40), fill_report("e1", 40), fill_report("e2", 60), fill_report("e2", 60)):
            desk.orders.hear(report)
        assert desk.orders.book["qv-1"].status is OrderStatus.FILLED
        assert desk.positions["AAPL"].quantity == 100
        assert len(desk.kinds(Filled)) == 2
        assert await desk.orders.records.written(5)
        assert [fill.execution_id for *_, fill, _ in desk.journal.records if fill] == ["e1", "e2"]

    on_a_desk(story)


def test_an_unresolved_order_is_settled_by_what_the_broker_knows() -> None:
    async def story(desk: Desk) -> None:
        desk.broker.answer = ReportKind.UNCERTAIN
        order = await desk.orders.submit(a_limit("100.00"))
        assert order.status is OrderStatus.UNRESOLVED
        found = replace(order, status=OrderStatus.FILLED, filled=Decimal(100), average=Decimal(100), broker_id="b1")
        desk.broker.known["qv-1"] = found
        desk.broker.executions = [Fill("e1", "qv-1", "AAPL", Side.BUY, Decimal(100), Decimal(100), NOW)]
        await desk.orders.settling.settle_all()
        assert desk.orders.book["qv-1"].status is OrderStatus.FILLED
        assert desk.positions["AAPL"].quantity == 100

    on_a_desk(story)


def test_one_answer_of_not_found_settles_nothing() -> None:
    async def story(desk: Desk) -> None:
        desk.broker.answer = ReportKind.UNCERTAIN
        await desk.orders.submit(a_limit("100.00"))
        await desk.orders.settling.settle_all()
        assert desk.orders.book["qv-1"].status is OrderStatus.UNRESOLVED
        desk.later(11)
        await desk.orders.settling.settle_all()
        assert desk.orders.book["qv-1"].status is OrderStatus.REJECTED
        assert "never reached" in desk.orders.book["qv-1"].reason

    on_a_desk(story)


def test_a_broker_that_does_not_answer_leaves_the_order_unresolved() -> None:
    async def story(desk: Desk) -> None:
        desk.broker.answer = ReportKind.UNCERTAIN
        await desk.orders.submit(a_limit("100.00"))
        desk.broker.down = True
        desk.later(60)
        await desk.orders.settling.settle_all()
        assert desk.orders.book["qv-1"].status is OrderStatus.UNRESOLVED

    on_a_desk(story)


def test_an_order_made_elsewhere_is_adopted_with_its_fills() -> None:
    async def story(desk: Desk) -> None:
        desk.orders.hear(fill_report("e9", 5, id="elsewhere"))
        desk.broker.known["elsewhere"] = an_order(a_request(5, id="elsewhere"), OrderStatus.FILLED, filled=Decimal(5))
        await desk.orders.settling.adopt_strangers()
        assert desk.orders.book["elsewhere"].status is OrderStatus.FILLED
        assert desk.positions["AAPL"].quantity == 5

    on_a_desk(story)


@pytest.mark.parametrize("state", [TradingState.ACTIVE, TradingState.REDUCING])
@pytest.mark.parametrize("order_class", [OrderClass.BRACKET, OrderClass.OCO])
@pytest.mark.parametrize("moved", ["tp", "sl"])
def test_an_exit_can_be_moved_though_its_twin_is_for_the_same_shares(
    moved: str, order_class: OrderClass, state: TradingState
) -> None:
    async def story(desk: Desk) -> None:
        desk.positions.adopt({"AAPL": a_position(100)})
        for leg in exits(order_class):
            desk.orders.book[leg.id] = replace(leg, broker_id=f"b-{leg.id}")
        desk.risk.state = state
        terms = {"stop": Decimal(92)} if moved == "sl" else {"limit": Decimal(108)}
        wanted = replace(desk.orders.book[moved].request, client_order_id="new", **terms)
        more = replace(wanted, client_order_id="more", quantity=Decimal(101))
        assert (await desk.orders.replace(moved, more)).status is OrderStatus.REFUSED
        assert (await desk.orders.replace(moved, wanted)).status is OrderStatus.SUBMITTED

    on_a_desk(story)


def test_another_pairs_exits_count_beside_an_exit_that_is_moved() -> None:
    async def story(desk: Desk) -> None:
        desk.positions.adopt({"AAPL": a_position(150)})
        for leg in (*exits(), *(an_order(replace(o.request, client_order_id=f"{o.id}2"), o.status) for o in exits())):
            desk.orders.book[leg.id] = replace(leg, broker_id=f"b-{leg.id}")
        wanted = replace(desk.orders.book["sl"].request, client_order_id="new", stop=Decimal(92))
        assert (await desk.orders.replace("sl", wanted)).status is OrderStatus.REFUSED

    on_a_desk(story)


def test_an_order_that_another_desk_wrote_down_is_its_persons_and_not_a_strangers() -> None:
    async def story(desk: Desk) -> None:
        theirs = an_order(a_request(5, id="elsewhere"), OrderStatus.FILLED, filled=Decimal(5))
        desk.journal.orders["elsewhere"] = replace(theirs, user="maria")
        desk.orders.hear(fill_report("e9", 5, id="elsewhere"))
        desk.broker.known["elsewhere"] = theirs
        await desk.orders.settling.adopt_strangers()
        order = desk.orders.book["elsewhere"]
        assert (order.user, order.status, order.filled) == ("maria", OrderStatus.FILLED, Decimal(5))

    on_a_desk(story)


def test_a_replacement_is_an_order_of_its_own_and_the_old_one_is_replaced() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.submit(a_limit("100.00"))
        desk.orders.hear(Report("qv-1", ReportKind.ACCEPTED, NOW, "b-qv-1"))
        desk.later(2)
        desk.orders._risk._market.hear(Batch(quotes=[replace(a_quote(), at=ns(desk.moment[0]))]))
        fresh = await desk.orders.replace("qv-1", replace(a_limit("100.01"), client_order_id="qv-2"))
        assert (fresh.status, fresh.broker_id) == (OrderStatus.SUBMITTED, "b-new")
        assert desk.orders.book["qv-1"].status is OrderStatus.PENDING_REPLACE
        desk.orders.hear(Report("qv-1", ReportKind.REPLACED, NOW, "b-qv-1", replaced_by="b-new"))
        assert desk.orders.book["qv-1"].status is OrderStatus.REPLACED

    on_a_desk(story)


def test_recovery_asks_about_every_open_order_and_does_not_move_positions_twice() -> None:
    async def story(desk: Desk) -> None:
        open_order = an_order(a_limit("100.00"), OrderStatus.SUBMITTED)
        desk.broker.known["qv-1"] = replace(
            open_order, status=OrderStatus.FILLED, filled=Decimal(100), average=Decimal(100)
        )
        desk.broker.executions = [Fill("e1", "qv-1", "AAPL", Side.BUY, Decimal(100), Decimal(100), NOW)]
        await desk.orders.settling.recover([open_order], [])
        assert desk.orders.book["qv-1"].status is OrderStatus.FILLED
        assert desk.positions["AAPL"].quantity == 0  # the broker's own positions are adopted next

    on_a_desk(story)


def test_every_change_of_an_order_is_published() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.submit(a_limit("100.00"))
        states = [event.order.status for event in desk.kinds(OrderChanged)]
        assert states == [OrderStatus.INTENT, OrderStatus.SUBMITTED, OrderStatus.SUBMITTED]

    on_a_desk(story)


def test_a_halt_stops_orders_at_once_and_resume_lets_them_through() -> None:
    async def story(desk: Desk) -> None:
        await desk.risk.halt("drill")
        assert (await desk.orders.submit(a_limit("100.00"))).status is OrderStatus.REFUSED
        await desk.risk.resume("over")
        assert desk.risk.state is TradingState.ACTIVE
        assert (await desk.orders.submit(a_limit("100.00", id="qv-2"))).status is OrderStatus.SUBMITTED

    on_a_desk(story)


def test_the_legs_of_a_bracket_join_the_book_though_nobody_streams_them() -> None:
    async def story(desk: Desk) -> None:
        bracket = a_limit("100.00", order_class=OrderClass.BRACKET, take_profit=Decimal(110), stop_loss=Decimal(90))
        await desk.orders.submit(bracket)
        leg = an_order(a_request(100, Side.SELL, id="leg", type=OrderType.STOP, stop=Decimal(90)), OrderStatus.HELD)
        desk.broker.known = {"leg": leg, "qv-1": replace(desk.orders.book["qv-1"])}
        await desk.orders.settling.adopt_legs()
        assert desk.orders.book["leg"].status is OrderStatus.HELD
        assert desk.journal.orders["leg"].request.stop == Decimal(90)

    on_a_desk(story)


def test_the_record_of_an_intent_holds_every_rule_with_its_numbers_refused_or_not() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.submit(a_limit("100.00"))
        await desk.orders.submit(a_request(999_999, id="qv-2"))
        kept = [json.loads(draft.after) for draft in desk.journal.drafts]
        assert [draft.outcome for draft in desk.journal.drafts] == ["ok", "refused"]
        quantity = [next(c for c in row["checks"] if c["code"] == "ORDER_QUANTITY") for row in kept]
        assert [(c["passed"], c["value"], c["limit"]) for c in quantity] == [
            (True, "100", "10,000"),
            (False, "999,999", "10,000"),
        ]
        assert kept[0]["limit"] == "100.00"  # the terms are there as before

    on_a_desk(story)


def test_a_halt_while_the_intent_is_written_down_keeps_the_order_back() -> None:
    async def story(desk: Desk) -> None:
        gate, written = asyncio.Event(), desk.journal.intend

        async def slow(order: Order, draft: Draft, turn: Turn | None = None) -> None:
            await gate.wait()
            await written(order, draft, turn)

        desk.journal.intend = slow  # type: ignore[method-assign]
        sending = asyncio.ensure_future(desk.orders.submit(a_limit("100.00")))
        while "qv-1" not in desk.orders.book:  # noqa: ASYNC110 - the book tells nobody
            await asyncio.sleep(0)
        desk.risk.trip("something is wrong")
        gate.set()
        order = await sending
        assert (order.status, order.reason) == (
            OrderStatus.REFUSED,
            "Trading is halted; resume it in the risk panel.",
        )
        assert desk.broker.steps == ["intend qv-1"]
        assert await desk.orders.records.written(1)
        _, _, _, draft = desk.journal.records[-1]
        assert draft is not None
        assert (draft.action, draft.outcome) == ("order.submit", "refused")

    on_a_desk(story)


def test_a_refusal_that_cannot_be_written_down_is_forgotten_and_judged_anew() -> None:
    async def story(desk: Desk) -> None:
        desk.risk.state, desk.journal.down = TradingState.HALTED, True
        with pytest.raises(DatabaseDown):
            await desk.orders.submit(a_limit("100.00"))
        assert desk.orders.book == {}
        desk.risk.state, desk.journal.down = TradingState.ACTIVE, False
        assert (await desk.orders.submit(a_limit("100.00"))).status is OrderStatus.SUBMITTED

    on_a_desk(story)


def test_a_cancel_while_a_replacement_is_on_its_way_reaches_what_the_order_lives_on_as() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.submit(a_limit("100.00"))
        desk.orders.hear(Report("qv-1", ReportKind.ACCEPTED, NOW, "b-qv-1"))
        desk.later(2)
        desk.orders._risk._market.hear(Batch(quotes=[replace(a_quote(), at=ns(desk.moment[0]))]))
        answered, replaced = asyncio.Event(), desk.broker.replace

        async def slowly(*how: Any) -> Report:
            await answered.wait()
            return await replaced(*how)

        desk.broker.replace = slowly  # type: ignore[method-assign]
        changing = asyncio.ensure_future(
            desk.orders.replace("qv-1", replace(a_limit("100.01"), client_order_id="qv-2"))
        )
        await asyncio.sleep(0.01)
        await desk.orders.cancel(["qv-1"])
        answered.set()
        await changing
        assert "cancel qv-2" in desk.broker.steps
        assert desk.orders.book["qv-2"].status is OrderStatus.PENDING_CANCEL

    on_a_desk(story)


def test_while_trading_is_closed_only_what_reduces_is_sent_and_nothing_is_turned_round() -> None:
    async def story(desk: Desk) -> None:
        desk.positions.adopt({"AAPL": a_position(100)})
        desk.risk.closed = "1 reconciliation break."
        refused = await desk.orders.submit(a_request(10))
        assert refused.status is OrderStatus.REFUSED
        assert refused.reason.startswith("1 reconciliation break. Only orders that reduce")
        taken = await desk.orders.submit(a_request(10, Side.SELL, id="qv-2"))
        assert taken.status is OrderStatus.SUBMITTED
        flattening = Flattening(desk.orders, desk.positions, lambda: {"AAPL": 100.0})
        assert flattening.plan("AAPL").refused == ""
        assert flattening.plan("AAPL", reverse=True).refused.startswith("Trading is not open")

    on_a_desk(story)

"""Any sequence of orders, executions, news that is lost, doubled or shuffled, splits, money and silence ends in the broker's books."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from qv_desktop.domain.account_history import Activity
from qv_desktop.domain.accounts import Account
from qv_desktop.domain.errors import BrokerDown
from qv_desktop.domain.events import Reconciled
from qv_desktop.domain.market import Action
from qv_desktop.domain.orders import Fill, Order, OrderStatus, Report, ReportKind, Side
from qv_desktop.domain.positions import Position, after
from qv_desktop.domain.risk import TradingState
from qv_desktop.services import reconcile
from tests.builders import NOW, a_limit, an_account
from tests.services.reconciling import Room, a_room
from tests.stories.trader import WIDE

CLOSE = Decimal("0.0001")  # 0.01 %: what an average price may differ by
CENT = Decimal("0.01")  # and the tolerance of a comparison
RUNS = 4  # comparisons in which everything must be settled
QUESTIONS = ("account", "positions", "open_orders", "fills")


class Books(RuleBasedStateMachine):
    """The broker is played here; the services are the real ones."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        made: asyncio.Future[Room] = self.loop.create_future()
        self._ended = asyncio.Event()

        async def story(room: Room) -> None:
            made.set_result(room)
            await self._ended.wait()

        self._quick = mock.patch.object(reconcile, "SETTLE", 0.0)
        self._quick.start()
        self._life = self.loop.create_task(a_room(story))
        self.room = self.loop.run_until_complete(made)
        self.room.desk.risk.limits_for = lambda *_: WIDE
        self.cash, self.number, self.news = Decimal(1_000_000), 0, list[Report]()
        self.split_symbols, self.traded = set[str](), dict[str, Position]()
        self.broker = self.room.desk.broker
        self.broker.account = self.balances  # type: ignore[method-assign]
        self.does(self.room.run())  # from here on cash is known

    def does[Answer](self, work: Coroutine[Any, Any, Answer]) -> Answer:
        return self.loop.run_until_complete(work)

    async def balances(self) -> Account:
        self.broker._ask()
        value = sum((p.quantity * p.average for p in self.broker.held.values()), Decimal(0))
        made = an_account(
            str(self.cash + value),
            cash=self.cash,
            long_value=value,
            short_value=Decimal(0),
            buying_power=Decimal(10**9),
        )
        return replace(made, at=self.room.desk.moment[0])

    # ---- what the broker does

    def tells(self, order: Order, kind: ReportKind, fill: Fill | None = None) -> None:
        self.broker.known[order.id] = order
        terms = {} if fill is None else {"execution_id": fill.execution_id, "quantity": fill.quantity, "price": fill.price,
                                         "cumulative": fill.cumulative}  # fmt: skip
        at = fill.at if fill is not None else self.room.desk.moment[0]
        self.news.append(Report(order.id, kind, at, order.broker_id, **terms))  # type: ignore[arg-type]

    def open_there(self) -> list[Order]:
        return [order for order in self.broker.known.values() if order.open]

    def _request(self, size: int, side: Side, mine: bool) -> Any:
        self.number += 1
        return a_limit("100.00", size, side, id=f"{'qv' if mine else 'other'}-{self.number}")

    @rule(
        size=st.integers(1, 40),
        side=st.sampled_from(Side),
        answer=st.sampled_from(["yes", "lost answer", "lost order", "no"]),
    )
    def we_send_an_order(self, size: int, side: Side, answer: str) -> None:
        request = self._request(size, side, mine=True)
        kinds = {"yes": ReportKind.ACKNOWLEDGED, "no": ReportKind.REJECTED}
        self.broker.answer = kinds.get(answer, ReportKind.UNCERTAIN)
        order = self.does(self.room.desk.orders.submit(request))
        if answer in ("yes", "lost answer") and order.open:
            now = self.room.desk.moment[0]
            there = replace(
                order, status=OrderStatus.WORKING, broker_id=f"b-{order.id}", submitted=now, changed=now, reason=""
            )
            self.tells(there, ReportKind.ACCEPTED)

    @rule(size=st.integers(1, 40), side=st.sampled_from(Side))
    def another_program_sends_one(self, size: int, side: Side) -> None:
        now, request = self.room.desk.moment[0], self._request(size, side, mine=False)
        self.tells(
            Order(request, "", "account", now, OrderStatus.WORKING, now, f"b-{request.client_order_id}"),
            ReportKind.ACCEPTED,
        )

    @precondition(lambda self: self.open_there())
    @rule(data=st.data(), cents=st.integers(9_000, 11_000))
    def some_of_an_order_trades(self, data: st.DataObject, cents: int) -> None:
        order = data.draw(st.sampled_from(self.open_there()))
        shares, price = data.draw(st.integers(1, int(order.remaining))), Decimal(cents) / 100
        self.number += 1
        total = order.filled + shares
        at = self.room.desk.moment[0] + timedelta(microseconds=self.number)  # no two executions are of one moment
        fill = Fill(
            f"e{self.number}", order.id, "AAPL", order.request.side, Decimal(shares), price, at, cumulative=total
        )
        self.broker.executions.append(fill)
        paid = ((order.average or Decimal(0)) * order.filled + price * shares) / total
        status = OrderStatus.FILLED if total == order.request.quantity else OrderStatus.PARTIAL
        self.tells(replace(order, filled=total, average=paid, status=status, changed=fill.at), ReportKind.FILL, fill)
        self.cash -= fill.side.sign * fill.quantity * price
        self._holds(after(self.traded.get("AAPL", Position("AAPL")), fill))

    def _holds(self, position: Position) -> None:
        self.traded[position.symbol] = position
        self.broker.held = {key: replace(p, realised=Decimal(0)) for key, p in self.traded.items() if p.quantity}

    @precondition(lambda self: self.open_there())
    @rule(data=st.data(), kind=st.sampled_from([OrderStatus.CANCELED, OrderStatus.EXPIRED]))
    def an_order_ends(self, data: st.DataObject, kind: OrderStatus) -> None:
        order = data.draw(st.sampled_from(self.open_there()))
        told = ReportKind.CANCELED if kind is OrderStatus.CANCELED else ReportKind.EXPIRED
        self.tells(replace(order, status=kind, changed=self.room.desk.moment[0]), told)

    @precondition(lambda self: "AAPL" in self.broker.held and "AAPL" not in self.split_symbols)
    @rule()
    def the_shares_are_split(self) -> None:
        """At night, and once: all news has been heard by then."""
        self.everything_is_heard()
        self.settles()
        self.split_symbols.add("AAPL")
        held = self.traded["AAPL"]
        self._holds(replace(held, quantity=held.quantity * 2, average=held.average / 2))
        self.room.splits.append(Action("AAPL", self.room.desk.moment[0].date(), "split", 2.0))
        self.settles()

    @rule(
        dollars=st.integers(-500, 500).filter(bool),
        code=st.sampled_from(["FEE", "DIV", "CSD", "INT"]),
        dated=st.booleans(),
    )
    def money_moves(self, dollars: int, code: str, dated: bool) -> None:
        self.number += 1
        now = self.room.desk.moment[0]
        self.cash += dollars
        self.room.moved.told.append(
            Activity(f"a{self.number}", code, None if dated else now, now.date(), net=Decimal(dollars))
        )

    # ---- what reaches us

    @precondition(lambda self: self.news)
    @rule(data=st.data())
    def news_comes_shuffled_and_doubled(self, data: st.DataObject) -> None:
        told = data.draw(st.lists(st.sampled_from(self.news), max_size=8))
        for report in told:
            self.room.desk.orders.hear(report)
        self.does(self.room.desk.orders.settling.adopt_strangers())

    @precondition(lambda self: self.news)
    @rule(data=st.data())
    def news_is_lost(self, data: st.DataObject) -> None:
        lost = data.draw(st.sets(st.integers(0, len(self.news) - 1)))
        self.news = [report for place, report in enumerate(self.news) if place not in lost]

    @rule(seconds=st.integers(1, 90))
    def time_passes(self, seconds: int) -> None:
        self.room.desk.later(seconds)

    @rule()
    def the_stream_comes_back(self) -> None:
        """What was missed is asked for, and what executions lead to is adopted: with nothing unexplained, that is all there is."""
        settling = self.room.desk.orders.settling
        self.does(settling.recover([], []))
        self.does(settling.take_over_positions(NOW - timedelta(hours=1), ()))
        if not self.split_symbols:
            self.room.desk.positions.take_realised(self.room.desk.orders.fills.values())
        self.does(settling.import_open(self.does(self.broker.open_orders())))
        held = {symbol: one.quantity for symbol, one in self.room.desk.positions.held().items()}
        assert held == {symbol: one.quantity for symbol, one in self.broker.held.items()}

    def everything_is_heard(self) -> None:
        for report in self.news:
            self.room.desk.orders.hear(report)
        self.does(self.room.desk.orders.settling.adopt_strangers())

    @rule(failing=st.sampled_from(QUESTIONS))
    def a_question_fails(self, failing: str) -> None:
        """What is asked before it may have told of something; the books that are compared are not touched."""
        self.settles()
        before, real = self.ours(), getattr(self.broker, failing)

        async def down(*words: object) -> None:
            raise BrokerDown("The broker does not answer.")

        setattr(self.broker, failing, down)
        try:
            self.does(self.room.run())
            raise AssertionError("a run without an answer")
        except BrokerDown:
            pass
        finally:
            setattr(self.broker, failing, real)
        assert self.ours() == before

    def ours(self) -> tuple[Any, ...]:
        desk = self.room.desk
        return (
            dict(desk.orders.book),
            desk.positions.all(),
            dict(desk.orders.fills),
            len(self.room.runs.kept),
            len(desk.journal.records),
        )

    # ---- what must be so

    @rule()
    def settles(self) -> None:
        """A few comparisons bring our books to the broker's, and one more changes nothing."""
        for _ in range(RUNS):
            self.room.desk.later(11)
            run = self.does(self.room.run())
            if run.passed and not run.unsettled:
                break
        assert run.passed, run.breaks
        assert not [one for one in run.uncompared if one.section != "equity"], run.uncompared
        self.equal()
        events, before = len(self.room.desk.events), self.ours()
        again = self.does(self.room.run())
        assert again.passed, again.breaks
        assert again.booked == ()
        assert [type(event) for event in self.room.desk.events[events:]] == [Reconciled]
        assert self.ours()[:3] == before[:3]

    def equal(self) -> None:
        desk = self.room.desk
        assert set(desk.positions.held()) == set(self.broker.held)
        for symbol, there in self.broker.held.items():
            here = desk.positions[symbol]
            assert here.quantity == there.quantity
            assert abs(here.average - there.average) <= max(CENT, there.average * CLOSE)
        for key, there in self.broker.known.items():
            if key not in desk.orders.book and not there.open and not there.filled:
                continue  # it came and went without a trace in either book
            here = desk.orders.book[key]
            assert (here.filled, here.open) == (there.filled, there.open), (here, there)
        assert {fill.execution_id for fill in self.broker.executions} == set(desk.orders.fills)
        if not self.split_symbols:
            realised = self.traded["AAPL"].realised if self.traded else Decimal(0)
            closed = sum(
                (fill.quantity for fill in self.broker.executions), Decimal(1)
            )  # each at an average that a cent is allowed
            assert abs(desk.positions["AAPL"].realised - realised) <= CENT * closed

    @invariant()
    def nothing_is_booked_twice_or_out_of_thin_air(self) -> None:
        desk = self.room.desk
        told = {fill.execution_id: fill.quantity for fill in self.broker.executions}
        booked = Counter[str]()
        for key, fill in desk.orders.fills.items():
            assert told[key] == fill.quantity
            booked[fill.client_order_id] += int(fill.quantity)
        for order in desk.orders.book.values():
            assert booked[order.id] == order.filled <= order.request.quantity
        if not self.split_symbols:
            total = sum(fill.quantity * fill.side.sign for fill in desk.orders.fills.values())
            assert desk.positions["AAPL"].quantity == total
        assert desk.risk.state is TradingState.ACTIVE

    def teardown(self) -> None:
        try:
            if not self._life.done():
                self.everything_is_heard()
                self.settles()
        finally:
            self._ended.set()
            self.loop.run_until_complete(self._life)
            self.loop.close()
            self._quick.stop()


TestBooks = Books.TestCase
TestBooks.settings = settings(
    max_examples=100, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)

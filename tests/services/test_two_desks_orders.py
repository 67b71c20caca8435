"""Two desks on one account: at one and the same moment they never pass the last unit of a limit twice; real Postgres, a journal each."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import uuid4

import psycopg
import pytest

from qv_desktop.adapters.db import intents
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.orders import OrderJournal
from qv_desktop.domain.access import Role
from qv_desktop.domain.audit import Draft
from qv_desktop.domain.desks import EVERYTHING, Intents, Overtaken, Turn
from qv_desktop.domain.errors import BadInput, DatabaseDown
from qv_desktop.domain.orders import Order, OrderStatus, OrderType, Report, ReportKind, Side
from qv_desktop.domain.risk import TradingState
from qv_desktop.services.settling import NEVER_ARRIVED
from tests.adapters.db.personal import plain
from tests.builders import NOW, a_limit, a_position, a_request, an_order
from tests.services.test_gate import ROOMS, WIDE, Room, bound, stock
from tests.services.test_orders import Desk, a_sitting, fill_report, on_a_desk

D = Decimal
FAST = replace(WIDE, orders_per_second=1_000, orders_per_minute=1_000)
PASSED, REFUSED = OrderStatus.SUBMITTED, OrderStatus.REFUSED


@dataclass
class Pair:
    """Two desks of one account, each with a journal of its own on one database."""

    left: Desk
    right: Desk
    account: str

    def __iter__(self) -> Iterator[Desk]:
        return iter((self.left, self.right))

    def name(self, word: str = "") -> str:
        """A client order id that only this pair has."""
        return f"{self.account}-{word or uuid4().hex[:6]}"


@pytest.fixture(autouse=True)
def patient(postgres_url: str) -> None:
    """A machine that stands still for a while lets no turn run out."""
    with psycopg.connect(plain(postgres_url)) as server:
        server.execute("ALTER FUNCTION take_turn SET lock_timeout = '60s'")


def at_two_desks(url: str, story: Callable[[Pair], Awaitable[None]]) -> None:
    databases = [Database(url), Database(url)]
    account = f"two-{uuid4().hex[:6]}"

    async def open_right(left: Desk) -> None:
        async def tell(right: Desk) -> None:
            pair = Pair(left, right, account)
            for desk, database in zip(pair, databases, strict=True):
                await writes_to(desk, database, account)
            await story(pair)

        await a_sitting(tell, Role.TRADER)

    try:
        asyncio.run(a_sitting(open_right, Role.TRADER))
    finally:
        for database in databases:
            database.close()


async def writes_to(desk: Desk, database: Database, account: str) -> None:
    """The real journal in the place of the plain one."""
    trail = AuditTrail(database, f"chain-{uuid4().hex[:8]}", "1", lambda: NOW, lambda entry: None)
    journal = OrderJournal(database, trail)
    desk.orders._account = lambda: account
    keep_in(desk, journal)
    desk.orders.others.begin(await journal.newest(account))


def keep_in(desk: Desk, journal: OrderJournal) -> None:
    desk.orders._journal = desk.orders.others._journal = desk.orders.records._journal = journal


def furnish(pair: Pair, room: Room) -> None:
    for desk in pair:
        journal = desk.orders._journal
        stock(desk, room)
        keep_in(desk, journal)  # type: ignore[arg-type]


async def all_at_once(pair: Pair, room: Room, each: int) -> list[Order]:
    """What became of ``each`` orders at both desks, all submitted together."""
    furnish(pair, room)
    submits = [
        desk.orders.submit(
            a_request(100, room.side, room.symbols[place % len(room.symbols)], pair.name(), type=OrderType.LIMIT, limit=D("100.00"))
        )
        for place in range(each)
        for desk in pair
    ]  # fmt: skip
    return list(await asyncio.gather(*submits))


# ---- the last unit


@pytest.mark.parametrize("name", ROOMS)
@pytest.mark.parametrize("each", [1, 6])
def test_of_orders_at_two_desks_at_once_one_passes_where_there_is_room_for_one(
    postgres_url: str, name: str, each: int
) -> None:
    async def story(pair: Pair) -> None:
        for _ in range(1 if each > 1 else 4):
            orders = await all_at_once(pair, ROOMS[name], each)
            assert [order.status for order in orders].count(PASSED) == 1
            refused = [order for order in orders if order.status is REFUSED]
            assert len(refused) == len(orders) - 1
            assert all(order.reason for order in refused)
            posted = [step for desk in pair for step in desk.broker.steps if step.startswith("post")]
            assert len(posted) == 1
            for desk in pair:
                assert [order.remaining for order in desk.orders.book.values() if order.open] in ([D(100)], [])
                desk.orders.book.clear()
                desk.broker.steps.clear()
                desk.orders.others._theirs.clear()

    at_two_desks(postgres_url, story)


def test_without_turns_both_desks_pass(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the tests above would miss if desks did not take turns."""
    monkeypatch.setattr(intents, "take_turn", lambda *_: [])
    passed: list[int] = []

    async def story(pair: Pair) -> None:
        orders = await all_at_once(pair, ROOMS["the value of all"], 1)
        passed.append([order.status for order in orders].count(PASSED))

    at_two_desks(postgres_url, story)
    assert passed == [2]


def test_where_there_is_room_for_all_no_desk_keeps_another_from_trading(postgres_url: str) -> None:
    async def story(pair: Pair) -> None:
        orders = await all_at_once(pair, Room(limits=FAST), 12)
        assert {order.status for order in orders} == {PASSED}
        for desk in pair:
            await desk.orders.others.look()
            assert desk.orders.book.keys() == {order.id for order in orders}

    at_two_desks(postgres_url, story)


def test_the_refused_one_says_which_limit_and_is_recorded_with_the_numbers_that_counted(postgres_url: str) -> None:
    async def story(pair: Pair) -> None:
        orders = await all_at_once(pair, ROOMS["the value of all"], 1)
        refused = next(order for order in orders if order.status is REFUSED)
        assert "Gross exposure" in refused.reason
        kept = await pair.left.orders._journal.standing([refused.id])
        assert [(order.status, order.reason) for order in kept] == [(REFUSED, refused.reason)]

    at_two_desks(postgres_url, story)


def test_new_terms_are_judged_beside_the_other_desk_too(postgres_url: str) -> None:
    async def story(pair: Pair) -> None:
        furnish(pair, ROOMS["the value of all"])
        small = await pair.left.orders.submit(a_limit("100.00", 10, id=pair.name("small")))
        assert (await pair.right.orders.submit(a_limit("100.00", 100, id=pair.name("large")))).status is PASSED
        larger = await pair.left.orders.replace(small.id, a_limit("100.00", 150, id=pair.name("larger")))
        assert larger.status is REFUSED
        assert "Gross exposure" in larger.reason
        assert pair.left.orders.book[small.id].status is PASSED
        assert not any(step.startswith("replace") for step in pair.left.broker.steps)
        fits = await pair.left.orders.replace(small.id, a_limit("100.00", 20, id=pair.name("fits")))
        assert fits.status is PASSED

    at_two_desks(postgres_url, story)


# ---- what was heard


def test_what_the_other_desk_sends_is_in_this_book_before_the_broker_tells_of_it(postgres_url: str) -> None:
    async def story(pair: Pair) -> None:
        furnish(pair, ROOMS["buying power"])
        sent = await pair.left.orders.submit(a_limit("100.00", 10, id=pair.name("sent")))
        await pair.right.orders.others.look()
        theirs = pair.right.orders.book[sent.id]
        assert (theirs.user, theirs.remaining, theirs.open) == (sent.user, D(10), True)
        await pair.right.orders.others.look()
        assert len(pair.right.orders.book) == 1
        await pair.left.orders.others.look()
        assert pair.left.orders.book == {sent.id: sent}

    at_two_desks(postgres_url, story)


def test_of_one_that_traded_before_it_was_heard_of_all_shares_count_until_the_broker_tells_its_executions(
    postgres_url: str,
) -> None:
    async def story(pair: Pair) -> None:
        furnish(pair, ROOMS["buying power"])
        left, right = pair
        sent = await left.orders.submit(a_limit("100.00", 10, id=pair.name("sent")))
        fill = fill_report(pair.name("x1"), 10, id=sent.id)
        left.orders.hear(replace(fill, broker_id=f"b-{sent.id}"))
        assert await left.orders.records.written(60)
        await right.orders.others.look()
        theirs = right.orders.book[sent.id]
        assert (theirs.open, theirs.remaining, theirs.executions) == (True, D(10), frozenset())
        assert not right.positions.held()
        for _ in range(2):
            right.orders.hear(replace(fill, broker_id=f"b-{sent.id}"))
            assert right.orders.book[sent.id].status is OrderStatus.FILLED
            assert right.positions["AAPL"].quantity == 10

    at_two_desks(postgres_url, story)


def test_what_the_other_desk_never_sent_frees_its_room_as_soon_as_that_is_written_down(postgres_url: str) -> None:
    async def story(pair: Pair) -> None:
        furnish(pair, ROOMS["the value of all"])
        left, right = pair
        write = left.orders._journal.intend

        async def halting(*of: object) -> None:
            await write(*of)  # type: ignore[arg-type]
            left.risk.state = TradingState.HALTED

        left.orders._journal.intend = halting  # type: ignore[method-assign,assignment]
        await right.orders.others.look()
        waiting = asyncio.ensure_future(left.orders.submit(a_limit("100.00", 100, id=pair.name("halted"))))
        halted = await waiting
        assert halted.status is REFUSED
        first = await right.orders.submit(a_limit("100.00", 100, id=pair.name("first")))
        assert first.status in (PASSED, REFUSED)  # by what was written down at that moment
        assert await left.orders.records.written(60)
        await right.orders.others.look()
        assert halted.id not in right.orders.book or not right.orders.book[halted.id].open
        again = await right.orders.submit(a_limit("100.00", 100, id=pair.name("again")))
        assert PASSED in (first.status, again.status)

    at_two_desks(postgres_url, story)


def test_an_order_that_the_other_desk_withdrew_is_not_told_to_have_never_arrived() -> None:
    """Its own desk wrote down what became of it; the broker, asked for what never left, knows nothing."""

    async def story(desk: Desk) -> None:
        intent = an_order(a_limit("100.00", id="theirs"), OrderStatus.INTENT)
        desk.orders.others.begin(0)
        desk.orders.others.hear(Intents(1, (intent,)))
        assert desk.orders.book["theirs"].open
        desk.journal.theirs = Intents(1, (replace(intent, status=REFUSED, reason="halted"),))
        desk.later(11)
        await desk.orders.settling.settle_all()
        assert (desk.orders.book["theirs"].status, desk.orders.book["theirs"].reason) == (REFUSED, "halted")
        assert not desk.journal.records

    on_a_desk(story)


def test_one_whose_desk_died_before_it_was_sent_is_asked_for_and_then_counts_no_more() -> None:
    async def story(desk: Desk) -> None:
        intent = an_order(a_limit("100.00", id="theirs"), OrderStatus.INTENT)
        desk.journal.orders["theirs"] = intent
        desk.orders.others.hear(Intents(1, (intent,)))
        await desk.orders.settling.settle_all()
        assert desk.orders.book["theirs"].open
        desk.later(11)
        await desk.orders.settling.settle_all()
        assert desk.orders.book["theirs"].reason == NEVER_ARRIVED

    on_a_desk(story)


def test_while_its_desks_word_cannot_be_read_nothing_is_said_of_it() -> None:
    async def story(desk: Desk) -> None:
        desk.orders.others.hear(Intents(1, (an_order(a_limit("100.00", id="theirs"), OrderStatus.INTENT),)))
        desk.later(11)
        desk.journal.down = True
        await desk.orders.settling.settle_all()
        assert desk.orders.book["theirs"].status is OrderStatus.INTENT

    on_a_desk(story)


# ---- nothing is held up by it


@contextmanager
def held_by_somebody(url: str, account: str) -> Iterator[None]:
    """The account's lock, in the hands of a program that does not let go."""
    with psycopg.connect(plain(url)) as server:
        server.execute("ALTER FUNCTION take_turn SET lock_timeout = '50ms'")
        server.commit()
        server.execute("SELECT pg_advisory_lock(hashtext('intents'), hashtext(%s))", (account,))
        try:
            yield
        finally:
            server.execute("SELECT pg_advisory_unlock(hashtext('intents'), hashtext(%s))", (account,))


def test_an_exit_and_a_cancel_go_out_while_somebody_holds_the_accounts_lock_and_an_entry_says_why_not(
    postgres_url: str,
) -> None:
    async def story(pair: Pair) -> None:
        furnish(pair, ROOMS["buying power"])
        desk = pair.left
        desk.positions.adopt({"AAPL": a_position(100)})
        resting = await desk.orders.submit(a_limit("90.00", 10, symbol="MSFT", id=pair.name("resting")))
        with held_by_somebody(postgres_url, pair.account):
            buy = a_limit("100.00", 10, symbol="XOM", id=pair.name("entry"))
            entry = asyncio.ensure_future(desk.orders.submit(buy))
            exit_ = asyncio.ensure_future(desk.orders.submit(a_request(100, Side.SELL, id=pair.name("exit"))))
            await desk.orders.cancel([resting.id])
            assert f"cancel {resting.id}" in desk.broker.steps
            assert (await exit_).status is PASSED
            with pytest.raises(DatabaseDown, match="held this account's orders"):
                await entry
        assert buy.client_order_id not in desk.orders.book
        assert (await desk.orders.submit(buy)).status is PASSED

    at_two_desks(postgres_url, story)


@pytest.mark.parametrize("leads_out", [False, True])
def test_who_is_overtaken_without_end_is_told_and_a_way_out_is_written_all_the_same(leads_out: bool) -> None:
    async def story(desk: Desk) -> None:
        write = desk.journal.intend

        async def crowded(order: Order, draft: Draft, turn: Turn | None = None) -> None:
            """Another desk that is always first, whatever this one has heard."""
            if turn is not None and turn.heard < EVERYTHING:
                theirs = an_order(a_limit("1.00", 1, id=f"theirs-{turn.heard + 1}", symbol="XOM"), OrderStatus.INTENT)
                raise Overtaken(Intents(turn.heard + 1, (theirs,)))
            await write(order, draft, turn)

        desk.risk.limits_for = bound(FAST)
        desk.journal.intend = crowded  # type: ignore[method-assign]
        if leads_out:
            desk.positions.adopt({"AAPL": a_position(10)})
            assert (await desk.orders.submit(a_request(10, Side.SELL))).status is PASSED
            return
        with pytest.raises(BadInput, match="nothing was sent"):
            await desk.orders.submit(a_limit("100.00", 10))
        assert "qv-1" not in desk.orders.book
        assert desk.broker.steps == []

    on_a_desk(story)


def test_an_order_that_was_cancelled_while_it_waited_and_is_then_refused_is_over(postgres_url: str) -> None:
    async def story(pair: Pair) -> None:
        furnish(pair, ROOMS["the value of all"])
        await pair.left.orders.submit(a_limit("100.00", 100, id=pair.name("first")))
        key = pair.name("second")
        waiting = asyncio.ensure_future(pair.right.orders.submit(a_limit("100.00", 100, id=key)))
        while key not in pair.right.orders.book:  # noqa: ASYNC110 - the book tells nobody
            await asyncio.sleep(0)
        await pair.right.orders.cancel([key])
        assert (await waiting).status is REFUSED
        await pair.right.orders.cancel_wanted()
        assert not any(step.startswith("post") for step in pair.right.broker.steps)

    at_two_desks(postgres_url, story)


def test_reports_of_a_foreign_order_are_applied(postgres_url: str) -> None:
    async def story(pair: Pair) -> None:
        furnish(pair, ROOMS["buying power"])
        sent = await pair.left.orders.submit(a_limit("100.00", 10, id=pair.name("sent")))
        await pair.right.orders.others.look()
        pair.right.orders.hear(Report(sent.id, ReportKind.ACCEPTED, NOW, f"b-{sent.id}"))
        assert pair.right.orders.book[sent.id].status is OrderStatus.WORKING
        await pair.right.orders.others.look()
        assert pair.right.orders.others._theirs == set()

    at_two_desks(postgres_url, story)

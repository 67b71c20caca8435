"""The journal keeps every order as it stands, every report and every fill, each with its audit row."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.orders import OrderJournal
from qv_desktop.domain.accounts import Account
from qv_desktop.domain.audit import SYSTEM, Draft, Entry
from qv_desktop.domain.orders import (
    Order,
    OrderClass,
    OrderRequest,
    OrderStatus,
    OrderType,
    Report,
    ReportKind,
    Side,
    TimeInForce,
    applied,
    fill_of,
)
from qv_desktop.domain.positions import Position
from tests.adapters.db.conftest import Clock

EVERYTHING = OrderRequest("qv-all", "BRK.B", Side.SELL, Decimal("12.5000"), OrderType.STOP_LIMIT, Decimal("101.10"),
                          Decimal("99.99"), None, None, TimeInForce.GTC, True, OrderClass.BRACKET, Decimal("120.00"), Decimal("90"),
                          Decimal("89.50"),
                          "Chart", "a note ’")  # fmt: skip
DRAFT = Draft(SYSTEM, "order.submit", "order", "x")


def an_order(clock: Clock, id: str, account: str = "acc", **changed: object) -> Order:
    request = OrderRequest(id, "AAPL", Side.BUY, Decimal(100))
    return Order(**{"request": request, "user": "maria", "account": account, "submitted": clock(), **changed})  # type: ignore[arg-type]


def a_fill(order: Order, clock: Clock, execution: str, quantity: int) -> Report:
    return Report(order.id, ReportKind.FILL, clock(), "b-" + order.id, execution, Decimal(quantity), Decimal("10.005"))


@pytest.fixture
def journal(database: Database, trail: AuditTrail) -> OrderJournal:
    return OrderJournal(database, trail)


def test_an_intent_comes_back_as_it_was_with_its_audit_row(
    journal: OrderJournal, clock: Clock, recorded: list[Entry]
) -> None:
    order = Order(EVERYTHING, "maria", "intent", clock())
    asyncio.run(journal.intend(order, DRAFT))
    assert asyncio.run(journal.orders_since("intent", clock())) == [order]
    assert [entry.draft for entry in recorded] == [DRAFT]


def test_the_same_intent_twice_is_refused_and_leaves_no_second_row(
    journal: OrderJournal, clock: Clock, recorded: list[Entry]
) -> None:
    order = an_order(clock, "twice")
    asyncio.run(journal.intend(order, DRAFT))
    with pytest.raises(IntegrityError):
        asyncio.run(journal.intend(order, DRAFT))
    assert len(recorded) == 1


def test_an_order_lives_through_its_reports(journal: OrderJournal, clock: Clock) -> None:
    order = an_order(clock, "life", "life")

    async def story() -> tuple[Order, list[Order], list[object]]:
        moved = order
        await journal.intend(moved, DRAFT)
        for report in (Report("life", ReportKind.SENT, clock()), Report("life", ReportKind.ACKNOWLEDGED, clock(), "b-life"),
                       a_fill(order, clock, "e1", 40), a_fill(order, clock, "e2", 60)):  # fmt: skip
            clock.advance(seconds=1)
            moved = applied(moved, report)
            fill = fill_of(moved, report) if report.kind is ReportKind.FILL else None
            await journal.record((moved, report, fill, None))
        return (
            moved,
            await journal.orders_since("life", clock()),
            list(await journal.fills_since("life", clock() - timedelta(days=1))),
        )

    moved, orders, fills = asyncio.run(story())
    assert moved.status is OrderStatus.FILLED
    assert moved.executions == {"e1", "e2"}
    assert orders == []  # filled, and made before the moment asked for
    assert [(fill.execution_id, fill.quantity, fill.price) for fill in fills] == [  # type: ignore[attr-defined]
        ("e1", Decimal(40), Decimal("10.005")), ("e2", Decimal(60), Decimal("10.005"))]  # fmt: skip
    assert asyncio.run(journal.orders_since("life", moved.submitted)) == [moved]


def test_a_repeated_execution_is_kept_once(journal: OrderJournal, database: Database, clock: Clock) -> None:
    order = an_order(clock, "again", "again")
    report = a_fill(order, clock, "same", 10)
    moved = applied(order, report)

    async def story() -> int:
        await journal.intend(order, DRAFT)
        for _ in range(3):
            await journal.record((moved, report, fill_of(moved, report), None))
        return len(await journal.fills_since("again", clock()))

    assert asyncio.run(story()) == 1
    count = text("SELECT count(*) FROM order_events WHERE client_order_id = 'again'")
    assert asyncio.run(database.read(lambda connection: connection.execute(count).scalar())) == 3


def test_every_open_order_is_found_however_old(journal: OrderJournal, clock: Clock) -> None:
    old = clock() - timedelta(days=400)
    kept = [
        an_order(clock, f"open-{status.name}", "open", submitted=old, status=status, broker_id=f"b-{status.name}")
        for status in OrderStatus
    ]

    async def story() -> list[Order]:
        for order in kept:
            await journal.adopt(order, DRAFT)
        return await journal.orders_since("open", clock())

    assert {order.id for order in asyncio.run(story())} == {order.id for order in kept if order.open}


def test_an_adopted_order_may_be_adopted_again_with_newer_news(journal: OrderJournal, clock: Clock) -> None:
    order = an_order(clock, "external", "ext", broker_id="b-external", status=OrderStatus.WORKING)
    newer = an_order(
        clock,
        "external",
        "ext",
        broker_id="b-external",
        status=OrderStatus.PARTIAL,
        filled=Decimal(3),
        average=Decimal("1.5"),
    )

    async def story() -> list[Order]:
        await journal.adopt(order, DRAFT)
        assert await journal.adopt(replace(newer, user="somebody else"), DRAFT) == order.user
        return await journal.orders_since("ext", clock())

    assert asyncio.run(story()) == [newer]


def test_positions_are_kept_as_they_stand(journal: OrderJournal) -> None:
    first = [
        Position("AAPL", Decimal(10), Decimal("1.23456789")),
        Position("TSLA", Decimal(-5), Decimal(2), Decimal("-0.01")),
    ]

    async def story() -> list[Position]:
        await journal.save_positions("p", first)
        await journal.save_positions("other", first)
        await journal.save_positions("p", [Position("AAPL")])
        await journal.save_positions("p", [])
        return await journal.positions("p")

    assert asyncio.run(story()) == [Position("AAPL"), first[1]]


def test_a_desk_that_is_behind_does_not_write_over_positions_of_one_that_knows_more(
    journal: OrderJournal, database: Database, trail: AuditTrail, clock: Clock
) -> None:
    other, early, late = OrderJournal(database, trail), clock(), clock() + timedelta(seconds=3)
    one, two, three = (Position("AAPL", Decimal(shares), Decimal(10)) for shares in (100, 200, 300))

    async def story() -> list[list[Position]]:
        kept: list[list[Position]] = []
        for desk, position, told in ((journal, one, early), (other, two, late), (journal, one, early), (journal, three, late),
                                     (other, two, None)):  # fmt: skip
            await desk.save_positions("behind", [position], {} if told is None else {"AAPL": told})
            kept.append(await journal.positions("behind"))
        await journal.save_positions("behind", [one], {"AAPL": early})
        kept.append(await journal.positions("behind"))
        return kept

    assert asyncio.run(story()) == [[one], [two], [two], [three], [two], [two]]


def test_two_desks_that_keep_the_same_positions_at_once_both_succeed(postgres_url: str, clock: Clock) -> None:
    names = [f"S{number}" for number in range(50)]
    desks = [Database(postgres_url) for _ in range(2)]

    async def story() -> list[Position]:
        journals = [OrderJournal(one, AuditTrail(one, f"c{place}", "1", clock, lambda entry: None)) for place, one in
                    enumerate(desks)]  # fmt: skip
        for _ in range(20):
            await asyncio.gather(
                *(
                    journal.save_positions("both", [Position(name, Decimal(1), Decimal(2)) for name in order])
                    for journal, order in zip(journals, (names, names[::-1]), strict=True)
                )
            )
        return await journals[0].positions("both")

    try:
        assert len(asyncio.run(story())) == 50
    finally:
        for one in desks:
            one.close()


def test_account_snapshots_are_appended_once_per_moment(
    journal: OrderJournal, database: Database, clock: Clock
) -> None:
    account = Account("snap", "PA123", "ACTIVE", clock(), equity=Decimal("100000.01"))

    async def story() -> None:
        await journal.save_account(account)
        await journal.save_account(account)
        clock.advance(seconds=5)
        await journal.save_account(Account("snap", "PA123", "ACTIVE", clock()))

    asyncio.run(story())
    query = text("SELECT equity FROM account_snapshots WHERE account = 'snap' ORDER BY at")
    assert asyncio.run(database.read(lambda connection: list(connection.execute(query).scalars()))) == [
        Decimal("100000.01"),
        None,
    ]


def test_a_burst_of_records_is_committed_at_once_and_all_of_it_is_kept(
    journal: OrderJournal, database: Database, clock: Clock
) -> None:
    first, second = an_order(clock, "burst-1", "burst"), an_order(clock, "burst-2", "burst")
    records, standing = [], {order.id: order for order in (first, second)}
    for order, name, quantity in ((first, "b1", 40), (second, "b2", 30), (first, "b3", 60), (first, "b3", 60)):
        report = a_fill(order, clock, name, quantity)
        moved = applied(standing[order.id], report)
        standing[order.id] = moved
        records.append((moved, report, fill_of(moved, report), DRAFT))

    async def story() -> tuple[list[Order], int]:
        for order in (first, second):
            await journal.intend(order, DRAFT)
        await journal.record(*records)
        return await journal.orders_since("burst", first.submitted), len(
            await journal.fills_since("burst", first.submitted)
        )

    orders, fills = asyncio.run(story())
    assert {order.id: order for order in orders} == standing
    assert fills == 3
    count = text("SELECT count(*) FROM order_events WHERE client_order_id LIKE 'burst-%'")
    assert asyncio.run(database.read(lambda connection: connection.execute(count).scalar())) == len(records)
    assert asyncio.run(journal._trail.verify()).whole


def test_an_order_of_a_type_that_the_broker_added_since_is_kept_with_its_executions(
    journal: OrderJournal, clock: Clock
) -> None:
    order = an_order(clock, "new-type", "new-type", broker_id="b-new-type", status=OrderStatus.WORKING)
    order = replace(order, request=replace(order.request, type=OrderType.UNKNOWN))

    async def story() -> list[Order]:
        assert await journal.adopt(order, DRAFT) == "maria"
        report = a_fill(order, clock, "e-new-type", 40)
        moved = applied(order, report)
        await journal.record((moved, report, fill_of(moved, report), None))
        return await journal.orders_since("new-type", clock())

    (found,) = asyncio.run(story())
    assert (found.request.type, found.filled) == (OrderType.UNKNOWN, Decimal(40))


def test_nothing_of_an_unknown_type_is_taken_as_an_intent_of_ours(journal: OrderJournal, clock: Clock) -> None:
    order = an_order(clock, "own-new-type")
    with pytest.raises(IntegrityError):
        asyncio.run(journal.intend(replace(order, request=replace(order.request, type=OrderType.UNKNOWN)), DRAFT))


def test_an_id_that_another_program_uses_at_two_accounts_leaves_each_account_its_own_order(
    journal: OrderJournal, clock: Clock
) -> None:
    paper = an_order(clock, "bot-1", "paper", user="joe", broker_id="b-paper", status=OrderStatus.WORKING)
    live = an_order(clock, "bot-1", "live", broker_id="b-live", status=OrderStatus.CANCELED)

    async def story() -> tuple[str, list[Order]]:
        await journal.adopt(paper, DRAFT)
        return await journal.adopt(live, DRAFT), await journal.orders_since("paper", clock())

    assert asyncio.run(story()) == ("maria", [paper])

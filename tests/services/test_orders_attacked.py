"""Order management attacked: a dead database, a broker that says the unexpected, and what a person does twice."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import BadInput, DatabaseDown
from qv_desktop.domain.events import OrderChanged
from qv_desktop.domain.orders import Fill, Order, OrderClass, OrderStatus, Report, ReportKind
from qv_desktop.domain.reconciliation import Books, Tolerances
from qv_desktop.domain.risk import TradingState
from qv_desktop.services.asking import READ_LAG
from qv_desktop.services.cash import Cash
from qv_desktop.services.looking import Looking
from qv_desktop.services.orders import WAITS
from tests.builders import NOW, a_limit, a_position, a_request, an_order
from tests.domain.test_exposure import exits
from tests.services.test_late_orders import there
from tests.services.test_orders import Desk, fill_report, on_a_desk
from tests.services.test_settling import a_fill


def shown(desk: Desk, key: str) -> list[Order]:
    return [event.order for event in desk.kinds(OrderChanged) if event.order.id == key]


def test_a_strangers_order_is_in_view_though_the_database_is_away_and_written_down_once_it_is_back() -> None:
    async def story(desk: Desk) -> None:
        theirs = there(desk, id="other")
        desk.journal.down = True
        await desk.orders.settling.import_open([theirs])
        assert shown(desk, "other")
        await desk.orders.settling.adopt_strangers()
        assert "other" not in desk.journal.orders
        desk.journal.down = False
        await desk.orders.settling.adopt_strangers()
        assert desk.journal.orders["other"].status is OrderStatus.WORKING

    on_a_desk(story)


def test_one_that_the_database_refuses_keeps_no_other_stranger_out() -> None:
    async def story(desk: Desk) -> None:
        adopt = desk.journal.adopt

        async def choosy(order: Order, draft: object) -> str:
            if order.id == "odd":
                raise ValueError("a row that cannot be")
            return await adopt(order, draft)  # type: ignore[arg-type]

        desk.journal.adopt = choosy  # type: ignore[method-assign,assignment]
        await desk.orders.settling.import_open([there(desk, id="odd"), there(desk, id="other")])
        assert shown(desk, "odd")
        assert shown(desk, "other")
        assert "other" in desk.journal.orders

    on_a_desk(story)


def test_many_strangers_at_once_are_found_by_one_list() -> None:
    async def story(desk: Desk) -> None:
        asked: list[str] = []
        find = desk.broker.find

        async def counted(key: str) -> Order | None:
            asked.append(key)
            return await find(key)

        desk.broker.find = counted  # type: ignore[method-assign]
        for number in range(40):
            there(desk, id=f"other-{number}")
            desk.orders.hear(Report(f"other-{number}", ReportKind.ACCEPTED, NOW, "b1"))
        await desk.orders.settling.adopt_strangers()
        assert len(desk.orders.book) == 40
        assert not asked

    on_a_desk(story)


def test_an_unresolved_order_that_the_broker_is_cancelling_or_changing_is_found() -> None:
    async def story(desk: Desk) -> None:
        desk.broker.answer = ReportKind.UNCERTAIN
        for key, status in (("qv-1", OrderStatus.PENDING_CANCEL), ("qv-2", OrderStatus.PENDING_REPLACE)):
            await desk.orders.submit(a_limit("100.00", id=key, quantity=100 + len(desk.orders.book)))
            there(desk, status, id=key)
        await desk.orders.settling.settle_all()
        found = desk.orders.book["qv-1"], desk.orders.book["qv-2"]
        assert [order.status for order in found] == [OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_REPLACE]
        assert [order.broker_id for order in found] == ["b1", "b1"]
        changed = [order.changed for order in found]
        desk.later(READ_LAG + 1)
        await desk.orders.settling.settle_all()
        assert [desk.orders.book[order.id].changed for order in found] == changed  # the same again is no news

    on_a_desk(story)


def test_executions_are_looked_for_since_the_brokers_own_time_of_the_order() -> None:
    async def story(desk: Desk) -> None:
        desk.broker.answer = ReportKind.UNCERTAIN
        await desk.orders.submit(a_limit("100.00"))
        early = NOW - timedelta(hours=2)  # this machine's clock was two hours ahead
        desk.broker.known["qv-1"] = replace(there(desk, OrderStatus.FILLED, 100), submitted=early, average=Decimal(100))
        execution = replace(a_fill("e1", 100), at=early)

        async def fills(since: object) -> list[Fill]:
            return [execution] if execution.at >= since else []  # type: ignore[operator]

        desk.broker.fills = fills  # type: ignore[method-assign,assignment]
        await desk.orders.settling.settle_all()
        assert desk.orders.book["qv-1"].status is OrderStatus.FILLED

    on_a_desk(story)


def test_a_cancel_of_an_order_whose_intent_could_not_be_written_down_is_forgotten_with_it() -> None:
    async def story(desk: Desk) -> None:
        gate = asyncio.Event()

        async def fails(*_: object, **__: object) -> None:
            await gate.wait()
            raise DatabaseDown("The database is away; nothing was written.")

        desk.journal.intend = fails  # type: ignore[method-assign,assignment]
        sending = asyncio.ensure_future(desk.orders.submit(a_limit("100.00")))
        await asyncio.sleep(0)
        await desk.orders.cancel(["qv-1"])
        gate.set()
        await asyncio.gather(sending, return_exceptions=True)
        await desk.orders.cancel_wanted()
        del desk.journal.intend  # type: ignore[method-assign]
        assert (await desk.orders.submit(a_limit("100.00"))).status is OrderStatus.SUBMITTED

    on_a_desk(story)


def test_the_last_execution_of_an_order_by_dollars_ends_it() -> None:
    async def story(desk: Desk) -> None:
        dollars = an_order(a_request(0, id="other"), broker_id="b1")
        desk.orders.book["other"] = dollars
        ended = replace(dollars, request=replace(dollars.request, quantity=Decimal("12.5")), filled=Decimal("12.5"))
        desk.broker.known["other"] = replace(ended, status=OrderStatus.FILLED, average=Decimal(100))
        last = replace(fill_report("e1", 0, id="other"), quantity=Decimal("12.5"), cumulative=Decimal("12.5"))
        desk.orders.hear(replace(last, size=Decimal("12.5")))
        await desk.orders.settling.settle_all()
        assert desk.orders.book["other"].status is OrderStatus.FILLED

    on_a_desk(story)


def test_an_order_that_the_broker_made_smaller_is_asked_about() -> None:
    async def story(desk: Desk) -> None:
        stop = there(desk, id="sl")
        desk.orders.book["sl"] = stop
        desk.broker.known["sl"] = replace(stop, request=replace(stop.request, quantity=Decimal(60)))
        desk.orders.hear(Report("sl", ReportKind.ACCEPTED, NOW, "b1", size=Decimal(60)))
        await desk.orders.settling.settle_all()
        assert desk.orders.book["sl"].request.quantity == 60

    on_a_desk(story)


def test_a_second_order_of_the_broker_under_one_id_halts_and_its_end_is_not_taken_for_the_firsts() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.submit(a_limit("100.00"))
        desk.orders.hear(Report("qv-1", ReportKind.ACCEPTED, NOW, "b-qv-1"))
        desk.orders.hear(Report("qv-1", ReportKind.ACCEPTED, NOW, "b-double"))
        assert desk.risk.state is TradingState.HALTED
        desk.orders.hear(Report("qv-1", ReportKind.CANCELED, NOW, "b-double"))
        assert desk.orders.book["qv-1"].status is OrderStatus.WORKING
        desk.orders.hear(replace(fill_report("e1", 40), broker_id="b-double"))
        assert desk.positions["AAPL"].quantity == 40  # whichever order they are of, the shares are ours

    on_a_desk(story)


def test_the_same_change_clicked_twice_is_one_and_an_id_in_the_book_is_never_taken_again() -> None:
    async def story(desk: Desk) -> None:
        for key in ("qv-1", "qv-2"):
            desk.orders.book[key] = there(desk, id=key)
        changed = a_limit("99.99", id="qv-3")
        await desk.orders.replace("qv-1", changed)
        assert (await desk.orders.replace("qv-1", changed)).id == "qv-3"
        assert (await desk.orders.replace("qv-1", a_limit("99.98", id="qv-2"))).request.limit == Decimal("100.00")
        with pytest.raises(BadInput):
            await desk.orders.replace("qv-2", a_limit("99.98", id="qv-2"))
        assert set(desk.orders.book) == {"qv-1", "qv-2", "qv-3"}
        assert desk.broker.steps.count("replace qv-1") == 1

    on_a_desk(story)


@pytest.mark.parametrize("other", [{"take_profit": Decimal(120)}, {"extended_hours": True}, {"symbol": "MSFT"}])
def test_terms_that_a_replacement_does_not_carry_are_refused_and_never_shown_as_changed(
    other: dict[str, object],
) -> None:
    async def story(desk: Desk) -> None:
        terms = a_limit("100.00", order_class=OrderClass.BRACKET, take_profit=Decimal(110), stop_loss=Decimal(90))
        desk.orders.book["qv-1"] = an_order(terms, broker_id="b1")
        with pytest.raises(BadInput, match="enter a new one"):
            await desk.orders.replace("qv-1", replace(terms, client_order_id="qv-2", **other))  # type: ignore[arg-type]
        assert "qv-2" not in desk.orders.book

    on_a_desk(story)


def test_an_order_by_dollars_is_not_changed() -> None:
    async def story(desk: Desk) -> None:
        desk.orders.book["qv-1"] = an_order(a_request(0), broker_id="b1")
        with pytest.raises(BadInput, match="by dollars"):
            await desk.orders.replace("qv-1", a_request(5, id="qv-2"))

    on_a_desk(story)


def test_who_cancelled_while_the_database_is_away_is_kept_on_the_disk_and_said_once() -> None:
    async def story(desk: Desk) -> None:
        kept: list[Draft] = []
        desk.orders.records.spool = kept.append
        for key in ("qv-1", "qv-2", "qv-3"):
            desk.orders.book[key] = there(desk, id=key)
        desk.journal.down = desk.users.down = True
        await desk.orders.cancel(["qv-1", "qv-2"])
        while not kept:  # noqa: ASYNC110 - the journal is another party
            await asyncio.sleep(0.01)
        await desk.orders.cancel(["qv-3"])
        desk.orders.hear(Report("qv-1", ReportKind.CANCELED, NOW, "b1"))
        assert [(draft.action, draft.object_id, draft.actor.name) for draft in kept] == [
            ("order.cancel", key, "demo") for key in ("qv-1", "qv-2", "qv-3")
        ]
        desk.journal.down = False
        assert await desk.orders.records.written(5)
        assert desk.journal.orders["qv-1"].status is OrderStatus.CANCELED
        drafts = [draft for *_, draft in desk.journal.records if draft is not None]
        assert [draft.action for draft in drafts] == ["order.canceled"]

    on_a_desk(story)


def test_a_record_that_the_database_refuses_is_told_of() -> None:
    async def story(desk: Desk) -> None:
        said: list[str] = []
        desk.orders.records.told = said.append

        async def refused(*_: object) -> None:
            raise ValueError("a row that cannot be")

        desk.journal.record = refused  # type: ignore[method-assign]
        desk.orders.book["qv-1"] = there(desk)
        desk.orders.hear(Report("qv-1", ReportKind.PAUSED, NOW, "b1"))
        assert await desk.orders.records.written(5)
        assert "qv-1" in said[0]

    on_a_desk(story)


def exits_of(entry: Order, desk: Desk, profit: OrderStatus, stop: OrderStatus) -> None:
    """The entry of a bracket with its exits, as the broker lists them."""
    desk.orders.book[entry.id] = entry
    for leg in exits():
        status = profit if leg.id == "tp" else stop
        desk.orders.book[leg.id] = replace(leg, status=status, broker_id=f"b-{leg.id}")


@pytest.mark.parametrize("leg", ["tp", "sl"])
def test_the_exits_of_an_entry_that_has_not_filled_are_not_changed_and_it_is_said_why(leg: str) -> None:
    async def story(desk: Desk) -> None:
        entry = a_limit("100.00", order_class=OrderClass.BRACKET, take_profit=Decimal(110), stop_loss=Decimal(90))
        exits_of(an_order(entry, broker_id="b1"), desk, OrderStatus.HELD, OrderStatus.HELD)
        wanted = replace(desk.orders.book[leg].request, client_order_id="new")
        assert [check.message for check in desk.orders.checks_of_change(leg, wanted)] == [WAITS]
        with pytest.raises(BadInput, match="until it has filled"):
            await desk.orders.replace(leg, wanted)
        assert not desk.broker.steps

    on_a_desk(story)


@pytest.mark.parametrize("entry", [OrderStatus.FILLED, None])
def test_a_stop_that_is_held_for_its_profit_can_be_moved_once_the_entry_has_filled(entry: OrderStatus | None) -> None:
    async def story(desk: Desk) -> None:
        desk.positions.adopt({"AAPL": a_position(100)})
        terms = a_limit("100.00", order_class=OrderClass.BRACKET, take_profit=Decimal(110), stop_loss=Decimal(90))
        exits_of(
            an_order(terms, entry or OrderStatus.FILLED, broker_id="b1"), desk, OrderStatus.WORKING, OrderStatus.HELD
        )
        if entry is None:
            del desk.orders.book["qv-1"]  # of another day
        moved = replace(desk.orders.book["sl"].request, client_order_id="new", stop=Decimal(92))
        assert (await desk.orders.replace("sl", moved)).status is OrderStatus.SUBMITTED

    on_a_desk(story)


def test_an_exit_that_the_brokers_list_of_open_orders_leaves_out_is_asked_for_before_it_counts_as_gone() -> None:
    async def story(desk: Desk) -> None:
        looking = Looking(desk.broker, lambda since: ours(), Cash(None, None, lambda: NOW), lambda: NOW, lambda: NOW)  # type: ignore[arg-type]
        held = replace(exits()[1], status=OrderStatus.HELD, broker_id="b-sl")
        desk.broker.known["sl"] = held

        async def open_orders() -> list[Order]:
            return []

        async def ours() -> Books:
            return Books(NOW, {}, {"sl": held}, {}, None)

        desk.broker.open_orders = open_orders  # type: ignore[method-assign]
        assert not (await looking.look(Tolerances())).breaks
        desk.broker.known["sl"] = replace(held, status=OrderStatus.CANCELED)
        assert [one.kind for one in (await looking.look(Tolerances())).breaks] == ["missing there"]

    on_a_desk(story)


def test_shares_that_traded_while_the_stream_was_away_are_in_the_position_at_once_and_once() -> None:
    async def story(desk: Desk) -> None:
        settling = desk.orders.settling
        await settling.take_over_positions(NOW)
        await desk.orders.submit(a_limit("100.00"))
        there(desk, OrderStatus.FILLED, 100)
        desk.broker.executions = [a_fill("e1", 100)]
        desk.broker.held = {"AAPL": a_position(100)}
        await settling.recover([], [])
        assert (desk.orders.book["qv-1"].status, desk.positions["AAPL"].quantity) == (OrderStatus.FILLED, 100)
        await settling.take_over_positions(NOW, ())
        assert desk.positions["AAPL"].quantity == 100

    on_a_desk(story)

"""What comes late: orders that were given up, cancels that wait for their order, ends before their last execution."""

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from qv_desktop.domain.audit import Draft
from qv_desktop.domain.errors import BadInput, Garbled
from qv_desktop.domain.events import Noticed, OrderCameBack
from qv_desktop.domain.limits import Limits
from qv_desktop.domain.orders import Fill, Order, OrderClass, OrderStatus, Report, ReportKind, Side
from qv_desktop.domain.risk import TradingState
from qv_desktop.services.asking import FEW, READ_LAG
from qv_desktop.services.notices import Notices
from qv_desktop.services.settling import LOOK_AGAIN, NEVER_ARRIVED
from qv_desktop.services.strangers import FORGOTTEN, SOMEBODY
from tests.builders import NOW, a_limit, an_order
from tests.services.test_orders import Desk, fill_report, on_a_desk
from tests.services.test_settling import a_fill


async def given_up(desk: Desk) -> None:
    """Send qv-1 into silence until it is closed as never arrived."""
    desk.broker.answer = ReportKind.UNCERTAIN
    await desk.orders.submit(a_limit("100.00"))
    desk.later(READ_LAG + 1)
    await desk.orders.settling.settle_all()
    assert desk.orders.book["qv-1"].reason == NEVER_ARRIVED


def there(desk: Desk, status: OrderStatus = OrderStatus.WORKING, filled: int = 0, id: str = "qv-1") -> Order:
    """Let the broker have the order."""
    order = replace(
        an_order(a_limit("100.00", id=id), status, broker_id="b1"), filled=Decimal(filled), submitted=desk.moment[0]
    )
    desk.broker.known[id] = order
    return order


def test_an_order_given_up_that_the_stream_reports_lives_again_and_is_told_of_loudly() -> None:
    async def story(desk: Desk) -> None:
        await given_up(desk)
        desk.orders.hear(Report("qv-1", ReportKind.ACCEPTED, NOW, "b1"))
        assert desk.orders.book["qv-1"].status is OrderStatus.WORKING
        (back,) = desk.kinds(OrderCameBack)
        notices = Notices(desk.events.append, lambda: desk.moment[0])
        notices.order_came_back(back)
        (told,) = [event.notice for event in desk.kinds(Noticed)]
        assert (told.urgency, told.title) == ("critical", "Arrived after all: BUY 100 AAPL")
        assert desk.risk.state is TradingState.ACTIVE

    on_a_desk(story)


def test_an_order_given_up_that_fills_is_ours() -> None:
    async def story(desk: Desk) -> None:
        await given_up(desk)
        desk.orders.hear(fill_report("e1", 100))
        assert desk.orders.book["qv-1"].status is OrderStatus.FILLED
        assert desk.positions["AAPL"].quantity == 100
        assert len(desk.kinds(OrderCameBack)) == 1

    on_a_desk(story)


def test_an_order_given_up_is_found_among_the_brokers_open_orders() -> None:
    async def story(desk: Desk) -> None:
        await given_up(desk)
        await desk.orders.settling.import_open([there(desk)])
        assert desk.orders.book["qv-1"].status is OrderStatus.WORKING
        assert len(desk.kinds(OrderCameBack)) == 1

    on_a_desk(story)


def test_an_order_given_up_is_asked_for_once_more_after_a_minute() -> None:
    async def story(desk: Desk) -> None:
        await given_up(desk)
        there(desk)
        await desk.orders.settling.settle_all()
        assert not desk.orders.book["qv-1"].open  # not yet
        desk.later(LOOK_AGAIN)
        await desk.orders.settling.settle_all()
        assert desk.orders.book["qv-1"].status is OrderStatus.WORKING

    on_a_desk(story)


def test_an_order_that_stays_away_is_asked_for_once_more_and_never_again() -> None:
    async def story(desk: Desk) -> None:
        await given_up(desk)
        desk.later(LOOK_AGAIN)
        await desk.orders.settling.settle_all()
        assert not desk.orders.settling.doubtful(desk.orders.book["qv-1"])
        assert not desk.kinds(OrderCameBack)

    on_a_desk(story)


def test_the_cancel_of_an_order_that_the_broker_does_not_show_follows_once_it_does() -> None:
    async def story(desk: Desk) -> None:
        desk.broker.answer, desk.broker.cancel_answer = ReportKind.UNCERTAIN, ReportKind.CANCEL_REFUSED
        await desk.orders.submit(a_limit("100.00"))
        await desk.orders.cancel(["qv-1"])
        assert desk.orders.book["qv-1"].status is OrderStatus.UNRESOLVED
        desk.broker.cancel_answer = ReportKind.CANCEL_ASKED
        there(desk)
        await desk.orders.settling.settle_all()
        await desk.orders.cancel_wanted()
        assert desk.broker.steps.count("cancel qv-1") == 2
        assert desk.orders.book["qv-1"].status is OrderStatus.PENDING_CANCEL
        await desk.orders.cancel_wanted()
        assert desk.broker.steps.count("cancel qv-1") == 2

    on_a_desk(story)


def test_cancel_all_while_an_order_is_sent_into_silence_cancels_it_when_it_comes_back_from_being_given_up() -> None:
    async def story(desk: Desk) -> None:
        desk.broker.answer, desk.broker.cancel_answer = ReportKind.UNCERTAIN, ReportKind.CANCEL_REFUSED
        await desk.orders.submit(a_limit("100.00"))
        assert await desk.orders.cancel_all() == 1
        desk.later(READ_LAG + 1)
        await desk.orders.settling.settle_all()
        assert desk.orders.book["qv-1"].reason == NEVER_ARRIVED
        desk.broker.cancel_answer = ReportKind.CANCEL_ASKED
        desk.orders.hear(Report("qv-1", ReportKind.ACCEPTED, NOW, "b1"))
        await desk.orders.cancel_wanted()
        assert desk.orders.book["qv-1"].status is OrderStatus.PENDING_CANCEL

    on_a_desk(story)


def test_a_second_click_on_cancel_is_not_kept_for_later() -> None:
    async def story(desk: Desk) -> None:
        desk.orders.book["qv-1"] = there(desk)
        desk.broker.cancel_answer, cancel = ReportKind.CANCEL_REFUSED, desk.broker.cancel

        async def slow(order: Order) -> Report:
            await asyncio.sleep(0.01)
            return await cancel(order)

        desk.broker.cancel = slow  # type: ignore[method-assign]
        await asyncio.gather(desk.orders.cancel(["qv-1"]), desk.orders.cancel(["qv-1"]))
        assert desk.broker.steps.count("cancel qv-1") == 1
        await desk.orders.replace("qv-1", a_limit("99.99", id="qv-2"))
        assert desk.broker.steps[-1] == "replace qv-1"  # and no cancel that nobody asked for any more

    on_a_desk(story)


def test_an_order_whose_cancel_or_change_is_under_way_is_not_changed_again() -> None:
    async def story(desk: Desk) -> None:
        for status in (OrderStatus.PENDING_CANCEL, OrderStatus.PENDING_REPLACE):
            desk.orders.book["qv-1"] = replace(there(desk), status=status)
            with pytest.raises(BadInput, match="under way already"):
                await desk.orders.replace("qv-1", a_limit("99.99", id="qv-2"))
        assert desk.broker.steps == []

    on_a_desk(story)


def test_an_intent_recovered_after_a_crash_can_be_cancelled() -> None:
    async def story(desk: Desk) -> None:
        desk.broker.down = True
        await desk.orders.settling.recover([an_order(a_limit("100.00"), OrderStatus.INTENT)], [])
        await desk.orders.cancel_all()
        assert desk.risk.state is TradingState.ACTIVE
        assert desk.orders.book["qv-1"].status is OrderStatus.PENDING_CANCEL

    on_a_desk(story)


def test_an_end_is_not_taken_before_the_last_execution() -> None:
    """The broker's list of executions may lag behind its orders; a closed order would never be asked about again."""

    async def story(desk: Desk) -> None:
        desk.broker.answer = ReportKind.UNCERTAIN
        await desk.orders.submit(a_limit("100.00"))
        there(desk, OrderStatus.CANCELED, 40)
        await desk.orders.settling.settle_all()
        assert desk.orders.book["qv-1"].open
        desk.broker.executions = [a_fill("e1", 40)]
        await desk.orders.settling.settle_all()
        order = desk.orders.book["qv-1"]
        assert (order.status, order.filled) == (OrderStatus.CANCELED, Decimal(40))
        assert desk.positions["AAPL"].quantity == 40

    on_a_desk(story)


def test_many_orders_are_settled_by_one_list_and_one_that_it_lacks_by_questions_of_its_own() -> None:
    async def story(desk: Desk) -> None:
        desk.broker.answer = ReportKind.UNCERTAIN
        desk.risk.limits_for = lambda *_: replace(Limits(), duplicate_seconds=Decimal(0))
        count = FEW + 3
        for number in range(count):
            await desk.orders.submit(a_limit("100.00", 1, id=f"qv-{number}"))
        for number in range(1, count):
            there(desk, id=f"qv-{number}")
        asked, find = [], desk.broker.find

        async def counted(key: str) -> Order | None:
            asked.append(key)
            return await find(key)

        desk.broker.find = counted  # type: ignore[method-assign]
        await desk.orders.settling.settle_all()
        assert asked == []  # within the read lag the list has said all that is to be known
        assert [desk.orders.book[f"qv-{n}"].status for n in range(1, count)] == [OrderStatus.WORKING] * (count - 1)
        assert desk.orders.book["qv-0"].status is OrderStatus.UNRESOLVED
        desk.later(READ_LAG + 1)
        desk.broker.known["qv-0"] = replace(
            there(desk, id="qv-0"), submitted=NOW.replace(year=2000)
        )  # no list shows it
        await desk.orders.settling.settle_all()
        assert desk.orders.book["qv-0"].status is OrderStatus.WORKING
        assert set(asked) == {"qv-0"}

    on_a_desk(story)


def test_what_is_heard_while_the_broker_is_asked_decides() -> None:
    """A round asks twice whether an order is absent; meanwhile the stream may tell how it ended."""

    async def story(desk: Desk) -> None:
        desk.broker.answer = ReportKind.UNCERTAIN
        await desk.orders.submit(a_limit("100.00"))
        desk.later(READ_LAG + 1)
        asked = 0

        async def raced(key: str) -> Order | None:
            nonlocal asked
            asked += 1
            if asked == 2:
                desk.orders.hear(Report("qv-1", ReportKind.REJECTED, NOW, "b1", reason="no shares to borrow"))
            return None

        desk.broker.find = raced  # type: ignore[method-assign]
        await desk.orders.settling.settle_all()
        assert desk.orders.book["qv-1"].reason == "no shares to borrow"
        assert desk.risk.state is TradingState.ACTIVE

    on_a_desk(story)


def test_reports_of_a_strangers_order_wait_for_a_broker_that_does_not_show_it_yet() -> None:
    async def story(desk: Desk) -> None:
        desk.orders.hear(fill_report("e1", 40, id="other"))
        await desk.orders.settling.adopt_strangers()
        assert "other" not in desk.orders.book
        there(desk, OrderStatus.PARTIAL, 40, id="other")
        desk.broker.executions = [a_fill("e1", 40, "other")]
        await desk.orders.settling.adopt_strangers()
        order = desk.orders.book["other"]
        assert (order.filled, order.user) == (Decimal(40), SOMEBODY)
        assert desk.positions["AAPL"].quantity == 40

    on_a_desk(story)


def test_reports_of_an_order_that_never_shows_are_given_up() -> None:
    async def story(desk: Desk) -> None:
        desk.orders.hear(fill_report("e1", 40, id="other"))
        desk.later(FORGOTTEN)
        await desk.orders.settling.adopt_strangers()
        there(desk, id="other")
        await desk.orders.settling.adopt_strangers()
        assert "other" not in desk.orders.book

    on_a_desk(story)


def test_a_strangers_order_that_ended_before_it_was_seen_ends_here_too_with_its_executions() -> None:
    async def story(desk: Desk) -> None:
        desk.orders.hear(Report("other", ReportKind.CANCELED, NOW, "b1"))
        there(desk, OrderStatus.CANCELED, 40, id="other")
        desk.broker.executions = [a_fill("e1", 40, "other")]
        await desk.orders.settling.adopt_strangers()
        order = desk.orders.book["other"]
        assert (order.status, order.filled) == (OrderStatus.CANCELED, Decimal(40))

    on_a_desk(story)


def test_a_leg_belongs_to_whom_its_parent_belongs() -> None:
    async def story(desk: Desk) -> None:
        bracket = replace(
            a_limit("100.00"), order_class=OrderClass.BRACKET, take_profit=Decimal(110), stop_loss=Decimal(90)
        )
        desk.orders.book["qv-1"] = an_order(bracket, broker_id="b1")
        leg = replace(a_limit("110.00", side=Side.SELL, id="leg", source="External"), order_class=OrderClass.BRACKET)
        await desk.orders.settling.import_open([an_order(leg, OrderStatus.HELD, broker_id="b2")])
        found = desk.orders.book["leg"]
        assert (found.user, found.request.source) == ("demo", "Ticket")

    on_a_desk(story)


def test_positions_are_taken_over_anew_with_the_executions_since_the_last_time_only() -> None:
    async def story(desk: Desk) -> None:
        since: list[object] = []
        fills = desk.broker.fills

        async def counted(start):  # type: ignore[no-untyped-def]
            since.append(start)
            return await fills(start)

        desk.broker.fills = counted  # type: ignore[method-assign]
        day = NOW.replace(hour=5)
        await desk.orders.settling.take_over_positions(day)
        desk.later(600)
        await desk.orders.settling.take_over_positions(day)
        assert since[0] == day
        assert since[-1] > day  # type: ignore[operator]

    on_a_desk(story)


def test_a_burst_of_records_is_written_together_and_a_bad_one_keeps_none_of_the_others_out() -> None:
    async def story(desk: Desk) -> None:
        written, sizes = desk.journal.record, list[int]()

        async def spoiled(*records: tuple[Order, Report, Fill | None, Draft | None]) -> None:
            sizes.append(len(records))
            if any(report.execution_id == "bad" for _, report, *_ in records):
                raise ValueError("a record that cannot be written")
            await written(*records)

        desk.journal.record = spoiled  # type: ignore[method-assign]
        await desk.orders.submit(a_limit("100.00"))
        for name in ("e1", "bad", "e3"):
            desk.orders.hear(fill_report(name, 10))
        assert await desk.orders.records.written(5)
        assert max(sizes) > 1
        assert desk.orders.records.failed == 1
        kept = [report.execution_id for _, report, *_ in desk.journal.records if report.kind is ReportKind.FILL]
        assert kept == ["e1", "e3"]

    on_a_desk(story)


def test_when_a_part_of_settling_fails_nothing_of_it_runs_on_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("qv_desktop.services.settling.EVERY", 0.01)

    async def story(desk: Desk) -> None:
        rounds = 0

        async def fails() -> None:
            raise ValueError("a bug")

        async def counted() -> None:
            nonlocal rounds
            rounds += 1

        desk.orders.settling.adopt_strangers = fails  # type: ignore[method-assign]
        desk.orders.settling.settle_all = counted  # type: ignore[method-assign]
        with pytest.raises(ExceptionGroup):
            await desk.orders.settling.run()
        before = rounds
        await asyncio.sleep(0.05)
        assert rounds == before

    on_a_desk(story)


def test_two_orders_of_one_intent_at_the_broker_halt_trading_once() -> None:
    async def story(desk: Desk) -> None:
        desk.broker.answer = ReportKind.UNCERTAIN
        desk.risk.limits_for = lambda *_: replace(Limits(), duplicate_seconds=Decimal(0))
        for number in range(FEW + 1):
            await desk.orders.submit(a_limit("100.00", 1, id=f"qv-{number}"))
        one, two = there(desk, id="qv-0"), replace(there(desk, id="qv-0"), broker_id="b2")

        async def doubled(since: object) -> list[Order]:
            return [one, two]

        desk.broker.recent_orders = doubled  # type: ignore[method-assign]
        await desk.orders.settling.settle_all()
        assert desk.risk.state is TradingState.HALTED
        await desk.risk.resume("seen")
        await desk.orders.settling.settle_all()
        assert desk.risk.state is TradingState.ACTIVE

    on_a_desk(story)


def test_a_strangers_order_that_cannot_be_read_keeps_no_other_out_and_is_given_up() -> None:
    async def story(desk: Desk) -> None:
        found = desk.broker.find

        async def garbled(key: str) -> Order | None:
            if key == "odd":
                raise Garbled("Alpaca's answer could not be read (no side); nothing was changed.")
            return await found(key)

        desk.broker.find = garbled  # type: ignore[method-assign]
        desk.orders.hear(fill_report("e0", 5, id="odd"))
        desk.orders.hear(fill_report("e1", 40, id="other"))
        there(desk, OrderStatus.PARTIAL, 40, id="other")
        desk.broker.executions = [a_fill("e1", 40, "other")]
        await desk.orders.settling.adopt_strangers()
        assert desk.positions["AAPL"].quantity == 40
        desk.later(FORGOTTEN)
        await desk.orders.settling.adopt_strangers()
        assert not desk.orders.settling._strangers._early

    on_a_desk(story)

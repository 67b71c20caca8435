"""Flattening: preview, cancels first, one intent per hold, and what remains is said."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from qv_desktop.domain.access import Role
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.market import Batch, ns
from qv_desktop.domain.orders import Fill, OrderStatus, Report, ReportKind, Side
from qv_desktop.domain.risk import TradingState
from qv_desktop.services.flattening import Flattening
from tests.builders import NOW, a_limit, a_quote
from tests.services.test_orders import Desk, on_a_desk

D = Decimal


def held(quantity: str = "100", price: str = "90") -> Fill:
    side = Side.BUY if D(quantity) > 0 else Side.SELL
    return Fill("e-held", "qv-before", "AAPL", side, abs(D(quantity)), D(price), NOW)


def flattening(desk: Desk, **seconds: float) -> Flattening:
    return Flattening(desk.orders, desk.positions, lambda: {"AAPL": 100.0}, **{"cancels": 0.3, "fills": 0.3, **seconds})


def filled(key: str, quantity: str, name: str) -> Report:
    return Report(key, ReportKind.FILL, NOW, f"b-{key}", name, D(quantity), D(100))


async def soon(seen: Callable[[], bool]) -> None:
    for _ in range(500):
        if seen():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("what was waited for did not come")


async def answering(desk: Desk, key: str, *quantities: str) -> None:
    """The broker fills an order in parts as soon as it stands in the book."""
    await soon(lambda: key in desk.orders.book and desk.orders.book[key].broker_id is not None)
    for number, quantity in enumerate(quantities):
        desk.orders.hear(filled(key, quantity, f"{key}-{number}"))


async def cancelling(desk: Desk, key: str) -> None:
    """The broker says that an order is cancelled once that was asked for."""
    await soon(lambda: desk.orders.book[key].status is OrderStatus.PENDING_CANCEL)
    desk.orders.hear(Report(key, ReportKind.CANCELED, NOW))


def test_the_preview_counts_what_is_cancelled_and_what_it_would_bring() -> None:
    async def story(desk: Desk) -> None:
        desk.positions.fill(held())
        await desk.orders.submit(a_limit("95.00"))
        plan = flattening(desk).plan("AAPL")
        assert (plan.cancels, plan.side, plan.quantity, plan.value, plan.profit) == (
            1,
            Side.SELL,
            D(100),
            D(10_000),
            D(1_000),
        )
        with pytest.raises(BadInput, match="nothing to close"):
            flattening(desk).plan("MSFT")

    on_a_desk(story)


def test_resting_orders_go_first_and_then_the_closing_order_goes_through_the_gate() -> None:
    async def story(desk: Desk) -> None:
        desk.positions.fill(held())
        await desk.orders.submit(a_limit("95.00"))
        flat = flattening(desk)
        said: list[str] = []
        answers = asyncio.gather(cancelling(desk, "qv-1"), answering(desk, "close", "60", "40"))
        sentence = await flat.flatten(flat.plan("AAPL"), "close", tell=said.append)
        await answers
        assert sentence == "AAPL is flat: sell 100 at 100.00."
        assert said == ["Cancelling 1 order in AAPL…", "Closing 100 AAPL…"]
        assert desk.journal.steps == ["intend qv-1", "post qv-1", "cancel qv-1", "intend close", "post close"]
        assert not desk.positions["AAPL"].quantity

    on_a_desk(story)


def test_a_second_hold_while_the_first_is_under_way_does_nothing() -> None:
    async def story(desk: Desk) -> None:
        desk.positions.fill(held())
        flat = flattening(desk)
        plan = flat.plan("AAPL")
        answers = asyncio.gather(answering(desk, "one", "100"))
        first, second = await asyncio.gather(flat.flatten(plan, "one"), flat.flatten(plan, "two"))
        await answers
        assert second == ""
        assert first.startswith("AAPL is flat")
        assert "intend two" not in desk.journal.steps
        assert flat.under_way == set()

    on_a_desk(story)


def test_a_position_that_changed_since_the_preview_is_refused_loudly() -> None:
    async def story(desk: Desk) -> None:
        desk.positions.fill(held())
        flat = flattening(desk)
        plan = flat.plan("AAPL")
        desk.positions.fill(Fill("e2", "x", "AAPL", Side.BUY, D(10), D(91), NOW))
        with pytest.raises(BadInput, match=r"changed from 100 to 110 shares since the preview; nothing was sent"):
            await flat.flatten(plan, "close")
        assert desk.journal.steps == []

    on_a_desk(story)


def test_orders_that_cannot_be_cancelled_keep_the_closing_order_back() -> None:
    async def story(desk: Desk) -> None:
        desk.positions.fill(held())
        await desk.orders.submit(a_limit("95.00"))
        flat = flattening(desk)
        with pytest.raises(BadInput, match=r"1 order in AAPL could not be cancelled within 0\.3 s"):
            await flat.flatten(flat.plan("AAPL"), "close")
        assert "intend close" not in desk.journal.steps
        assert flat.under_way == set()

    on_a_desk(story)


def test_what_a_partly_filled_close_leaves_is_said() -> None:
    async def story(desk: Desk) -> None:
        desk.positions.fill(held())
        flat = flattening(desk)
        answers = asyncio.ensure_future(answering(desk, "close", "60"))
        with pytest.raises(BadInput, match=r"still partial for 40 of 100 shares; 40 shares are held"):
            await flat.flatten(flat.plan("AAPL"), "close")
        await answers

    on_a_desk(story)


def test_what_the_rules_would_refuse_cancels_nothing_and_the_preview_says_so() -> None:
    async def story(desk: Desk) -> None:
        desk.positions.fill(held())
        stop = await desk.orders.submit(a_limit("95.00", side=Side.SELL, id="qv-stop"))
        desk.risk.state = TradingState.HALTED
        flat = flattening(desk)
        plan = flat.plan("AAPL")
        assert plan.refused.startswith("Trading is halted")
        with pytest.raises(BadInput, match=r"Trading is halted.*Nothing was cancelled, and the AAPL position stands"):
            await flat.flatten(plan, "close")
        assert desk.orders.book[stop.id].open
        assert desk.broker.steps == ["intend qv-stop", "post qv-stop"]

    on_a_desk(story)


def test_a_halt_while_the_orders_go_is_said_with_what_stands() -> None:
    async def story(desk: Desk) -> None:
        desk.positions.fill(held())
        resting = await desk.orders.submit(a_limit("95.00"))
        flat = flattening(desk)
        closing = asyncio.ensure_future(flat.flatten(flat.plan("AAPL"), "close"))
        await cancelling(desk, resting.id)
        desk.risk.state = TradingState.HALTED
        with pytest.raises(BadInput, match=r"the closing order was refused: Trading is halted.*100 shares are held"):
            await closing

    on_a_desk(story)


def test_a_position_beyond_the_limits_on_size_can_be_closed_with_quotes_away() -> None:
    async def story(desk: Desk) -> None:
        desk.positions.fill(held("20000"))
        desk.later(60)
        flat = flattening(desk)
        plan = flat.plan("AAPL")
        assert plan.refused == ""
        closing = asyncio.ensure_future(flat.flatten(plan, "close"))
        await answering(desk, "close", "20000")
        assert (await closing).startswith("AAPL is flat")

    on_a_desk(story)


def test_while_the_database_is_away_nothing_is_sent_and_the_position_is_said_to_stand() -> None:
    async def story(desk: Desk) -> None:
        desk.positions.fill(held())
        await desk.orders.submit(a_limit("95.00"))
        steps, desk.users.down = list(desk.broker.steps), True
        desk.later(2)  # the role that was read is no longer fresh
        flat = flattening(desk)
        with pytest.raises(DatabaseDown):
            await flat.flatten(flat.plan("AAPL"), "close")
        assert desk.broker.steps == steps  # nor is anything cancelled

    on_a_desk(story)


def test_reverse_opens_the_other_side_only_once_the_close_is_filled() -> None:
    async def story(desk: Desk) -> None:
        desk.positions.fill(held("-50"))
        flat = flattening(desk)

        async def market() -> None:
            await asyncio.sleep(0.1)
            assert "intend open" not in desk.journal.steps
            await answering(desk, "close", "50")
            await answering(desk, "open", "50")

        answers = asyncio.ensure_future(market())
        sentence = await flat.flatten(flat.plan("AAPL", reverse=True), "close", "open")
        assert sentence == "AAPL is reversed: buy 50, then buy 50."
        await answers
        assert desk.positions["AAPL"].quantity == 50
        assert [step for step in desk.journal.steps if "post" in step] == ["post close", "post open"]

    on_a_desk(story)


@pytest.mark.parametrize(("comes", "ends"), [(True, "AAPL is reversed"), (False, "the other side was refused")])
def test_the_other_side_of_a_reversal_waits_a_moment_for_a_quote_young_enough(comes: bool, ends: str) -> None:
    async def story(desk: Desk) -> None:
        desk.positions.fill(held("-50"))
        flat = flattening(desk, quotes=0.5 if not comes else 30)
        plan = flat.plan("AAPL", reverse=True)
        desk.later(60)  # the quote is old by then; closing is free to go, opening is not
        reversing = asyncio.ensure_future(flat.flatten(plan, "close", "open"))
        await answering(desk, "close", "50")
        await asyncio.sleep(0.2)
        assert "intend open" not in desk.journal.steps
        if comes:
            desk.orders._risk._market.hear(Batch(quotes=[replace(a_quote(), at=ns(desk.moment[0]))]))
            await answering(desk, "open", "50")
            assert (await reversing).startswith(ends)
        else:
            with pytest.raises(BadInput, match=ends):
                await reversing

    on_a_desk(story)


@pytest.mark.parametrize(("listing", "quantity", "why"), [
    (Instrument("AAPL", "Apple Inc", "NASDAQ", shortable=False), "100", "AAPL cannot be sold short here"),
    (Instrument("AAPL", "Apple Inc", "NASDAQ", easy_to_borrow=False), "100", "AAPL is hard to borrow"),
    (Instrument("AAPL", "Apple Inc", "NASDAQ"), "10.5", "Parts of a share cannot be sold short"),
])  # fmt: skip
def test_a_position_that_has_no_other_side_is_not_closed_by_a_reversal(
    listing: Instrument, quantity: str, why: str
) -> None:
    async def story(desk: Desk) -> None:
        desk.risk.know([listing])
        desk.positions.fill(held(quantity))
        stop = await desk.orders.submit(a_limit("95.00", side=Side.SELL, id="qv-stop", quantity=5))
        flat = flattening(desk)
        plan = flat.plan("AAPL", reverse=True)
        assert why in plan.refused
        assert "latten only" in plan.refused
        with pytest.raises(BadInput, match="Nothing was cancelled"):
            await flat.flatten(plan, "close", "open")
        assert desk.orders.book[stop.id].open
        assert "intend close" not in desk.journal.steps
        assert flat.plan("AAPL").refused == ""  # it can be closed

    on_a_desk(story)


def test_reverse_opens_nothing_when_the_close_did_not_fill() -> None:
    async def story(desk: Desk) -> None:
        desk.positions.fill(held())
        flat = flattening(desk)
        answers = asyncio.ensure_future(answering(desk, "close", "60"))
        with pytest.raises(BadInput, match="Nothing was opened on the other side"):
            await flat.flatten(flat.plan("AAPL", reverse=True), "close", "open")
        await answers
        assert "intend open" not in desk.journal.steps

    on_a_desk(story)


def test_a_role_without_the_right_to_trade_flattens_nothing() -> None:
    async def story(desk: Desk) -> None:
        desk.positions.fill(held())
        flat = flattening(desk)
        with pytest.raises(NotPermitted):
            await flat.flatten(flat.plan("AAPL"), "close")
        assert desk.broker.steps == []

    on_a_desk(story, Role.VIEWER)


def test_cancels_of_a_scope_take_what_is_open_now_and_are_recorded_with_it() -> None:
    async def story(desk: Desk) -> None:
        await desk.orders.submit(a_limit("95.00"))
        desk.journal.down = True  # it goes out all the same
        assert await desk.orders.cancel_scope(symbol="MSFT") == 0
        assert await desk.orders.cancel_scope(source="Ticket", user="demo") == 1
        assert desk.journal.steps[-1] == "cancel qv-1"
        desk.journal.down = False
        assert await desk.orders.records.written(3)
        drafts = [
            draft for _, _, _, draft in desk.journal.records if draft is not None and draft.action == "order.cancel"
        ]
        assert [draft.reason for draft in drafts] == ["every open order of source Ticket, user demo"]
        with pytest.raises(BadInput, match="Say whose orders"):
            await desk.orders.cancel_scope()

    on_a_desk(story)

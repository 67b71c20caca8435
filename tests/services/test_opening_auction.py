"""What a day said trades in the opening auction; what the auction did not take follows at the market, and never both."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from qv_desktop.domain.access import Role
from qv_desktop.domain.deployments import Deployment, State
from qv_desktop.domain.events import KillChanged
from qv_desktop.domain.killing import Killing
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.orders import Order, OrderStatus, OrderType, Report, ReportKind, Side, TimeInForce
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.domain.signals import MISSED_AUCTION, TAKEN_BACK, Fate, Kind, Signal
from tests.builders import NOW, a_position
from tests.services import test_target_orders as targets
from tests.services.test_deployments import TERMS, Desk, Store, at_a_desk

MARKET, OPG, DAY = OrderType.MARKET, TimeInForce.OPG, TimeInForce.DAY


def at(clock: str) -> datetime:
    """Of the day, New York time."""
    hour, minute, second = (int(part) for part in clock.split(":"))
    return datetime(2026, 11, 20, hour, minute, second, tzinfo=NEW_YORK).astimezone(UTC)


SESSION = MarketSession(NOW.date(), at("04:00:00"), at("09:30:00"), at("16:00:00"), at("20:00:00"))


def it_is(desk: Desk, clock: str) -> None:
    desk.session[0], desk.moment[0] = SESSION, at(clock)
    desk.open[0] = SESSION.open <= desk.moment[0] < SESSION.close


async def a_day(desk: Desk, **bounds: Any) -> Deployment:
    """A deployment of days that runs, in the morning."""
    it_is(desk, "09:20:00")
    terms = replace(TERMS, timeframe="1D", bounds=replace(TERMS.bounds, orders=20, **bounds))
    return await desk.service.start(await desk.service.create(terms))


async def looks(desk: Desk, clock: str) -> None:
    """The clock goes on, quotes are young, and what waits has its look."""
    it_is(desk, clock)
    for _ in range(3):
        desk.moment[0] += timedelta(seconds=1)
        desk.quotes()
        await asyncio.sleep(0)  # what is heard is acted upon in tasks of their own
        await desk.runs.look()


def told(desk: Desk, kind: Kind | None = None) -> Signal:
    return [one for one in desk.service.signals() if kind in (None, one.kind)][-1]


def lives(desk: Desk) -> list[TimeInForce]:
    return [order.request.time_in_force for order in desk.sent()]


def ends(desk: Desk, order: Order, kind: ReportKind, clock: str = "09:30:01") -> None:
    desk.orders.apply(Report(order.id, kind, at(clock), f"b-{order.id}", reason="no cross"))


def by_flags(story: Any, store: Store | None = None) -> None:
    at_a_desk(story, Role.TRADER, store=store)


def test_an_entry_and_an_exit_of_days_are_market_orders_of_the_opening_auction() -> None:
    async def story(desk: Desk) -> None:
        await a_day(desk)
        it_is(desk, "09:25:00")
        await desk.says(Kind.ENTRY)
        (order,) = desk.sent()
        assert (order.request.type, order.request.time_in_force, order.request.quantity) == (MARKET, OPG, 10)
        assert (told(desk).fate, told(desk).reason) == (Fate.ORDER, "In the opening auction.")
        await looks(desk, "09:27:50")
        await looks(desk, "09:29:00")
        it_is(desk, "09:30:01")
        desk.fills()
        await looks(desk, "09:30:02")
        it_is(desk, "09:25:00")
        await desk.says(Kind.EXIT, bar=1)
        assert [(one.request.side, one.request.time_in_force) for one in desk.sent()] == [
            (Side.BUY, OPG),
            (Side.SELL, OPG),
        ]

    by_flags(story)


def test_an_order_for_the_auction_needs_no_young_quote() -> None:
    async def story(desk: Desk) -> None:
        await a_day(desk)
        desk.quotes()
        it_is(desk, "09:26:00")  # the last quote is minutes old, as before an open it is
        await desk.says(Kind.ENTRY)
        assert lives(desk) == [OPG]

    by_flags(story)


@pytest.mark.parametrize("kind", [ReportKind.EXPIRED, ReportKind.CANCELED, ReportKind.REJECTED])
def test_what_the_auction_did_not_take_follows_at_the_market_once_and_is_told(kind: ReportKind) -> None:
    async def story(desk: Desk) -> None:
        await a_day(desk)
        it_is(desk, "09:25:00")
        await desk.says(Kind.ENTRY)
        (order,) = desk.sent()
        await looks(desk, "09:29:00")
        it_is(desk, "09:30:01")
        ends(desk, order, kind)
        await looks(desk, "09:30:02")
        assert lives(desk) == [OPG, DAY]
        assert len({one.id for one in desk.sent()}) == 2
        assert (told(desk).fate, told(desk).order) == (Fate.ORDER, desk.sent()[1].id)
        assert told(desk).reason.startswith(MISSED_AUCTION)
        assert "no cross" in told(desk).reason
        await looks(desk, "09:31:00")
        desk.fills()
        await looks(desk, "09:32:00")
        assert lives(desk) == [OPG, DAY]

    by_flags(story)


def test_what_is_rejected_before_the_open_waits_for_it_and_is_not_put_into_the_auction_again() -> None:
    async def story(desk: Desk) -> None:
        await a_day(desk)
        it_is(desk, "09:25:00")
        await desk.says(Kind.ENTRY)
        ends(desk, desk.sent()[0], ReportKind.REJECTED, "09:25:01")
        await looks(desk, "09:25:10")
        assert (lives(desk), told(desk).fate) == ([OPG], Fate.WAITS)
        await looks(desk, "09:29:00")
        assert lives(desk) == [OPG]
        await looks(desk, "09:30:02")
        assert lives(desk) == [OPG, DAY]

    by_flags(story)


def test_an_order_of_which_nobody_knows_whether_it_arrived_is_followed_by_none_until_that_is_settled() -> None:
    async def story(desk: Desk) -> None:
        await a_day(desk)
        it_is(desk, "09:25:00")
        desk.broker.answer = ReportKind.UNCERTAIN
        await desk.says(Kind.ENTRY)
        (order,) = desk.sent()
        assert order.status is OrderStatus.UNRESOLVED
        await looks(desk, "09:30:10")
        assert lives(desk) == [OPG]
        desk.broker.answer = ReportKind.ACKNOWLEDGED
        ends(desk, desk.orders.book[order.id], ReportKind.NOT_FOUND, "09:30:20")
        await looks(desk, "09:30:30")
        assert lives(desk) == [OPG, DAY]

    by_flags(story)


def test_what_somebody_cancels_before_the_open_is_not_made_anew() -> None:
    async def story(desk: Desk) -> None:
        await a_day(desk)
        it_is(desk, "09:25:00")
        await desk.says(Kind.ENTRY)
        ends(desk, desk.sent()[0], ReportKind.CANCELED, "09:26:00")
        await looks(desk, "09:30:10")
        assert (lives(desk), told(desk).fate) == ([OPG], Fate.REFUSED)

    by_flags(story)


def test_whoever_comes_too_late_for_the_auction_trades_at_the_market_after_the_open_and_says_so() -> None:
    async def story(desk: Desk) -> None:
        await a_day(desk)
        it_is(desk, "09:28:30")
        await desk.says(Kind.ENTRY)
        assert (desk.sent(), told(desk).fate) == ([], Fate.WAITS)
        await looks(desk, "09:29:50")
        assert desk.sent() == []
        await looks(desk, "09:30:00")
        assert lives(desk) == [DAY]
        assert told(desk).reason.startswith(MISSED_AUCTION)

    by_flags(story)


def test_an_entry_that_cannot_go_after_the_open_is_given_up_after_half_an_hour_and_an_exit_is_not() -> None:
    async def story(desk: Desk) -> None:
        await a_day(desk)
        it_is(desk, "09:25:00")
        await desk.says(Kind.ENTRY)
        it_is(desk, "09:30:01")
        desk.fills()
        it_is(desk, "09:28:30")
        await desk.says(Kind.EXIT, bar=1)
        desk.open[0], desk.moment[0] = False, at("09:59:59")  # nothing opens
        await desk.runs.look()
        assert told(desk, Kind.EXIT).fate is Fate.WAITS
        desk.moment[0] = at("10:10:00")
        await desk.runs.look()
        await looks(desk, "10:20:00")
        assert [one.request.side for one in desk.sent()] == [Side.BUY, Side.SELL]
        desk.fills()
        it_is(desk, "09:28:30")
        await desk.says(Kind.ENTRY, bar=2)
        desk.open[0] = False
        desk.moment[0] = at("10:00:00")
        await desk.runs.look()
        assert told(desk).fate is Fate.BLOCKED
        await looks(desk, "10:01:00")
        assert len(desk.sent()) == 2

    by_flags(story)


def test_an_entry_that_waited_when_the_machine_fell_asleep_is_none_of_the_next_day() -> None:
    async def story(desk: Desk) -> None:
        await a_day(desk)
        it_is(desk, "09:28:30")
        await desk.says(Kind.ENTRY)
        days = timedelta(days=3)
        desk.session[0], desk.moment[0] = replace(SESSION, open=SESSION.open + days), at("09:26:00") + days
        desk.quotes()
        await desk.runs.look()
        assert (desk.sent(), told(desk).fate) == ([], Fate.BLOCKED)

    by_flags(story)


def test_parts_of_a_share_are_closed_after_the_open() -> None:
    async def story(desk: Desk) -> None:
        await a_day(desk)
        it_is(desk, "09:25:00")
        await desk.says(Kind.ENTRY)
        (order,) = desk.sent()
        it_is(desk, "09:30:01")
        desk.orders.apply(
            Report(order.id, ReportKind.FILL, desk.moment[0], f"b-{order.id}", "x1", Decimal("9.5"), Decimal(100))
        )
        ends(desk, desk.orders.book[order.id], ReportKind.CANCELED, "09:30:02")
        it_is(desk, "09:25:00")
        await desk.says(Kind.EXIT, bar=1)
        await looks(desk, "09:26:00")
        assert (lives(desk), told(desk).fate) == ([OPG], Fate.WAITS)
        assert "whole shares" in told(desk).reason
        await looks(desk, "09:30:00")
        assert lives(desk) == [OPG, DAY]
        assert "whole shares" in told(desk).reason

    by_flags(story)


def test_a_reversal_closes_in_the_auction_and_opens_the_other_side_after_it() -> None:
    async def story(desk: Desk) -> None:
        await a_day(desk, shorts=True)
        it_is(desk, "09:25:00")
        await desk.says(Kind.ENTRY)
        it_is(desk, "09:30:01")
        desk.fills()
        it_is(desk, "09:25:00")
        await desk.says(Kind.SHORT, bar=1)
        await looks(desk, "09:26:00")
        assert lives(desk) == [OPG, OPG]
        assert told(desk, Kind.SHORT).fate is Fate.WAITS
        await looks(desk, "09:30:00")
        assert len(desk.sent()) == 2  # it is not flat yet
        desk.fills()
        await looks(desk, "09:30:05")
        assert [(one.request.side, one.request.time_in_force) for one in desk.sent()][2:] == [(Side.SELL, DAY)]
        assert told(desk, Kind.SHORT).reason.startswith(MISSED_AUCTION)

    by_flags(story)


def test_the_trading_window_counts_from_the_open_and_a_bound_holds_back_all_the_same() -> None:
    async def story(desk: Desk) -> None:
        await a_day(desk, loss=Decimal(5))
        it_is(desk, "09:25:00")
        await desk.says(Kind.ENTRY)
        assert lives(desk) == [OPG]  # the window begins at 09:30
        it_is(desk, "09:30:01")
        desk.fills("101")
        await desk.says(Kind.EXIT, bar=1)
        desk.fills("100")
        it_is(desk, "09:26:00")
        await desk.says(Kind.ENTRY, bar=2)
        assert (told(desk).fate, len(desk.sent())) == (Fate.BLOCKED, 2)

    by_flags(story)


def test_a_pause_or_a_kill_between_the_two_sends_nothing_more() -> None:
    async def story(desk: Desk) -> None:
        one = await a_day(desk)
        it_is(desk, "09:25:00")
        await desk.says(Kind.ENTRY)
        ends(desk, desk.sent()[0], ReportKind.REJECTED, "09:25:01")
        await looks(desk, "09:26:00")
        desk.runs.hear(KillChanged(Killing(at("09:27:00"), "ann", "done", True)))
        await looks(desk, "09:30:05")
        assert (lives(desk), told(desk).fate) == ([OPG], Fate.BLOCKED)
        assert desk.service.get(one.id).state is State.PAUSED

    by_flags(story)


def test_an_entry_that_waits_for_the_open_and_is_said_no_more_does_not_go() -> None:
    async def story(desk: Desk) -> None:
        one = await a_day(desk)
        it_is(desk, "09:28:30")
        await desk.says(Kind.ENTRY)
        await desk.runs._taken_back(one.id, "AAPL", 0, Kind.ENTRY)
        await looks(desk, "09:30:05")
        assert (desk.sent(), told(desk).fate) == ([], Fate.BLOCKED)
        assert TAKEN_BACK in told(desk).reason

    by_flags(story)


def test_a_target_that_waits_for_the_open_and_is_said_no_more_does_not_go() -> None:
    async def story(desk: Desk) -> None:
        await a_rotation(desk)
        it_is(desk, "09:28:30")
        await aims(desk, 1, AAPL=0.5, MSFT=0.5)
        (one,) = desk.service.all()
        await desk.runs._taken_back(one.id, "AAPL", targets.DAY, Kind.TARGET)
        await looks(desk, "09:30:05")
        assert targets.trades(desk) == [("MSFT", Side.BUY, 50)]
        assert (targets.the(desk, "AAPL").fate, TAKEN_BACK in targets.the(desk, "AAPL").reason) == (Fate.BLOCKED, True)

    rotating(story)


# ---- restarts, and another desk


def again(before: Any, after: Any, held: int = 0) -> None:
    """Two sittings on one store: the broker, and with it the book, has what the first sent."""
    store = Store()
    traded: list[Order] = []

    async def first(desk: Desk) -> None:
        await before(desk)
        store.done = list(desk.orders.fills.values())
        store.left = {order.id for order in desk.sent()}
        traded.extend(desk.sent())

    async def second(desk: Desk) -> None:
        for order in traded:
            desk.orders.book[order.id] = order
        desk.positions.adopt({"AAPL": a_position(held)} if held else {})
        await after(desk)

    by_flags(first, store)
    store.leases.clear()
    by_flags(second, store)


def test_a_restart_between_the_auction_and_the_open_sends_nothing_while_the_order_may_trade() -> None:
    async def before(desk: Desk) -> None:
        await a_day(desk)
        it_is(desk, "09:25:00")
        await desk.says(Kind.ENTRY)

    async def after(desk: Desk) -> None:
        it_is(desk, "09:27:00")
        await desk.service.load()
        await looks(desk, "09:27:10")
        await looks(desk, "09:30:05")
        assert lives(desk) == [OPG]
        ends(desk, desk.sent()[0], ReportKind.EXPIRED, "09:30:06")
        await looks(desk, "09:30:10")
        assert lives(desk) == [OPG, DAY]

    again(before, after)


def test_a_restart_after_the_auction_let_it_go_sends_the_market_order_once() -> None:
    async def before(desk: Desk) -> None:
        await a_day(desk)
        it_is(desk, "09:25:00")
        await desk.says(Kind.ENTRY)
        desk.runs.end(desk.service.all()[0].id)  # the program is gone when the broker tells
        ends(desk, desk.sent()[0], ReportKind.EXPIRED)
        await asyncio.sleep(0)
        desk.store.raised = {key: replace(one, fate=Fate.ORDER, reason="") for key, one in desk.store.raised.items()}

    async def after(desk: Desk) -> None:
        it_is(desk, "09:31:00")
        await desk.service.load()
        await looks(desk, "09:31:10")
        assert lives(desk) == [OPG, DAY]
        await looks(desk, "09:32:00")
        desk.fills()
        await looks(desk, "09:33:00")
        assert lives(desk) == [OPG, DAY]

    again(before, after)


def test_a_restart_goes_on_with_what_waited_for_the_open_and_not_on_another_day() -> None:
    async def before(desk: Desk) -> None:
        await a_day(desk)
        it_is(desk, "09:28:30")
        await desk.says(Kind.ENTRY)
        assert told(desk).fate is Fate.WAITS
        await desk.runs._flushed()

    async def after(desk: Desk) -> None:
        it_is(desk, "09:29:30")
        await desk.service.load()
        await looks(desk, "09:30:05")
        assert lives(desk) == [DAY]

    async def next_day(desk: Desk) -> None:
        it_is(desk, "09:29:30")
        desk.moment[0] += timedelta(days=3)
        desk.session[0] = replace(
            SESSION, open=SESSION.open + timedelta(days=3), close=SESSION.close + timedelta(days=3)
        )
        await desk.service.load()
        await desk.runs.look()
        assert (desk.sent(), told(desk).fate) == ([], Fate.LATE)

    again(before, after)
    again(before, next_day)


# ---- targets


def rotating(story: Any) -> None:
    targets.rotating(story)


async def a_rotation(desk: Desk) -> None:
    it_is(desk, "09:20:00")
    await targets.running(desk)


async def aims(desk: Desk, bar: int, **weights: float) -> None:
    desk.quotes()
    await targets.aims(desk, bar, **weights)


def test_a_universe_sells_and_buys_in_the_same_auction_within_one_capital() -> None:
    async def story(desk: Desk) -> None:
        await a_rotation(desk)
        it_is(desk, "09:25:00")
        await aims(desk, 1, AAPL=0.5, MSFT=0.5)
        await looks(desk, "09:25:01")
        assert lives(desk) == [OPG, OPG]
        it_is(desk, "09:30:01")
        desk.fills()
        it_is(desk, "09:25:00")
        await aims(desk, 2, AAPL=0.0, MSFT=0.2, NVDA=0.8)
        await looks(desk, "09:25:05")
        assert targets.trades(desk)[2:] == [("AAPL", Side.SELL, 50), ("MSFT", Side.SELL, 30), ("NVDA", Side.BUY, 80)]
        assert lives(desk) == [OPG] * 5
        it_is(desk, "09:30:01")
        desk.fills()
        await looks(desk, "09:31:00")
        assert len(desk.sent()) == 5

    rotating(story)


def test_a_purchase_waits_for_a_sale_that_the_auction_did_not_take() -> None:
    async def story(desk: Desk) -> None:
        await a_rotation(desk)
        it_is(desk, "09:25:00")
        await aims(desk, 1, AAPL=1.0)
        await looks(desk, "09:25:01")
        it_is(desk, "09:30:01")
        desk.fills()
        await looks(desk, "09:30:02")
        it_is(desk, "09:28:30")
        await aims(desk, 2, AAPL=0.0, NVDA=1.0)
        await looks(desk, "09:29:00")
        assert len(desk.sent()) == 1
        await looks(desk, "09:30:10")
        assert targets.trades(desk)[1:] == [("AAPL", Side.SELL, 100)]
        desk.fills()
        await looks(desk, "09:30:20")
        assert targets.trades(desk)[2:] == [("NVDA", Side.BUY, 100)]
        assert lives(desk) == [OPG, DAY, DAY]
        assert targets.the(desk, "NVDA").reason.startswith(MISSED_AUCTION)

    rotating(story)


@pytest.mark.parametrize(("kind", "clock"), [(ReportKind.REJECTED, "09:25:10"), (ReportKind.CANCELED, "09:30:01")])
def test_a_target_that_the_auction_did_not_take_follows_after_the_open(kind: ReportKind, clock: str) -> None:
    async def story(desk: Desk) -> None:
        await a_rotation(desk)
        it_is(desk, "09:25:00")
        await aims(desk, 1, AAPL=0.5)
        await looks(desk, "09:25:01")
        ends(desk, desk.sent()[0], kind, clock)
        await looks(desk, "09:27:00")
        await looks(desk, "09:29:00")
        assert lives(desk) == [OPG]
        await looks(desk, "09:30:02")
        assert lives(desk) == [OPG, DAY]
        assert targets.the(desk, "AAPL").reason.startswith(MISSED_AUCTION)
        desk.fills()
        await looks(desk, "09:31:00")
        assert lives(desk) == [OPG, DAY]

    rotating(story)


def test_a_purchase_that_waited_when_the_machine_fell_asleep_is_none_of_the_next_day() -> None:
    async def story(desk: Desk) -> None:
        await a_rotation(desk)
        it_is(desk, "09:28:30")
        await aims(desk, 1, AAPL=0.5)
        days = timedelta(days=3)
        desk.session[0], desk.moment[0] = replace(SESSION, open=SESSION.open + days), at("09:26:00") + days
        desk.quotes()
        await desk.runs.look()
        assert (desk.sent(), targets.the(desk, "AAPL").fate) == ([], Fate.BLOCKED)

    rotating(story)


def test_a_target_whose_order_somebody_cancelled_before_the_open_is_given_up() -> None:
    async def story(desk: Desk) -> None:
        await a_rotation(desk)
        it_is(desk, "09:25:00")
        await aims(desk, 1, AAPL=0.5)
        await looks(desk, "09:25:01")
        ends(desk, desk.sent()[0], ReportKind.CANCELED, "09:26:00")
        await looks(desk, "09:26:30")
        await looks(desk, "09:30:10")
        assert lives(desk) == [OPG]
        assert targets.the(desk, "AAPL").fate is Fate.REFUSED

    rotating(story)

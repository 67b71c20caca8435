"""Targets become orders: from what is held to what is wanted, sales first, what is left over carried on, nothing sent twice."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from qv_desktop.domain.access import Role
from qv_desktop.domain.deployments import Bounds, Deployment, State, Terms
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import Batch, Quote, Trade, ns
from qv_desktop.domain.orders import Order, Report, ReportKind, Side
from qv_desktop.domain.signals import Fate, Kind, Signal
from qv_desktop.domain.sizing import Sizing
from qv_desktop.domain.strategies import Strategy, digest
from qv_desktop.domain.targets import Aim
from tests.builders import NOW, a_position
from tests.services.test_deployments import SYMBOLS, Desk, Store, at_a_desk

SOURCE = "def weights(universe, params): ..."
ROTATION = Strategy("r", "rotate", "Rotate", 1, (), SOURCE, digest(SOURCE), "ann", NOW)
WIDE = Bounds(value=Decimal(1_000_000), shares=Decimal(10_000))
TERMS = Terms("r", "rotate", 1, SYMBOLS, "1D", (), amount=Decimal(10_000), bounds=WIDE)
DAY = 86_400_000_000_000


async def running(desk: Desk, **bounds: Any) -> Deployment:
    one = await desk.service.create(replace(TERMS, bounds=replace(WIDE, **bounds)))
    return await desk.service.start(one)


async def aims(desk: Desk, bar: int, late: str = "", missed: bool = False, **weights: float) -> None:
    """The strategy wants this from a bar on."""
    (one,) = desk.service.all()
    closes = tuple((symbol, 100.0) for symbol in SYMBOLS)
    await desk.runs._raised(Aim(one.id, bar * DAY, tuple(weights.items()), closes, desk.moment[0], (), late, missed))


async def settles(desk: Desk) -> None:
    """So long that what waits for nothing but the next look has gone."""
    for _ in range(4):
        desk.moment[0] += timedelta(seconds=3)
        desk.quotes()
        await desk.runs.look()


def trades(desk: Desk) -> list[tuple[str, Side, int]]:
    return [(order.request.symbol, order.request.side, int(order.request.quantity)) for order in desk.sent()]


def fills(desk: Desk, order: Order, shares: int, mark: str = "") -> None:
    report = Report(
        order.id, ReportKind.FILL, desk.moment[0], f"b-{order.id}", f"x-{order.id}{mark}", Decimal(shares), Decimal(100)
    )
    desk.orders.apply(report)


def ends(desk: Desk, order: Order, kind: ReportKind = ReportKind.EXPIRED) -> None:
    desk.orders.apply(Report(order.id, kind, desk.moment[0], f"b-{order.id}"))


def the(desk: Desk, symbol: str) -> Signal:
    return [one for one in desk.service.signals() if one.symbol == symbol][-1]


def rotating(story: Any, store: Store | None = None) -> None:
    used = store or Store()
    used.strategy = ROTATION
    at_a_desk(story, Role.TRADER, store=used)


def test_a_universe_is_bought_in_parts_of_one_capital_and_told_once() -> None:
    async def story(desk: Desk) -> None:
        one = await running(desk)
        await aims(desk, 1, AAPL=0.5, MSFT=0.25, NVDA=0.0)
        await aims(desk, 1, AAPL=0.5, MSFT=0.25, NVDA=0.0)
        await settles(desk)
        assert trades(desk) == [("AAPL", Side.BUY, 50), ("MSFT", Side.BUY, 25)]
        desk.fills()
        await settles(desk)
        assert len(desk.sent()) == 2
        assert desk.fates() == [Fate.ORDER, Fate.ORDER, Fate.NOTHING]
        aapl = the(desk, "AAPL")
        assert (aapl.kind, aapl.target, aapl.wanted) == (Kind.TARGET, Decimal("0.5"), 50)
        assert {order.request.source for order in desk.sent()} == {one.source}
        assert dict(desk.service.figures(one).held) == {"AAPL": 50, "MSFT": 25}
        raised = [draft for draft in desk.store.drafts if draft.action == "signal.raise"]
        assert [draft.correlation for draft in raised][:2] == [order.id for order in desk.sent()]

    rotating(story)


def test_what_is_to_be_sold_trades_before_what_is_bought_with_it() -> None:
    async def story(desk: Desk) -> None:
        await running(desk)
        await aims(desk, 1, AAPL=0.5, MSFT=0.5)
        await settles(desk)
        desk.fills()
        await settles(desk)
        await aims(desk, 2, AAPL=0.0, MSFT=0.2, NVDA=0.8)
        await settles(desk)
        assert trades(desk)[2:] == [("AAPL", Side.SELL, 50), ("MSFT", Side.SELL, 30)]
        assert the(desk, "NVDA").fate is Fate.WAITS
        desk.fills()
        await settles(desk)
        assert trades(desk)[4:] == [("NVDA", Side.BUY, 80)]
        desk.fills()
        await settles(desk)
        (one,) = desk.service.all()
        assert dict(desk.service.figures(one).held) == {"MSFT": 20, "NVDA": 80}
        assert len(desk.sent()) == 5

    rotating(story)


def test_the_capital_is_what_was_earned_too() -> None:
    async def story(desk: Desk) -> None:
        await running(desk)
        await aims(desk, 1, AAPL=1.0)
        await settles(desk)
        desk.fills()
        desk.market.hear(Batch([Trade("AAPL", ns(desk.moment[0]), 120.0, 10, "9")], []))
        await settles(desk)
        await aims(desk, 2, AAPL=0.0, MSFT=1.0)
        await settles(desk)
        desk.fills("120")
        await settles(desk)
        assert trades(desk) == [("AAPL", Side.BUY, 100), ("AAPL", Side.SELL, 100), ("MSFT", Side.BUY, 120)]

    rotating(story)


def test_what_traded_in_part_is_carried_on_and_the_next_targets_start_from_what_is_held() -> None:
    async def story(desk: Desk) -> None:
        await running(desk)
        await aims(desk, 1, AAPL=0.5)
        await settles(desk)
        (first,) = desk.sent()
        fills(desk, first, 20)
        ends(desk, desk.orders.book[first.id])
        await settles(desk)
        assert trades(desk) == [("AAPL", Side.BUY, 50), ("AAPL", Side.BUY, 30)]
        second = desk.sent()[1]
        fills(desk, second, 10)
        await settles(desk)
        assert len(desk.sent()) == 2  # its order works still
        ends(desk, desk.orders.book[second.id])
        desk.open[0] = False  # the session is over
        await settles(desk)
        assert (the(desk, "AAPL").fate, len(desk.sent())) == (Fate.REFUSED, 2)
        assert "session ended" in the(desk, "AAPL").reason
        desk.open[0] = True
        await aims(desk, 2, AAPL=0.1)
        await settles(desk)
        assert trades(desk)[2:] == [("AAPL", Side.SELL, 20)]

    rotating(story)


def test_what_keeps_ending_short_is_given_up_and_said() -> None:
    async def story(desk: Desk) -> None:
        await running(desk)
        await aims(desk, 1, AAPL=0.5)
        for count in range(1, 5):
            await settles(desk)
            assert len(desk.sent()) == min(count, 3)
            if desk.sent()[-1].open:
                ends(desk, desk.sent()[-1])
        assert the(desk, "AAPL").fate is Fate.REFUSED
        assert "expired" in the(desk, "AAPL").reason

    rotating(story)


def test_an_order_that_a_person_cancels_is_not_made_anew() -> None:
    async def story(desk: Desk) -> None:
        await running(desk)
        await aims(desk, 1, AAPL=0.5)
        await settles(desk)
        (order,) = desk.sent()
        await desk.orders.cancel([order.id])
        ends(desk, desk.orders.book[order.id], ReportKind.CANCELED)
        await settles(desk)
        assert (len(desk.sent()), the(desk, "AAPL").fate) == (1, Fate.REFUSED)

    rotating(story)


def test_the_market_opens_before_anything_goes_and_sales_wait_longer_than_purchases() -> None:
    async def story(desk: Desk) -> None:
        await running(desk)
        await aims(desk, 1, AAPL=0.5)
        await settles(desk)
        desk.fills()
        await settles(desk)
        desk.open[0] = False
        await aims(desk, 2, AAPL=0.0, MSFT=0.5)
        await settles(desk)
        assert len(desk.sent()) == 1
        assert (the(desk, "AAPL").fate, the(desk, "MSFT").fate) == (Fate.WAITS, Fate.WAITS)
        desk.open[0] = True
        await settles(desk)
        assert trades(desk)[1:] == [("AAPL", Side.SELL, 50)]

    rotating(story)


@pytest.mark.parametrize(("bounds", "weights", "said"), [
    ({"orders": 1}, {"AAPL": 0.5, "MSFT": 0.5}, "1 orders of the day"), ({}, {"AAPL": 0.5, "MSFT": -0.5}, "short"),
])  # fmt: skip
def test_a_bound_holds_back_what_opens(bounds: dict[str, Any], weights: dict[str, float], said: str) -> None:
    async def story(desk: Desk) -> None:
        await running(desk, **bounds)
        await aims(desk, 1, **weights)
        await settles(desk)
        assert trades(desk) == [("AAPL", Side.BUY, 50)]
        assert said in the(desk, "MSFT").reason

    rotating(story)


def test_a_position_keeps_to_the_largest_that_its_bounds_allow() -> None:
    async def story(desk: Desk) -> None:
        await running(desk, value=Decimal(2_000))
        await aims(desk, 1, AAPL=0.5)
        await settles(desk)
        assert trades(desk) == [("AAPL", Side.BUY, 20)]

    rotating(story)


def test_late_targets_are_told_and_do_not_trade() -> None:
    async def story(desk: Desk) -> None:
        await running(desk)
        await aims(desk, 1, late="The bar closed while the deployment did not run.", missed=True, AAPL=0.5)
        await settles(desk)
        assert (desk.sent(), desk.fates()) == ([], [Fate.LATE])

    rotating(story)


def test_a_pause_gives_up_what_was_not_reached() -> None:
    async def story(desk: Desk) -> None:
        one = await running(desk)
        desk.open[0] = False
        await aims(desk, 1, AAPL=0.5)
        await desk.service.pause(one)
        desk.open[0] = True
        await settles(desk)
        assert (desk.sent(), desk.fates()) == ([], [Fate.BLOCKED])

    rotating(story)


def restarted(before: Any, after: Any) -> None:
    """Two sittings on one store: the books of the second begin with what the first traded."""
    store = Store()
    traded: list[Order] = []

    async def first(desk: Desk) -> None:
        await before(desk)
        store.done = list(desk.orders.fills.values())
        store.left = {order.id for order in desk.sent()}
        traded.extend(desk.sent())

    async def second(desk: Desk) -> None:
        for order in traded:  # what the broker and the journal have
            desk.orders.book[order.id] = order
        held = sum(int(fill.quantity) for fill in store.done)
        desk.positions.adopt({"AAPL": a_position(held)} if held else {})
        await after(desk)

    rotating(first, store)
    rotating(second, store)


def test_a_restart_goes_on_with_what_was_not_reached_and_sends_nothing_twice() -> None:
    async def before(desk: Desk) -> None:
        await running(desk)
        await aims(desk, 1, AAPL=0.5, MSFT=0.3)
        await settles(desk)
        aapl, _ = desk.sent()
        fills(desk, aapl, 20)
        ends(desk, desk.orders.book[aapl.id])

    async def after(desk: Desk) -> None:
        desk.moment[0] += timedelta(minutes=1)
        await desk.service.load()
        await settles(desk)
        assert sorted(trades(desk)) == [("AAPL", Side.BUY, 30), ("AAPL", Side.BUY, 50), ("MSFT", Side.BUY, 30)]
        desk.fills()
        await settles(desk)
        (one,) = desk.service.all()
        assert one.state is State.RUNNING
        assert dict(desk.service.figures(one).held) == {"AAPL": 50, "MSFT": 30}
        assert len(desk.sent()) == 3

    restarted(before, after)


def test_a_restart_on_another_day_buys_nothing_of_the_day_before_and_says_so() -> None:
    async def before(desk: Desk) -> None:
        await running(desk)
        desk.open[0] = False
        await aims(desk, 1, AAPL=0.5)

    async def after(desk: Desk) -> None:
        desk.moment[0] += timedelta(days=1)
        await desk.service.load()
        await settles(desk)
        assert (desk.sent(), desk.fates()) == ([], [Fate.LATE])

    restarted(before, after)


@pytest.mark.parametrize(("terms", "said"), [
    ({"sizing": Sizing.SHARES}, "capital"), ({"timeframe": "1W"}, "1D"),
    ({"bounds": replace(WIDE, begins=NOW.time().replace(hour=15))}, "09:30"),
])  # fmt: skip
def test_terms_that_do_not_fit_a_universe_of_days_are_refused(terms: dict[str, Any], said: str) -> None:
    async def story(desk: Desk) -> None:
        with pytest.raises(BadInput, match=said):
            await desk.service.create(replace(TERMS, **terms))

    rotating(story)


def test_the_database_may_be_away_when_targets_come() -> None:
    async def story(desk: Desk) -> None:
        await running(desk)
        desk.store.down = desk.journal.down = True
        await aims(desk, 1, AAPL=0.5)
        await settles(desk)
        assert desk.sent() == []
        desk.store.down = desk.journal.down = False
        await settles(desk)
        assert trades(desk) == [("AAPL", Side.BUY, 50)]

    rotating(story)


def test_a_desk_that_takes_over_knows_the_orders_of_the_other_as_its_own() -> None:
    """The broker does not say whose they are: by their ids they are the deployment's."""
    made = list[Order]()

    async def before(desk: Desk) -> None:
        await running(desk)
        await aims(desk, 1, AAPL=0.5)
        await settles(desk)
        fills(desk, desk.sent()[0], 20)
        made.append(desk.orders.book[desk.sent()[0].id])

    async def after(desk: Desk) -> None:
        theirs = made[0]
        stranger = replace(theirs, user="another program", request=replace(theirs.request, source="External"))
        desk.orders.book[theirs.id] = stranger
        await desk.service.load()
        await settles(desk)
        assert len(desk.sent()) == 1  # the other desk's order works still
        fills(desk, stranger, 30, "-late")
        await settles(desk)
        (one,) = desk.service.all()
        assert dict(desk.service.figures(one).held) == {"AAPL": 50}
        assert len(desk.sent()) == 1

    restarted(before, after)


def test_shares_are_reckoned_once_a_young_quote_is_there_and_by_what_it_says() -> None:
    async def story(desk: Desk) -> None:
        await running(desk)
        desk.moment[0] += timedelta(minutes=5)  # the last price and the quote are of before
        await aims(desk, 1, AAPL=0.5)
        await desk.runs.look()
        assert (desk.sent(), the(desk, "AAPL").wanted, the(desk, "AAPL").fate) == ([], None, Fate.WAITS)
        assert "no young quote" in the(desk, "AAPL").reason
        quote = Quote("AAPL", ns(desk.moment[0]), 125.0, 300, 125.02, 500)
        desk.market.hear(Batch([], [quote]))  # it opened above, and nothing has traded yet
        await desk.runs.look()
        assert trades(desk) == [("AAPL", Side.BUY, 40)]

    rotating(story)

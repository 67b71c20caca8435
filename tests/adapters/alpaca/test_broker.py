"""The broker adapter against the simulated Alpaca: every question and every kind of order."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from qv_desktop.adapters.alpaca import broker as room
from qv_desktop.adapters.alpaca.broker import AlpacaBroker
from qv_desktop.adapters.alpaca.sweeping import swept as swept_rows
from qv_desktop.domain.errors import BrokerDown, Denied
from qv_desktop.domain.market import utc
from qv_desktop.domain.orders import (
    Order,
    OrderClass,
    OrderRequest,
    OrderStatus,
    OrderType,
    ReportKind,
    Side,
    TimeInForce,
)
from qv_desktop.domain.risk import Verdict, minted
from tests.builders import a_request, an_order
from tests.simulator.process import Simulator

numbers = itertools.count(1)


def market_clock(simulator: Simulator) -> Callable:
    ahead = simulator.ready["market_ns"] - simulator.ready["wall_ns"]
    return lambda: utc(time.time_ns() + ahead)


def asked[Answer](
    simulator: Simulator, ask: Callable[[AlpacaBroker], Awaitable[Answer]], secret: str | None = None
) -> Answer:
    async def story() -> Answer:
        broker = AlpacaBroker(
            simulator.key, secret or simulator.secret, simulator.url, market_clock(simulator), "SIMULATION"
        )
        try:
            return await ask(broker)
        finally:
            broker.close()

    return asyncio.run(story())


def an_intent(side: Side = Side.BUY, quantity: int = 10, **rest: object) -> Order:
    return an_order(a_request(quantity, side, id=f"qv-test-{time.time_ns()}-{next(numbers)}", **rest))


def passed(request: OrderRequest) -> Verdict:
    """A verdict without any rule: the broker's own rules are under test here."""
    return minted(request, ())


async def settled(broker: AlpacaBroker, key: str, wanted: Callable[[Order], bool]) -> Order:
    async with asyncio.timeout(20):
        while True:
            found = await broker.find(key)
            assert found is not None
            if wanted(found):
                return found
            await asyncio.sleep(0.05)


def closed(order: Order) -> bool:
    return not order.open


@pytest.fixture(autouse=True)
def _fresh(simulator: Simulator) -> None:
    simulator.control("DELETE", "/sim/faults")
    simulator.control("POST", "/sim/reset")


def test_a_fresh_account_has_its_cash_and_nothing_else(simulator: Simulator) -> None:
    async def ask(broker: AlpacaBroker) -> None:
        account = await broker.account()
        assert (account.cash, account.equity, account.status) == (100_000, 100_000, "ACTIVE")
        assert (await broker.positions(), await broker.open_orders()) == ({}, [])
        assert await broker.fills(broker._now() - timedelta(days=1)) == []

    asked(simulator, ask)


def test_instruments_sessions_and_the_clock(simulator: Simulator) -> None:
    async def ask(broker: AlpacaBroker) -> None:
        instruments = {found.symbol: found for found in await broker.instruments()}
        assert {"AAPL", "SPY"} <= instruments.keys()
        assert instruments["AAPL"].tradable
        today = broker._now().date()
        sessions = await broker.sessions(today - timedelta(days=7), today)
        assert 4 <= len(sessions) <= 6
        assert all(day.pre_open < day.open < day.close < day.post_close for day in sessions)
        assert (await broker.clock()).next_close > (await broker.clock()).at
        await broker.warm()

    asked(simulator, ask)


def test_a_market_order_fills_and_its_executions_add_up(simulator: Simulator) -> None:
    simulator.control("POST", "/sim/faults", {"kind": "partial_fills", "target": "trading", "count": 2})
    order = an_intent(quantity=40)

    async def ask(broker: AlpacaBroker) -> None:
        report = await broker.submit(order, passed(order.request))
        assert report.kind is ReportKind.ACKNOWLEDGED
        found = await settled(broker, order.id, closed)
        assert (found.status, found.filled, found.broker_id) == (OrderStatus.FILLED, 40, report.broker_id)
        assert found.account == (await broker.account()).id
        fills = await broker.fills(found.submitted)
        assert sum(fill.quantity for fill in fills) == 40
        assert {fill.client_order_id for fill in fills} == {order.id}
        assert len({fill.execution_id for fill in fills}) == len(fills)
        position = (await broker.positions())["AAPL"]
        assert position.quantity == 40
        paid = sum(fill.quantity * fill.price for fill in fills)
        assert abs(position.average * 40 - paid) < Decimal("0.05")

    asked(simulator, ask)


def test_fills_are_matched_to_orders_by_an_adapter_that_saw_none_of_them(simulator: Simulator) -> None:
    orders = [an_intent(quantity=1), an_intent(quantity=2), an_intent(quantity=3)]

    async def trade(broker: AlpacaBroker) -> None:
        for order in orders:
            await broker.submit(order, passed(order.request))
            await settled(broker, order.id, closed)

    asked(simulator, trade)
    since = market_clock(simulator)() - timedelta(minutes=30)
    fills = asked(simulator, lambda broker: broker.fills(since))
    assert [(fill.client_order_id, fill.quantity) for fill in fills] == [
        (order.id, order.request.quantity) for order in orders
    ]
    assert len({fill.broker_id for fill in fills} - {None}) == len(orders)


def test_many_pages_of_orders_and_activities_become_one_list(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "ORDER_PAGE", 3)
    monkeypatch.setattr(room, "ACTIVITY_PAGE", 2)
    resting = [an_intent(type=OrderType.LIMIT, limit=Decimal("50") + number) for number in range(8)]
    filled = [an_intent(quantity=1) for _ in range(5)]

    async def ask(broker: AlpacaBroker) -> None:
        for order in resting + filled:
            await broker.submit(order, passed(order.request))
        for order in filled:
            await settled(broker, order.id, closed)
        assert [found.id for found in await broker.open_orders()] == [order.id for order in resting]
        fills = await broker.fills(broker._now() - timedelta(hours=1))
        assert sorted(fill.client_order_id for fill in fills) == sorted(order.id for order in filled)

    asked(simulator, ask)


@pytest.mark.parametrize(
    "terms",
    [{"type": OrderType.LIMIT, "limit": Decimal("150.00")}, {"type": OrderType.STOP, "stop": Decimal("400.00")},
     {"type": OrderType.STOP_LIMIT, "stop": Decimal("400.00"), "limit": Decimal("401.00")},
     {"type": OrderType.LIMIT, "limit": Decimal("150.00"), "time_in_force": TimeInForce.GTC},
     {"type": OrderType.LIMIT, "limit": Decimal("150.00"), "extended_hours": True},
     {"type": OrderType.TRAILING_STOP, "trail_percent": Decimal("5")},
     {"type": OrderType.TRAILING_STOP, "trail_price": Decimal("7.5")},
     {"time_in_force": TimeInForce.CLS}],
    ids=str,
)  # fmt: skip
def test_every_kind_of_order_comes_back_as_it_was_meant(simulator: Simulator, terms: dict[str, object]) -> None:
    order = an_intent(**terms)

    async def ask(broker: AlpacaBroker) -> None:
        report = await broker.submit(order, passed(order.request))
        assert report.kind is ReportKind.ACKNOWLEDGED, report.reason
        found = await broker.find(order.id)
        assert found is not None
        meant = replace(order.request, source=found.request.source)
        if order.request.type is OrderType.TRAILING_STOP:  # the broker says where the stop stands now
            meant = replace(meant, stop=found.request.stop)
        assert found.request == meant
        assert found.open

    asked(simulator, ask)


@pytest.mark.parametrize("time_in_force", [TimeInForce.IOC, TimeInForce.FOK])
def test_an_immediate_order_that_finds_no_match_is_cancelled_by_the_broker(
    simulator: Simulator, time_in_force: TimeInForce
) -> None:
    order = an_intent(type=OrderType.LIMIT, limit=Decimal("50.00"), time_in_force=time_in_force)

    async def ask(broker: AlpacaBroker) -> None:
        await broker.submit(order, passed(order.request))
        assert (await settled(broker, order.id, closed)).status is OrderStatus.CANCELED

    asked(simulator, ask)


def test_a_bracket_waits_with_its_legs_and_a_pair_of_exits_is_one_order_and_a_leg(simulator: Simulator) -> None:
    bracket = an_intent(
        order_class=OrderClass.BRACKET, take_profit=Decimal(900), stop_loss=Decimal(20), time_in_force=TimeInForce.GTC
    )

    async def ask(broker: AlpacaBroker) -> None:
        assert (await broker.submit(bracket, passed(bracket.request))).kind is ReportKind.ACKNOWLEDGED
        await settled(broker, bracket.id, closed)
        async with asyncio.timeout(10):
            while len(found := await broker.open_orders()) < 2:  # noqa: ASYNC110  # the broker is another party
                await asyncio.sleep(0.05)
        assert {(leg.request.type, leg.request.side) for leg in found} == {
            (OrderType.LIMIT, Side.SELL),
            (OrderType.STOP, Side.SELL),
        }
        assert OrderStatus.HELD in {leg.status for leg in found}
        for leg in found:
            await broker.cancel(leg)
        for leg in found:
            await settled(broker, leg.id, closed)
        pair = an_intent(Side.SELL, type=OrderType.LIMIT, limit=Decimal(900), order_class=OrderClass.OCO, stop_loss=Decimal(20),
                         time_in_force=TimeInForce.GTC)  # fmt: skip
        report = await broker.submit(pair, passed(pair.request))
        assert report.kind is ReportKind.ACKNOWLEDGED, report.reason

    asked(simulator, ask)


def test_an_oco_with_a_stop_limit_leaves_the_position_once_and_comes_back_as_it_was_meant(simulator: Simulator) -> None:
    bought = an_intent(quantity=10)
    pair = an_intent(Side.SELL, type=OrderType.LIMIT, limit=Decimal(900), order_class=OrderClass.OCO, stop_loss=Decimal("20.5"),
                     stop_loss_limit=Decimal(20), time_in_force=TimeInForce.GTC)  # fmt: skip

    async def ask(broker: AlpacaBroker) -> None:
        too_early = await broker.submit(pair, passed(pair.request))
        assert (too_early.kind, "exit orders" in too_early.reason) == (ReportKind.REJECTED, True)
        await broker.submit(bought, passed(bought.request))
        await settled(broker, bought.id, closed)
        again = replace(pair, request=replace(pair.request, client_order_id=f"{pair.id}-2"))
        report = await broker.submit(again, passed(again.request))
        assert report.kind is ReportKind.ACKNOWLEDGED, report.reason
        found = await settled(broker, again.id, lambda order: order.status is OrderStatus.WORKING)
        meant = replace(
            again.request, source=found.request.source, stop_loss=None, stop_loss_limit=None
        )  # its leg's own
        assert found.request == meant
        legs = [order for order in await broker.open_orders() if order.id != again.id]
        assert [(leg.request.type, leg.request.stop, leg.request.limit, leg.status) for leg in legs] == [
            (OrderType.STOP_LIMIT, Decimal("20.5"), Decimal(20), OrderStatus.HELD)
        ]
        await broker.cancel(found)
        for order in (found, *legs):
            assert (await settled(broker, order.id, closed)).status is OrderStatus.CANCELED
        assert (await broker.positions())["AAPL"].quantity == 10

    asked(simulator, ask)


def test_a_bracket_with_a_stop_limit_loss_is_taken(simulator: Simulator) -> None:
    bracket = an_intent(order_class=OrderClass.BRACKET, take_profit=Decimal(900), stop_loss=Decimal("20.5"),
                        stop_loss_limit=Decimal(20))  # fmt: skip

    async def ask(broker: AlpacaBroker) -> None:
        report = await broker.submit(bracket, passed(bracket.request))
        assert report.kind is ReportKind.ACKNOWLEDGED, report.reason
        await settled(broker, bracket.id, closed)
        async with asyncio.timeout(10):
            while len(found := await broker.open_orders()) < 2:  # noqa: ASYNC110  # the broker is another party
                await asyncio.sleep(0.05)
        prices = {leg.request.type: (leg.request.limit, leg.request.stop) for leg in found}
        assert prices == {
            OrderType.LIMIT: (Decimal(900), None),
            OrderType.STOP_LIMIT: (Decimal(20), Decimal("20.5")),
        }

    asked(simulator, ask)


def test_a_replacement_is_a_new_order_and_the_old_one_points_to_it(simulator: Simulator) -> None:
    order = an_intent(type=OrderType.LIMIT, limit=Decimal("150.00"))
    after = replace(order.request, client_order_id=f"{order.id}-r", limit=Decimal("151.00"), quantity=Decimal(7))

    async def ask(broker: AlpacaBroker) -> None:
        report = await broker.submit(order, passed(order.request))
        sent = replace(order, broker_id=report.broker_id)
        replaced = await broker.replace(sent, after, passed(after))
        assert replaced.kind is ReportKind.REPLACED
        old = await settled(broker, order.id, closed)
        assert (old.status, old.replaced_by) == (OrderStatus.REPLACED, replaced.replaced_by)
        new = await broker.find(after.client_order_id)
        assert new is not None
        assert (new.broker_id, new.request.limit, new.request.quantity) == (replaced.replaced_by, 151, 7)

    asked(simulator, ask)


def test_a_cancellation_succeeds_once(simulator: Simulator) -> None:
    order = an_intent(type=OrderType.LIMIT, limit=Decimal("150.00"))

    async def ask(broker: AlpacaBroker) -> None:
        report = await broker.submit(order, passed(order.request))
        sent = replace(order, broker_id=report.broker_id)
        assert (await broker.cancel(sent)).kind is ReportKind.CANCEL_ASKED
        assert (await settled(broker, order.id, closed)).status is OrderStatus.CANCELED
        again = await broker.cancel(sent)
        assert again.kind is ReportKind.CANCEL_REFUSED
        assert again.reason

    asked(simulator, ask)


@pytest.mark.parametrize(
    ("order", "words"),
    [(an_intent(quantity=1_000_000), "buying power"), (an_intent(symbol="NOSUCH"), "NOSUCH"),
     (an_intent(type=OrderType.LIMIT, limit=Decimal("150.123")), "increment")],
    ids=["too expensive", "unknown symbol", "sub-penny"],
)  # fmt: skip
def test_the_brokers_no_is_passed_on_in_its_words(simulator: Simulator, order: Order, words: str) -> None:
    report = asked(simulator, lambda broker: broker.submit(order, passed(order.request)))
    assert report.kind is ReportKind.REJECTED
    assert words in report.reason


def test_an_order_behind_a_gateway_timeout_is_unknown_and_then_found_once(simulator: Simulator) -> None:
    order = an_intent(quantity=3)
    simulator.control("POST", "/sim/faults", {"kind": "accept_then_504", "target": "trading"})

    async def ask(broker: AlpacaBroker) -> None:
        assert (await broker.submit(order, passed(order.request))).kind is ReportKind.UNCERTAIN
        found = await settled(broker, order.id, closed)
        assert found.filled == 3
        again = await broker.submit(order, passed(order.request))
        assert again.kind is ReportKind.ACCEPTED  # the duplicate is refused by the broker, and is the order we have
        assert again.broker_id == found.broker_id
        assert (await broker.positions())["AAPL"].quantity == 3

    asked(simulator, ask)


def test_an_answer_that_trickles_in_for_ever_is_given_up(simulator: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "READ", 1.5)
    simulator.control("POST", "/sim/faults", {"kind": "hang", "target": "trading", "count": 3})
    with pytest.raises(BrokerDown, match="cannot be reached"):
        asked(simulator, lambda broker: broker.positions())
    simulator.control("DELETE", "/sim/faults")


def test_a_sell_without_shares_is_a_short_position(simulator: Simulator) -> None:
    order = an_intent(Side.SELL, quantity=5)

    async def ask(broker: AlpacaBroker) -> None:
        await broker.submit(order, passed(order.request))
        await settled(broker, order.id, closed)
        assert (await broker.positions())["AAPL"].quantity == -5

    asked(simulator, ask)


def test_words_that_alpaca_invented_since_do_not_hide_our_orders(simulator: Simulator) -> None:
    order = an_intent(type=OrderType.LIMIT, limit=Decimal("150.00"))
    simulator.control("POST", "/sim/faults", {"kind": "unknown_enums", "target": "trading", "count": 4})

    async def ask(broker: AlpacaBroker) -> None:
        assert (await broker.submit(order, passed(order.request))).kind is ReportKind.ACKNOWLEDGED
        assert [found.id for found in await broker.open_orders()] == [order.id]

    asked(simulator, ask)


@pytest.mark.parametrize(("kind", "words"), [("rate_limit", "too many requests"), ("html_502", "HTTP 502")])
def test_a_question_that_fails_is_never_an_empty_answer(simulator: Simulator, kind: str, words: str) -> None:
    simulator.control("POST", "/sim/faults", {"kind": kind, "target": "trading", "count": 3})  # it is asked three times
    with pytest.raises(BrokerDown, match=words):
        asked(simulator, lambda broker: broker.positions())


def test_a_wrong_secret_is_a_sentence(simulator: Simulator) -> None:
    with pytest.raises(BrokerDown, match="enter valid keys under Connections"):
        asked(simulator, lambda broker: broker.account(), secret="wrong")


def test_everything_is_cancelled_at_once_and_what_stands_is_told(simulator: Simulator) -> None:
    async def story(broker: AlpacaBroker) -> None:
        for symbol in ("AAPL", "KO"):
            order = an_intent(symbol=symbol, type=OrderType.LIMIT, limit=Decimal("1.00"))
            await broker.submit(order, passed(order.request))
        standing = await broker.standing()
        assert {"BUY 10 AAPL", "BUY 10 KO"} <= {order.words for order in standing}
        swept = await broker.cancel_everything()
        assert (swept.answered, swept.refused) == (True, ())
        assert {order.broker_id for order in standing} >= swept.taken
        assert len(swept.taken) >= 2
        assert await broker.standing() == []
        assert (await broker.cancel_everything()).taken == frozenset()

    asked(simulator, story)


@pytest.mark.parametrize(("kind", "definite"), [("html_502", False), ("rate_limit", False)])
def test_a_sweep_without_a_readable_answer_claims_nothing(simulator: Simulator, kind: str, definite: bool) -> None:
    simulator.control("POST", "/sim/faults", {"kind": kind, "target": "trading", "count": 1})
    swept = asked(simulator, lambda broker: broker.cancel_everything())
    assert (swept.answered, swept.definite, swept.taken) == (False, definite, frozenset())
    assert swept.reason


def test_the_rows_of_a_sweep_are_read_one_by_one() -> None:
    rows = [{"id": "a", "status": 200}, {"id": "b", "status": 500, "body": {"message": "order is not open"}},
            {"id": "c", "status": "422"}, {"status": 200}]  # fmt: skip
    found = swept_rows(rows)
    assert found.taken == {"a"}
    assert found.refused == (("b", "order is not open"), ("c", "HTTP 422 and no reason"))


def as_an_option(simulator: Simulator, times: int) -> None:
    params = {"field": "asset_class", "value": "us_option"}
    simulator.control(
        "POST", "/sim/faults", {"kind": "unknown_enums", "target": "trading", "count": times, "params": params}
    )


def test_what_an_account_has_in_options_is_counted_nowhere_and_said(simulator: Simulator) -> None:
    order = an_intent(quantity=3)

    async def ask(broker: AlpacaBroker) -> None:
        told: list[str] = []
        broker._tell = told.append
        await broker.submit(order, passed(order.request))
        done = await settled(broker, order.id, closed)
        assert len(await broker.fills(done.submitted)) == 1
        as_an_option(simulator, 1)
        assert await broker.positions() == {}
        assert [sentence[:32] for sentence in told] == ["1 position in options or crypto:"]
        as_an_option(simulator, 1)
        assert done.id not in {found.id for found in await broker.recent_orders(done.submitted)}
        assert await broker.fills(done.submitted) == []

    asked(simulator, ask)


def test_a_list_that_cannot_be_read_on_is_not_taken_for_whole(
    simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "ORDER_PAGE", 2)
    page = [{"id": name, "submitted_at": "2026-01-05T15:30:00Z"} for name in "ab"]

    async def ask(broker: AlpacaBroker) -> None:
        async def always_the_same(*_: object) -> object:
            return page

        broker._asked = always_the_same  # type: ignore[method-assign]
        with pytest.raises(BrokerDown, match="does not go on"):
            await broker.standing()

    asked(simulator, ask)


def test_keys_that_are_refused_and_keys_that_lack_are_told_apart_from_silence(simulator: Simulator) -> None:
    with pytest.raises(Denied, match="enter valid keys under Connections"):
        asked(simulator, lambda broker: broker.account(), secret="another-secret")

    async def nobody() -> None:
        broker = AlpacaBroker("", "", simulator.url, market_clock(simulator), "SIMULATION")
        try:
            with pytest.raises(Denied, match="No account is connected"):
                await broker.account()
        finally:
            broker.close()

    asyncio.run(nobody())
    simulator.control("POST", "/sim/faults", {"kind": "html_502", "target": "trading", "count": 3})
    with pytest.raises(BrokerDown) as silent:
        asked(simulator, lambda broker: broker.account())
    assert not isinstance(silent.value, Denied)

"""A split and a dividend overnight, on the simulator's real wire: told apart from trading, booked once, with cash explained to the cent."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from qv_desktop.adapters.alpaca.history import AlpacaHistory
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.reconciliation import ReconciliationStore
from qv_desktop.adapters.reports.reconciliation import ReconciliationReports
from qv_desktop.domain.market import utc
from qv_desktop.domain.orders import OrderRequest, OrderStatus, OrderType, Side, TimeInForce
from qv_desktop.services import reconcile
from qv_desktop.services.reconcile import Reconcile
from tests.simulator.process import Simulator
from tests.stories.trader import Trader, trading

CLOSE = Decimal("0.0001")  # 0.01 %
ROOM = 20.0  # seconds
MARKET = ("--seed", "8", "--symbols", "12", "--cash", "1000000")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "SETTLE", 0.1)


type Story = Callable[[Trader, Reconcile], Coroutine[Any, Any, None]]


def told(simulator: Simulator, url: str, *stories: Story) -> None:
    """One sitting after another on one account."""

    async def all_() -> None:
        await asyncio.to_thread(simulator.control, "POST", "/sim/reset")
        since = utc(simulator.ready["market_ns"]) - timedelta(minutes=1)
        for story in stories:
            async with trading(simulator, url, since=since) as trader:
                trail = AuditTrail(trader.database, "trader", "test", trader.clock.now, lambda entry: None)
                history = AlpacaHistory(simulator.key, simulator.secret, simulator.url)
                service = Reconcile(trader.broker, ReconciliationStore(trader.database, trail), ReconciliationReports(), trader.orders,
                                    trader.positions, trader.account, trader.login, trader.heard, trader.clock.market, lambda: since,
                                    Path("/"), trail, movements=trader.broker.history, marks=trader.journal,
                                    announced=history.actions)  # fmt: skip
                try:
                    await story(trader, service)
                    assert await trader.orders.records.written(ROOM)
                finally:
                    history.close()

    asyncio.run(all_())


async def bought(trader: Trader, symbol: str, shares: int) -> None:
    request = OrderRequest(f"qv-{symbol}-{shares}-{uuid4().hex[:8]}", symbol, Side.BUY, Decimal(shares))
    await trader.orders.submit(request)
    assert await trader.until(request.client_order_id, lambda order: order.status is OrderStatus.FILLED, ROOM)


async def rests(trader: Trader, symbol: str) -> str:
    """A good-till-cancelled limit buy far below the market."""
    quote = trader.market.snapshot(symbol).quote
    assert quote is not None
    limit = Decimal(str(round(quote.ask * 0.8, 2)))
    request = OrderRequest(f"qv-rest-{symbol}-{uuid4().hex[:8]}", symbol, Side.BUY, Decimal(10), OrderType.LIMIT, limit,
                           time_in_force=TimeInForce.GTC)  # fmt: skip
    await trader.orders.submit(request)
    assert await trader.until(request.client_order_id, lambda order: order.status is OrderStatus.WORKING, ROOM)
    return request.client_order_id


async def does(trader: Trader, path: str, **body: object) -> None:
    await asyncio.to_thread(trader.simulator.control, "POST", path, body)


async def same_as_the_brokers(trader: Trader) -> None:
    theirs = await trader.broker.positions()
    assert set(theirs) == set(trader.positions.held())
    for symbol, there in theirs.items():
        here = trader.positions[symbol]
        assert here.quantity == there.quantity
        assert abs(here.average - there.average) <= there.average * CLOSE


def test_shares_of_a_split_are_booked_once_as_that_at_the_same_cost_and_resting_orders_follow(
    simulator: Simulator, postgres_url: str
) -> None:
    kept: dict[str, Any] = {}

    async def overnight(trader: Trader, service: Reconcile) -> None:
        await bought(trader, "AAPL", 100)
        order = await rests(trader, "AAPL")
        assert (await service.run("test", "first")).passed
        cost = trader.positions["AAPL"].average * 100
        before = trader.orders.book[order].request
        await does(trader, "/sim/split/now", symbol="AAPL", ratio=4)
        run = await service.run("test", "after the split")
        assert (run.breaks, run.uncompared) == ((), ())
        position, after = trader.positions["AAPL"], trader.orders.book[order].request
        assert position.quantity == 400
        assert abs(position.average * 400 - cost) <= cost * CLOSE
        assert (after.quantity, before.limit and after.limit) == (
            40,
            (before.limit or Decimal(0)) / 4 // Decimal("0.01") / 100,
        )
        assert sorted(entry.split(" of ")[0] for entry in run.booked) == ["Split", "Split 4:1"]
        await same_as_the_brokers(trader)
        again = await service.run("test", "again")
        assert (again.passed, again.booked) == (True, ())
        kept.update(order=order, terms=(after.quantity, after.limit))

    async def next_day(trader: Trader, service: Reconcile) -> None:
        order = trader.orders.book[kept["order"]].request
        assert (order.quantity, order.limit) == kept["terms"]  # the journal knows them
        run = await service.run("test", "in the next sitting")
        assert (run.passed, run.booked) == (True, ())

    told(simulator, postgres_url, overnight, next_day)


def test_a_fraction_that_is_paid_out_in_cash_and_a_dividend_leave_nothing_unexplained(
    simulator: Simulator, postgres_url: str
) -> None:
    async def story(trader: Trader, service: Reconcile) -> None:
        await bought(trader, "MSFT", 33)
        await bought(trader, "NVDA", 50)
        await service.run("test", "first")
        cash = (await trader.account.refresh()).cash
        assert cash is not None
        await does(trader, "/sim/split/now", symbol="MSFT", ratio=1, old=10)
        await does(trader, "/sim/dividend/now", symbol="NVDA", amount=0.26)
        run = await service.run("test", "after both")
        assert (run.passed, run.uncompared) == (True, ())
        assert [entry.split(":")[0].startswith("Split") for entry in run.booked] == [True]
        assert (trader.positions["MSFT"].quantity, trader.positions["NVDA"].quantity) == (3, 50)
        await same_as_the_brokers(trader)
        now = (await trader.account.refresh()).cash
        assert now is not None
        assert now - cash > 13  # the dividend and the cash in lieu: explained, not overlooked
        again = await service.run("test", "again")
        assert (again.passed, again.booked) == (True, ())
        await does(
            trader, "/sim/activity", type="MISC", symbol="NVDA"
        )  # of unknown dollars: said, and not taken for equal
        assert [one.key for one in (await service.run("test", "unknown")).uncompared] == ["cash"]

    told(simulator, postgres_url, story)


def test_money_that_came_without_an_entry_is_a_break_while_a_dividend_is_none(
    simulator: Simulator, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(trader: Trader, service: Reconcile) -> None:
        await bought(trader, "NVDA", 50)
        await service.run("test", "first")
        real = trader.broker.history.movements

        async def without_it(since: Any) -> Any:
            return [one for one in await real(since) if one.code != "DIV"]

        monkeypatch.setattr(trader.broker.history, "movements", without_it)
        await does(trader, "/sim/dividend/now", symbol="NVDA", amount=0.26)
        monkeypatch.setattr("qv_desktop.services.cash.LAG", timedelta(0))
        run = await service.run("test", "the broker hides the entry")
        assert [(one.section, one.difference) for one in run.breaks] == [("cash", "+13.00")]
        monkeypatch.setattr(trader.broker.history, "movements", real)
        assert (await service.run("test", "and tells it")).passed

    told(simulator, postgres_url, story)


def test_a_position_that_differs_by_more_than_the_split_is_not_explained_by_it(
    simulator: Simulator, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(trader: Trader, service: Reconcile) -> None:
        await bought(trader, "AMZN", 100)
        await service.run("test", "first")
        await does(trader, "/sim/split/now", symbol="AMZN", ratio=4)
        real = trader.broker.positions

        async def more() -> Any:
            from dataclasses import replace

            held = await real()
            return held | {"AMZN": replace(held["AMZN"], quantity=held["AMZN"].quantity + 1)}

        monkeypatch.setattr(trader.broker, "positions", more)
        run = await service.run("test", "one share too many")
        assert [(one.section, one.key, one.kind) for one in run.breaks] == [("positions", "AMZN", "quantity")]
        assert trader.positions["AMZN"].quantity == 100

    told(simulator, postgres_url, story)

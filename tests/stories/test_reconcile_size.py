"""A large account on the simulator, compared: few requests, soon done; and money, orders and executions made elsewhere."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alpaca.common.enums import Sort
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, OrderType, QueryOrderStatus, TimeInForce
from alpaca.trading.requests import GetOrdersRequest, LimitOrderRequest, MarketOrderRequest

from qv_desktop.adapters.alpaca.lanes import Lane
from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.reconciliation import ReconciliationStore
from qv_desktop.adapters.reports.reconciliation import ReconciliationReports
from qv_desktop.services.reconcile import Reconcile
from qv_desktop.services.strangers import SOMEBODY
from tests.simulator.process import Simulator
from tests.stories.trader import Trader, trading

OPEN, HELD, MORE = 500, 60, 140  # orders; positions that the simulator has shares for; those that are told besides
FILLS = 200
ROOM = 60.0  # seconds that a busy machine may take; on a calm one it is a fraction of a second

type Story = Callable[[Trader, Reconcile], Coroutine[Any, Any, None]]
MARKET = ("--seed", "3", "--cash", "1000000000")  # a rich account


def reconciled(simulator: Simulator, url: str, folder: Path, story: Story, *, deaf: bool = False) -> None:
    """A sitting with its reconciliation, whose runs are stored."""

    async def told() -> None:
        async with trading(simulator, url, since=_since(simulator), deaf=deaf) as trader:
            trail = AuditTrail(trader.database, "trader", "test", trader.clock.now, lambda entry: None)
            service = Reconcile(trader.broker, ReconciliationStore(trader.database, trail), ReconciliationReports(), trader.orders,
                                trader.positions, trader.account, trader.login, trader.heard, trader.clock.market, lambda: trader.since,
                                folder, trail, movements=trader.broker.history, marks=trader.journal)  # fmt: skip
            await story(trader, service)

    asyncio.run(told())


def _since(simulator: Simulator) -> Any:
    from qv_desktop.domain.market import utc

    return utc(simulator.ready["market_ns"]) - timedelta(minutes=1)


def client(simulator: Simulator) -> TradingClient:
    return TradingClient(simulator.key, simulator.secret, url_override=simulator.url)


def bought(simulator: Simulator, symbols: list[str]) -> None:
    """Executions by the vendor's own client, several of some shares."""
    official = client(simulator)
    wanted = [symbols[place % len(symbols)] for place in range(FILLS)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda symbol: official.submit_order(
            MarketOrderRequest(symbol=symbol, qty=3, side=OrderSide.BUY, time_in_force=TimeInForce.DAY)), wanted))  # fmt: skip
        list(threads.map(lambda _: official.submit_order(
            LimitOrderRequest(symbol="AAPL", qty=1, side=OrderSide.BUY, time_in_force=TimeInForce.DAY, limit_price=1.0)),
            range(OPEN)))  # fmt: skip
    many = GetOrdersRequest(status=QueryOrderStatus.OPEN, limit=500, direction=Sort.ASC)
    while any(order.type != OrderType.LIMIT for order in official.get_orders(many)):
        time.sleep(0.1)  # what is still filling moves positions while they are told


def test_orders_executions_and_money_that_no_stream_tells_of_are_in_our_books_after_one_comparison(
    simulator: Simulator, postgres_url: str, tmp_path: Path
) -> None:
    official = client(simulator)

    async def story(trader: Trader, service: Reconcile) -> None:
        first = await service.run("test", "first")
        assert (first.passed, [one.key for one in first.uncompared]) == (True, ["cash"])
        day = TimeInForce.DAY
        await asyncio.to_thread(
            official.submit_order, MarketOrderRequest(symbol="MSFT", qty=8, side=OrderSide.BUY, time_in_force=day)
        )
        rest = LimitOrderRequest(symbol="AAPL", qty=1, side=OrderSide.BUY, time_in_force=day, limit_price=1.0)
        await asyncio.to_thread(official.submit_order, rest)
        await asyncio.to_thread(simulator.control, "POST", "/sim/activity", {"type": "FEE", "amount": -1.25})
        run = await service.run("test", "after another program traded")
        assert run.passed, run.breaks
        assert run.uncompared == ()  # cash is explained by the execution and the fee
        assert len(run.booked) == 2
        assert trader.positions["MSFT"].quantity == 8
        assert {order.user for order in trader.orders.book.values()} == {SOMEBODY}
        await asyncio.to_thread(official.close_position, "MSFT")
        run = await service.run("test", "after a close by hand at the broker")
        assert (run.passed, run.uncompared, trader.positions["MSFT"].quantity) == (True, (), 0)
        again = await service.run("test", "again")
        assert (again.passed, again.booked) == (True, ())

    reconciled(simulator, postgres_url, tmp_path, story, deaf=True)


def test_five_hundred_orders_and_two_hundred_positions_take_ten_requests_at_most(
    simulator: Simulator, postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = [asset.symbol for asset in client(simulator).get_all_assets() if asset.tradable][:HELD]
    bought(simulator, shares)
    asked: Counter[str] = Counter()
    real = Lane.ask

    async def counting(self: Lane, method: str, path: str, data: dict[str, object] | None = None) -> Any:
        asked[path] += 1
        answer = await real(self, method, path, data)
        if path == "/positions":  # the simulator has shares of sixty companies
            answer += [answer[0] | {"symbol": f"Q{place}"} for place in range(MORE)]
        return answer

    monkeypatch.setattr(Lane, "ask", counting)

    async def story(trader: Trader, service: Reconcile) -> None:
        first = await service.run("test", "first")
        assert first.passed, first.breaks[:3]
        asked.clear()
        began = time.perf_counter()
        run = await service.run("test", "measured")
        took = time.perf_counter() - began
        assert run.passed, run.breaks[:3]
        assert len(trader.positions.held()) == len(shares) + MORE
        assert run.matched >= OPEN + len(shares) + MORE + FILLS
        assert sum(asked.values()) <= 10, asked
        assert took < ROOM

    reconciled(simulator, postgres_url, tmp_path, story)

"""Comparisons on the simulator's wire: another program on the account, a broker that errs, and a market that moves meanwhile."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, TimeInForce
from alpaca.trading.models import Order as TheirOrder
from alpaca.trading.requests import LimitOrderRequest, MarketOrderRequest

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.reconciliation import ReconciliationStore
from qv_desktop.adapters.reports.reconciliation import ReconciliationReports
from qv_desktop.app.gate import Gate
from qv_desktop.app.starting import RECONCILE_EVERY
from qv_desktop.domain.errors import BrokerDown
from qv_desktop.domain.events import Reconciled
from qv_desktop.domain.orders import Order, OrderClass, OrderRequest, OrderStatus, OrderType, Side
from qv_desktop.domain.orders import TimeInForce as Life
from qv_desktop.services import reconcile
from qv_desktop.services.bus import Bus
from qv_desktop.services.reconcile import Reconcile
from qv_desktop.services.strangers import SOMEBODY
from tests.simulator.process import Simulator
from tests.stories.lifecycles import fault
from tests.stories.trader import Trader, trading

SOON = 30.0  # seconds in which what another program did must be seen as that
DAY = TimeInForce.DAY
MARKET = ("--seed", "6", "--symbols", "12", "--cash", "10000000")


class Compared:
    """A sitting with its reconciliation; ``said`` is what the gate said, oldest first."""

    def __init__(self, trader: Trader) -> None:
        self.trader, self.said, bus = trader, list[str | None](), Bus()
        trail = AuditTrail(trader.database, "trader", "test", trader.clock.now, lambda entry: None)
        self.store = ReconciliationStore(trader.database, trail)
        self.service = Reconcile(trader.broker, self.store, ReconciliationReports(), trader.orders, trader.positions, trader.account,
                                 trader.login, bus.publish, trader.clock.market, lambda: trader.since, Path("/"), trail,
                                 movements=trader.broker.history, marks=trader.journal)  # fmt: skip
        Gate(bus, self.said.append).books_loaded()
        self.runs = list[Reconciled]()
        bus.subscribe(Reconciled, self.runs.append)
        self.official = TradingClient(trader.simulator.key, trader.simulator.secret, url_override=trader.simulator.url)

    async def buys(self, symbol: str, shares: int, side: OrderSide = OrderSide.BUY) -> str:
        order = await asyncio.to_thread(
            self.official.submit_order, MarketOrderRequest(symbol=symbol, qty=shares, side=side, time_in_force=DAY)
        )
        assert isinstance(order, TheirOrder)
        return order.client_order_id

    async def until(self, seen: Callable[[], bool]) -> float:
        """Seconds until it is so."""
        began = time.monotonic()
        while not seen():
            assert time.monotonic() - began < SOON
            await asyncio.sleep(0.02)
        return time.monotonic() - began

    def books(self) -> tuple[Any, ...]:
        """Ours, whole."""
        orders = self.trader.orders
        return dict(orders.book), self.trader.positions.all(), dict(orders.fills)

    async def as_the_broker_truly_has_it(self) -> None:
        """Whatever its faults and lags say."""
        true = await asyncio.to_thread(self.trader.simulator.control, "GET", "/sim/books")
        held = {symbol: f"{p.quantity.normalize():f}" for symbol, p in self.trader.positions.held().items()}
        assert held == true["positions"]
        assert len(self.trader.orders.fills) == len(true["fills"])


def told(
    simulator: Simulator, url: str, story: Callable[[Compared], Coroutine[Any, Any, None]], *, deaf: bool = False
) -> None:
    async def life() -> None:
        await asyncio.to_thread(simulator.control, "POST", "/sim/reset")
        async with trading(simulator, url, deaf=deaf) as trader:
            await story(Compared(trader))

    asyncio.run(life())


@pytest.mark.parametrize("deaf", [False, True], ids=["over the stream", "with a mute stream"])
def test_an_order_and_a_close_by_hand_of_another_program_are_external_here_in_half_a_minute(
    simulator: Simulator, postgres_url: str, deaf: bool
) -> None:
    async def story(c: Compared) -> None:
        compares = asyncio.create_task(c.service.repeat(RECONCILE_EVERY / 10))  # a tenth, so that the test is not long
        book, positions = c.trader.orders.book, c.trader.positions
        rests = LimitOrderRequest(symbol="AAPL", qty=1, side=OrderSide.BUY, time_in_force=DAY, limit_price=1.0)
        rested = await asyncio.to_thread(c.official.submit_order, rests)
        assert isinstance(rested, TheirOrder)
        bought = await c.buys("MSFT", 8)
        await c.until(lambda: {rested.client_order_id, bought} <= set(book) and positions["MSFT"].quantity == 8)
        assert {book[rested.client_order_id].user, book[bought].user} == {SOMEBODY}
        known = set(book)
        await asyncio.to_thread(c.official.close_position, "MSFT")
        await c.until(lambda: positions["MSFT"].quantity == 0)
        (closing,) = set(book) - known
        assert (book[closing].user, book[closing].request.symbol) == (SOMEBODY, "MSFT")
        compares.cancel()
        assert (await c.service.run("test", "at last")).passed
        await c.as_the_broker_truly_has_it()

    assert RECONCILE_EVERY <= SOON
    told(simulator, postgres_url, story, deaf=deaf)


@pytest.mark.parametrize("kind", ["html_502", "lose_answer"])
def test_a_broker_that_errs_now_and_then_or_always_changes_nothing_here(
    simulator: Simulator, postgres_url: str, kind: str
) -> None:
    async def story(c: Compared) -> None:
        bought = await c.buys("AAPL", 5)
        await c.until(lambda: bought in c.trader.orders.book and c.trader.positions["AAPL"].quantity == 5)
        assert (await c.service.run("test", "first")).passed
        before, stored, failed = c.books(), len(c.runs), 0
        for chance in (1.0, 0.3, 0.3, 0.3):
            fault(simulator, kind, chance=chance, **({"seconds": 0.1} if kind == "lose_answer" else {}))
            try:
                assert (await c.service.run("test", "through errors")).passed
                stored += 1
            except BrokerDown:
                failed += 1
            await asyncio.to_thread(simulator.control, "DELETE", "/sim/faults")
            assert c.books() == before
            assert len(c.runs) == stored
        assert failed >= 1
        assert c.said[-1] is None  # trading stays as it was: no answer proves nothing
        assert (await c.service.run("test", "after all")).passed

    told(simulator, postgres_url, story)


def test_what_trades_while_the_books_are_compared_closes_nothing_and_counts_once(
    simulator: Simulator, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reconcile, "SETTLE", 0.3)

    async def story(c: Compared) -> None:
        assert (await c.service.run("test", "first")).passed
        over = asyncio.Event()

        async def trades() -> None:
            for number in range(30):
                await c.buys(
                    "AAPL" if number % 3 else "MSFT",
                    1 + number % 4,
                    OrderSide.SELL if number % 5 == 4 else OrderSide.BUY,
                )
            over.set()

        trading_on = asyncio.create_task(trades())
        while not over.is_set():
            run = await c.service.run("test", "meanwhile")
            assert run.closing == (), run.closing
        await trading_on
        await c.until(lambda: len(c.trader.orders.fills) >= 30)
        assert (await c.service.run("test", "when all is still")).passed
        assert c.said[1:] == [None] * len(c.said[1:])
        assert len(c.runs) >= 3
        await c.as_the_broker_truly_has_it()
        total = sum((fill.quantity * fill.side.sign for fill in c.trader.orders.fills.values()), Decimal(0))
        assert total == sum((p.quantity for p in c.trader.positions.held().values()), Decimal(0))

    told(simulator, postgres_url, story)


def test_a_stop_that_the_brokers_list_of_open_orders_leaves_out_is_seen_and_moved_and_is_no_break(
    simulator: Simulator, postgres_url: str
) -> None:
    async def story(c: Compared) -> None:
        orders, book = c.trader.orders, c.trader.orders.book
        quote = c.trader.market.snapshot("AAPL").quote
        assert quote is not None
        key, limit, profit, loss = (
            f"bracket-{time.time_ns()}",
            *(f"{quote.ask * part:.2f}" for part in (1.02, 1.5, 0.5)),
        )
        bracket = OrderRequest(key, "AAPL", Side.BUY, Decimal(10), OrderType.LIMIT, limit=Decimal(limit), time_in_force=Life.GTC,
                               order_class=OrderClass.BRACKET, take_profit=Decimal(profit), stop_loss=Decimal(loss))  # fmt: skip
        await orders.submit(bracket)

        def legs() -> list[Order]:
            return [order for order in book.values() if order.open and order.request.order_class is OrderClass.BRACKET]

        await c.until(lambda: not book[key].open and {leg.request.stop for leg in legs()} == {None, Decimal(loss)})
        stop = next(leg for leg in legs() if leg.request.stop is not None)
        assert (stop.status, stop.user) == (OrderStatus.HELD, "demo")
        listed = {order.client_order_id for order in await asyncio.to_thread(c.official.get_orders)}
        assert stop.id not in listed
        moved = replace(stop.request, client_order_id=f"{key}-moved", stop=Decimal(loss) - 1)
        assert (await orders.replace(stop.id, moved)).open
        await c.until(
            lambda: (book[stop.id].status, book[f"{key}-moved"].status) == (OrderStatus.REPLACED, OrderStatus.HELD)
        )
        assert (await c.service.run("test", "with a stop that is held")).passed

    told(simulator, postgres_url, story)

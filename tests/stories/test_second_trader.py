"""The vendor's own client trades on the same account: both see the same orders, and what it does appears here at once."""

import asyncio
import time
from collections.abc import Callable, Coroutine
from decimal import Decimal
from typing import Any

from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, QueryOrderStatus, TimeInForce
from alpaca.trading.models import Order as TheirOrder
from alpaca.trading.requests import GetOrdersRequest, LimitOrderRequest, MarketOrderRequest, ReplaceOrderRequest

from qv_desktop.domain.orders import Order, OrderRequest, OrderStatus, OrderType, Side
from qv_desktop.services.strangers import SOMEBODY
from tests.simulator.process import Simulator
from tests.stories.lifecycles import fault
from tests.stories.order_audit import audited
from tests.stories.trader import Trader, trading

SOON = 2.0  # seconds in which it must be here
LATER = 30.0  # seconds in which it must be here on a machine that is busy with other things; the median must be soon
MARKET = ("--seed", "5", "--symbols", "12", "--cash", "1000000000")  # a broker for both


class Other:
    """The other program on the account."""

    def __init__(self, simulator: Simulator, trader: Trader) -> None:
        self.client = TradingClient(simulator.key, simulator.secret, url_override=simulator.url)
        self._trader = trader

    def price(self, through: float) -> float:
        """So many times the ask."""
        quote = self._trader.market.snapshot("AAPL").quote
        assert quote is not None
        return round(quote.ask * through, 2)

    async def rests(self) -> str:
        """A limit buy far below the market; its client order id is the broker's choice."""
        request = LimitOrderRequest(
            symbol="AAPL", qty=5, side=OrderSide.BUY, time_in_force=TimeInForce.DAY, limit_price=self.price(0.8)
        )
        return _id(await asyncio.to_thread(self.client.submit_order, request))

    async def buys(self, quantity: int = 5) -> str:
        """A market buy."""
        request = MarketOrderRequest(symbol="AAPL", qty=quantity, side=OrderSide.BUY, time_in_force=TimeInForce.DAY)
        return _id(await asyncio.to_thread(self.client.submit_order, request))

    async def asked[Answer](self, ask: Callable[..., Answer], *words: object) -> Answer:
        """What the client answers."""
        return await asyncio.to_thread(ask, *words)


def _id(order: object) -> str:
    assert isinstance(order, TheirOrder)
    return order.client_order_id


def told(simulator: Simulator, url: str, story: Callable[[Trader, Other], Coroutine[Any, Any, None]]) -> None:
    """Tell a story of both on a fresh account."""

    async def both() -> None:
        await asyncio.to_thread(simulator.control, "POST", "/sim/reset")
        async with trading(simulator, url) as trader:
            await story(trader, Other(simulator, trader))

    asyncio.run(both())


async def here(trader: Trader, key: str, wanted: Callable[[Order], bool]) -> float:
    """Seconds until the order is in the book as wanted."""
    began = time.monotonic()
    assert await trader.until(key, wanted, LATER)
    return time.monotonic() - began


def test_orders_made_elsewhere_appear_here_at_once_as_what_they_are(simulator: Simulator, postgres_url: str) -> None:
    async def story(trader: Trader, other: Other) -> None:
        waits = []
        for _ in range(5):
            key = await other.rests()
            waits.append(await here(trader, key, lambda order: order.status is OrderStatus.WORKING))
            order = trader.orders.book[key]
            assert (order.request.source, order.user, order.request.quantity) == ("External", SOMEBODY, Decimal(5))
        assert sorted(waits)[2] <= SOON, waits
        assert await trader.orders.records.written(10)
        kept = {order.id: order for order in await trader.journal.orders_since(trader.account.id, trader.since)}
        assert kept[key].request.source == "External"

    told(simulator, postgres_url, story)


def test_executions_made_elsewhere_move_our_positions_once(simulator: Simulator, postgres_url: str) -> None:
    async def story(trader: Trader, other: Other) -> None:
        for _ in range(3):
            fault(simulator, "partial_fills")
            key = await other.buys(20)
            await here(trader, key, lambda order: order.status is OrderStatus.FILLED)
        assert trader.positions["AAPL"].quantity == 60
        assert all(fill.source == "External" for fill in trader.orders.fills.values())
        assert await trader.orders.records.written(10)
        found = audited(trader, set(trader.orders.book))
        found.unwritten.clear()  # nobody asked this program before
        assert found.clean, found

    told(simulator, postgres_url, story)


def test_a_cancel_made_elsewhere_is_seen_of_its_own_and_of_our_orders(simulator: Simulator, postgres_url: str) -> None:
    async def story(trader: Trader, other: Other) -> None:
        theirs, ours = await other.rests(), await rests(trader, other, "mine")
        for key in (theirs, ours):
            await here(trader, key, lambda order: order.status is OrderStatus.WORKING)
            await other.asked(other.client.cancel_order_by_id, trader.orders.book[key].broker_id)
            await here(trader, key, lambda order: order.status is OrderStatus.CANCELED)

    told(simulator, postgres_url, story)


def test_a_replacement_made_elsewhere_of_our_order_is_followed(simulator: Simulator, postgres_url: str) -> None:
    async def story(trader: Trader, other: Other) -> None:
        ours = await rests(trader, other, "replaced")
        await here(trader, ours, lambda order: order.status is OrderStatus.WORKING)
        changed = ReplaceOrderRequest(qty=9)
        fresh = _id(await other.asked(other.client.replace_order_by_id, trader.orders.book[ours].broker_id, changed))
        await here(trader, ours, lambda order: order.status is OrderStatus.REPLACED)
        await here(trader, fresh, lambda order: order.status is OrderStatus.WORKING)
        order = trader.orders.book[fresh]
        assert trader.orders.book[ours].replaced_by == order.broker_id
        assert (order.request.quantity, order.request.source) == (Decimal(9), "External")

    told(simulator, postgres_url, story)


def test_both_see_the_same_open_orders_and_we_may_cancel_what_is_not_ours(
    simulator: Simulator, postgres_url: str
) -> None:
    async def story(trader: Trader, other: Other) -> None:
        keys = {await other.rests(), await rests(trader, other, "seen")}
        for key in keys:
            await here(trader, key, lambda order: order.status is OrderStatus.WORKING)
        listed = await other.asked(other.client.get_orders, GetOrdersRequest(status=QueryOrderStatus.OPEN))
        assert {_id(order) for order in listed} == keys == {o.id for o in trader.orders.book.values() if o.open}
        await trader.orders.cancel_all()
        for key in keys:
            await here(trader, key, lambda order: order.status is OrderStatus.CANCELED)
        assert await other.asked(other.client.get_orders, GetOrdersRequest(status=QueryOrderStatus.OPEN)) == []

    told(simulator, postgres_url, story)


def test_an_order_made_elsewhere_while_our_stream_was_cut_or_reads_lag_is_here_soon_after(
    simulator: Simulator, postgres_url: str
) -> None:
    async def story(trader: Trader, other: Other) -> None:
        await asyncio.to_thread(fault, simulator, "abort", "trade_updates")
        cut = await other.rests()
        await here(trader, cut, lambda order: order.status is OrderStatus.WORKING)
        await asyncio.to_thread(fault, simulator, "read_lag", "trading", None, seconds=3)
        late = await other.buys()
        await here(trader, late, lambda order: order.status is OrderStatus.FILLED)
        assert trader.positions["AAPL"].quantity == 5

    told(simulator, postgres_url, story)


async def rests(trader: Trader, other: Other, name: str) -> str:
    """A limit buy of ours far below the market."""
    key = f"{name}-{time.monotonic_ns()}"
    await trader.orders.submit(
        OrderRequest(key, "AAPL", Side.BUY, Decimal(5), OrderType.LIMIT, limit=Decimal(str(other.price(0.81))))
    )
    return key

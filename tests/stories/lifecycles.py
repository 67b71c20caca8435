"""Thousands of orders' lives while everything fails by chance, and what became of them."""

import asyncio
import random
import time
from dataclasses import dataclass, replace
from decimal import Decimal

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.orders import Order, OrderRequest, OrderStatus, OrderType, Side
from qv_desktop.services.settling import NEVER_ARRIVED
from tests.simulator.process import Simulator
from tests.stories.order_audit import Findings, audited, remembered
from tests.stories.trader import BUYS, SELLS, Trader, trading

AT_ONCE = 20
TRADING, STREAM = "trading", "trade_updates"
# what befalls a request or a report, how likely, and with which particulars
STORM: tuple[tuple[str, str, float, dict[str, object]], ...] = (
    ("lose_request", TRADING, 0.02, {}),
    ("lose_answer", TRADING, 0.02, {}),
    ("accept_then_504", TRADING, 0.015, {}),
    ("html_502", TRADING, 0.01, {}),
    ("rate_limit", TRADING, 0.01, {"retry_after": 1}),
    ("hang", TRADING, 0.001, {}),
    ("read_lag", TRADING, 0.05, {"seconds": 3}),
    ("partial_fills", TRADING, 0.3, {}),
    ("cancel_rejected", TRADING, 0.03, {}),
    ("reject_next", TRADING, 0.01, {}),
    ("replay_events", STREAM, 0.05, {}),
    ("reorder", STREAM, 0.03, {}),
)
CUTS = ("abort", "close", "abort", "close", "mute")
CUT_EVERY = (4.0, 10.0)  # seconds
REST = 45.0  # seconds that the last orders may take to come to rest


@dataclass(slots=True)
class Told:
    """What became of them all."""

    lifecycles: int
    findings: Findings
    unresolved_max_s: float
    seconds: float
    orders: int
    executions: int
    cuts: int
    never_arrived: int  # closed as such
    doubts: int  # how often an order's fate was unknown


class Lives:
    """A trader's orders from the click to their end, each a story that the dice choose."""

    def __init__(self, trader: Trader, seed: int, prefix: str = "qv") -> None:
        self._trader, self._dice, self._prefix = trader, random.Random(seed), f"{prefix}-{seed}"
        self.clicks: set[str] = set()  # client order ids
        self.cuts = 0

    async def all(self, count: int, at_once: int = AT_ONCE) -> None:
        """So many lives, some at a time."""
        numbers = iter(range(count))

        async def lives() -> None:
            for number in numbers:
                await self._one(number)

        await asyncio.gather(*(lives() for _ in range(at_once)))

    async def _one(self, number: int) -> None:
        story = self._dice.choices(
            (self._filled, self._cancelled, self._replaced, self._hasty, self._twice), (35, 25, 25, 8, 7)
        )[0]
        await story(number)

    async def _filled(self, number: int) -> None:
        kind = self._dice.choice((OrderType.MARKET, OrderType.LIMIT))
        await self._ended(await self._sent(self._minted(number, near=True, kind=kind)))

    async def _cancelled(self, number: int) -> None:
        order = await self._sent(self._minted(number, near=False))
        await self._seen(order.id)
        await self._trader.orders.cancel([order.id])
        await self._ended(order)

    async def _replaced(self, number: int) -> None:
        order = await self._sent(self._minted(number, near=False))
        await self._seen(order.id)
        fresh = await self._amended(order, near=self._dice.random() < 0.5)
        if self._dice.random() < 0.3:
            await self._seen(fresh.id)
            fresh = await self._amended(fresh, near=False)
        await self._seen(fresh.id)
        await self._trader.orders.cancel([order.id, fresh.id])
        await self._ended(fresh)

    async def _hasty(self, number: int) -> None:
        """Cancelled while it is on its way."""
        request = self._minted(number, near=self._dice.random() < 0.3)
        sending = asyncio.ensure_future(self._sent(request))
        await asyncio.sleep(self._dice.random() * 0.03)
        await self._trader.orders.cancel([request.client_order_id])
        await self._ended(await sending)

    async def _twice(self, number: int) -> None:
        """A double click."""
        request = self._minted(number, near=True)
        one, two = await asyncio.gather(self._sent(request), self._sent(request))
        assert one.id == two.id
        await self._ended(one)

    async def _sent(self, request: OrderRequest) -> Order:
        return await self._trader.orders.submit(request)

    async def _amended(self, order: Order, *, near: bool) -> Order:
        price = self._price(order.request.symbol, order.request.side, near=near)
        key = f"{order.id}r"
        changed = replace(order.request, client_order_id=key, limit=price, quantity=order.request.quantity + 1)
        try:
            fresh = await self._trader.orders.replace(order.id, changed)
        except BadInput:
            return order  # it is not known well enough to be changed, or has ended
        self.clicks.add(key)
        return fresh

    async def _seen(self, key: str) -> None:
        """Wait a little until the broker knows it."""
        await self._trader.until(key, lambda order: not order.open or order.status is OrderStatus.WORKING, 1.0)

    async def _ended(self, order: Order) -> None:
        """Wait a little for its end; what takes longer comes to rest beside the next lives."""
        await self._trader.until(order.id, lambda order: not order.open, 0.7)

    def _minted(self, number: int, *, near: bool, kind: OrderType = OrderType.LIMIT) -> OrderRequest:
        side = self._dice.choice((Side.BUY, Side.SELL))
        symbol = self._dice.choice(BUYS if side is Side.BUY else SELLS)
        key = f"{self._prefix}-{number}"
        self.clicks.add(key)
        limit = None if kind is OrderType.MARKET else self._price(symbol, side, near=near)
        return OrderRequest(key, symbol, side, Decimal(self._dice.randint(1, 40)), kind, limit=limit)

    def _price(self, symbol: str, side: Side, *, near: bool) -> Decimal:
        quote = self._trader.market.snapshot(symbol).quote
        assert quote is not None
        through = 1.03 if near else 0.8
        price = quote.ask * through if side is Side.BUY else quote.bid / through
        return Decimal(f"{price:.2f}")

    async def cut(self) -> None:
        """Cut the stream now and then, until cancelled."""
        while True:
            await asyncio.sleep(self._dice.uniform(*CUT_EVERY))
            kind = self._dice.choice(CUTS)
            await asyncio.to_thread(fault, self._trader.simulator, kind, STREAM)
            self.cuts += 1


def fault(
    simulator: Simulator, kind: str, target: str = TRADING, chance: float | None = None, **params: object
) -> None:
    """Let something go wrong once, or with a ``chance`` from now on."""
    body = {"kind": kind, "target": target, "params": params}
    simulator.control("POST", "/sim/faults", body if chance is None else body | {"chance": chance})


def storm(simulator: Simulator) -> None:
    """From now on everything fails by chance."""
    for kind, target, chance, params in STORM:
        fault(simulator, kind, target, chance, **params)


async def at_rest(trader: Trader, clicks: set[str]) -> None:
    """The faults are over: let everything come to rest, close what still works, and wait for the last reports."""
    await asyncio.to_thread(trader.simulator.control, "DELETE", "/sim/faults")
    await trader.settled(REST)
    for _ in range(3):
        await trader.orders.cancel(
            [key for key in clicks if key in trader.orders.book and trader.orders.book[key].open]
        )
        await trader.settled(REST)
    for order in [order for order in trader.orders.book.values() if order.open]:
        await trader.until(order.id, lambda order: not order.open, 2)
    await trader.orders.records.written(60)


async def stormed(simulator: Simulator, url: str, count: int, seed: int) -> Told:
    """So many lives in the storm, and the audit of what they left, also by a fresh start from the database."""
    began = time.monotonic()
    async with trading(simulator, url) as trader:
        lives = Lives(trader, seed)
        storm(simulator)
        cutting = asyncio.create_task(lives.cut())
        await lives.all(count)
        cutting.cancel()
        await at_rest(trader, lives.clicks)
        seconds, longest = time.monotonic() - began, trader.longest_doubt()
        findings = audited(trader, lives.clicks)
    async with trading(simulator, url, since=trader.since) as again:
        findings.journal = remembered(trader.orders, again.orders)
    orders = trader.orders
    never = sum(order.reason == NEVER_ARRIVED for order in orders.book.values())
    return Told(
        count, findings, longest, seconds, len(orders.book), len(orders.fills), lives.cuts, never, len(trader.doubts)
    )

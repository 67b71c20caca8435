"""Two whole tradings on one account, one simulated broker and one Postgres: many try for the last unit of a limit at both desks at once.

The broker streams an account's orders to one program, so that the other desk hears by asking.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from qv_desktop.adapters.db import intents
from qv_desktop.domain.orders import Order, OrderRequest, OrderStatus, OrderType, Side
from tests.simulator.process import Simulator, running
from tests.stories.trader import WIDE, Trader, trading

TRIES = 12  # at each desk
SHARES = Decimal(10)
LATER = 60.0  # seconds in which both desks have heard


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with running("--seed", "11", "--symbols", "12") as started:
        yield started


def told(simulator: Simulator, url: str, story: Callable[[Trader, Trader], Coroutine[Any, Any, None]]) -> None:
    """Tell a story of both desks on a fresh account."""

    async def both() -> None:
        await asyncio.to_thread(simulator.control, "POST", "/sim/reset")
        async with trading(simulator, url) as left, trading(simulator, url, deaf=True) as right:
            await story(left, right)

    asyncio.run(both())


def room_for_one(*traders: Trader) -> Decimal:
    """A limit far below the market at which both desks' bound on the value of all leaves room for one order."""
    quote, balances = traders[0].market.snapshot("AAPL").quote, traders[0].account.balances
    assert quote is not None
    assert balances is not None
    assert balances.equity is not None
    price = Decimal(str(round(quote.bid * 0.8, 2)))
    bound = replace(WIDE, gross_fraction=price * SHARES * Decimal("1.5") / balances.equity)
    for trader in traders:
        trader.risk.limits_for = lambda *_: bound
    return price


async def tried(left: Trader, right: Trader, name: str, price: Decimal, side: Side = Side.BUY) -> list[Order]:
    """What became of all tries at both desks, submitted together; ids are another's in every story."""
    submits = [
        trader.orders.submit(
            OrderRequest(f"{name}-{desk}-{number}", "AAPL", side, SHARES, OrderType.LIMIT, price)
        )
        for number in range(TRIES)
        for desk, trader in (("left", left), ("right", right))
    ]  # fmt: skip
    return list(await asyncio.gather(*submits))


def passed(orders: list[Order]) -> list[Order]:
    return [order for order in orders if order.status is not OrderStatus.REFUSED]


async def gone(order: Order, *traders: Trader) -> None:
    """It is cancelled at the desk that sent it, and both have heard of it."""
    sender = next(trader for trader in traders if order.id in trader.journal.committed)
    await sender.orders.cancel([order.id])
    for trader in traders:
        await asks(trader, lambda book: not book[order.id].open)


async def asks(trader: Trader, wanted: Callable[[Mapping[str, Order]], bool]) -> None:
    """Ask the broker until the book is as ``wanted``."""
    end = time.monotonic() + LATER
    while not wanted(trader.orders.book):
        assert time.monotonic() < end, trader.orders.book
        await trader.orders.settling.settle_open()
        await asyncio.sleep(0.05)


def test_of_many_tries_at_two_desks_at_once_one_passes_each_time(simulator: Simulator, postgres_url: str) -> None:
    async def story(left: Trader, right: Trader) -> None:
        price = room_for_one(left, right)
        for number in range(5):
            orders = await tried(left, right, f"last-{number}", price)
            (one,) = passed(orders)
            assert all("Gross exposure" in order.reason for order in orders if order is not one)
            await gone(one, left, right)
        there = await left.broker.recent_orders(left.since)
        assert len([order for order in there if order.id.startswith("last-")]) == 5

    told(simulator, postgres_url, story)


def test_without_turns_both_desks_pass_the_last_unit(
    simulator: Simulator, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the story above would miss; not each time, for the broker's own word may be quicker."""
    monkeypatch.setattr(intents, "take_turn", lambda *_: [])

    async def story(left: Trader, right: Trader) -> None:
        price = room_for_one(left, right)
        assert len(passed(await tried(left, right, "bare", price))) == 2

    told(simulator, postgres_url, story)


def test_shares_are_sold_once_when_both_desks_sell_them_at_once(simulator: Simulator, postgres_url: str) -> None:
    async def story(left: Trader, right: Trader) -> None:
        await left.orders.submit(OrderRequest("sold-entry", "AAPL", Side.BUY, SHARES))
        for trader in (left, right):
            await trader.orders.others.look()
            await asks(trader, lambda book: book["sold-entry"].status is OrderStatus.FILLED)
            assert trader.positions["AAPL"].quantity == SHARES
        quote = left.market.snapshot("AAPL").quote
        assert quote is not None
        orders = await tried(left, right, "sold", Decimal(str(round(quote.ask * 1.2, 2))), Side.SELL)
        (one,) = passed(orders)
        assert all("on their way out already" in order.reason for order in orders if order is not one)
        await gone(one, left, right)

    told(simulator, postgres_url, story)

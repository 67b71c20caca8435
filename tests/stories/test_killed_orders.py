"""The program is killed at each point between a click and its acknowledgement: a fresh start loses nothing and doubles nothing."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from qv_desktop.domain.orders import OrderStatus
from tests.builders import a_limit
from tests.simulator.process import Simulator
from tests.stories.killed_trader import POINTS, changed
from tests.stories.order_audit import Findings, audited
from tests.stories.trader import trading

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
ALL = [(deed, number) for deed, points in POINTS.items() for number in range(1, len(points) + 1)]
UNSENT = {
    ("submit", 1),
    ("submit", 2),
    ("submit", 3),
    ("submit", 4),
}  # points at which the broker never hears of the click
UNKNOWN = {("submit", 1), ("submit", 2)}  # and of which nothing was written down
MARKET = ("--seed", "5", "--symbols", "12", "--cash", "1000000000")  # a broker to trade at


@pytest.mark.parametrize(("deed", "point"), ALL, ids=[f"{deed} {POINTS[deed][point - 1]}" for deed, point in ALL])
def test_a_kill_at_each_point_loses_nothing_and_doubles_nothing(
    simulator: Simulator, postgres_url: str, deed: str, point: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("qv_desktop.services.settling.READ_LAG", 1.5)  # the simulated broker's has none here
    simulator.control("POST", "/sim/reset")
    key = f"kill-{deed}-{point}"
    killed(simulator, postgres_url, deed, point, key)
    found, orders = asyncio.run(
        recovered(simulator, postgres_url, {key} | ({f"{key}r"} if deed == "replace" else set()))
    )
    found.unwritten.clear()  # the commit's moment was known to the process that is dead
    found.lost = [
        one for one in found.lost if not one.endswith("None None")
    ]  # a click of which nothing was written nor sent
    assert found.clean, found
    theirs = [order for order in simulator.control("GET", "/sim/books")["orders"] if order["client_order_id"] == key]
    assert len(theirs) == (0 if (deed, point) in UNSENT else 1)
    assert (key in orders) == ((deed, point) not in UNKNOWN)
    assert all(settled(order) for order in orders.values()), orders


def killed(simulator: Simulator, url: str, deed: str, point: int, key: str) -> None:
    """Let a process do its deed until the point."""
    words = [simulator.host, json.dumps(simulator.ready), deed, str(point), key]
    child = subprocess.run([sys.executable, "-m", "tests.stories.killed_trader", *words], capture_output=True, text=True, timeout=60,
                           env={**os.environ, "QV_DATABASE_URL": url})  # fmt: skip
    assert child.returncode == -signal.SIGKILL, child.stderr[-2000:]


async def recovered(simulator: Simulator, url: str, clicks: set[str]) -> tuple[Findings, dict[str, Any]]:
    """What a fresh start makes of it."""
    async with trading(simulator, url) as trader:
        assert await trader.settled(20)
        await asyncio.sleep(0.1)
        return audited(trader, clicks), dict(trader.orders.book)


def settled(order: Any) -> bool:
    """Whether its fate is known."""
    return order.status not in (OrderStatus.INTENT, OrderStatus.SUBMITTED, OrderStatus.UNRESOLVED, OrderStatus.PENDING_CANCEL,
                                OrderStatus.PENDING_REPLACE)  # fmt: skip


def test_without_a_kill_the_same_deeds_end_as_they_should(simulator: Simulator, postgres_url: str) -> None:
    simulator.control("POST", "/sim/reset")

    async def told() -> OrderStatus:
        async with trading(simulator, postgres_url) as trader:
            quote = trader.market.snapshot("AAPL").quote
            assert quote is not None
            request = a_limit(f"{quote.bid * 0.8:.2f}", 10, id="alive")
            await trader.orders.submit(request)
            assert await trader.until("alive", lambda order: order.status is OrderStatus.WORKING, 10)
            await changed(trader, "cancel", request)
            assert await trader.until("alive", lambda order: not order.open, 10)
            return trader.orders.book["alive"].status

    assert asyncio.run(told()) is OrderStatus.CANCELED

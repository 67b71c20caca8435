"""Each wrong way with orders is seen by the audit, and under the same faults the right way passes it."""

import asyncio
import itertools
from collections.abc import Callable
from typing import Any

import pytest

from qv_desktop.adapters.alpaca.broker import AlpacaBroker
from qv_desktop.services.orders import Orders
from tests.simulator.process import Simulator
from tests.stories import wrong_policies as wrong
from tests.stories.lifecycles import Lives, fault
from tests.stories.order_audit import Findings, audited
from tests.stories.trader import Trader, trading

ORDERS = 40
STORIES = itertools.count()  # their orders meet in one database, and no id may come twice
LAG = 5.0  # seconds, longer than a round of settling and shorter than the broker's read lag is taken to be

# what the broker does to each: faults with their chance and particulars
type Faults = tuple[tuple[str, float, dict[str, object]], ...]
ANSWERS_LOST: Faults = (("accept_then_504", 0.5, {}),)
DOUBLES_TAKEN: Faults = (*ANSWERS_LOST, ("take_duplicates", 1.0, {}))
DOUBLES_TAKEN_LATE_SEEN: Faults = (*DOUBLES_TAKEN, ("read_lag", 1.0, {"seconds": LAG}))
LATE_SEEN: Faults = (*ANSWERS_LOST, ("read_lag", 1.0, {"seconds": LAG}))
MARKET = ("--seed", "5", "--symbols", "12", "--cash", "1000000000")  # a broker to trade at


def sent(simulator: Simulator, url: str, faults: Faults, spoil: Callable[[Trader], None], **how: Any) -> Findings:
    """Send forty orders, half of them marketable, while answers get lost and nothing is heard of the stream; then audit."""

    async def story() -> Findings:
        await asyncio.to_thread(simulator.control, "POST", "/sim/reset")
        async with trading(simulator, url, spoil, deaf=True, **how) as trader:
            for kind, chance, params in faults:
                fault(simulator, kind, "trading", chance, **params)
            lives = Lives(trader, 1, f"w{next(STORIES)}")
            requests = [lives._minted(number, near=number % 2 == 0) for number in range(ORDERS)]
            await asyncio.gather(*(trader.orders.submit(request) for request in requests))
            await asyncio.to_thread(forget_answers, simulator, faults)
            await trader.settled(25)
            return await looked_at(trader, lives.clicks)

    return asyncio.run(story())


async def looked_at(trader: Trader, clicks: set[str]) -> Findings:
    """The audit; a few times, for what is partly filled may trade on between our question and the look at the broker's books."""
    for _ in range(5):
        await trader.orders.settling.settle_open()
        found = audited(trader, clicks)
        if found.clean:
            break
        await asyncio.sleep(0.3)
    return found


def forget_answers(simulator: Simulator, faults: Faults) -> None:
    """The link is back; only the way that the broker is stays."""
    simulator.control("DELETE", "/sim/faults")
    for kind, chance, params in faults:
        if kind != "accept_then_504":
            fault(simulator, kind, "trading", chance, **params)


def as_it_is(trader: Trader) -> None:
    """Nothing is spoiled."""


@pytest.mark.parametrize("faults", [ANSWERS_LOST, LATE_SEEN, DOUBLES_TAKEN_LATE_SEEN], ids=["lost", "late", "doubles"])
def test_the_right_way_passes(simulator: Simulator, postgres_url: str, faults: Faults) -> None:
    found = sent(simulator, postgres_url, faults, as_it_is)
    assert found.clean, found


@pytest.mark.parametrize(
    ("broker", "faults", "seen"),
    [
        (wrong.NewIdPerRetry, ANSWERS_LOST, "duplicates"),
        (wrong.BlindResend, DOUBLES_TAKEN, "duplicates"),
        (wrong.QueryThenResend, DOUBLES_TAKEN_LATE_SEEN, "duplicates"),
        (wrong.DuplicateIsRejection, ANSWERS_LOST, "stranded"),
        (wrong.SilenceIsRejection, ANSWERS_LOST, "stranded"),
    ],
)
def test_a_wrong_way_to_send_is_seen(
    simulator: Simulator, postgres_url: str, broker: type[AlpacaBroker], faults: Faults, seen: str
) -> None:
    found = sent(simulator, postgres_url, faults, as_it_is, broker=broker)
    assert getattr(found, seen), found


@pytest.mark.parametrize("spoil", [wrong.one_not_found_is_the_end, wrong.a_list_proves_absence])
def test_a_wrong_way_to_settle_is_seen(
    simulator: Simulator, postgres_url: str, spoil: Callable[[Trader], None]
) -> None:
    found = sent(simulator, postgres_url, LATE_SEEN, spoil)
    assert found.stranded, found
    assert found.fills, found


def test_bytes_that_leave_before_the_intent_is_committed_are_seen(simulator: Simulator, postgres_url: str) -> None:
    found = sent(simulator, postgres_url, (), as_it_is, orders=wrong.WritesLater)
    assert len(found.unwritten) == ORDERS, found
    assert issubclass(wrong.WritesLater, Orders)

"""Five hundred orders' lives while everything fails by chance; the long form is the benchmark ``orders``."""

import asyncio

import pytest

from tests.simulator.process import running
from tests.stories.lifecycles import Told, stormed

LIVES, SEED = 500, 7


@pytest.fixture(scope="module")
def told(postgres_url: str) -> Told:
    """What became of them."""
    with running("--seed", str(SEED), "--symbols", "12", "--cash", "1000000000000") as simulator:
        return asyncio.run(stormed(simulator, postgres_url, LIVES, SEED))


def test_no_order_is_doubled_lost_or_left_behind_and_a_fresh_start_knows_the_same(told: Told) -> None:
    assert told.findings.clean, told.findings


def test_the_storm_reached_the_orders(told: Told) -> None:
    assert told.never_arrived > 0
    assert told.doubts > LIVES / 20
    assert told.executions > LIVES / 3
    assert told.orders > LIVES


def test_no_orders_fate_is_unknown_for_longer_than_half_a_minute(told: Told) -> None:
    assert told.unresolved_max_s <= 30

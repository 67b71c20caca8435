"""Ten outages in one session: afterwards the database is as if there had been none, and each was seen."""

import asyncio
from pathlib import Path

import pytest

from qv_desktop.adapters.db.server import Server
from tests.stories.outages import Outage, Told, plan, told

OUTAGES = 10


@pytest.fixture(scope="module")
def outages() -> list[Outage]:
    """One of each kind, and one more."""
    return plan(OUTAGES, seed=1)


@pytest.fixture(scope="module")
def sat_through(postgres_server: Server, outages: list[Outage], tmp_path_factory: pytest.TempPathFactory) -> Told:
    """What became of that session."""
    folder: Path = tmp_path_factory.mktemp("outages")
    return asyncio.run(told(postgres_server.start(), folder, outages, seed=3, rest=lambda: 1.1, late=True))


def test_minute_bars_after_the_backfill_equal_those_of_the_market_byte_for_byte(sat_through: Told) -> None:
    assert sat_through.bars.count(b"\n") > 8 * 20
    assert sat_through.bars == sat_through.reference_bars


def test_no_trade_is_missing_and_none_is_stored_twice(sat_through: Told) -> None:
    assert sat_through.trades.count(b"\n") > 1000
    assert (sat_through.missing_trades, sat_through.duplicates) == (0, 0)
    assert sat_through.trades == sat_through.reference_trades


def test_a_mute_link_is_flagged_within_five_seconds(sat_through: Told, outages: list[Outage]) -> None:
    assert len(sat_through.seen.flagged) == sum(one.kind == "mute" for one in outages) > 0
    assert max(sat_through.seen.flagged) <= 5


def test_every_outage_was_survived_with_few_attempts(sat_through: Told) -> None:
    assert len(sat_through.seen.back) == OUTAGES
    assert sat_through.seen.attempts() <= 2 * OUTAGES + 1

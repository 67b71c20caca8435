"""Keys that the vendors refuse: said where the person looks, and the program goes on."""

import asyncio
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from tests.simulator.process import Simulator, running
from tests.stories import program
from tests.stories.driver import Sitting, sitting


@pytest.fixture(scope="module")
def strict() -> Iterator[Simulator]:
    """Vendors that know other keys than the person's."""
    other = {"SIMULATED_ALPACA_KEY": "PKOTHER", "SIMULATED_ALPACA_SECRET": "other", "SIMULATED_POLYGON_KEY": "other"}
    with running("--seed", "5", **other) as started:
        yield started


@pytest.fixture(scope="module")
def person(qapp: QApplication, strict: Simulator, postgres_url: str) -> Iterator[Sitting]:
    """Somebody with the wrong keys."""
    with program.a_home() as home, sitting(qapp, strict, home, postgres_url) as signed_in:
        yield signed_in


def test_refused_keys_are_named_in_the_window_and_it_stays_open(person: Sitting) -> None:
    async def scenario() -> None:
        feeds = person.desk.services.feeds.states
        await person.sees(
            lambda: all(name in feeds and "refused" in feeds[name].detail for name in ("Polygon", "Alpaca orders"))
        )
        assert "enter a valid key in the settings" in feeds["Polygon"].detail
        assert "enter valid keys under Connections" in feeds["Alpaca orders"].detail
        await person.sees(lambda: "refused" in person.notices())
        await asyncio.sleep(1)
        assert person.desk.window.isVisible()

    person.do(scenario())


def test_trading_stays_closed_and_says_why(person: Sitting) -> None:
    async def scenario() -> None:
        ticket = person.desk.panels.ticket
        await person.sees(lambda: "Alpaca refused the API keys" in (ticket._refused or ""))
        assert not ticket.fields.isEnabled()
        assert not person.starting.ready.is_set()

    person.do(scenario())

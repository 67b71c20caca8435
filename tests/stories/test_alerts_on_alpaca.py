"""Faults that only a desk on Alpaca's paid prices meets, at the whole program: exactly their alert, or none."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import msgspec
import pytest
from PySide6.QtWidgets import QApplication

from qv_desktop.app import session
from qv_desktop.app.backend import Keys, pointed
from qv_desktop.config import Settings
from tests import canaries
from tests.simulator.process import running
from tests.stories import fault_alerts as faults
from tests.stories.driver import Sitting, sitting
from tests.stories.program import a_home
from tests.stories.test_alerts import CALM, MINUTE, Watched, befall, hurried

SYMBOLS = ("KO", "TSLA", "NVDA", "AAPL")


def _paid(settings: Settings, port: int) -> Settings:
    found = pointed(settings, port)
    url = found.alpaca_prices_url.rpartition("/")[0]
    return msgspec.structs.replace(found, alpaca_prices_url=f"{url}/sip")


@pytest.fixture(scope="module")
def watched(qapp: QApplication) -> Iterator[Watched]:
    """Somebody at the window of a desk without Polygon."""
    with (
        pytest.MonkeyPatch.context() as patch,
        hurried(),
        running("--seed", "6", "--speed", "10") as simulator,
        a_home() as home,
    ):
        patch.setattr(session, "simulated_keys", lambda: Keys(canaries.ALPACA_KEY, canaries.ALPACA_SECRET, ""))
        patch.setattr(session, "pointed", _paid)
        with sitting(qapp, simulator, home) as person:
            person.do(_ready(person))
            yield Watched(person)


async def _ready(person: Sitting) -> None:
    await person.sees(person.starting.ready.is_set)
    await person.sees(lambda: person.state("Alpaca prices") == "live" and person.fresh("SPY"))
    await person.sees(lambda: person.desk.services.alert_rules.keeping.loaded)


def test_what_the_vendors_history_and_prints_suffer_raises_nothing(watched: Watched) -> None:
    person, some = watched.person, (*faults.ALPACA_HISTORY, *faults.ALPACA_PRINTS)

    async def scenario() -> None:
        befall(watched, some)
        engine, until = person.session._engine, person.desk.services.clock.market()
        assert engine is not None
        asked = [person.desk.services.history.newest(symbol, MINUTE, 50, until - timedelta(days=back)) for symbol in SYMBOLS
                 for back in (0, 1, 8)]  # fmt: skip
        await asyncio.gather(*asked, return_exceptions=True)
        while ("data", "unknown_enums") in watched.untaken():  # in prints, once nothing else befalls the question
            trades = engine.side.vendors[0].trades("KO", until - timedelta(minutes=5), until)
            await asyncio.gather(trades, return_exceptions=True)
        await watched.befell(some)
        await asyncio.sleep(CALM)
        watched.nothing_but()

    person.do(scenario())


def test_a_plan_without_these_prices_is_a_lost_feed_and_nothing_else(watched: Watched) -> None:
    async def scenario() -> None:
        befall(watched, faults.ALPACA_PLAN)
        await watched.come(faults.ALPACA_PLAN)
        await watched.befell(faults.ALPACA_PLAN)
        watched.nothing_but(faults.ALPACA_PLAN)

    watched.person.do(scenario())

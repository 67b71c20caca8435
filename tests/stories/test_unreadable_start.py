"""A start at which the broker's positions cannot all be read: trading stays closed with the reason, and opens by itself after."""

import asyncio
import time
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from qv_desktop.adapters.alpaca.broker import AlpacaBroker
from qv_desktop.domain.orders import OrderStatus
from tests.adapters.alpaca.test_broker import an_intent, closed, market_clock, passed, settled
from tests.simulator.process import Simulator, running
from tests.stories import program
from tests.stories.driver import Sitting, sitting


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    """A market with its broker, where somebody holds three shares and the broker tells no quantity of them."""
    with running("--seed", "7", "--speed", "5") as started:
        asyncio.run(bought(started))
        spoiled = {
            "kind": "unknown_enums",
            "target": "trading",
            "count": 10_000,
            "params": {"field": "qty", "value": None},
        }
        started.control("POST", "/sim/faults", spoiled)
        yield started


async def bought(simulator: Simulator) -> None:
    broker = AlpacaBroker(simulator.key, simulator.secret, simulator.url, market_clock(simulator), "SIMULATION")
    order = an_intent(quantity=3)
    try:
        await broker.submit(order, passed(order.request))
        await settled(broker, order.id, closed)
    finally:
        broker.close()


@pytest.fixture
def person(qapp: QApplication, simulator: Simulator) -> Iterator[Sitting]:
    """Somebody at the window, with an embedded database of their own."""
    with program.a_home() as home, sitting(qapp, simulator, home) as signed_in:
        yield signed_in


def test_trading_stays_closed_while_a_position_cannot_be_read_and_opens_once_it_can(person: Sitting) -> None:
    async def scenario() -> None:
        ticket = person.desk.panels.ticket
        await person.sees(lambda: "1 of 1 positions that Alpaca told could not be read" in ticket.message.text())
        assert "AAPL: A position has no quantity." in ticket.message.text()
        quiet_until = time.monotonic() + 3  # some attempts more
        await person.sees(lambda: time.monotonic() > quiet_until)
        assert not person.starting.ready.is_set()
        assert person.desk.services.positions.held() == {}
        assert not ticket.send.isEnabled()
        assert person.notices().count("could not be read") == 1  # said once, however often it is asked
        person.simulator.control("DELETE", "/sim/faults")
        await person.ready()
        assert person.desk.services.positions.held()["AAPL"].quantity == 3
        more = await person.buys("KO", 2)
        await person.sees(lambda: person.stands(more, OrderStatus.FILLED))

    person.do(scenario())

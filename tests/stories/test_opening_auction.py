"""A strategy of days on a simulated morning: its order is in the opening auction before the bell."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from qv_desktop.app.hands import press
from qv_desktop.domain.deployments import Stage, State
from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.orders import OrderStatus, OrderType, Side, TimeInForce
from qv_desktop.domain.signals import MISSED_AUCTION, Fate
from qv_desktop.services.signal_opening import IN_AUCTION
from qv_desktop.ui.deploy_dialog import DeployDialog
from qv_desktop.ui.stop_dialog import StopDialog
from tests.simulator.process import Simulator, running
from tests.stories import program
from tests.stories.driver import Sitting, sitting
from tests.stories.test_deployments import PATIENCE, signals, the_one

SPEED = 4  # the five minutes until the auction takes no more are 75 seconds


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A morning."""
    with running("--seed", "5", "--speed", str(SPEED), "--start", "09:23", "--symbols", "20") as started:
        yield started


@pytest.fixture
def home() -> Iterator[Path]:
    """One person's home."""
    with program.a_home() as folder:
        yield folder


async def it_is_deployed(person: Sitting) -> None:
    panels, window = person.desk.panels, person.desk.window
    await person.sees(lambda: panels.strategies.table.model().rowCount() > 0)
    window.raise_panel("strategies")
    panels.strategies.table.select_key("momentum_rotation")
    press(panels.strategies, "Deploy…")
    dialog = window.findChild(DeployDialog)
    assert dialog is not None
    dialog.symbols.setText("AAPL, MSFT")
    for name, value in {"top": 1, "lookback": 5, "skip": 0, "every": 1, "only_rising": 0}.items():
        dialog.knobs[name].setText(str(value))
    press(dialog, "Deploy to paper")
    await person.sees(lambda: len(person.desk.services.deployments.all()) == 1)
    await person.sees(lambda: the_one(person).stage is Stage.PAPER)
    await person.sees(lambda: panels.signals.chosen() == the_one(person))
    press(panels.signals, "Start")
    await person.sees(lambda: the_one(person).running)


def test_a_strategy_of_days_has_its_order_in_the_auction_and_stopping_it_takes_that_back(
    qapp: QApplication, simulator: Simulator, home: Path
) -> None:
    with sitting(qapp, simulator, home) as person:

        async def story() -> None:
            await person.ready()
            await it_is_deployed(person)
            await person.sees(lambda: signals(person, Fate.ORDER, Fate.WAITS), PATIENCE)
            (signal,) = signals(person, Fate.ORDER, Fate.WAITS)
            order = person.order(signal.order)
            if order is None or order.request.time_in_force is TimeInForce.DAY:  # a machine too slow for these minutes
                await person.sees(lambda: MISSED_AUCTION in signals(person, Fate.ORDER)[0].reason, PATIENCE)
                return
            request = order.request
            assert (request.side, request.type, request.time_in_force) == (Side.BUY, OrderType.MARKET, TimeInForce.OPG)
            assert f"{order.submitted.astimezone(NEW_YORK):%H:%M}" < "09:28"
            assert signal.reason == IN_AUCTION
            await person.sees(lambda: person.desk.services.orders.book[order.id].broker_id is not None)
            press(person.desk.panels.signals, "Stop…")
            dialog = person.desk.window.findChild(StopDialog)
            assert dialog is not None
            press(dialog, "Stop")
            await person.sees(lambda: the_one(person).state is State.STOPPED)
            await person.sees(lambda: person.stands(order.id, OrderStatus.CANCELED))

        person.do(story())

"""A strategy is deployed to paper on a simulated market: it trades, pauses, goes on after a restart, and is stopped flat."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from qv_desktop.app.hands import press
from qv_desktop.domain.deployments import Deployment, Stage, State, Step
from qv_desktop.domain.errors import NotPermitted
from qv_desktop.domain.orders import OrderStatus, Side
from qv_desktop.domain.signals import Fate, Signal
from qv_desktop.services.deployments import APPROVE
from qv_desktop.ui.deploy_dialog import DeployDialog
from qv_desktop.ui.reason_dialog import ReasonDialog
from qv_desktop.ui.stop_dialog import StopDialog
from tests.simulator.process import Simulator
from tests.stories.driver import Sitting, sitting

SPEED = 20  # a market minute is three seconds
PATIENCE = 240.0  # a first run compiles
SYMBOL = "AAPL"
UNIVERSE = ("AAPL", "MSFT")
MARKET = ("--seed", "5", "--speed", str(SPEED))


def the_one(person: Sitting) -> Deployment:
    (one,) = person.desk.services.deployments.all()
    return one


def signals(person: Sitting, *fates: Fate) -> list[Signal]:
    return [signal for signal in person.desk.services.deployments.signals() if signal.fate in fates]


async def it_is_deployed_from_the_dialog(person: Sitting) -> None:
    panels, window = person.desk.panels, person.desk.window
    await person.sees(lambda: panels.strategies.table.model().rowCount() > 0)
    window.raise_panel("strategies")
    panels.strategies.table.select_key("sma_cross")
    press(panels.strategies, "Deploy…")
    dialog = window.findChild(DeployDialog)
    assert dialog is not None
    assert dialog.strategy.currentText() == "sma_cross"
    dialog.symbols.setText(SYMBOL)
    dialog.knobs["fast"].setText("2")
    dialog.knobs["slow"].setText("1")
    press(dialog, "Deploy to paper")
    await person.sees(lambda: "slow lies between" in dialog.message())
    dialog.knobs["slow"].setText("5")
    dialog.limits["orders"].setText("200")
    dialog.begins.setText("00:00")
    dialog.ends.setText("23:59")
    press(dialog, "Deploy to paper")
    await person.sees(lambda: len(person.desk.services.deployments.all()) == 1)
    await person.sees(lambda: the_one(person).stage is Stage.PAPER)
    assert panels.signals.chosen() == the_one(person)


async def it_trades_as_it_signals(person: Sitting) -> None:
    panel = person.desk.panels.signals
    press(panel, "Start")
    await person.sees(lambda: the_one(person).running)
    await person.sees(lambda: signals(person, Fate.ORDER), PATIENCE)
    signal = signals(person, Fate.ORDER)[0]
    await person.sees(lambda: person.stands(signal.order, OrderStatus.FILLED))
    order = person.order(signal.order)
    assert order is not None
    assert order.request.source == f"strategy:{the_one(person).id}"
    assert order.request.side is signal.side
    assert await person.desk.services.orders.records.written(30)
    rows = await person.asked(
        "SELECT action, actor_type FROM audit_log WHERE correlation = :id ORDER BY sequence", id=signal.order
    )
    assert rows[0] == ("signal.raise", "strategy")
    assert ("order.submit", "human") in rows
    assert ("fill.book", "broker") in rows
    ((causes,),) = await person.asked(
        "SELECT causation FROM audit_log WHERE correlation = :id AND action = 'order.submit'", id=signal.order
    )
    assert causes.startswith(f"{signal.deployment} {SYMBOL}")
    assert person.desk.services.deployments.figures(the_one(person)).fills >= 1
    assert [row.signal.key for row in panel.signal_model.rows() if row.signal.key == signal.key]


async def who_asked_cannot_approve(person: Sitting) -> None:
    panel, service = person.desk.panels.signals, person.desk.services.deployments
    press(panel, "Ask approval…")
    dialog = person.desk.window.findChild(ReasonDialog)
    assert dialog is not None
    dialog.reason.setText("It did well on paper.")
    press(dialog, "Ask approval")
    await person.sees(lambda: the_one(person).stage is Stage.ASKED)
    assert "somebody else has to approve it" in panel.buttons[Step.APPROVE].toolTip() or panel._lacking.get("approve")
    with pytest.raises(NotPermitted):
        await service.approve(the_one(person), "I think so, too.")
    forged = "INSERT INTO deployment_approvals SELECT id, revision, digest, asked_by, now() FROM deployments"
    database = await person.store.opened()
    with pytest.raises(DBAPIError):
        await database.write(lambda connection: connection.execute(text(forged)))
    assert the_one(person).stage is Stage.ASKED


async def pausing_ends_its_orders(person: Sitting) -> None:
    press(person.desk.panels.signals, "Pause")
    await person.sees(lambda: the_one(person).state is State.PAUSED)
    assert person.desk.services.deployments._runs.running == ()
    press(person.desk.panels.signals, "Start")
    await person.sees(lambda: the_one(person).running)


async def it_goes_on_by_itself(person: Sitting, before: Deployment) -> None:
    service = person.desk.services.deployments
    await person.sees(lambda: service.all() and the_one(person).running, PATIENCE)
    await person.sees(lambda: service._runs.running == (before.id,))
    assert the_one(person).anchor == before.anchor
    known = {order.id for order in person.desk.services.orders.book.values()}
    await person.sees(lambda: any(s.order not in known for s in signals(person, Fate.ORDER)), PATIENCE)
    ids = await person.asked("SELECT order_id, count(*) FROM signals WHERE fate = 'order' GROUP BY order_id")
    assert all(count == 1 for _, count in ids)
    refused = ["refused"] if person.desk.services.login.may(APPROVE) else []
    steps = [told.step for told in await service.story(before.id)]
    assert steps == ["create", "deploy", "start", "ask approval", *refused, "pause", "start", "resume"]


async def it_is_stopped_flat(person: Sitting) -> None:
    service = person.desk.services.deployments
    await person.sees(lambda: service.closing(the_one(person)).held, PATIENCE)
    press(person.desk.panels.signals, "Stop…")
    dialog = person.desk.window.findChild(StopDialog)
    assert dialog is not None
    assert SYMBOL in dialog.preview.text()
    press(dialog, "Stop and flatten")
    await person.sees(lambda: the_one(person).state is State.STOPPED, PATIENCE)
    await person.sees(lambda: not service.figures(the_one(person)).held, PATIENCE)
    assert not person.desk.services.positions[SYMBOL].quantity


def test_a_strategy_is_deployed_to_paper_trades_is_paused_goes_on_after_a_restart_and_is_stopped_flat(
    qapp: QApplication, simulator: Simulator, home: Path
) -> None:
    with sitting(qapp, simulator, home) as person:

        async def first() -> Deployment:
            await person.ready()
            await it_is_deployed_from_the_dialog(person)
            await it_trades_as_it_signals(person)
            await who_asked_cannot_approve(person)
            await pausing_ends_its_orders(person)
            return the_one(person)

        before = person.do(first())
    with sitting(qapp, simulator, home) as person:

        async def second() -> None:
            await person.ready()
            await it_goes_on_by_itself(person, before)
            await it_is_stopped_flat(person)

        person.do(second())


async def a_universe_is_deployed(person: Sitting) -> None:
    panels, window = person.desk.panels, person.desk.window
    await person.sees(lambda: panels.strategies.table.model().rowCount() > 0)
    window.raise_panel("strategies")
    panels.strategies.table.select_key("momentum_rotation")
    press(panels.strategies, "Deploy…")
    dialog = window.findChild(DeployDialog)
    assert dialog is not None
    assert dialog.frame.currentText() == "1D"
    dialog.symbols.setText(", ".join(UNIVERSE))
    dialog.frame.setCurrentText("1m")
    for name, value in {"top": 1, "lookback": 5, "skip": 0, "every": 1, "only_rising": 0}.items():
        dialog.knobs[name].setText(str(value))
    dialog.limits["orders"].setText("200")
    dialog.begins.setText("00:00")
    dialog.ends.setText("23:59")
    press(dialog, "Deploy to paper")
    await person.sees(lambda: len(person.desk.services.deployments.all()) == 1)
    await person.sees(lambda: the_one(person).stage is Stage.PAPER)
    await person.sees(lambda: panels.signals.chosen() == the_one(person))


async def it_turns_its_capital_over(person: Sitting) -> None:
    service = person.desk.services.deployments
    press(person.desk.panels.signals, "Start")
    await person.sees(lambda: the_one(person).running)
    await person.sees(lambda: {s.symbol for s in signals(person, Fate.ORDER)} == set(UNIVERSE), PATIENCE)
    await person.sees(lambda: any(s.side is Side.SELL and person.stands(s.order, OrderStatus.FILLED) for s in signals(person, Fate.ORDER)),
                      PATIENCE)  # fmt: skip
    await person.sees(lambda: len(service.figures(the_one(person)).held) == 1, PATIENCE)
    exposure = service.figures(the_one(person)).exposure
    assert exposure is not None
    assert exposure <= the_one(person).terms.amount * 102 / 100


def test_a_universe_is_deployed_on_one_capital_and_turned_over_as_it_is_weighed(
    qapp: QApplication, simulator: Simulator, home: Path
) -> None:
    with sitting(qapp, simulator, home) as person:

        async def story() -> None:
            await person.ready()
            await a_universe_is_deployed(person)
            await it_turns_its_capital_over(person)
            await it_is_stopped_flat_of_all(person)

        person.do(story())


async def it_is_stopped_flat_of_all(person: Sitting) -> None:
    service = person.desk.services.deployments
    press(person.desk.panels.signals, "Stop…")
    dialog = person.desk.window.findChild(StopDialog)
    assert dialog is not None
    press(dialog, "Stop and flatten" if service.closing(the_one(person)).held else "Stop")
    await person.sees(lambda: the_one(person).state is State.STOPPED, PATIENCE)
    await person.sees(lambda: not service.figures(the_one(person)).held, PATIENCE)

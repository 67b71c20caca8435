"""Two people at two windows on one database: what one deploys and asks for, only the other can approve, and both see it."""

from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog

from qv_desktop.app.hands import press
from qv_desktop.app.signing_in import DEMO_USER
from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.domain.deployments import Deployment, Stage, Step
from qv_desktop.domain.errors import NotPermitted
from qv_desktop.services.deployments import APPROVE
from qv_desktop.ui.deploy_dialog import DeployDialog
from qv_desktop.ui.reason_dialog import ReasonDialog
from qv_desktop.ui.step_up_dialog import StepUpDialog
from tests import canaries
from tests.adapters.db.test_people import RIGHT, Machine
from tests.simulator.process import Simulator, running
from tests.stories import program
from tests.stories.driver import Sitting, beside, sitting
from tests.stories.test_people import Now

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

SECOND = "Ada"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with running("--seed", "8", "--symbols", "6") as started:
        yield started


@pytest.fixture
def machine(postgres_url: str) -> Iterator[Machine]:
    """Somebody who makes people what they are."""
    found = Machine(postgres_url, Now(), "desk-0")
    yield found
    found.database.close()


@pytest.fixture
def other_home() -> Iterator[Path]:
    """The second person's."""
    with program.a_home() as folder:
        yield folder


def the_one(person: Sitting) -> Deployment:
    (one,) = person.desk.services.deployments.all()
    return one


def dialog_of[D: QDialog](person: Sitting, kind: type[D]) -> D:
    """The one that is open before this person."""
    found = [one for one in person.desk.window.findChildren(kind) if one.isVisible()]
    assert len(found) == 1
    return found[0]


async def deploys_and_asks(person: Sitting) -> None:
    await person.sees(person.starting.ready.is_set)
    panel = person.desk.panels.signals
    person.desk.window.raise_panel("signals")
    await person.sees(lambda: person.desk.services.strategies.all())
    press(panel, "Deploy…")
    dialog = dialog_of(person, DeployDialog)
    dialog.strategy.setCurrentText("sma_cross")
    dialog.symbols.setText("AAPL")
    press(dialog, "Deploy to paper")
    await person.sees(lambda: person.desk.services.deployments.all() and the_one(person).stage is Stage.PAPER)
    await person.sees(lambda: panel.chosen() == the_one(person))
    press(panel, "Ask approval…")
    asking = dialog_of(person, ReasonDialog)
    asking.reason.setText("It did well on paper.")
    press(asking, "Ask approval")
    await person.sees(lambda: the_one(person).stage is Stage.ASKED)


async def cannot_approve_alone(person: Sitting, machine: Machine) -> None:
    """Not even with the right to approve: it is the person that must be another."""
    await machine.users.create(SECOND, canaries.PASSWORD, "Admin", Draft(SYSTEM, "user.create", "user", SECOND))
    await machine.users.create("Eve", RIGHT, "Admin", Draft(SYSTEM, "user.create", "user", "Eve"))
    await machine.enters("Eve")
    await machine.give(await machine.named(DEMO_USER), "Admin")
    await person.sees(lambda: person.desk.services.login.may(APPROVE))
    button = person.desk.panels.signals.buttons[Step.APPROVE]
    await person.sees(lambda: "somebody else has to approve it" in button.toolTip())
    assert not button.isEnabled()
    with pytest.raises(NotPermitted, match="somebody else has to approve it"):
        await person.desk.services.deployments.approve(the_one(person), "I think so, too.")
    assert the_one(person).stage is Stage.ASKED


async def approves(person: Sitting) -> None:
    """With words and the password, in the own window."""
    panel = person.desk.panels.signals
    await person.sees(lambda: person.desk.services.deployments.all())
    assert the_one(person).asked_by == DEMO_USER
    person.desk.window.raise_panel("signals")
    panel.select(the_one(person).id)
    await person.sees(panel.buttons[Step.APPROVE].isEnabled)
    press(panel, "Approve…")
    dialog = dialog_of(person, ReasonDialog)
    dialog.reason.setText("Small, and watched.")
    press(dialog, "Approve…")
    await person.sees(lambda: [one for one in person.desk.window.findChildren(StepUpDialog) if one.isVisible()])
    asked = cast(StepUpDialog, dialog_of(person, StepUpDialog))
    QTest.keyClicks(asked.password, canaries.PASSWORD)
    QTest.keyClick(asked.password, Qt.Key.Key_Return)
    await person.sees(lambda: the_one(person).stage is Stage.APPROVED)


async def sees_the_approval(person: Sitting) -> None:
    """In the window of who asked, by itself."""
    await person.sees(lambda: the_one(person).stage is Stage.APPROVED)
    assert the_one(person).approved_by == SECOND
    (row,) = person.desk.panels.signals.model.rows()
    assert row.deployment.stage is Stage.APPROVED
    await person.sees(lambda: f"{SECOND} approved it for real money" in person.notices())
    signed = await person.asked("SELECT signer, digest FROM deployment_approvals")
    assert signed == [(SECOND, the_one(person).terms.digest)]
    steps = [(told.actor, told.step) for told in await person.desk.services.deployments.story(the_one(person).id)]
    assert steps[-3:] == [(DEMO_USER, "ask approval"), (DEMO_USER, "refused"), (SECOND, "approve")]
    rows = await person.asked(
        "SELECT actor, outcome FROM audit_log WHERE action = 'deployment.approve' ORDER BY at, sequence"
    )
    assert rows == [(DEMO_USER, "refused"), (SECOND, "ok")]


def test_what_one_person_asks_for_the_other_approves_at_a_window_of_their_own_and_the_first_sees_it(
    qapp: QApplication, simulator: Simulator, home: Path, other_home: Path, postgres_url: str, machine: Machine
) -> None:
    with sitting(qapp, simulator, home, postgres_url) as first:
        first.do(deploys_and_asks(first))
        first.do(cannot_approve_alone(first, machine))
        with beside(qapp, first, other_home, postgres_url, SECOND, canaries.PASSWORD) as second:
            second.do(approves(second))
            first.do(sees_the_approval(first))

"""One person at two desks on one database: one of them runs a deployment, and the other takes over when that is closed."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from qv_desktop.app.hands import press
from qv_desktop.app.signing_in import DEMO_USER
from qv_desktop.domain.deployments import Step
from tests.simulator.process import Simulator, running
from tests.stories import program
from tests.stories.driver import Sitting, beside, sitting
from tests.stories.test_four_eyes import deploys_and_asks, the_one

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with running("--seed", "8", "--symbols", "6") as started:
        yield started


@pytest.fixture
def other_home() -> Iterator[Path]:
    """The second desk's."""
    with program.a_home() as folder:
        yield folder


async def starts_it(person: Sitting) -> None:
    await person.sees(person.starting.ready.is_set)
    panel = person.desk.panels.signals
    person.desk.window.raise_panel("signals")
    await person.sees(lambda: person.desk.services.deployments.all())
    panel.select(the_one(person).id)
    await person.sees(panel.buttons[Step.START].isEnabled)
    press(panel, "Start")
    await person.sees(lambda: person.desk.services.deployments._runs.running == (the_one(person).id,))


async def leaves_it_to_the_other_desk(person: Sitting) -> None:
    """It is seen to run, and where, and does not run here as well."""
    service = person.desk.services.deployments
    await person.sees(lambda: the_one(person).running)
    await person.sees(lambda: "It runs at another desk, on" in service.trouble(the_one(person)))
    assert service._runs.running == ()


async def takes_it_over(person: Sitting) -> None:
    service = person.desk.services.deployments
    await person.sees(lambda: service._runs.running == (the_one(person).id,))
    assert the_one(person).running
    steps = [(told.actor, told.step) for told in await service.story(the_one(person).id)]
    assert [step for _, step in steps if step in ("start", "resume", "pause")] == ["start", "resume"]


def test_of_two_desks_of_one_person_one_runs_a_deployment_and_the_other_takes_over_when_that_one_is_closed(
    qapp: QApplication, simulator: Simulator, home: Path, other_home: Path, postgres_url: str
) -> None:
    with sitting(qapp, simulator, home, postgres_url) as first:
        first.do(deploys_and_asks(first))
        password = (home / "demo-password").read_text("utf-8")
        with beside(qapp, first, other_home, postgres_url, DEMO_USER, password) as second:
            second.do(starts_it(second))
            first.do(leaves_it_to_the_other_desk(first))
        first.do(takes_it_over(first))

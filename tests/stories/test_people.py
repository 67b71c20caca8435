"""The real program while somebody else administers its person from another machine: promoted, at work as an Admin, demoted, out."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from qv_desktop.app.signing_in import DEMO_USER
from qv_desktop.domain.audit import SYSTEM, Draft
from qv_desktop.ui.login_dialog import LoginDialog
from qv_desktop.ui.step_up_dialog import StepUpDialog
from tests.adapters.db.conftest import Clock
from tests.adapters.db.test_people import RIGHT, Machine
from tests.simulator.process import Simulator, running
from tests.stories.driver import Sitting, sitting

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")

SOON = (
    20.0  # seconds, of which one is the wait for the next look at the role: a busy machine may take long for the rest
)


class Now(Clock):
    """The real time."""

    def __call__(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with running("--seed", "6", "--symbols", "6") as started:
        yield started


@pytest.fixture
def ada(postgres_url: str) -> Iterator[Machine]:
    """An Admin at another machine."""
    machine = Machine(postgres_url, Now(), "desk-1")
    yield machine
    machine.database.close()


def dialog[D](kind: type[D]) -> D | None:
    return next((w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()), None)


async def promoted(person: Sitting, ada: Machine) -> None:
    """The panel comes by itself, with the menu's entry and the role in the top bar."""
    window = person.desk.window
    assert not window.raise_panel("users")
    assert not window.commands.action("panel.users").isVisible()
    await ada.users.create("Ada", RIGHT, "Admin", Draft(SYSTEM, "user.create", "user", "Ada"))
    await ada.enters("Ada")
    await ada.give(await ada.named(DEMO_USER), "Admin")
    await person.sees(lambda: window.raise_panel("users"), SOON)
    await person.sees(lambda: window.commands.action("panel.users").isVisible(), SOON)
    assert "Your role was changed" in person.notices()


async def makes_a_user(person: Sitting, ada: Machine, password: str) -> None:
    """With the own password; the code is good at once, at the other machine."""
    window, panel = person.desk.window, person.desk.panels.users
    window.switch_workspace("compliance")
    window.raise_panel("users")
    await person.sees(lambda: [p.name for p in panel.model.rows()] == ["Ada", f"{DEMO_USER}"])
    QTest.mouseClick(panel.new, Qt.MouseButton.LeftButton)
    QTest.keyClicks(panel.new_name, "Zoe")
    QTest.mouseClick(panel.making.yes, Qt.MouseButton.LeftButton)
    await person.sees(lambda: dialog(StepUpDialog))
    asked = cast(StepUpDialog, dialog(StepUpDialog))
    QTest.keyClicks(asked.password, password)
    QTest.keyClick(asked.password, Qt.Key.Key_Return)
    await person.sees(panel.code.isVisible)
    code = panel.code.code.text()
    assert (await ada.users.redeem("Zoe", code, "a password of her own", "desk-9")).session is not None
    await person.sees(lambda: [p.state for p in panel.model.rows() if p.name == "Zoe"] == ["active"], 10)
    assert code not in str(await person.asked("SELECT * FROM audit_log"))


async def demoted(person: Sitting, ada: Machine) -> None:
    """The panel goes, and so does the right to trade."""
    await ada.give(await ada.named(DEMO_USER), "Viewer")
    await person.sees(lambda: not person.desk.window.raise_panel("users"), SOON)
    await person.sees(lambda: not person.desk.panels.ticket.send.isEnabled(), SOON)
    assert person.desk.panels.ticket.message.text() == "Your role, Viewer, lacks “trading: create”; ask an Admin."
    assert person.desk.panels.users.code.code.text() == ""


async def suspended(person: Sitting, ada: Machine) -> None:
    """The desk locks by itself."""
    await ada.people.suspend(await ada.named(DEMO_USER))
    await person.sees(lambda: dialog(LoginDialog), SOON)
    await person.sees(lambda: not person.desk.window.isVisible())
    assert "suspended" in cast(LoginDialog, dialog(LoginDialog)).message()
    await ada.people.activate(await ada.named(DEMO_USER))


def test_an_admin_elsewhere_makes_and_unmakes_an_admin_of_the_person_at_the_desk(
    qapp: QApplication, simulator: Simulator, home: Path, postgres_url: str, ada: Machine
) -> None:
    with sitting(qapp, simulator, home, postgres_url) as person:
        person.do(person.sees(person.starting.ready.is_set))
        person.do(asyncio.sleep(1))
        person.do(promoted(person, ada))
        person.do(makes_a_user(person, ada, (home / "demo-password").read_text("utf-8")))
        person.do(demoted(person, ada))
        person.do(suspended(person, ada))

"""The desk locks by itself when it is due, stays open after somebody unlocked it, and its person changes the password."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import Any, cast

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from pytestqt.qtbot import QtBot

from qv_desktop.app import guarding
from qv_desktop.app.guarding import CHANGED, SET, Guarding
from qv_desktop.app.locking import Lock
from qv_desktop.domain.access import Role
from qv_desktop.domain.errors import BadInput, DatabaseDown, NotPermitted
from qv_desktop.services.auto_lock import USUAL, AutoLock
from qv_desktop.ui.login_dialog import LoginDialog
from qv_desktop.ui.my_account_dialog import MyAccountDialog
from qv_desktop.ui.tasks import Tasks
from tests.builders import NOW
from tests.services.test_auto_lock import Times
from tests.wiring.safety_room import SafetyRoom

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


class Guarded:
    """A window that is guarded; ``elapsed`` is the machine's clock."""

    def __init__(self, room: SafetyRoom, tasks: Tasks) -> None:
        self.elapsed, self.times, self.room = 0.0, Times(), room
        services = SimpleNamespace(login=room.login, bus=room.bus)
        desk = SimpleNamespace(window=room.window, services=services, tasks=tasks)
        self.auto = AutoLock(self.times, room.login, lambda: NOW, lambda: self.elapsed)
        self.lock = Lock(room.login, room.window, tasks, "PAPER", "anna", room.hotkeys.arming.disarm)
        self.guarding = Guarding(cast(Any, desk), self.auto, self.lock)

    @property
    def dialog(self) -> LoginDialog:
        assert self.lock.dialog is not None
        return self.lock.dialog


async def until(seen: Callable[[], object]) -> None:
    for _ in range(500):
        if seen():
            return
        await asyncio.sleep(0.002)
    raise AssertionError("what was waited for did not come")


@pytest.fixture
def told(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    monkeypatch.setattr(guarding, "LOOKS", 0.002)

    def tell(story: Callable[[Guarded], Coroutine[Any, Any, None]], role: Role = Role.TRADER) -> None:
        room = SafetyRoom(qtbot, role)

        async def life() -> None:
            tasks = Tasks(lambda error: None)
            guarded = Guarded(room, tasks)
            tasks.spawn(guarded.guarding.run())
            await asyncio.sleep(0.01)
            await story(guarded)
            await tasks.close()

        asyncio.run(life())

    return tell


def test_it_locks_when_it_is_due_and_not_again_once_it_was_unlocked(told: Callable[..., None]) -> None:
    async def story(guarded: Guarded) -> None:
        guarded.elapsed = USUAL * 60 - 1
        await asyncio.sleep(0.02)
        assert guarded.lock.dialog is None
        guarded.elapsed += 1
        await until(lambda: guarded.lock.dialog)
        guarded.dialog.submitted.emit("anna", "right", False)
        await until(lambda: guarded.lock.dialog is None)
        await asyncio.sleep(0.02)
        assert guarded.lock.dialog is None

    told(story)


@pytest.mark.parametrize("error", [NotPermitted("not you"), BadInput("no"), DatabaseDown("away")])
def test_it_locks_all_the_same_when_the_times_cannot_be_read(
    told: Callable[..., None], monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def refused(self: Times, user: str) -> tuple[int | None, int | None]:
        raise error

    monkeypatch.setattr(Times, "idle_times", refused)

    async def story(guarded: Guarded) -> None:
        guarded.elapsed = USUAL * 60
        await until(lambda: guarded.lock.dialog)
        guarded.dialog.submitted.emit("anna", "right", False)

    told(story)


def test_a_desk_that_was_locked_by_hand_for_long_is_not_locked_at_once_again(told: Callable[..., None]) -> None:
    async def story(guarded: Guarded) -> None:
        locking = asyncio.ensure_future(guarded.lock.lock())
        await until(lambda: guarded.lock.dialog)
        guarded.elapsed = 86_400
        guarded.dialog.submitted.emit("anna", "right", False)
        await locking
        await asyncio.sleep(0.02)
        assert guarded.lock.dialog is None

    told(story)


def test_whoever_stops_everything_at_a_locked_desk_sees_that_it_was_heard(told: Callable[..., None]) -> None:
    async def story(guarded: Guarded) -> None:
        locking = asyncio.ensure_future(guarded.lock.lock())
        await until(lambda: guarded.lock.dialog)
        guarded.dialog.password.setText("half a pass")
        await guarded.room.kill.kill("key, while locked")
        await until(lambda: "no order is open" in guarded.dialog.message())
        assert (guarded.dialog.password.text(), guarded.dialog.password.isEnabled()) == ("half a pass", True)
        locking.cancel()

    told(story)


def test_the_dialog_changes_the_password_and_the_time(told: Callable[..., None]) -> None:
    async def story(guarded: Guarded) -> None:
        dialog = guarded.guarding.ask()
        assert isinstance(dialog, MyAccountDialog)
        dialog.password_asked.emit("wrong", "four plain words")
        await until(lambda: dialog.messages()[0] == "That is not right.")
        dialog.password_asked.emit("right", "four plain words")
        await until(lambda: dialog.messages()[0] == CHANGED)
        dialog.minutes_asked.emit(20)
        await until(lambda: dialog.messages()[1] == SET)
        assert (guarded.auto.minutes, list(guarded.times.minutes.values())) == (20, [20])
        dialog.bound_asked.emit(10)
        await until(lambda: "lacks" in dialog.messages()[1])
        dialog.close()

    told(story)


def test_an_admin_sets_the_bound_for_everybody(told: Callable[..., None]) -> None:
    async def story(guarded: Guarded) -> None:
        dialog = guarded.guarding.ask()
        assert isinstance(dialog, MyAccountDialog)
        dialog.bound_asked.emit(10)
        await until(lambda: dialog.messages()[1] == SET)
        assert (guarded.times.most, guarded.auto.after) == (10, 10)
        dialog.minutes_asked.emit(0)
        await until(lambda: "at most 10" in dialog.messages()[1])
        dialog.close()

    told(story, Role.ADMIN)

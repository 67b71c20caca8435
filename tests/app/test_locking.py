"""A locked desk opens for its person alone, survives a failing log-in, and can be left once the session has ended."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from qv_desktop.app.locking import FAILED, Lock
from qv_desktop.domain.access import Session
from qv_desktop.domain.errors import BadInput
from qv_desktop.services.login import Login
from qv_desktop.ui.login_dialog import LoginDialog
from qv_desktop.ui.tasks import Tasks
from tests.builders import NOW
from tests.fakes import Trail, Users

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


@dataclass
class FailingUsers(Users):
    """Users whose store raises ``failures`` one after the other before it answers."""

    failures: list[Exception] = field(default_factory=list)

    async def confirm(self, session: Session, password: str) -> str:
        if self.failures:
            raise self.failures.pop(0)
        return await super().confirm(session, password)


class Window(QWidget):
    """A window that remembers having been closed."""

    left = False

    def closeEvent(self, event: QCloseEvent) -> None:
        self.left = True
        super().closeEvent(event)


type Story = Callable[[Lock, Window, Login], Coroutine[Any, Any, None]]


def told(qtbot: QtBot, users: Users, story: Story) -> None:
    """Lock a desk whose person is signed in and live ``story``."""
    window = Window()
    qtbot.addWidget(window)
    window.show()

    async def life() -> None:
        login = Login(users, Trail(), lambda: NOW, "here")
        login.session = users.session
        lock = Lock(login, window, Tasks(lambda error: None), "PAPER", users.session.user.name)
        locked = asyncio.ensure_future(lock.lock())
        await asyncio.sleep(0)
        await story(lock, window, login)
        locked.cancel()
        await asyncio.gather(locked, return_exceptions=True)

    asyncio.run(life())


def shown(lock: Lock) -> LoginDialog:
    assert lock.dialog is not None
    return lock.dialog


async def typed(lock: Lock, password: str) -> None:
    """Submit ``password`` and wait until it was answered."""
    shown(lock).submitted.emit("anybody", password, False)
    for _ in range(10):
        await asyncio.sleep(0)


def test_only_the_right_password_opens_the_desk(qtbot: QtBot) -> None:
    async def story(lock: Lock, window: Window, login: Login) -> None:
        assert not window.isVisible()
        await typed(lock, "wrong")
        assert shown(lock).message() == "That is not right."
        assert not window.isVisible()
        await typed(lock, "right")
        assert window.isVisible()
        assert lock.dialog is None

    told(qtbot, Users(), story)


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [(BadInput("Something is away; start it."), "Something is away; start it."), (RuntimeError("x"), FAILED)],
)
def test_a_sign_in_that_fails_says_so_and_may_be_tried_again(qtbot: QtBot, failure: Exception, sentence: str) -> None:
    async def story(lock: Lock, window: Window, login: Login) -> None:
        await typed(lock, "right")
        assert shown(lock).message() == sentence
        assert shown(lock).password.isEnabled()
        await typed(lock, "right")
        assert window.isVisible()

    told(qtbot, FailingUsers(failures=[failure]), story)


def test_a_database_that_is_away_keeps_nobody_from_their_desk(qtbot: QtBot) -> None:
    async def story(lock: Lock, window: Window, login: Login) -> None:
        await typed(lock, "wrong")
        assert shown(lock).message() == "The password is wrong."
        await typed(lock, "right")
        assert window.isVisible()

    told(qtbot, Users(down=True), story)


def test_closing_the_dialog_opens_nothing(qtbot: QtBot) -> None:
    async def story(lock: Lock, window: Window, login: Login) -> None:
        shown(lock).reject()
        assert shown(lock).isVisible()
        assert (window.isVisible(), window.left) == (False, False)

    told(qtbot, Users(), story)


def test_whoever_was_signed_out_reads_why_and_can_leave(qtbot: QtBot) -> None:
    async def story(lock: Lock, window: Window, login: Login) -> None:
        login.session = None
        await lock.lock("Your session was ended.")
        assert shown(lock).message() == "Your session was ended."
        shown(lock).reject()
        assert window.left

    told(qtbot, Users(), story)

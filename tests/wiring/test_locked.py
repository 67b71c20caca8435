"""While the desk is locked: its key is heard everywhere, nothing trades but the kill switch, and nothing is told to the room."""

import asyncio
import os
from collections.abc import Callable, Coroutine
from typing import Any

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from qv_desktop.app.locking import Lock
from qv_desktop.domain.alerts import Notice
from qv_desktop.ui.actions import COMMANDS
from qv_desktop.ui.tasks import Tasks
from qv_desktop.wiring.notifying import BEHIND_THE_LOCK
from tests.builders import a_limit, an_order
from tests.wiring.safety_room import SafetyRoom

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
LOCK_KEY = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier


class Tray:
    """A tray that remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[Notice] = []

    def tell(self, notice: Notice) -> None:
        self.told.append(notice)


@pytest.fixture
def room(qtbot: QtBot) -> SafetyRoom:
    return SafetyRoom(qtbot)


def asked(room: SafetyRoom) -> list[str]:
    """The ids that the window passes on."""
    found: list[str] = []
    room.window.command.connect(found.append)
    return found


def press(qtbot: QtBot, widget: Any) -> None:
    widget.activateWindow()
    qtbot.waitUntil(lambda: QApplication.activeWindow() is widget, timeout=5_000)
    qtbot.wait(20)
    QTest.keyClick(QGuiApplication.focusWindow(), Qt.Key.Key_L, LOCK_KEY)  # where keys go, as the system has it


def test_the_key_is_heard_in_the_window_in_a_floating_panel_and_in_a_dialog(room: SafetyRoom, qtbot: QtBot) -> None:
    commands = asked(room)
    press(qtbot, room.window)
    assert commands == ["lock"]
    dock = room.window.docks._docks["tape"]
    dock.setFloating()
    press(qtbot, dock.floatingDockContainer())
    assert commands == ["lock"] * 2
    dialog = QDialog(room.window)
    dialog.open()
    press(qtbot, dialog)
    assert commands == ["lock"] * 3
    dialog.reject()
    dock.floatingDockContainer().hide()


def locked(room: SafetyRoom, story: Callable[[Lock], Coroutine[Any, Any, None]]) -> None:
    """Live ``story`` at the locked desk."""

    async def life() -> None:
        tasks = Tasks(lambda error: None)
        lock = Lock(room.login, room.window, tasks, "PAPER", "anna", room.hotkeys.arming.disarm)
        locking = asyncio.ensure_future(lock.lock())
        await asyncio.sleep(0)
        assert lock.dialog is not None
        await story(lock)
        locking.cancel()
        await asyncio.gather(locking, return_exceptions=True)
        await tasks.close()

    asyncio.run(life())


def test_locking_disarms_and_no_key_but_the_kill_switch_s_means_anything(room: SafetyRoom) -> None:
    room.hotkeys.turn()
    assert room.hotkeys.arming.armed

    async def story(lock: Lock) -> None:
        assert not room.hotkeys.arming.armed
        room.hotkeys.turn()
        assert not room.hotkeys.arming.armed  # nor can they be armed
        heard = [
            command.id for command in COMMANDS if command.scope in ("armed", "held") and room.hotkeys.wanted(command.id)
        ]
        assert heard == ["kill.key"]

    locked(room, story)


def test_keys_pressed_at_the_locked_screen_reach_no_command_of_the_window(room: SafetyRoom, qtbot: QtBot) -> None:
    commands = asked(room)
    order = an_order(a_limit("90", id="qv-1"), broker_id="b-1")
    room.orders.book[order.id] = room.broker.known[order.id] = order

    async def story(lock: Lock) -> None:
        handle = lock.dialog.windowHandle()  # type: ignore[union-attr]
        for action in room.window.actions():
            for keys in action.shortcuts():
                combination = keys[0]
                if not action.text().startswith(("Lock", "Quit")):
                    QTest.keyClick(handle, combination.key(), combination.keyboardModifiers())
        QApplication.processEvents()

    locked(room, story)
    assert (commands, room.broker.steps) == ([], [])


def test_the_tray_tells_that_something_happened_and_not_what(room: SafetyRoom) -> None:
    tray = Tray()
    room.notifying.tray.tell = tray.tell  # type: ignore[method-assign]

    async def story(lock: Lock) -> None:
        room.notices.tell("critical", "Filled", "BUY 100 AAPL at 187.20", kind="fill")
        room.notifying.tray.acknowledge_all_asked.emit()
        room.notifying.tray.opened.emit(room.notices.told[-1])
        room.notifying.tray.show_asked.emit()
        room.notifying.tick()
        assert room.notifying.tray.intent.text() == "Cancels every order and halts trading"
        assert room.window.isHidden()

    locked(room, story)
    assert {(notice.title, notice.text) for notice in tray.told} <= {("QuantVision", BEHIND_THE_LOCK)}
    assert room.notices.told[-1].acknowledged_at is None


def test_locking_and_unlocking_are_recorded(room: SafetyRoom) -> None:
    async def story(lock: Lock) -> None:
        lock.dialog.submitted.emit("anna", "right", False)  # type: ignore[union-attr]
        for _ in range(20):
            await asyncio.sleep(0)

    locked(room, story)
    rows = [(row.draft.action, row.draft.actor.name, row.draft.reason) for row in room.trail.rows]
    assert ("session.lock", "anna", "by hand") in rows
    assert ("session.unlock", "anna", "") in rows

"""Held keys: a second from press to release, whatever the keyboard repeats; and keys that act when pressed."""

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QDialog, QLineEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from qv_desktop.ui.models.key_watch import KeyWatch, Watched

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
HELD = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
COMMANDS = {"kill": Watched(("Ctrl+Shift+K",), hold=True), "cancel": Watched(("Ctrl+Shift+X", "F7"))}


class Listener:
    """A window with a field, and what the watch said of it."""

    def __init__(self, qtbot: QtBot) -> None:
        self.window = QWidget()
        self.field = QLineEdit()
        QVBoxLayout(self.window).addWidget(self.field)
        qtbot.addWidget(self.window)
        with qtbot.waitActive(self.window):
            self.window.show()
            self.window.activateWindow()
        self.field.setFocus()
        self.watch = KeyWatch(self.window)
        self.watch.listen(COMMANDS)
        self.told: list[str] = []
        self.shares: list[float] = []
        self.watch.pressed.connect(lambda id_: self.told.append(f"pressed {id_}"))
        self.watch.held.connect(lambda id_: self.told.append(f"held {id_}"))
        self.watch.let_go.connect(lambda id_: self.told.append(f"let go {id_}"))
        self.watch.holding.connect(lambda _id, share: self.shares.append(share))

    def press(self, key: Qt.Key) -> None:
        QTest.keyPress(self.window.windowHandle(), key, HELD)

    def release(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = HELD) -> None:
        QTest.keyRelease(self.window.windowHandle(), key, modifiers)

    def repeat(self, kind: QEvent.Type) -> None:
        event = QKeyEvent(kind, Qt.Key.Key_K, HELD, "", True)
        QGuiApplication.sendEvent(self.window.windowHandle(), event)


@pytest.fixture
def listener(qtbot: QtBot) -> Listener:
    return Listener(qtbot)


def test_a_key_held_for_a_second_fires_once_though_the_keyboard_repeats(listener: Listener, qtbot: QtBot) -> None:
    listener.press(Qt.Key.Key_K)
    for _ in range(3):
        listener.repeat(QEvent.Type.KeyRelease)
        listener.repeat(QEvent.Type.KeyPress)
    qtbot.waitUntil(lambda: listener.told == ["held kill"], timeout=10_000)
    listener.repeat(QEvent.Type.KeyPress)  # still down
    listener.release(Qt.Key.Key_K)
    qtbot.wait(30)
    assert listener.told == ["held kill"]
    assert listener.shares[0] == 0.0
    assert max(listener.shares) > 0.5


@pytest.mark.parametrize("key", [Qt.Key.Key_K, Qt.Key.Key_Control, Qt.Key.Key_Shift])
def test_letting_go_early_does_nothing(listener: Listener, qtbot: QtBot, key: Qt.Key) -> None:
    listener.press(Qt.Key.Key_K)
    qtbot.wait(50)
    listener.release(key)
    qtbot.wait(1_200)
    assert listener.told == ["let go kill"]


def test_another_window_in_focus_lets_the_key_go(listener: Listener, qtbot: QtBot) -> None:
    other = QWidget()
    qtbot.addWidget(other)
    listener.press(Qt.Key.Key_K)
    with qtbot.waitActive(other):
        other.show()
        other.activateWindow()
    qtbot.waitUntil(lambda: listener.told == ["let go kill"], timeout=500)


def test_it_works_in_a_dialog_too(listener: Listener, qtbot: QtBot) -> None:
    dialog = QDialog(listener.window)
    dialog.setModal(True)
    qtbot.addWidget(dialog)
    with qtbot.waitActive(dialog):
        dialog.show()
        dialog.activateWindow()
    QTest.keyPress(dialog.windowHandle(), Qt.Key.Key_K, HELD)
    qtbot.waitUntil(lambda: listener.told == ["held kill"], timeout=10_000)


def test_a_pressed_key_acts_at_once_and_does_not_reach_the_field(listener: Listener) -> None:
    listener.press(Qt.Key.Key_X)
    listener.release(Qt.Key.Key_X)
    QTest.keyClick(listener.window.windowHandle(), Qt.Key.Key_F7)
    QTest.keyClick(listener.window.windowHandle(), Qt.Key.Key_A)
    assert listener.told == ["pressed cancel", "pressed cancel"]
    assert listener.field.text() == "a"


def test_a_key_that_is_not_wanted_now_goes_on_to_the_field(listener: Listener) -> None:
    listener.watch.listen({"buy": Watched(("Shift+B",))})
    listener.watch.wanted = lambda _id: False
    QTest.keyClick(listener.window.windowHandle(), Qt.Key.Key_B, Qt.KeyboardModifier.ShiftModifier)
    assert (listener.told, listener.field.text()) == ([], "b")


def test_keys_and_mouse_are_touches(listener: Listener, qtbot: QtBot) -> None:
    with qtbot.waitSignal(listener.watch.touched):
        QTest.keyClick(listener.window.windowHandle(), Qt.Key.Key_A)
    with qtbot.waitSignal(listener.watch.touched):
        QTest.mouseMove(listener.window.windowHandle())

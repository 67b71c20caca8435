"""Keys that are held on X11, which lets them go and presses them again at one moment, unmarked when the window is busy."""

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QGuiApplication, QKeyEvent
from pytestqt.qtbot import QtBot

from qv_desktop.ui import theme
from qv_desktop.ui.panels.ticket import TicketPanel
from tests.ui.a_ticket import a_ticket, sent_by
from tests.ui.test_key_watch import HELD, Listener

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
PRESS, RELEASE = QEvent.Type.KeyPress, QEvent.Type.KeyRelease
PLAIN, CONTROL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier


def key(to: QObject, kind: QEvent.Type, what: Qt.Key, at: int, held: Qt.KeyboardModifier = PLAIN) -> QKeyEvent:
    """A key event of the moment ``at`` (ms), which no one marked as a repeat."""
    event = QKeyEvent(kind, what, held, " " if what is Qt.Key.Key_Space else "")
    event.setTimestamp(at)
    QGuiApplication.sendEvent(to, event)
    return event


def repeated(to: QObject, what: Qt.Key, first: int, times: int, held: Qt.KeyboardModifier = PLAIN) -> None:
    """What a keyboard says of a key that stays down, every 40 ms from ``first`` on."""
    for at in range(first, first + 40 * times, 40):
        key(to, RELEASE, what, at, held)
        key(to, PRESS, what, at, held)


@pytest.fixture
def listener(qtbot: QtBot) -> Listener:
    return Listener(qtbot)


def test_a_key_that_is_held_fires_once_a_second_has_passed(listener: Listener, qtbot: QtBot) -> None:
    window = listener.window.windowHandle()
    key(window, PRESS, Qt.Key.Key_K, 1_000, HELD)
    repeated(window, Qt.Key.Key_K, 1_660, 5, HELD)
    qtbot.waitUntil(lambda: listener.told == ["held kill"], timeout=10_000)
    repeated(window, Qt.Key.Key_K, 2_000, 5, HELD)
    key(window, RELEASE, Qt.Key.Key_K, 3_000, HELD)
    assert listener.told == ["held kill"]


def test_a_key_that_is_let_go_after_repeats_is_let_go(listener: Listener, qtbot: QtBot) -> None:
    window = listener.window.windowHandle()
    key(window, PRESS, Qt.Key.Key_K, 1_000, HELD)
    repeated(window, Qt.Key.Key_K, 1_660, 2, HELD)
    key(window, RELEASE, Qt.Key.Key_K, 1_750, HELD)
    qtbot.waitUntil(lambda: listener.told == ["let go kill"])
    shares = len(listener.shares)
    qtbot.wait(40)
    assert len(listener.shares) == shares


def test_a_key_that_is_pressed_again_at_once_begins_anew(listener: Listener) -> None:
    window = listener.window.windowHandle()
    key(window, PRESS, Qt.Key.Key_K, 1_000, HELD)
    key(window, RELEASE, Qt.Key.Key_K, 1_900, HELD)
    key(window, PRESS, Qt.Key.Key_K, 1_905, HELD)
    assert listener.told == ["let go kill"]
    assert listener.shares[-1] == 0.0


def test_a_key_that_acts_when_pressed_acts_once_however_long_it_is_held(listener: Listener) -> None:
    window = listener.window.windowHandle()
    key(window, PRESS, Qt.Key.Key_F7, 1_000)
    repeated(window, Qt.Key.Key_F7, 1_660, 10)
    assert listener.told == ["pressed cancel"]
    key(window, RELEASE, Qt.Key.Key_F7, 2_500)
    key(window, PRESS, Qt.Key.Key_F7, 2_600)
    assert listener.told == ["pressed cancel"] * 2


def test_a_button_that_wants_holding_is_held_by_the_keyboard_too(qtbot: QtBot) -> None:
    button, fired = theme.HoldButton("Cancel all"), list[bool]()
    qtbot.addWidget(button)
    button.show()
    button.held.connect(lambda: fired.append(True))
    key(button, PRESS, Qt.Key.Key_Space, 1_000)
    repeated(button, Qt.Key.Key_Space, 1_660, 5)
    qtbot.waitUntil(lambda: fired == [True], timeout=10_000)
    key(button, PRESS, Qt.Key.Key_Space, 5_000)
    key(button, RELEASE, Qt.Key.Key_Space, 5_100)
    qtbot.waitUntil(lambda: button.progress == 0.0)
    assert fired == [True]


@pytest.fixture
def ticket(qtbot: QtBot) -> TicketPanel:
    return a_ticket(qtbot)


def test_space_that_is_held_on_the_button_reviews_and_sends_nothing(ticket: TicketPanel) -> None:
    sent = sent_by(ticket)
    key(ticket.send, PRESS, Qt.Key.Key_Space, 1_000)
    repeated(ticket.send, Qt.Key.Key_Space, 1_660, 10)
    assert (sent, ticket.send.text()) == ([], "Send BUY 100 AAPL")
    key(ticket.send, RELEASE, Qt.Key.Key_Space, 2_500)
    key(ticket.send, PRESS, Qt.Key.Key_Space, 2_700)
    assert len(sent) == 1


def test_the_keys_that_send_are_one_press_while_they_are_held(ticket: TicketPanel) -> None:
    """A shortcut is taken before its key is delivered; whoever has the keyboard is asked first whether it is one."""
    field = ticket.fields.quantity
    asks = QEvent.Type.ShortcutOverride
    assert not key(field, asks, Qt.Key.Key_Return, 1_000, CONTROL).isAccepted()  # a shortcut
    key(field, RELEASE, Qt.Key.Key_Return, 1_660, CONTROL)
    assert key(field, asks, Qt.Key.Key_Return, 1_660, CONTROL).isAccepted()  # a key like any other
    key(field, RELEASE, Qt.Key.Key_Return, 1_700, CONTROL)
    assert not key(field, asks, Qt.Key.Key_Return, 1_850, CONTROL).isAccepted()

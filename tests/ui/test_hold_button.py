"""A hold ends when it is let go, whatever way: it never fires for a hand that has gone."""

import time

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from qv_desktop.ui import theme


@pytest.fixture
def button(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> theme.HoldButton:
    monkeypatch.setattr(theme.HoldButton, "SECONDS", 0.1)
    button = theme.HoldButton("Cancel all · hold 1 s")
    qtbot.addWidget(button)
    button.resize(160, 26)
    button.show()
    return button


def pressed(button: theme.HoldButton) -> list[bool]:
    fired: list[bool] = []
    button.held.connect(lambda: fired.append(True))
    QTest.mousePress(button, Qt.MouseButton.LeftButton)
    return fired


def test_held_to_the_end_it_fires_once(qtbot: QtBot, button: theme.HoldButton) -> None:
    fired = pressed(button)
    qtbot.waitUntil(lambda: fired == [True])
    qtbot.wait(150)
    assert fired == [True]


def test_drawn_off_the_button_it_does_not(qtbot: QtBot, button: theme.HoldButton) -> None:
    fired = pressed(button)
    QTest.mouseMove(button, QPoint(400, 200))
    qtbot.wait(250)
    assert fired == []


def test_switched_off_meanwhile_it_does_not(qtbot: QtBot, button: theme.HoldButton) -> None:
    fired = pressed(button)
    button.setEnabled(False)
    qtbot.wait(250)
    assert fired == []


def test_without_the_focus_it_does_not(qtbot: QtBot, button: theme.HoldButton) -> None:
    fired = pressed(button)
    QApplication.sendEvent(button, QFocusEvent(QEvent.Type.FocusOut))
    qtbot.wait(250)
    assert fired == []


def test_a_window_that_stood_still_holds_on_nobody_s_behalf(qtbot: QtBot, button: theme.HoldButton) -> None:
    fired = pressed(button)
    time.sleep(0.3)  # a stall: the release waits behind it
    QApplication.processEvents()
    QTest.mouseRelease(button, Qt.MouseButton.LeftButton)
    qtbot.wait(250)
    assert fired == []

"""Two parts share their room as they should whatever sizes they had before, until a person moves the handle."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QTextEdit
from pytestqt.qtbot import QtBot

from qv_desktop.ui.models.side_by_side import FIRST, SideBySide


def a_split(qtbot: QtBot) -> SideBySide:
    first, second = QTextEdit(), QTextEdit()
    second.setMinimumHeight(100)
    split = SideBySide(first, second, (2, 5))
    qtbot.addWidget(split)
    return split


@pytest.mark.parametrize("before", [(100, 30), (640, 480), (900, 200), (380, 60)])
def test_the_room_is_shared_whatever_it_was_before(qtbot: QtBot, before: tuple[int, int]) -> None:
    split = a_split(qtbot)
    split.resize(*before)
    split.show()
    split.resize(380, 704)
    assert split.orientation() is Qt.Orientation.Vertical
    assert split.sizes()[0] == pytest.approx(200, abs=3)
    split.resize(1000, 400)
    assert split.orientation() is Qt.Orientation.Horizontal
    assert split.sizes()[0] == pytest.approx(FIRST, abs=3)


def test_what_a_person_chose_stays(qtbot: QtBot) -> None:
    split = a_split(qtbot)
    split.resize(380, 704)
    split.show()
    handle = split.handle(1)
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, pos=QPoint(100, 2))
    QTest.mouseMove(handle, QPoint(100, 102))
    QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=QPoint(100, 102))
    chosen = split.sizes()[0]
    assert chosen > 250
    split.resize(380, 720)
    assert abs(split.sizes()[0] - chosen) < 20

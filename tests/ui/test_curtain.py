"""A drawn curtain leaves one window in view, and lifting it brings the others back as they were."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QMenu, QWidget
from pytestqt.qtbot import QtBot

from qv_desktop.ui.curtain import BEFORE, Curtain
from qv_desktop.ui.main_window import MainWindow
from tests.ui.test_main_window import panels

plain = pytest.mark.qt_log_ignore("This plugin does not support")  # a display would


@pytest.fixture
def window(qtbot: QtBot) -> Iterator[MainWindow]:
    for left in in_view():  # by a test of before, and a curtain takes in every window there is
        left.hide()
    shown = MainWindow(panels())
    qtbot.addWidget(shown)
    with qtbot.waitExposed(shown):
        shown.show()
    qtbot.wait(10)
    yield shown
    for name in ("tape", "orders"):
        if (floating := shown.docks._docks[name].floatingDockContainer()) is not None:
            floating.hide()


def in_view() -> set[QWidget]:
    return {widget for widget in QApplication.topLevelWidgets() if widget.isVisible()}


@plain
def test_floating_panels_and_open_dialogs_go_and_come_back_as_they_were(window: MainWindow, qtbot: QtBot) -> None:
    for name in ("tape", "orders"):
        window.docks._docks[name].setFloating()
    asked, ended = QDialog(window), list[int]()
    asked.finished.connect(ended.append)
    asked.open()
    qtbot.wait(30)
    before, lock, curtain = in_view(), QWidget(), Curtain()
    qtbot.addWidget(lock)
    assert len(before) == 4
    lock.show()
    curtain.draw(window, lock)
    qtbot.wait(30)
    assert in_view() == {lock}
    lock.hide()
    curtain.lift()
    qtbot.waitUntil(lambda: in_view() == before, timeout=5_000)
    qtbot.wait(400)
    assert in_view() == before
    assert (asked.isModal(), ended) == (True, [])
    assert [window.docks._docks[name].isClosed() for name in ("tape", "orders")] == [False, False]


@plain
def test_what_would_open_behind_it_waits_and_menus_close(window: MainWindow, qtbot: QtBot) -> None:
    menu, lock, curtain = QMenu(window), QWidget(), Curtain()
    qtbot.addWidget(lock)
    menu.addAction("Buy")
    menu.popup(window.pos())
    lock.show()
    curtain.draw(window, lock)
    late, tool, another = QDialog(window), QWidget(window, Qt.WindowType.Tool), QMenu(window)
    another.addAction("Sell")
    late.open()
    tool.show()
    another.popup(window.pos())
    window.show()  # whoever asks for it
    tray = QMenu(window)
    tray.addAction("KILL now")
    tray.setProperty(BEFORE, True)
    tray.popup(window.pos())
    qtbot.waitUntil(lambda: in_view() == {lock, tray}, timeout=5_000)
    tray.close()
    qtbot.waitUntil(lambda: in_view() == {lock}, timeout=5_000)
    lock.hide()
    curtain.lift()
    qtbot.waitUntil(lambda: in_view() == {window, late, tool}, timeout=5_000)
    curtain.draw(window, lock)
    curtain.drop()
    qtbot.wait(400)
    assert not in_view() & {window, late, tool}

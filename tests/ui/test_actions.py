"""One table of commands for menus, palette and shortcuts."""

from collections import Counter

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from qv_desktop.domain.access import Role, allowed
from qv_desktop.ui.actions import COMMANDS, Actions


def test_ids_and_keys_of_one_scope_are_unique() -> None:
    assert max(Counter(command.id for command in COMMANDS).values()) == 1
    assert max(Counter((c.scope, key) for c in COMMANDS for key in c.keys).values()) == 1


def test_every_key_is_one_that_qt_understands() -> None:
    for command in COMMANDS:
        for key in command.keys:
            assert QKeySequence(key).toString() == key


def test_a_shortcut_asks_for_its_command(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    actions = Actions(window)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    with qtbot.waitSignal(actions.asked) as asked:
        qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert asked.args == ["palette"]


def test_a_disabled_command_says_which_permission_it_lacks(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    actions = Actions(window)
    actions.allow(lambda permission: allowed(Role.VIEWER, permission))
    assert not actions.action("risk.halt").isEnabled()
    assert actions.reason("risk.halt") == "Needs the permission “risk: run”; ask an Admin."
    assert actions.action("risk.halt").toolTip() == actions.reason("risk.halt")
    assert actions.action("full_screen").isEnabled()
    actions.allow(lambda permission: allowed(Role.ADMIN, permission))
    assert actions.action("risk.halt").isEnabled()
    assert actions.reason("risk.halt") == ""

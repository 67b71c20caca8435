"""Everybody's own keys: changed, named when taken, put back, and kept."""

import pytest
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from qv_desktop.ui.actions import COMMANDS, Actions
from qv_desktop.ui.keys_dialog import KeysDialog
from qv_desktop.ui.models.key_map import CHANGEABLE, KeyMap


@pytest.fixture
def dialog(qtbot: QtBot) -> KeysDialog:
    shown = KeysDialog(KeyMap())
    qtbot.addWidget(shown)
    shown.show()
    return shown


def words(dialog: KeysDialog) -> str:
    lines = []
    for place in range(dialog.list.topLevelItemCount()):
        group = dialog.list.topLevelItem(place)
        lines += [group.text(0)] + [
            " · ".join(group.child(i).text(c) for c in range(3)) for i in range(group.childCount())
        ]
    return "\n".join(lines)


def choose(dialog: KeysDialog, id_: str, key: str = "") -> None:
    dialog.choose(id_)
    assert dialog.chosen() == id_
    dialog.edit.setKeySequence(QKeySequence(key))


def test_the_shipped_keys_contradict_each_other_nowhere() -> None:
    keys = KeyMap()
    for command in COMMANDS:
        if command.scope in CHANGEABLE:
            assert keys.complaint(command.id, command.keys) == "", command.id


def test_every_key_is_listed_by_group(dialog: KeysDialog) -> None:
    shown = words(dialog)
    assert "TRADING KEYS" in shown
    assert "Search symbols and commands · Ctrl+K or Ctrl+Shift+P" in shown
    assert "Flatten the symbol · Ctrl+Shift+F · only while trading keys are armed; held" in shown
    assert "Kill switch, also while keys are off · Ctrl+Shift+K · held for a second, always" in shown
    dialog.search.setText("ctrl+shift+x")
    assert words(dialog).splitlines()[1:] == [
        "Cancel the symbol's working orders · Ctrl+Shift+X · only while trading keys are armed"
    ]


def test_a_free_key_is_set_and_another_added(dialog: KeysDialog, qtbot: QtBot) -> None:
    choose(dialog, "lock", "F9")
    with qtbot.waitSignal(dialog.changed):
        dialog.give.click()
    choose(dialog, "lock", "Ctrl+Alt+L")
    dialog.add.click()
    assert dialog._keys.keys("lock") == ("F9", "Ctrl+Alt+L")
    assert "Lock the screen · F9 or Ctrl+Alt+L · usually Ctrl+Shift+L" in words(dialog)
    dialog.reset.click()
    assert dialog._keys.keys("lock") == ("Ctrl+Shift+L",)
    assert dialog.chosen() == "lock"


def test_a_key_that_is_taken_is_named_and_can_be_taken_from_there(dialog: KeysDialog) -> None:
    choose(dialog, "lock", "Ctrl+K")
    assert dialog.message() == "Ctrl+K is taken by “Search symbols and commands”."
    assert (dialog.give.isEnabled(), dialog.take.isVisible()) == (False, True)
    dialog.take.click()
    keys = dialog._keys
    assert (keys.keys("lock"), keys.keys("palette")) == (("Ctrl+K",), ("Ctrl+Shift+P",))
    choose(dialog, "palette")
    dialog.reset.click()
    assert dialog.message() == "Ctrl+K is taken by “Lock the screen”; reset that one first."
    dialog.reset_all.click()
    assert keys.all() == KeyMap().all()


def test_the_kill_switch_always_keeps_its_key_and_nobody_takes_it(dialog: KeysDialog) -> None:
    choose(dialog, "kill.key")
    dialog.none.click()
    assert dialog.message() == "The kill switch always has a key; choose another one instead."
    choose(dialog, "lock", "Ctrl+Shift+K")
    dialog.take.click()
    assert "give the kill switch another key first" in dialog.message()
    assert dialog._keys.keys("kill.key") == ("Ctrl+Shift+K",)


def test_what_belongs_to_a_panel_is_shown_and_cannot_be_changed(dialog: KeysDialog) -> None:
    choose(dialog, "ticket.send")
    assert dialog.message() == "These keys belong to their panel and cannot be changed."
    assert not dialog.edit.isEnabled()
    choose(dialog, "lock", "Ctrl+Return")
    dialog.take.click()
    assert "belongs to “Review or send the order” in its panel" in dialog.message()


def test_a_letter_alone_would_be_typed(dialog: KeysDialog) -> None:
    for key in ("X", "Shift+X", "5"):
        choose(dialog, "keys.cancel_all", key)
        assert "alone would be pressed by typing" in dialog.message()
    assert KeyMap().complaint("keys.buy", ["Shift+D"]) == ""


def test_changes_are_kept_and_what_no_longer_fits_is_left_out() -> None:
    mine, again = KeyMap(), KeyMap()
    mine.give("lock", ["F9"])
    mine.take("full_screen", "Ctrl+K")
    again.read(mine.written())
    assert again.all() == mine.all()
    again.read(
        '{"lock": ["Ctrl+K"], "gone": ["F2"], "ticket.send": ["F3"], "kill.key": [], "settings": 5, "quit": ["F10"]}'
    )
    assert {id_ for id_ in again.commands if again.changed(id_)} == {"quit"}
    for damage in ("", "[]", "{"):
        again.read(damage)
        assert again.all() == KeyMap().all()


def test_the_windows_actions_take_them(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    actions, keys = Actions(window), KeyMap()
    keys.give("lock", ["F9"])
    actions.rebind(keys.all())
    assert actions.keys("lock") == ("F9",)
    assert actions.keys("palette") == ("Ctrl+K", "Ctrl+Shift+P")

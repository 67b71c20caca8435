"""The roles panel: what every role may do, side by side and each by itself, and how a role of the desk's own is made."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from qv_desktop.domain.access import BUILT_IN, Action, Permission, Resource
from qv_desktop.domain.roles import KnownRole
from qv_desktop.ui.panels.roles import RolesPanel

TRADE, LOOK = Permission(Resource.TRADING, Action.CREATE), Permission(Resource.TRADING, Action.VIEW)
HOLDERS = {"Admin": ("Ada",), "Trader": ("Tom", "Bo")}
NIGHT = KnownRole("Night desk", frozenset({TRADE, LOOK}), 3)
ROLES = [*(KnownRole(name, granted, 1, HOLDERS.get(name, ())) for name, granted in BUILT_IN.items()), NIGHT]
_ROW, _CREATE, _VIEW = list(Resource).index(Resource.TRADING), list(Action).index(Action.CREATE), 0


@pytest.fixture
def panel(qtbot: QtBot) -> RolesPanel:
    """The roles as an Admin sees them."""
    shown = RolesPanel()
    qtbot.addWidget(shown)
    shown.resize(960, 340)
    shown.show_roles(ROLES, "Admin", BUILT_IN["Admin"])
    shown.show()
    return shown


def mark(panel: RolesPanel, row: int, column: int) -> str:
    item = panel.grid.item(row, column)
    assert item is not None
    return item.text()


def test_every_role_stands_beside_the_others_with_a_letter_for_each_action(panel: RolesPanel) -> None:
    assert panel.all.isVisible()
    assert panel.all.words("Admin", Resource.USERS) == "V C H D R A X"
    assert panel.all.words("Trader", Resource.TRADING) == "V C H D R · X"
    assert panel.all.words("Viewer", Resource.AUDIT) == "· · · · · · ·"
    heads = [panel.all.horizontalHeaderItem(c) for c in range(panel.all.columnCount())]
    assert [head.text() for head in heads if head] == ["Admin (yours)", "Trader", "Analyst", "Viewer", "Night desk"]


def test_a_role_by_itself_is_resources_by_actions_in_words(panel: RolesPanel) -> None:
    panel.table.select_key("Night desk")
    assert panel.grid.isVisible()
    ticked = {(r, c) for r in range(9) for c in range(7) if mark(panel, r, c) == "✓"}
    assert ticked == {(_ROW, _VIEW), (_ROW, _CREATE)}
    assert panel.heading.text() == "Night desk · made here · held by nobody"
    item = panel.grid.item(_ROW, _CREATE)
    assert item is not None
    assert item.data(Qt.ItemDataRole.AccessibleTextRole) == "trading: create: may"
    panel.beside.click()
    assert panel.all.isVisible()


def test_what_only_a_newer_program_knows_is_counted(panel: RolesPanel) -> None:
    panel.show_roles([*ROLES[:4], replace(NIGHT, unknown=("moon: fly",))], "Admin", BUILT_IN["Admin"])
    panel.table.select_key("Night desk")
    assert panel.heading.text() == "Night desk · made here · held by nobody · 1 that only a newer program knows"


def test_a_built_in_role_can_only_be_copied_and_one_that_is_held_not_deleted(panel: RolesPanel) -> None:
    panel.table.select_key("Trader")
    assert not panel.edit.isEnabled()
    assert panel.edit.toolTip().startswith("This role is built in")
    assert panel.copy.isEnabled()
    panel.show_roles([*ROLES[:4], KnownRole("Night desk", NIGHT.permissions, 3, ("Tom",))], "Admin", BUILT_IN["Admin"])
    panel.table.select_key("Night desk")
    assert panel.delete.toolTip() == "It is the role of Tom; give them another one first"


def test_a_click_grants_with_the_view_and_without_the_view_nothing_is_left(panel: RolesPanel, qtbot: QtBot) -> None:
    panel.new.click()
    panel.grid.cellClicked.emit(_ROW, _CREATE)
    assert panel.grid.granted() == {TRADE, LOOK}
    panel.grid.setCurrentCell(_ROW, _VIEW)
    qtbot.keyClick(panel.grid, Qt.Key.Key_Space)
    assert panel.grid.granted() == set()


def test_nothing_changes_by_a_click_while_nobody_edits(panel: RolesPanel) -> None:
    panel.table.select_key("Night desk")
    panel.grid.cellClicked.emit(_ROW, _CREATE)
    assert panel.grid.granted() == NIGHT.permissions


def test_a_copy_is_made_edited_and_asked_for(panel: RolesPanel, qtbot: QtBot) -> None:
    panel.table.select_key("Trader")
    panel.copy.click()
    assert panel.field.text() == "Copy of Trader"
    panel.grid.cellClicked.emit(_ROW, _CREATE)
    with qtbot.waitSignal(panel.make_asked) as asked:
        panel.save.click()
    assert asked.args == ["Copy of Trader", BUILT_IN["Trader"] - {TRADE}]
    panel.show_wrong("There is a role of that name already.")
    assert panel.editor.isVisible()
    panel.show_saved("The role is made.")
    assert (panel.editor.isVisible(), panel.said.text()) == (False, "The role is made.")


def test_an_edit_carries_the_role_as_it_was_seen_though_the_list_is_read_anew_meanwhile(
    panel: RolesPanel, qtbot: QtBot
) -> None:
    panel.table.select_key("Night desk")
    panel.edit.click()
    panel.grid.cellClicked.emit(_ROW, _CREATE)
    panel.show_roles([*ROLES[:4], KnownRole("Night desk", frozenset(), 4)], "Admin", BUILT_IN["Admin"])
    with qtbot.waitSignal(panel.edit_asked) as asked:
        panel.save.click()
    assert asked.args == [NIGHT, "Night desk", frozenset({LOOK})]


def test_what_the_editor_lacks_cannot_be_ticked_and_a_mightier_role_not_be_edited(panel: RolesPanel) -> None:
    panel.show_roles(ROLES, "Helper", frozenset({LOOK}))
    panel.table.select_key("Night desk")
    assert panel.edit.toolTip() == "This role may do what yours may not, so you cannot change it"
    panel.new.click()
    panel.grid.cellClicked.emit(_ROW, _CREATE)
    panel.grid.cellClicked.emit(_ROW, _VIEW)
    assert panel.grid.granted() == {LOOK}


def test_who_may_not_change_roles_reads_them_and_why(panel: RolesPanel) -> None:
    panel.table.select_key("Night desk")
    panel.forbid({"create": "lacks create", "change": "lacks change", "delete": "lacks delete"})
    assert [b.toolTip() for b in (panel.new, panel.copy, panel.edit, panel.delete)] == [
        "lacks create", "lacks create", "lacks change", "lacks delete"]  # fmt: skip
    assert panel.grid.isVisible()


def test_who_loses_the_right_while_editing_is_out_of_it(panel: RolesPanel) -> None:
    panel.table.select_key("Night desk")
    panel.edit.click()
    panel.forbid({"change": "lacks change"})
    assert not panel.editor.isVisible()


def test_who_may_not_view_users_does_not_read_who_has_a_role(panel: RolesPanel) -> None:
    panel.table.select_key("Trader")
    assert panel.heading.text() == "Trader · built in · held by Tom and Bo"
    panel.forbid({"view": "lacks it"})
    panel.table.select_key("Viewer")
    assert panel.heading.text() == "Viewer · built in"
    assert panel.table.isColumnHidden(1)
    panel.resize(400, 340)
    panel.resize(960, 340)
    assert panel.table.isColumnHidden(1)
    panel.forbid({})
    assert not panel.table.isColumnHidden(1)

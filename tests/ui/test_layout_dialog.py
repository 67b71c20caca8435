"""Layouts by name: opened, kept, renamed and deleted, and nothing that is there replaced or lost without a question."""

from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from qv_desktop.ui.layout_dialog import LayoutDialog

NAMES = ["day", "night", "open"]


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


def shown(parent: QWidget, *, saving: bool = False) -> tuple[LayoutDialog, list[tuple[Any, ...]]]:
    """The dialog and what is asked of it."""
    dialog, asked = LayoutDialog(NAMES, saving, parent), list[tuple[Any, ...]]()
    dialog.chosen.connect(lambda name: asked.append(("open", name)))
    dialog.saved.connect(lambda name: asked.append(("save", name)))
    dialog.removed.connect(lambda name: asked.append(("delete", name)))
    dialog.renamed.connect(lambda old, new: asked.append(("rename", old, new)))
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    dialog.show()
    return dialog, asked


def test_a_layout_is_renamed_by_f2_and_keeps_its_place_in_the_hand(qtbot: QtBot, parent: QWidget) -> None:
    dialog, asked = shown(parent)
    dialog.list.setCurrentRow(1)
    qtbot.keyClick(dialog.list, Qt.Key.Key_F2)
    assert dialog.ask_name.isVisible()
    assert dialog.ask_name.field.text() == "night"
    dialog.ask_name.field.setText(" evening ")
    qtbot.keyClick(dialog.ask_name.field, Qt.Key.Key_Return)
    assert asked == [("rename", "night", "evening")]
    assert dialog.isVisible()
    dialog.show_names(["day", "evening", "open"], "evening")
    assert dialog.list.currentItem().text() == "evening"


def test_a_name_that_another_layout_has_cannot_be_taken(qtbot: QtBot, parent: QWidget) -> None:
    dialog, asked = shown(parent)
    dialog.list.setCurrentRow(1)
    dialog.rename.click()
    for taken in ("day", "DAY", " "):
        dialog.ask_name.field.setText(taken)
        qtbot.keyClick(dialog.ask_name.field, Qt.Key.Key_Return)
        assert not dialog.ask_name.yes.isEnabled()
    dialog.ask_name.field.setText("night")
    dialog.ask_name.yes.click()
    assert asked == []


def test_a_layout_is_deleted_only_after_a_question_and_stays_in_the_list_until_it_is(
    qtbot: QtBot, parent: QWidget
) -> None:
    dialog, asked = shown(parent)
    qtbot.keyClick(dialog.list, Qt.Key.Key_Delete)
    assert dialog.ask.isVisible()
    assert "“day”" in dialog.ask.question.text()
    dialog.ask.no.click()
    assert asked == []
    dialog.remove.click()
    dialog.ask.yes.click()
    assert asked == [("delete", "day")]
    assert dialog.names() == NAMES
    dialog.show_message("The database is away.")
    assert dialog.names() == NAMES
    dialog.show_names(NAMES[1:])
    assert dialog.names() == NAMES[1:]


def test_a_question_does_not_outlive_the_choice_of_another_row(parent: QWidget) -> None:
    dialog, asked = shown(parent)
    dialog.remove.click()
    dialog.list.setCurrentRow(2)
    assert dialog.ask.isHidden()
    dialog.rename.click()
    dialog.list.setCurrentRow(0)
    assert dialog.ask_name.isHidden()
    assert asked == []


def test_a_layout_that_is_there_is_replaced_only_after_a_question(qtbot: QtBot, parent: QWidget) -> None:
    dialog, asked = shown(parent, saving=True)
    dialog.name.setText("night ")
    qtbot.keyClick(dialog.name, Qt.Key.Key_Return)
    assert asked == []
    assert "“night”" in dialog.ask.question.text()
    dialog.ask.yes.click()
    assert asked == [("save", "night ")]
    dialog.show_message("Not kept.")
    dialog.name.setText("new")
    qtbot.keyClick(dialog.name, Qt.Key.Key_Return)
    assert asked[1:] == [("save", "new")]


def test_what_is_typed_stays_when_the_list_changes(parent: QWidget) -> None:
    dialog, _ = shown(parent, saving=True)
    dialog.name.setText("mine")
    dialog.show_names(["day"])
    assert dialog.name.text() == "mine"


def test_without_layouts_nothing_can_be_renamed_deleted_or_opened(parent: QWidget) -> None:
    dialog = LayoutDialog([], False, parent)
    assert not any(button.isEnabled() for button in (dialog.rename, dialog.remove, dialog.go))

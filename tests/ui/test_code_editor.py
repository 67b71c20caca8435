"""The editor: keys that indent, comment, save and find, and what is marked."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut, QTextCursor
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from qv_desktop.domain.strategy_source import Problem
from qv_desktop.ui.models.code_editor import CodeEditor
from qv_desktop.ui.models.find_bar import FindBar

CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture
def editor(qtbot: QtBot) -> CodeEditor:
    editor = CodeEditor()
    editor.set_editable(True)
    qtbot.addWidget(editor)
    editor.resize(400, 200)
    editor.show()
    qtbot.waitExposed(editor)
    return editor


def select(editor: CodeEditor, start: int, end: int) -> None:
    cursor = editor.textCursor()
    cursor.setPosition(start)
    cursor.setPosition(end, QTextCursor.MoveMode.KeepAnchor)
    editor.setTextCursor(cursor)


def at(editor: CodeEditor, place: int) -> None:
    select(editor, place, place)


@pytest.mark.parametrize(
    ("before", "after"),
    [("x = 1", "x = 1\n"), ("    x", "    x\n    "), ("if x:", "if x:\n    "), ("  if x:  # so", "  if x:  # so\n      "),
     ("        return 1", "        return 1\n    "), ("    pass", "    pass\n"), ("x = {'a': 1}", "x = {'a': 1}\n")],
)  # fmt: skip
def test_a_new_line_stands_where_code_goes_on(editor: CodeEditor, qtbot: QtBot, before: str, after: str) -> None:
    editor.setPlainText(before)
    editor.moveCursor(QTextCursor.MoveOperation.End)
    qtbot.keyClick(editor, Qt.Key.Key_Return, SHIFT)
    assert editor.text() == after
    editor.undo()
    assert editor.text() == before


def test_tab_fills_up_to_the_fourth_column_and_moves_selected_lines(editor: CodeEditor, qtbot: QtBot) -> None:
    editor.setPlainText("ab\ncd\n\nef")
    at(editor, 2)
    qtbot.keyClick(editor, Qt.Key.Key_Tab)
    assert editor.text() == "ab  \ncd\n\nef"
    editor.undo()
    select(editor, 1, 6)
    qtbot.keyClick(editor, Qt.Key.Key_Tab)
    assert editor.text() == "    ab\n    cd\n\nef"
    qtbot.keyClick(editor, Qt.Key.Key_Backtab, SHIFT)
    qtbot.keyClick(editor, Qt.Key.Key_Backtab, SHIFT)
    assert editor.text() == "ab\ncd\n\nef"


def test_a_selection_that_ends_before_a_lines_first_letter_leaves_that_line(editor: CodeEditor, qtbot: QtBot) -> None:
    editor.setPlainText("ab\ncd")
    select(editor, 0, 3)
    qtbot.keyClick(editor, Qt.Key.Key_Tab)
    assert editor.text() == "    ab\ncd"


def test_backspace_takes_a_step_back_in_the_margin_and_a_letter_elsewhere(editor: CodeEditor, qtbot: QtBot) -> None:
    editor.setPlainText("      x  y")
    at(editor, 6)
    qtbot.keyClick(editor, Qt.Key.Key_Backspace)
    assert editor.text() == "    x  y"
    qtbot.keyClick(editor, Qt.Key.Key_Backspace)
    assert editor.text() == "x  y"
    at(editor, 3)
    qtbot.keyClick(editor, Qt.Key.Key_Backspace)
    assert editor.text() == "x y"


def test_comments_come_and_go_at_the_same_depth(editor: CodeEditor, qtbot: QtBot) -> None:
    source = "if x:\n    a\n\n        b\n"
    editor.setPlainText(source)
    select(editor, 6, len(source))
    qtbot.keyClick(editor, Qt.Key.Key_Slash, CONTROL)
    assert editor.text() == "if x:\n    # a\n\n    #     b\n"
    qtbot.keyClick(editor, Qt.Key.Key_Slash, CONTROL)
    assert editor.text() == source


def test_a_text_that_may_only_be_read_takes_no_key(editor: CodeEditor, qtbot: QtBot) -> None:
    editor.setPlainText("x")
    editor.set_editable(False)
    for key in (Qt.Key.Key_Tab, Qt.Key.Key_Return, Qt.Key.Key_Backspace, Qt.Key.Key_A):
        qtbot.keyClick(editor, key)
    qtbot.keyClick(editor, Qt.Key.Key_Slash, CONTROL)
    assert editor.text() == "x"


def test_its_keys_win_over_the_windows_while_it_has_the_focus(editor: CodeEditor, qtbot: QtBot) -> None:
    window = QWidget()
    QVBoxLayout(window).addWidget(editor)
    taken: list[str] = []
    QShortcut(QKeySequence("Ctrl+S"), window).activated.connect(lambda: taken.append("window"))
    editor.save_asked.connect(lambda: taken.append("editor"))
    window.show()
    window.activateWindow()
    editor.setFocus()
    qtbot.waitUntil(editor.hasFocus)
    qtbot.keyClick(editor, Qt.Key.Key_S, CONTROL)
    assert taken == ["editor"]
    editor.setParent(None)  # it goes by itself
    window.close()


def test_finding_goes_round_counts_and_marks(editor: CodeEditor, qtbot: QtBot) -> None:
    bar = FindBar(editor)
    bar.show()
    editor.setPlainText("Bar\nfoo\nbar bar\n")
    at(editor, 0)
    bar.open_bar()
    bar.field.setText("bar")
    assert bar.count.text() == "1 of 3"
    for wanted in ("2 of 3", "3 of 3", "1 of 3"):
        qtbot.keyClick(bar.field, Qt.Key.Key_Return)
        assert bar.count.text() == wanted
    qtbot.keyClick(bar.field, Qt.Key.Key_Return, SHIFT)
    assert bar.count.text() == "3 of 3"
    bar.field.setText("nowhere")
    assert bar.count.text() == "nothing"
    bar.field.setText("bar")
    assert len(editor._found) == 3
    qtbot.keyClick(bar.field, Qt.Key.Key_Escape)
    assert editor._found == []
    assert not bar.isVisible()
    bar.deleteLater()


def test_the_graver_problem_of_a_line_colours_its_mark_and_both_are_told(editor: CodeEditor) -> None:
    editor.setPlainText("a\nb\nc")
    editor.show_problems([Problem(2, "Worse."), Problem(2, "Odd.", grave=False), Problem(0, "Of the whole.")])
    assert editor._marks == {1: ("BAD", "Worse.\nOdd."), 0: ("BAD", "Of the whole.")}
    editor.grab()  # painting marks and numbers raises nothing


def test_a_number_in_the_margin_leads_to_its_line(editor: CodeEditor, qtbot: QtBot) -> None:
    editor.setPlainText("\n".join("abcdefgh"))
    height = editor.fontMetrics().height()
    editor.gutter_pressed(height * 3 + height // 2)
    assert editor.textCursor().blockNumber() in (2, 3)
    editor.go_to(99, 99)
    assert editor.textCursor().blockNumber() in (0, 7)


def test_a_long_text_is_coloured_to_its_end_a_little_later(editor: CodeEditor, qtbot: QtBot) -> None:
    lines = ["x = 1"] * 300 + ['y = """a', "b", '"""', "z = 2  # end"]
    editor.show_text("\n".join(lines))
    document = editor.document()
    assert document.firstBlock().layout().formats()
    assert not document.lastBlock().layout().formats()
    qtbot.waitUntil(lambda: bool(document.lastBlock().layout().formats()))
    assert [document.findBlockByNumber(line).userState() for line in (299, 300, 301, 302, 303)] == [0, 1, 1, 0, 0]
    editor.moveCursor(QTextCursor.MoveOperation.End)
    qtbot.keyClicks(editor, ' """')
    assert document.lastBlock().userState() == 0  # in a comment it begins nothing

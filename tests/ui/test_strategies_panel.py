"""The strategies panel: the list, the source with its hash, what is typed and kept, versions, and the way to a backtest."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QPushButton
from pytestqt.qtbot import QtBot

from qv_desktop.domain.strategies import SourceDraft, Strategy, digest
from qv_desktop.domain.strategy_diff import compared
from qv_desktop.domain.strategy_source import read
from qv_desktop.domain.strategy_template import template
from qv_desktop.services.strategy_lint import problems
from qv_desktop.strategies.built_in import built_in
from qv_desktop.ui.models.diff_view import DiffView
from qv_desktop.ui.models.strategy_columns import Badge
from qv_desktop.ui.panels.strategies import StrategiesPanel

NOW = datetime(2025, 1, 1, tzinfo=UTC)
ALL = built_in(NOW)
LACKING = "Your role, Viewer, lacks “strategies: change”; ask an Admin."


def own(name: str = "mine", version: int = 1, source: str = "") -> Strategy:
    text = source or template()
    return Strategy(
        f"id-{name}", name, read(text).title, version, read(text).parameters, text, digest(text), "maria", NOW
    )


MINE, OTHER = own(), own("other")


@pytest.fixture
def panel(qtbot: QtBot) -> StrategiesPanel:
    panel = StrategiesPanel()
    qtbot.addWidget(panel)
    panel.page._draft.setInterval(10)
    panel.page._lint.setInterval(10)
    panel.resize(340, 620)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


@pytest.fixture
def desk(panel: StrategiesPanel) -> StrategiesPanel:
    """With two of the person's own, of which the first is shown."""
    panel.show_strategies([MINE, OTHER, *ALL])
    panel.table.select_key("mine")
    return panel


def button(panel: StrategiesPanel, text: str) -> QPushButton:
    return next(b for b in panel.findChildren(QPushButton) if b.text() == text and b.isVisible())


def entries(panel: StrategiesPanel) -> dict[str, tuple[bool, str]]:
    """The menu: text -> whether it can be chosen, and its tip."""
    menu = QMenu()
    panel._fill(menu)
    return {action.text(): (action.isEnabled(), action.toolTip()) for action in menu.actions() if action.text()}


def choose(panel: StrategiesPanel, text: str) -> None:
    menu = QMenu()
    panel._fill(menu)
    next(action for action in menu.actions() if action.text() == text).trigger()


def typed(panel: StrategiesPanel, qtbot: QtBot, text: str) -> None:
    """Type at the end, and wait until the panel has said so."""
    with qtbot.waitSignal(panel.draft_typed):
        panel.source.moveCursor(panel.source.textCursor().MoveOperation.End)
        qtbot.keyClicks(panel.source, text)


# ---- the list and the source


def test_the_first_strategy_is_shown_with_its_source_and_hash(panel: StrategiesPanel) -> None:
    panel.show_strategies(ALL)
    assert panel.source.text() == ALL[0].source
    assert panel.head.hash.text() == f"sha {ALL[0].code_hash[:8]}"
    assert panel.head.heading.text() == f"{ALL[0].name} v1"
    assert panel.source.isReadOnly()


def test_choosing_another_shows_its_source_and_says_so(panel: StrategiesPanel, qtbot: QtBot) -> None:
    panel.show_strategies(ALL)
    with qtbot.waitSignal(panel.chosen) as chosen:
        panel.table.select_key(ALL[2].name)
    assert chosen.args == [ALL[2].name]
    assert panel.source.text() == ALL[2].source


def test_a_newer_version_replaces_the_one_that_is_read(panel: StrategiesPanel) -> None:
    panel.show_strategies(ALL)
    panel.table.select_key(ALL[1].name)
    newer = replace(ALL[1], version=2, source="PARAMS = ()\n", code_hash="f" * 64)
    panel.show_strategies([ALL[0], newer, ALL[2]])
    assert panel.head.heading.text() == f"{ALL[1].name} v2"
    assert panel.source.text() == "PARAMS = ()\n"


def test_the_button_and_a_double_click_lead_to_a_backtest(panel: StrategiesPanel, qtbot: QtBot) -> None:
    panel.show_strategies(ALL)
    with qtbot.waitSignal(panel.backtest_asked) as asked:
        qtbot.mouseClick(button(panel, "Backtest"), Qt.MouseButton.LeftButton)
    assert asked.args == [ALL[0].name]
    with qtbot.waitSignal(panel.backtest_asked) as asked:
        panel.table.row_opened.emit(ALL[1])
    assert asked.args == [ALL[1].name]


def test_without_strategies_nothing_can_be_asked(panel: StrategiesPanel) -> None:
    panel.show_strategies([])
    assert not any(b.isVisible() for b in panel.findChildren(QPushButton) if b.text() == "Backtest")
    assert not button(panel, "Clone…").isEnabled()


def test_strings_over_several_lines_are_coloured_as_such_and_quotes_in_comments_begin_none(
    panel: StrategiesPanel,
) -> None:
    source = 'x = 1\n"""one\ntwo # no\n"""\ny = \'"""\'  # """\nz = r\'\'\'a\nb\'\'\'; w = 2\n'
    panel.show_strategies([replace(ALL[0], source=source)])
    document = panel.source.document()
    assert [document.findBlockByNumber(i).userState() for i in range(7)] == [0, 1, 1, 0, 0, 2, 0]


def test_a_wide_panel_sets_the_source_beside_the_list(panel: StrategiesPanel, qtbot: QtBot) -> None:
    panel.resize(1100, 300)
    qtbot.wait(20)
    assert panel._splitter.orientation() is Qt.Orientation.Horizontal


def test_archived_ones_are_out_of_sight_until_they_are_wanted(panel: StrategiesPanel, qtbot: QtBot) -> None:
    panel.show_strategies([MINE, replace(OTHER, archived=True)])
    assert [row.name for row in panel._model.rows()] == ["mine"]
    choose(panel, "Show archived ones")
    assert [row.name for row in panel._model.rows()] == ["mine", "other"]
    panel.table.select_key("other")
    assert panel.source.isReadOnly()
    with qtbot.waitSignal(panel.archive_asked) as asked:
        choose(panel, "Bring back")
    assert asked.args == [replace(OTHER, archived=True), False]


def test_what_a_check_found_stands_at_the_very_text_that_was_checked(panel: StrategiesPanel) -> None:
    panel.show_strategies([MINE, own("changed", source=template() + "# 2\n")])
    column = next(n for n, c in enumerate(panel._model.columns) if c.title == "Look-ahead")
    assert panel.table.isColumnHidden(column)
    panel.show_look_aheads({MINE.code_hash: Badge("clean", "working", "Every prefix says the same.")})
    assert not panel.table.isColumnHidden(column)
    assert [panel._model.columns[column].text(row) for row in panel._model.rows()] == ["clean", ""]


# ---- writing


def test_what_is_typed_is_kept_as_a_draft_and_marked(desk: StrategiesPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(desk.draft_typed) as told:
        desk.source.moveCursor(desk.source.textCursor().MoveOperation.End)
        qtbot.keyClicks(desk.source, "# a")
    assert told.args == [MINE.id, 1, template() + "# a"]
    assert desk.unsaved() == ["mine"]
    assert desk._model.columns[1].text(MINE) == "●"


def test_a_switch_of_strategy_and_back_loses_nothing(desk: StrategiesPanel, qtbot: QtBot) -> None:
    desk.page._draft.setInterval(60_000)
    desk.source.moveCursor(desk.source.textCursor().MoveOperation.End)
    qtbot.keyClicks(desk.source, "# half")
    desk.page.note.setText("half done")
    told: list[tuple[str, int, str]] = []
    desk.draft_typed.connect(lambda *args: told.append(args))  # type: ignore[arg-type]
    desk.table.select_key("other")  # before the moment after which it is said by itself
    assert told == [(MINE.id, 1, template() + "# half")]
    assert desk.source.text() == template()
    desk.table.select_key("mine")
    assert desk.source.text() == template() + "# half"
    desk.table.select_key("other")
    assert desk.unsaved() == ["mine"]


def test_a_draft_of_the_last_sitting_comes_back(desk: StrategiesPanel) -> None:
    desk.show_drafts([SourceDraft(MINE.id, 1, template() + "# crashed", NOW)])
    assert desk.source.text() == template() + "# crashed"
    assert desk.unsaved() == ["mine"]


def test_ctrl_s_asks_to_save_with_the_note_and_the_version_it_goes_on_from(desk: StrategiesPanel, qtbot: QtBot) -> None:
    typed(desk, qtbot, "# b")
    desk.page.note.setText("why")
    with qtbot.waitSignal(desk.save_asked) as asked:
        qtbot.keyClick(desk.source, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert asked.args == [MINE, template() + "# b", "why", 1]


def test_what_is_saved_is_no_draft_any_more_and_what_was_typed_meanwhile_is_one(
    desk: StrategiesPanel, qtbot: QtBot
) -> None:
    typed(desk, qtbot, "# b")
    saved = own(version=2, source=template() + "# b\n")
    desk.show_saved(saved)
    assert desk.unsaved() == []
    assert desk.head.heading.text() == "mine v2"
    typed(desk, qtbot, "c")
    desk.show_saved(own(version=3, source=template() + "# b\n"))
    assert desk.unsaved() == ["mine"]
    with qtbot.waitSignal(desk.save_asked) as asked:
        qtbot.mouseClick(desk.page.save, Qt.MouseButton.LeftButton)
    assert asked.args is not None
    assert asked.args[3] == 3


def test_text_as_it_was_is_no_change_and_cannot_be_saved(desk: StrategiesPanel, qtbot: QtBot) -> None:
    assert not desk.page.save.isEnabled()
    typed(desk, qtbot, "#")
    assert desk.page.save.isEnabled()
    with qtbot.waitSignal(desk.draft_dropped) as dropped:
        qtbot.keyClick(desk.source, Qt.Key.Key_Backspace)
    assert dropped.args == [MINE.id]
    assert not desk.page.save.isEnabled()


def test_somebody_elses_save_leaves_the_text_and_offers_three_ways(desk: StrategiesPanel, qtbot: QtBot) -> None:
    typed(desk, qtbot, "# mine")
    theirs = own(version=2, source=template() + "# theirs\n")
    desk.show_strategies([theirs, OTHER])
    assert desk.source.text() == template() + "# mine"
    desk.show_superseded("tom saved version 2", theirs)
    with qtbot.waitSignal(desk.save_asked) as asked:
        qtbot.mouseClick(desk.superseded.save, Qt.MouseButton.LeftButton)
    assert asked.args == [theirs, template() + "# mine", "", 2]
    with qtbot.waitSignal(desk.compare_asked) as compare:
        qtbot.mouseClick(desk.superseded.compare, Qt.MouseButton.LeftButton)
    desk.history.compare_mine()
    assert compare.args is not None
    qtbot.mouseClick(desk.superseded.take, Qt.MouseButton.LeftButton)
    assert desk.source.text() == theirs.source
    assert desk.unsaved() == []


def test_a_draft_on_an_older_version_says_that_there_is_a_newer_one(desk: StrategiesPanel) -> None:
    desk.show_strategies([own(version=3, source=template() + "# theirs\n"), OTHER])
    desk.show_drafts([SourceDraft(MINE.id, 1, template() + "# old", NOW)])
    assert desk.superseded.isVisible()
    assert "version 1" in desk.superseded.sentence.text()
    assert desk.source.text() == template() + "# old"


def test_discarding_asks_first(desk: StrategiesPanel, qtbot: QtBot) -> None:
    typed(desk, qtbot, "# gone")
    qtbot.mouseClick(desk.page.discard, Qt.MouseButton.LeftButton)
    assert desk.source.text().endswith("# gone")
    with qtbot.waitSignal(desk.draft_dropped):
        desk.asking.accept()
    assert desk.source.text() == template()


def test_leaving_with_something_unsaved_asks(desk: StrategiesPanel, qtbot: QtBot) -> None:
    typed(desk, qtbot, "# a")
    left: list[bool] = []
    desk.ask_leave(lambda: left.append(True))
    assert "mine" in desk.asking.question.text()
    assert left == []
    desk.asking.accept()
    assert left == [True]


def test_problems_are_marked_listed_and_jumped_to(desk: StrategiesPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(desk.lint_asked) as asked:
        desk.source.replace_all(template().replace("import talib", "import talib\nimport os"))
    assert asked.args is not None
    desk.show_problems("of a text that is typed no more", ())
    desk.show_problems(asked.args[0], problems(asked.args[0]))
    assert desk.source._marks[4][0] == "WARN"
    assert "“os” is no part" in desk.source._marks[4][1]
    desk.page.problems.selectRow(0)
    assert desk.source.textCursor().blockNumber() == 4
    assert desk.page.problems.isVisible()


def test_a_built_in_one_is_read_only_and_is_cloned_under_a_free_name(panel: StrategiesPanel, qtbot: QtBot) -> None:
    panel.show_strategies([*ALL, own("my_sma_cross")])
    panel.table.select_key("sma_cross")
    assert panel.source.isReadOnly()
    assert "clone it" in panel.page.state.text()
    qtbot.mouseClick(button(panel, "Clone…"), Qt.MouseButton.LeftButton)
    assert panel.naming.field.text() == "my_sma_cross_2"
    with qtbot.waitSignal(panel.clone_asked) as asked:
        panel.naming.accept()
    assert asked.args == [ALL[0], "my_sma_cross_2"]


def test_a_new_one_begins_with_the_template_and_is_shown_once_it_is_there(desk: StrategiesPanel, qtbot: QtBot) -> None:
    qtbot.mouseClick(button(desk, "New…"), Qt.MouseButton.LeftButton)
    desk.naming.field.setText("Not A Name")
    desk.naming.accept()
    assert "cannot be a strategy's name" in desk.said.text()
    choose(desk, "New for a universe…")
    with qtbot.waitSignal(desk.create_asked) as asked:
        desk.naming.accept()
    assert asked.args == ["my_rotation", template("weights")]
    desk.show_made(own("my_rotation"))
    desk.show_strategies([MINE, OTHER, own("my_rotation")])
    assert desk.head.heading.text() == "my_rotation v1"


def test_a_title_is_changed_in_the_source_and_can_be_undone(desk: StrategiesPanel) -> None:
    desk._retitle("Another name")
    assert 'TITLE = "Another name"' in desk.source.text()
    assert desk.page.note.text() == "Another title"
    desk.source.undo()
    assert desk.source.text() == template()


def test_a_file_becomes_the_text_of_ones_own_and_a_new_one_of_a_built_in(desk: StrategiesPanel, qtbot: QtBot) -> None:
    desk.show_file("somewhere", "x = 1\n")
    assert desk.source.text() == "x = 1\n"
    desk.table.select_key("macd")
    desk.show_file("2 My File", template())
    assert desk.naming.field.text() == "s_2_my_file"
    with qtbot.waitSignal(desk.create_asked) as asked:
        desk.naming.accept()
    assert asked.args == ["s_2_my_file", template()]


def test_what_a_role_may_not_is_greyed_with_the_reason(desk: StrategiesPanel) -> None:
    desk.forbid(
        {
            "backtest": "no runs",
            "create": "no new ones",
            "change": LACKING,
            "archive": "no archive",
            "export": "no files",
        }
    )
    assert desk.source.isReadOnly()
    assert desk.page.state.text() == LACKING
    assert not desk.page.save.isVisible()
    assert (desk.head.test.isEnabled(), desk.head.test.toolTip()) == (False, "no runs")
    assert (desk._new.isEnabled(), desk._new.toolTip()) == (False, "no new ones")
    menu = entries(desk)
    assert menu["Archive"] == (False, "no archive")
    assert menu["Save as .py file…"] == (False, "no files")
    assert menu["Rename title…"] == (False, LACKING)
    desk.forbid({})
    assert not desk.source.isReadOnly()


def test_what_was_typed_is_not_shown_as_the_source_to_who_may_not_save_it(desk: StrategiesPanel, qtbot: QtBot) -> None:
    typed(desk, qtbot, "# typed")
    desk.forbid({"change": LACKING})
    assert desk.source.text() == template()
    desk.table.select_key("other")
    desk.table.select_key("mine")
    assert desk.source.text() == template()
    desk.forbid({})
    assert desk.source.text() == template() + "# typed"


def test_a_backtest_says_that_it_takes_what_is_saved(desk: StrategiesPanel, qtbot: QtBot) -> None:
    desk.head.test.click()
    assert desk.said.text() == ""
    typed(desk, qtbot, "# typed")
    desk.head.test.click()
    assert "takes v1 as it is saved" in desk.said.text()


def test_a_draft_that_somebody_saved_elsewhere_is_none_any_more(desk: StrategiesPanel) -> None:
    desk.show_drafts([SourceDraft(MINE.id, 1, template(), NOW)])
    assert desk.unsaved() == []


# ---- versions


def test_versions_are_compared_with_the_one_before_and_two_with_each_other(desk: StrategiesPanel, qtbot: QtBot) -> None:
    first = own(source=template("weights"))
    second = replace(own(version=2), created=NOW + timedelta(days=1))
    third = own(version=3, source=template() + "# three\n")
    asked: list[tuple[str, str]] = []
    desk.compare_asked.connect(lambda old, new: asked.append((old, new)))
    with qtbot.waitSignal(desk.versions_asked):
        desk.head.pages.segment("Versions").click()
    desk.show_versions([third, second, first])
    assert asked[-1] == (second.source, third.source)
    desk.show_difference(compared(*asked[-1]))
    assert desk.history.said.text().startswith("v2 → v3 · maria")
    assert desk.history.said.text().endswith("+1 −0 lines")
    desk.history.table.selectAll()
    assert asked[-1] == (first.source, third.source)
    desk.history.table.select_key(1)
    desk.history.table.clearSelection()
    desk.history.table.select_key(1)
    assert asked[-1] == ("", first.source)


def test_an_older_version_goes_into_the_editor_as_a_change(desk: StrategiesPanel, qtbot: QtBot) -> None:
    desk.show_strategies([own(version=2, source=template() + "# two\n"), OTHER])
    desk.show_versions([own(version=2, source=template() + "# two\n"), MINE])
    desk.head.pages.segment("Versions").click()
    desk.history.table.clearSelection()
    desk.history.table.select_key(1)
    with qtbot.waitSignal(desk.draft_typed):
        qtbot.mouseClick(desk.history.open, Qt.MouseButton.LeftButton)
    assert desk.source.text() == template()
    assert desk.page.note.text() == "As in v1"
    assert desk._stack.currentWidget() is desk.page


def test_a_difference_is_two_columns_where_there_is_room_and_one_where_there_is_not(qtbot: QtBot) -> None:
    view = DiffView()
    qtbot.addWidget(view)
    view.show()
    view.show_rows(compared("a\nb\n", "a\nc\n"))
    view.resize(900, 200)
    assert view.currentIndex() == 0
    assert (view.left.text(), view.right.text()) == ("a\nb", "a\nc")
    view.resize(300, 200)
    assert view.currentIndex() == 1
    assert view.one.text() == "  a\n− b\n+ c"
    view.resize(900, 200)
    view.want_columns(False)
    assert view.currentIndex() == 1
    view.show_rows(compared("a\n", "a\n"))
    assert view.one.text() == "The two are the same."

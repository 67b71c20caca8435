"""The strategies panel: the list, the source with its hash, and the way to a backtest."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from qv_desktop.strategies.built_in import built_in
from qv_desktop.ui.panels.strategies import StrategiesPanel

ALL = built_in(datetime(2025, 1, 1, tzinfo=UTC))


@pytest.fixture
def panel(qtbot: QtBot) -> StrategiesPanel:
    panel = StrategiesPanel()
    qtbot.addWidget(panel)
    panel.resize(340, 520)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def test_the_first_strategy_is_shown_with_its_source_and_hash(panel: StrategiesPanel) -> None:
    panel.show_strategies(ALL)
    assert panel.source.toPlainText() == ALL[0].source.rstrip("\n") or panel.source.toPlainText() == ALL[0].source
    assert panel._hash.text() == f"sha {ALL[0].code_hash[:8]}"
    assert panel._heading.text() == f"{ALL[0].name} v1"
    assert panel.source.isReadOnly()


def test_choosing_another_shows_its_source_and_says_so(panel: StrategiesPanel, qtbot: QtBot) -> None:
    panel.show_strategies(ALL)
    with qtbot.waitSignal(panel.chosen) as chosen:
        panel.table.select_key(ALL[2].name)
    assert chosen.args == [ALL[2].name]
    assert panel.source.toPlainText() == ALL[2].source


def test_a_newer_version_replaces_the_one_that_is_read(panel: StrategiesPanel) -> None:
    panel.show_strategies(ALL)
    panel.table.select_key(ALL[1].name)
    newer = replace(ALL[1], version=2, source="PARAMS = ()\n", code_hash="f" * 64)
    panel.show_strategies([ALL[0], newer, ALL[2]])
    assert panel._heading.text() == f"{ALL[1].name} v2"
    assert panel.source.toPlainText() == "PARAMS = ()\n"


def test_the_button_and_a_double_click_lead_to_a_backtest(panel: StrategiesPanel, qtbot: QtBot) -> None:
    panel.show_strategies(ALL)
    button = next(b for b in panel.findChildren(QPushButton) if b.text() == "Backtest")
    with qtbot.waitSignal(panel.backtest_asked) as asked:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert asked.args == [ALL[0].name]
    with qtbot.waitSignal(panel.backtest_asked) as asked:
        panel.table.row_opened.emit(ALL[1])
    assert asked.args == [ALL[1].name]


def test_without_strategies_nothing_can_be_asked(panel: StrategiesPanel) -> None:
    panel.show_strategies([])
    assert not any(b.isVisible() for b in panel.findChildren(QPushButton) if b.text() == "Backtest")


def test_docstrings_over_several_lines_are_coloured_as_such(panel: StrategiesPanel) -> None:
    panel.show_strategies([replace(ALL[0], source='x = 1\n"""one\ntwo\n"""\ny = 2\n')])
    document = panel.source.document()
    states = [document.findBlockByNumber(i).userState() for i in range(5)]
    assert states == [0, 1, 1, 0, 0]


def test_a_wide_panel_sets_the_source_beside_the_list(panel: StrategiesPanel, qtbot: QtBot) -> None:
    panel.resize(1100, 300)
    qtbot.wait(20)
    assert panel._splitter.orientation() is Qt.Orientation.Horizontal

"""The log panel: newest first, capped, filtered by level and words."""

from datetime import timedelta

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from qv_desktop.ui.panels.log import LogLine, LogPanel
from tests.ui.trading_values import NOON


def lines(*levels: str) -> list[LogLine]:
    return [LogLine(NOON + timedelta(seconds=i), level, f"event.{i}", f"n={i}") for i, level in enumerate(levels)]


def events(panel: LogPanel) -> list[str]:
    return [row.line.event for row in panel.model.rows()]


def filled(qtbot: QtBot, panel: LogPanel, *levels: str) -> None:
    qtbot.addWidget(panel)
    panel.show()
    panel.append(lines(*levels))
    qtbot.waitUntil(lambda: panel.model.rowCount() > 0, timeout=10_000)


def test_lines_appear_together_newest_first(qtbot: QtBot) -> None:
    panel = LogPanel()
    filled(qtbot, panel, "info", "warning", "error")
    assert events(panel) == ["event.2", "event.1", "event.0"]
    assert panel.counts.text() == "3 lines · 1 error"


def test_the_oldest_fall_off_at_the_cap(qtbot: QtBot) -> None:
    panel = LogPanel(cap=2)
    filled(qtbot, panel, "info", "info", "info")
    assert events(panel) == ["event.2", "event.1"]


def test_a_level_hides_what_is_below_it(qtbot: QtBot) -> None:
    panel = LogPanel()
    filled(qtbot, panel, "debug", "info", "warning", "error")
    qtbot.mouseClick(panel.levels.segment("Warnings"), Qt.MouseButton.LeftButton)
    assert events(panel) == ["event.3", "event.2"]
    qtbot.mouseClick(panel.levels.segment("All"), Qt.MouseButton.LeftButton)
    assert len(events(panel)) == 4


def test_words_filter_event_and_details(qtbot: QtBot) -> None:
    panel = LogPanel()
    filled(qtbot, panel, "info", "info", "info")
    qtbot.keyClicks(panel.search, "n=1")
    assert events(panel) == ["event.1"]


def test_what_came_while_it_was_hidden_is_there_when_it_is_opened(qtbot: QtBot) -> None:
    panel = LogPanel()
    qtbot.addWidget(panel)
    panel.append(lines("info"))
    panel.show()
    assert events(panel) == ["event.0"]

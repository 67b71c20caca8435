"""The data panel: feeds, the holes in them, and what is asked of vendors' histories."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from qv_desktop.domain.history import HistoryRequest
from qv_desktop.domain.market import Gap
from qv_desktop.ui.panels.data import DataPanel, FeedRow

NOW = datetime(2026, 11, 20, 15, 31, 5, tzinfo=UTC)
HOLE = Gap("Polygon", ("AAPL", "MSFT"), NOW - timedelta(seconds=60), NOW, "connection lost")
ASKED = HistoryRequest(7, "AAPL 1m", "polygon", "asking", 0.42, "page 3", NOW)


def shown(qtbot: QtBot) -> DataPanel:
    panel = DataPanel()
    qtbot.addWidget(panel)
    panel.resize(1000, 400)
    panel.show()
    return panel


def test_each_feed_is_a_row_and_the_source_in_force_is_marked(qtbot: QtBot) -> None:
    panel = shown(qtbot)
    panel.show_feeds([FeedRow("Polygon", "backing off", "lost", age=12.0, reconnects=7, gaps=3, bad=2),
                      FeedRow("Alpaca", "live", "30 symbols", True, 1204.4, 0.2)])  # fmt: skip
    assert [panel.feeds.index(0, c).data() for c in range(9)] == [
        "Polygon",
        "backing off",
        "",
        "0",
        "12s",
        "7",
        "3",
        "2",
        "lost",
    ]
    assert [panel.feeds.index(1, c).data() for c in range(5)] == ["Alpaca", "live", "● in force", "1,204", "0.2s"]
    assert panel.feed_count.text() == "Prices from Alpaca"
    panel.show_feeds([FeedRow("Polygon", "off")])
    assert (panel.feeds.rowCount(), panel.feed_count.text()) == (1, "No prices")


def test_a_hole_is_one_row_from_found_to_filled(qtbot: QtBot) -> None:
    panel = shown(qtbot)
    panel.show_gaps([replace(HOLE, end=None)])
    assert [panel.holes.index(0, c).data() for c in (0, 3, 4)] == ["open", "—", "—"]
    panel.hole_table.selectRow(0)
    panel.show_gaps([HOLE])
    assert [panel.holes.index(0, c).data() for c in range(7)] == [
        "unfilled", "Polygon", "10:30:05", "10:31:05", "60.0", "2", "connection lost"]  # fmt: skip
    assert len(panel.hole_table.selected()) == 1
    panel.show_gaps([replace(HOLE, filled_at=NOW + timedelta(seconds=4))])
    assert (panel.holes.index(0, 0).data(), panel.hole_count.text()) == ("10:31:09", "0 of 1 unfilled")


def test_a_hole_that_has_ended_can_be_filled_now(qtbot: QtBot) -> None:
    panel = shown(qtbot)
    panel.show_gaps([HOLE, replace(HOLE, feed="Alpaca", end=None)])
    assert not panel.fill.isEnabled()
    panel.hole_table.selectRow(1)
    assert not panel.fill.isEnabled()
    panel.hole_table.selectRow(0)
    with qtbot.waitSignal(panel.fill_asked) as asked:
        panel.fill.click()
    assert asked.args == [HOLE]
    with qtbot.waitSignal(panel.fill_asked):
        qtbot.keyClick(panel.hole_table, Qt.Key.Key_Return)


def test_requests_show_how_far_they_are_and_can_be_cancelled(qtbot: QtBot) -> None:
    panel = shown(qtbot)
    panel.show_requests([ASKED, replace(ASKED, id=6, state="done", fraction=1.0)])
    assert [panel.model.index(0, c).data() for c in range(6)] == [
        "asking",
        "AAPL 1m",
        "polygon",
        "42%",
        "page 3",
        "10:31:05",
    ]
    assert panel.request_count.text() == "1 under way"
    panel.table.selectRow(1)
    assert not panel.cancel.isEnabled()
    panel.table.selectRow(0)
    with qtbot.waitSignal(panel.cancel_asked) as asked:
        panel.cancel.click()
    assert asked.args == [7]
    with qtbot.waitSignal(panel.cancel_asked):
        qtbot.keyClick(panel.table, Qt.Key.Key_Delete)


def test_a_bar_is_painted_as_far_as_the_request_is(qtbot: QtBot) -> None:
    panel = shown(qtbot)
    panel.show_requests([replace(ASKED, fraction=0.1)])
    little = panel.table.grab().toImage()
    panel.show_requests([replace(ASKED, fraction=0.9)])
    assert panel.table.grab().toImage() != little


def test_a_narrow_panel_puts_requests_under_the_holes(qtbot: QtBot) -> None:
    panel = shown(qtbot)
    assert panel._lower.orientation() is Qt.Orientation.Horizontal
    panel.resize(400, 500)
    assert panel._lower.orientation() is Qt.Orientation.Vertical

"""Notices, listed and in passing."""

from datetime import UTC, datetime, timedelta

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from qv_desktop.domain.alerts import Notice
from qv_desktop.ui.panels.alerts import AlertsPanel, Toast, Toasts

NOW = datetime(2026, 11, 20, 15, 42, 17, tzinfo=UTC)


def notice(title: str, key: str = "", minutes: int = 0) -> Notice:
    return Notice(NOW + timedelta(minutes=minutes), "warning", title, "What to do about it.", key)


def test_the_newest_notice_is_on_top_and_unread_ones_are_counted_until_seen(qtbot: QtBot) -> None:
    panel, counts = AlertsPanel(), []
    qtbot.addWidget(panel)
    panel.unread_changed.connect(counts.append)
    panel.add(notice("first"))
    panel.add(notice("second", minutes=1))
    panel.show()
    panel.add(notice("third", minutes=2))
    assert [row[1].title for row in panel.model.rows()] == ["third", "second", "first"]
    assert counts == [1, 2, 0]


def test_toasts_stack_inside_the_window_at_most_four_and_equal_keys_once(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(900, 600)
    window.show()
    toasts = Toasts(window, window.rect)
    for i in range(6):
        toasts.add(notice(f"n{i}", key=f"k{i}"))
    toasts.add(notice("again", key="k4"))
    assert [n.title for n in toasts.shown()] == ["n2", "n3", "n5", "again"]
    boxes = [toast.geometry() for toast in window.findChildren(Toast) if toast.isVisible()]
    assert all(window.rect().contains(box) for box in boxes)
    assert not any(a.intersects(b) for i, a in enumerate(boxes) for b in boxes[i + 1 :])


def test_a_click_opens_a_toast_and_takes_it_down(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.resize(900, 600)
    window.show()
    toasts = Toasts(window, window.rect)
    toasts.add(notice("Polygon went quiet"))
    with qtbot.waitSignal(toasts.opened) as opened:
        qtbot.mouseClick(window.findChild(Toast), Qt.MouseButton.LeftButton)
    assert (opened.args[0].title, toasts.shown()) == ("Polygon went quiet", [])

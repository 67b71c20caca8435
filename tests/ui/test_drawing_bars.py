"""The bar of tools and the bar of the chosen drawing: what they show is what the board holds, and their buttons ask it."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFrame, QMenu, QWidget
from pytestqt.qtbot import QtBot

from qv_desktop.domain.drawings import Kind, drawn
from qv_desktop.ui.chart.drawing.bar import TOOLS, DrawingBar
from qv_desktop.ui.chart.drawing.icons import ICONS, draw_icon
from qv_desktop.ui.chart.drawing.style import DrawingStyle
from qv_desktop.ui.chart.drawing.tool_button import ToolButton
from qv_desktop.ui.theme import HoldButton
from tests.ui.drawing_host import LEFT, Host, a_host

popup = pytest.mark.qt_log_ignore("This plugin does not support (raise|grabbing the keyboard|propagateSizeHints)")


@pytest.fixture
def host(qtbot: QtBot) -> Host:
    host = a_host(qtbot)
    host.put(*(drawn(id, "AAPL", Kind.TREND, (host.anchor(200, 228.0), host.anchor(240, 229.0))) for id in "abc"))
    return host


@pytest.fixture
def bar(qtbot: QtBot, host: Host) -> DrawingBar:
    bar = DrawingBar(host.board)
    qtbot.addWidget(bar)
    bar.resize(28, 500)
    bar.show()
    qtbot.waitExposed(bar)
    return bar


@pytest.fixture
def style(host: Host) -> DrawingStyle:
    style = DrawingStyle(host.board, host)
    host.board.plane = host.plane
    style.place(host.plane.rect)
    return style


def button(owner: QWidget, name: str) -> ToolButton:
    found = owner.findChild(ToolButton, name)
    assert found is not None
    return found


def click(owner: QWidget, name: str) -> None:
    QTest.mouseClick(button(owner, name), LEFT)


def test_every_tool_is_there_with_its_key_and_a_name_for_a_screen_reader(bar: DrawingBar) -> None:
    for name, tip in TOOLS:
        tool = button(bar, name)
        assert tip in tool.toolTip()
        assert tool.accessibleName() == tool.toolTip()
    assert "Trend line (Alt+T)" in button(bar, "trend").toolTip()
    assert {kind.value for kind in Kind} < {name for name, _ in TOOLS}
    assert bar.width() == 28


def test_a_click_takes_a_tool_in_hand_and_a_second_puts_it_away(bar: DrawingBar, host: Host) -> None:
    click(bar, "ray")
    assert host.board.tool == "ray"
    assert button(bar, "ray").isChecked()
    assert not button(bar, "cursor").isChecked()
    click(bar, "ray")
    assert host.board.tool == "cursor"
    assert button(bar, "cursor").isChecked()
    assert not button(bar, "ray").isChecked()


def test_a_double_click_keeps_the_tool(bar: DrawingBar, host: Host) -> None:
    click(bar, "horizontal")
    QTest.mouseDClick(button(bar, "horizontal"), LEFT)
    assert (host.board.tool, host.board.kept) == ("horizontal", True)
    assert button(bar, "horizontal").isChecked()


def test_the_bar_follows_keys(bar: DrawingBar, host: Host) -> None:
    host.type(Qt.Key.Key_T, Qt.KeyboardModifier.AltModifier)
    assert button(bar, "trend").isChecked()
    host.type(Qt.Key.Key_Escape)
    assert button(bar, "cursor").isChecked()


def test_switches_show_what_the_board_does(bar: DrawingBar, host: Host) -> None:
    click(bar, "magnet")
    click(bar, "hide")
    assert (host.board.magnet, host.board.hidden) == (True, True)
    assert "Show all drawings" in button(bar, "hide").toolTip()
    host.board.toggle_magnet()
    assert not button(bar, "magnet").isChecked()


def test_undo_and_redo_are_there_when_they_can_do_something(bar: DrawingBar, host: Host) -> None:
    assert not button(bar, "undo").isEnabled()
    host.board.select("a")
    click(bar, "delete")
    assert button(bar, "undo").isEnabled()
    click(bar, "undo")
    assert set(host.kept) == {"a", "b", "c"}
    click(bar, "redo")
    assert set(host.kept) == {"b", "c"}


@popup
def test_without_a_choice_all_are_removed_only_by_holding_a_button_that_counts_them(
    bar: DrawingBar, host: Host, qtbot: QtBot
) -> None:
    assert button(bar, "delete").toolTip() == "Remove all 3 drawings…"
    click(bar, "delete")
    asking = bar.findChild(QFrame, "clear_drawings")
    assert asking is not None
    hold = asking.findChild(HoldButton)
    assert hold is not None
    assert "3 drawings on AAPL" in hold.text()
    QTest.mouseClick(hold, LEFT)
    assert len(host.kept) == 3
    QTest.mousePress(hold, LEFT)
    qtbot.waitUntil(lambda: not host.kept, timeout=10_000)
    assert not button(bar, "delete").isEnabled()


@popup
def test_what_does_not_fit_is_in_a_menu(bar: DrawingBar, host: Host) -> None:
    bar.resize(28, 130)
    assert button(bar, "trend").isVisible()
    assert not button(bar, "measure").isVisible()
    click(bar, "more")
    menu = bar.findChild(QMenu)
    assert menu is not None
    action = next(action for action in menu.actions() if action.text().startswith("Measure"))
    action.trigger()
    assert host.board.tool == "measure"
    menu.close()
    bar.resize(28, 500)
    assert button(bar, "measure").isVisible()
    assert not button(bar, "more").isVisible()


@pytest.mark.parametrize("icon", sorted(ICONS))
def test_every_icon_has_something_to_see_and_stays_in_its_box(icon: str) -> None:
    image = QImage(32, 32, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(QColor("black"))
    painter = QPainter(image)
    draw_icon(painter, QRectF(8, 8, 16, 16), icon, QColor("white"))
    painter.end()
    lit = [(x, y) for x in range(32) for y in range(32) if image.pixelColor(x, y).lightness() > 20]
    assert len(lit) > 8
    assert all(7 <= x <= 24 and 7 <= y <= 24 for x, y in lit)


# the chosen drawing


def test_the_style_bar_is_there_while_a_drawing_is_chosen(style: DrawingStyle, host: Host) -> None:
    assert style.isHidden()
    host.board.select("b")
    assert style.isVisible()
    assert host.rect().contains(style.geometry())
    host.board.select("")
    assert style.isHidden()


def test_colour_width_and_dash_are_changed_and_new_drawings_follow(style: DrawingStyle, host: Host) -> None:
    host.board.select("b")
    click(style, "color_WARN")
    click(style, "line_width")
    click(style, "line_dash")
    drawing = host.kept["b"]
    assert (drawing.color, drawing.width, drawing.dash) == ("WARN", 2, "dashed")
    assert button(style, "color_WARN").isChecked()
    assert not button(style, "color_ACCENT").isChecked()
    click(style, "color_WARN")
    assert button(style, "color_WARN").isChecked()
    assert len(host.told) == 3
    host.board.begin("trend")
    host.click(host.at(210, 226.5), host.at(250, 227.0))
    assert replace(host.board.drawings[-1], color="WARN", width=2, dash="dashed") == host.board.drawings[-1]
    host.board.undo()
    host.board.undo()
    assert host.kept["b"].dash == "solid"


def test_widths_and_dashes_come_round_again(style: DrawingStyle, host: Host) -> None:
    host.board.select("a")
    before = host.kept["a"]
    for _ in range(3):
        click(style, "line_width")
        click(style, "line_dash")
    assert host.kept["a"] == before


def test_a_lock_is_set_and_taken_off_and_guards_against_removal(style: DrawingStyle, host: Host) -> None:
    host.board.select("a")
    lock = button(style, "unlocked")
    QTest.mouseClick(lock, LEFT)
    assert host.kept["a"].locked
    assert not button(style, "delete").isEnabled()
    QTest.mouseClick(lock, LEFT)
    assert not host.kept["a"].locked
    click(style, "delete")
    assert "a" not in host.kept


def test_a_clone_stands_aside_and_is_chosen(style: DrawingStyle, host: Host) -> None:
    host.board.select("a")
    click(style, "clone")
    assert len(host.kept) == 4
    assert host.board.selected == host.board.drawings[-1]


def test_clicks_on_the_style_bar_do_not_reach_the_chart(style: DrawingStyle, host: Host) -> None:
    host.board.select("a")
    QTest.mouseClick(style, LEFT, Qt.KeyboardModifier.NoModifier, QPoint(1, 1))
    assert host.left == []
    assert host.board.selected is not None


def test_a_text_has_no_line_to_change(style: DrawingStyle, host: Host) -> None:
    host.put(drawn("t", "AAPL", Kind.TEXT, (host.anchor(200, 228.0),), "Note"))
    host.board.select("t")
    assert not button(style, "line_width").isEnabled()
    assert button(style, "color_UP").isEnabled()

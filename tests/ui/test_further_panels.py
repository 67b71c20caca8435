"""Further panels of a window, such as a second chart: made, closed, kept, restored; and one panel in all the room."""

import json

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QToolButton, QWidget
from pytestqt.qtbot import QtBot

from qv_desktop.ui.main_window import MainWindow
from tests.ui.test_main_window import Plain, on_top, panels

FOUR = ["chart", "chart-2", "chart-3", "chart-4"]


class Named(Plain):
    """A further chart's stand-in, which knows its name."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Made(MainWindow):
    """A window whose further panels are made and closed as they are asked for."""

    def __init__(self) -> None:
        super().__init__(panels())
        self.charts_wanted.connect(lambda names: [self.add_chart(Named(name)) for name in names])
        self.chart_close_asked.connect(self.remove_chart)


@pytest.fixture
def window(qtbot: QtBot) -> Made:
    return shown(qtbot)


def shown(qtbot: QtBot) -> Made:
    window = Made()
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    qtbot.wait(10)
    return window


def charts(window: MainWindow) -> list[str]:
    return sorted(name for name in window.docks._docks if name.startswith("chart"))


def corner(window: MainWindow, name: str) -> tuple[int, int]:
    area = window.docks._docks[name].dockAreaWidget()
    return area.mapTo(window, QPoint(0, 0)).toTuple()


def test_the_charts_workspace_makes_its_four_charts_and_lays_them_out_in_a_square(window: Made, qtbot: QtBot) -> None:
    assert charts(window) == ["chart"]
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_5, Qt.KeyboardModifier.ControlModifier)
    assert charts(window) == FOUR
    assert on_top(window) == {*FOUR, "watchlist"}
    qtbot.wait(10)
    (left, top), (right, _), (_, bottom) = (corner(window, name) for name in ("chart", "chart-2", "chart-3"))
    assert corner(window, "chart-4") == (right, bottom)
    assert (left < right, top < bottom) == (True, True)
    areas = [window.docks._docks[name].dockAreaWidget().size() for name in FOUR]
    assert max(a.width() for a in areas) - min(a.width() for a in areas) < 20
    assert max(a.height() for a in areas) - min(a.height() for a in areas) < 20


def test_a_closed_chart_is_gone_and_its_place_is_found_again(window: Made) -> None:
    window.switch_workspace("charts")
    window.docks._docks["chart-3"].requestCloseDockWidget()
    assert charts(window) == ["chart", "chart-2", "chart-4"]
    window.switch_workspace("trading")
    window.switch_workspace("charts")
    assert charts(window) == ["chart", "chart-2", "chart-4"]  # as it was left
    window.docks.reset()
    assert charts(window) == FOUR


def test_the_first_chart_is_only_hidden(window: Made) -> None:
    window.docks._docks["chart"].requestCloseDockWidget()
    assert not window.docks.is_open("chart")
    assert window.raise_panel("chart")


def test_a_new_chart_stands_beside_the_one_that_was_asked_from(window: Made) -> None:
    window.switch_workspace("markets")
    window.add_chart(Named("chart-2"), "quotes")
    assert {"chart", "chart-2", "quotes"} <= on_top(window) | {"quotes"}
    assert window.docks.is_open("chart-2")
    assert not window.docks._docks["chart-2"].isInFloatingContainer()


def test_charts_are_there_again_after_a_restart_with_their_links(window: Made, qtbot: QtBot) -> None:
    window.switch_workspace("charts")
    window.links.join("chart-2", "green")
    window.links.share("chart-2", "timeframe", True)
    window.chart_close_asked.emit("chart-4")
    saved = window.save_layout()
    other = shown(qtbot)
    assert other.restore_layout(saved)
    assert charts(other) == ["chart", "chart-2", "chart-3"]
    assert on_top(other) == {"chart", "chart-2", "chart-3", "watchlist"}
    assert other.links.group("chart-2") == "green"
    assert other.links.shares("chart-2", "timeframe")


def test_a_layout_with_fewer_charts_closes_the_others(window: Made) -> None:
    saved = window.save_layout()
    window.switch_workspace("charts")
    assert window.restore_layout(saved)
    assert charts(window) == ["chart"]
    assert window.docks.workspace == "trading"


def test_layouts_from_before_there_were_several_charts_still_load(window: Made) -> None:
    window.raise_panel("fills")
    saved = json.loads(window.save_layout())
    del saved["extra"], saved["links"]
    window.raise_panel("orders")
    assert window.restore_layout(json.dumps(saved).encode())
    assert "fills" in on_top(window)


@pytest.mark.parametrize(
    "extra", [[1], "chart-2", {"chart-2": 1}, ["nothing-2", "chart-0", "chart-100", "orders"], None]
)
def test_odd_names_of_further_panels_make_none(window: Made, extra: object) -> None:
    saved = json.loads(window.save_layout()) | {"extra": extra}
    window.restore_layout(json.dumps(saved).encode())
    assert charts(window) == ["chart"]
    assert "chart" in on_top(window)


def test_who_may_not_see_charts_has_none_of_them(window: Made) -> None:
    window.switch_workspace("charts")
    window.set_visible_panels({"orders", "watchlist"})
    assert not any(window.docks.is_open(name) for name in FOUR)
    window.switch_workspace("trading")
    window.switch_workspace("charts")
    assert not any(window.docks.is_open(name) for name in FOUR)
    assert not window.raise_panel("chart-2")


def test_a_panel_that_a_kept_layout_has_no_place_for_comes_into_the_window(window: Made) -> None:
    saved = window.save_layout()
    window.add_chart(Named("chart-2"))
    window.docks.manager.restoreState(window.docks._states["trading"], 1)  # as an older version would have kept it
    assert window.raise_panel("chart-2")
    assert not window.docks._docks["chart-2"].isInFloatingContainer()
    assert window.restore_layout(saved)


# ---- all the room


def test_a_maximised_chart_has_all_the_room_and_gives_it_back(window: Made, qtbot: QtBot) -> None:
    window.switch_workspace("charts")
    qtbot.wait(10)
    before = {name: window.docks._docks[name].dockAreaWidget().size() for name in FOUR}
    window.docks.maximise("chart-3")
    assert on_top(window) == {"chart-3"}
    qtbot.waitUntil(lambda: window.docks.panel("chart-3").width() > window.width() - 40)  # type: ignore[union-attr]
    window.docks.maximise("chart-3")
    assert on_top(window) == {*FOUR, "watchlist"}
    qtbot.waitUntil(lambda: {name: window.docks._docks[name].dockAreaWidget().size() for name in FOUR} == before)


def test_what_is_kept_while_a_chart_is_maximised_is_the_layout_behind_it(window: Made, qtbot: QtBot) -> None:
    window.docks.maximise("chart")
    saved = window.save_layout()
    assert on_top(window) == {"chart"}
    other = shown(qtbot)
    assert other.restore_layout(saved)
    assert {"chart", "ticket", "orders"} <= on_top(other)


def test_another_panel_or_workspace_ends_the_maximising(window: Made) -> None:
    window.docks.maximise("chart")
    window.raise_panel("ticket")
    assert {"chart", "ticket", "orders"} <= on_top(window)
    window.docks.maximise("chart")
    window.switch_workspace("research")
    window.switch_workspace("trading")
    assert {"chart", "ticket", "orders"} <= on_top(window)


def test_a_maximised_chart_can_be_closed(window: Made) -> None:
    window.switch_workspace("charts")
    window.docks.maximise("chart-2")
    window.chart_close_asked.emit("chart-2")
    assert on_top(window) == {"chart", "chart-3", "chart-4", "watchlist"}


def test_the_window_says_which_panel_has_the_keyboard(window: Made, qtbot: QtBot) -> None:
    window.activateWindow()
    window.switch_workspace("charts")
    heard: list[str] = []
    window.panel_focused.connect(heard.append)
    window.raise_panel("chart-2")
    window.raise_panel("chart-4")
    qtbot.waitUntil(lambda: heard[-1:] == ["chart-4"])
    assert heard[-2:] == ["chart-2", "chart-4"]
    window.open_palette("K")
    assert heard[-1] == "chart-4"  # the palette is no panel


def test_a_further_chart_has_a_cross_that_closes_it(window: Made, qtbot: QtBot) -> None:
    window.switch_workspace("charts")
    qtbot.wait(10)
    bar: QWidget = window.docks._docks["chart-2"].dockAreaWidget().titleBar()
    (cross,) = [b for b in bar.findChildren(QToolButton) if b.toolTip() == "Close this chart"]
    cross.click()
    assert charts(window) == ["chart", "chart-3", "chart-4"]


def test_the_window_says_that_a_chart_shows_the_past(window: Made) -> None:
    window.show_replaying(True)
    assert window.windowTitle() == "QuantVision · PAPER · REPLAY in a chart"
    window.set_environment("LIVE")
    assert window.windowTitle() == "LIVE · QuantVision · REPLAY in a chart"
    window.show_replaying(False)
    assert window.windowTitle() == "LIVE · QuantVision"

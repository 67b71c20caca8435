"""Panels lie over their seats: docks are arranged without one panel being dressed anew, and each is where its place is."""

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QRect
from PySide6.QtWidgets import QSplitter, QWidget
from pytestqt.qtbot import QtBot

from qv_desktop.ui.main_window import MainWindow
from qv_desktop.ui.models.dock_building import AREAS
from qv_desktop.ui.models.docks import LAYOUTS
from tests.ui.test_main_window import Plain, panels

plain = pytest.mark.qt_log_ignore("This plugin does not support")  # a display would


class Moves(QObject):
    """Counts how often something is put into another parent or dressed anew."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[QEvent.Type] = []

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.ParentChange, QEvent.Type.StyleChange):
            self.seen.append(event.type())
        return False


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    shown = MainWindow(panels())
    qtbot.addWidget(shown)
    shown.resize(1600, 900)
    with qtbot.waitExposed(shown):
        shown.show()
    qtbot.wait(10)
    return shown


def astray(window: MainWindow) -> list[str]:
    """Panels that are not where their seat is, or seen when that is not, or covered."""
    out = []
    for name, seat in window.docks._seats.items():
        panel = seat.panel
        if panel.isVisible() != seat.isVisible():
            out.append(f"{name}: seen {panel.isVisible()}")
        elif seat.isVisible():
            at, wanted = (QRect(one.mapToGlobal(QPoint(0, 0)), one.size()) for one in (panel, seat))
            over = panel.window().childAt(panel.mapTo(panel.window(), panel.rect().center()))
            if at != wanted or not (over is panel or panel.isAncestorOf(over)):
                out.append(f"{name}: {at} over {wanted}, covered by {over}")
    return out


def test_no_workspace_dresses_a_panel_anew(window: MainWindow, qtbot: QtBot) -> None:
    moves = Moves()
    for name in window.docks._seats:
        panel = window.docks.panel(name)
        assert panel is not None
        for part in (panel, *panel.findChildren(QWidget)):
            part.installEventFilter(moves)
    for workspace in (*list(LAYOUTS)[1:], *LAYOUTS):
        window.switch_workspace(workspace)
        qtbot.wait(5)
        assert astray(window) == []
    window._do("panel.maximise")
    assert astray(window) == []
    window._do("panel.maximise")
    window.docks.reset()
    assert window.restore_layout(window.save_layout())
    qtbot.wait(5)
    assert astray(window) == []
    assert moves.seen == []


def test_a_panel_follows_its_place(window: MainWindow, qtbot: QtBot) -> None:
    """Whatever moves that: the window's edge, a splitter, a tab, or an area that takes its whole neighbourhood along."""
    window.resize(1300, 760)
    qtbot.wait(10)
    assert astray(window) == []
    for splitter in window.docks.manager.findChildren(QSplitter):
        if splitter.count() > 1 and splitter.isVisible():
            splitter.setSizes([size + (60 if at == 0 else -20) for at, size in enumerate(splitter.sizes())])
            assert astray(window) == []
    for name in ("fills", "tape", "audit", "orders", "watchlist"):
        window.raise_panel(name)
        assert astray(window) == []
    window.docks._docks["watchlist"].toggleView(False)
    assert astray(window) == []
    window.docks._docks["watchlist"].toggleView(True)
    assert astray(window) == []


def test_what_a_person_drags_elsewhere_is_not_covered_by_what_it_lies_in_then(window: MainWindow, qtbot: QtBot) -> None:
    """The dock manager may make a new splitter of all there is."""
    docks = window.docks
    for side in ("left", "bottom", "right"):
        docks.manager.addDockWidget(AREAS[side], docks._docks["fills"])
        qtbot.wait(10)
        assert astray(window) == []


@plain
def test_a_panel_in_a_window_of_its_own_is_inside_it_and_so_are_the_others_from_then_on(
    window: MainWindow, qtbot: QtBot
) -> None:
    dock = window.docks._docks["tape"]
    dock.setFloating()
    qtbot.wait(20)
    panel = window.docks.panel("tape")
    assert panel is not None
    assert panel.window() is dock.floatingDockContainer()
    assert astray(window) == []
    for workspace in ("risk", "trading", "charts"):
        window.switch_workspace(workspace)
        qtbot.wait(10)
        assert astray(window) == []
    window.switch_workspace("trading")
    window.docks.reset()
    window.raise_panel("tape")
    qtbot.wait(20)
    assert panel.window() is window
    assert astray(window) == []


def test_a_further_panel_goes_with_its_dock(window: MainWindow, qtbot: QtBot) -> None:
    chart = Plain("chart-2")
    chart.name = "chart-2"  # type: ignore[attr-defined]
    gone: list[int] = []
    chart.destroyed.connect(lambda: gone.append(1))
    window.docks.add("chart-2", chart, "Chart", "chart")
    qtbot.wait(10)
    assert chart.isVisible()
    assert astray(window) == []
    window.docks.remove("chart-2")
    qtbot.waitUntil(lambda: bool(gone))
    assert astray(window) == []

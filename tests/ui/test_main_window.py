"""The window: panels in workspaces, kept and restored; commands; the environment that nobody can overlook."""

import json
from datetime import UTC, datetime

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtWidgets import QLineEdit, QTableView, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from qv_desktop.domain.alerts import Notice
from qv_desktop.ui import theme
from qv_desktop.ui.actions import COMMANDS
from qv_desktop.ui.main_window import MainWindow
from qv_desktop.ui.models.docks import LAYOUTS
from qv_desktop.ui.panels.alerts import AlertsPanel
from qv_desktop.ui.panels.tape import TapePanel
from qv_desktop.ui.panels.watchlist import WatchlistPanel

NAMES = ("watchlist", "tape", "chart", "ticket", "orders", "positions", "fills", "reconciliation", "audit", "backtests", "sweeps", "risk",
         "alerts", "strategies", "quotes", "scanner", "data", "price_alerts", "balances", "users", "roles", "signals",
         "limits", "stress")  # fmt: skip


class Plain(QWidget):
    """A panel with one field, standing for those that other tests look at."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.title = name.title()
        self.field = QLineEdit()
        QVBoxLayout(self).addWidget(self.field)
        self.setFocusProxy(self.field)


def panels() -> dict[str, QWidget]:
    real = {"watchlist": WatchlistPanel(), "tape": TapePanel(), "alerts": AlertsPanel()}
    return {name: real.get(name) or Plain(name) for name in NAMES}


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    shown = MainWindow(panels())
    qtbot.addWidget(shown)
    with qtbot.waitExposed(shown):
        shown.show()
    qtbot.wait(10)
    return shown


def test_a_window_that_is_built_in_steps_becomes_the_same_one(qtbot: QtBot, window: MainWindow) -> None:
    """Each step takes in one panel or finds its place; whoever waits for it is never held up by more than that."""
    stepped = MainWindow(panels(), at_once=False)
    qtbot.addWidget(stepped)
    assert stepped.docks.panel("chart") is None
    counts = [sum(stepped.docks.panel(name) is not None for name in NAMES) for _ in stepped.building]
    assert max(after - before for before, after in zip([0, *counts], counts, strict=False)) == 1
    assert len(counts) > 2 * len(NAMES)
    with qtbot.waitExposed(stepped):
        stepped.show()
    qtbot.wait(10)
    assert (seen(stepped), on_top(stepped), stepped.windowTitle()) == (
        seen(window),
        on_top(window),
        window.windowTitle(),
    )


def seen(window: MainWindow) -> set[str]:
    return {name for name in NAMES if window.docks.is_open(name)}


def on_top(window: MainWindow) -> set[str]:
    return {name for name, dock in window.docks._docks.items() if dock.widget().isVisible()}


def test_the_trading_workspace_shows_market_ticket_orders_and_risk(window: MainWindow) -> None:
    assert on_top(window) == {"watchlist", "chart", "ticket", "orders", "risk"}
    assert seen(window) == set(NAMES) - {"strategies", "quotes", "scanner", "data", "users", "roles"}


def test_what_comes_up_over_the_panels_does_not_cover_the_brakes(window: MainWindow, qtbot: QtBot) -> None:
    """In the workspace of risk, whose panel is the largest, notices come up over another one."""
    window.resize(1600, 900)
    window.switch_workspace("risk")
    panel = window.docks.panel("risk")
    assert panel is not None
    qtbot.waitUntil(lambda: panel.isVisible() and panel.width() > 700)

    def free() -> bool:
        corner = panel.mapTo(window, panel.rect().topLeft())
        return not window.docks.prime().intersects(panel.rect().translated(corner))

    qtbot.waitUntil(free)


def test_ctrl_2_and_3_bring_the_other_workspaces_and_each_comes_back_as_it_was_left(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.raise_panel("fills")
    window.activateWindow()
    for key, workspace in ((Qt.Key.Key_2, "compliance"), (Qt.Key.Key_3, "research")):
        with qtbot.waitSignal(window.workspace_changed) as changed:
            qtbot.keyClick(window, key, Qt.KeyboardModifier.ControlModifier)
        assert changed.args == [workspace]
        assert on_top(window) == {p.panel for p in LAYOUTS[workspace].places if p.side != "tab"}
        assert {n for n, dock in window.docks._docks.items() if dock.tabWidget().isVisible()} == seen(window)
    window.switch_workspace("trading")
    assert "fills" in on_top(window)
    assert "orders" not in on_top(window)


def test_layouts_survive_a_restart(window: MainWindow, qtbot: QtBot) -> None:
    window.raise_panel("positions")
    window.switch_workspace("compliance")
    saved = window.save_layout()
    other = MainWindow(panels())
    qtbot.addWidget(other)
    other.show()
    assert other.restore_layout(saved)
    assert other.docks.workspace == "compliance"
    assert "reconciliation" in on_top(other)
    other.switch_workspace("trading")
    assert "positions" in on_top(other)


@pytest.mark.parametrize("saved", [b"", b"{}", b"[1]", b'{"schema": 99, "geometry": "", "workspace": "trading", "states": {}}',
                                   b'{"schema": 1, "geometry": "", "workspace": "trading", "states": {"trading": "AAAA"}}',
                                   b'{"schema": 1, "geometry": "%", "workspace": "nowhere", "states": 3}'])  # fmt: skip
def test_a_layout_that_cannot_be_used_gives_way_to_the_default(window: MainWindow, saved: bytes) -> None:
    window.raise_panel("fills")
    assert not window.restore_layout(saved)
    assert on_top(window) == {"watchlist", "chart", "ticket", "orders", "risk"}


def test_object_names_are_the_panels_names_whatever_their_titles(window: MainWindow) -> None:
    window.set_count("orders", 1_206)
    dock = window.docks._docks["orders"]
    assert (dock.objectName(), dock.windowTitle()) == ("orders", "Orders 1,206")
    window.set_title("orders", "Blotter")
    assert dock.windowTitle() == "Blotter 1,206"
    window.set_count("orders", None)
    assert dock.windowTitle() == "Blotter"
    assert "1,206" not in json.dumps(window.docks.saved())


def test_panels_outside_the_role_are_gone_from_every_workspace(window: MainWindow) -> None:
    window.set_visible_panels({"watchlist", "chart", "orders"})
    assert seen(window) == {"watchlist", "chart", "orders"}
    assert not window.raise_panel("audit")
    window.switch_workspace("compliance")
    assert seen(window) == {"orders"}
    window.set_visible_panels(NAMES)
    assert "audit" in seen(window)


def test_the_environment_is_written_and_live_has_a_red_border(window: MainWindow) -> None:
    window.set_environment("LIVE")
    assert window._pill.text() == "LIVE"
    picture = window.grab().toImage()
    edges = [(x, y) for deep in range(6) for x, y in ((deep, 300), (window.width() - 1 - deep, 300), (700, deep),
                                                     (700, window.height() - 1 - deep))]  # fmt: skip
    assert {picture.pixelColor(x, y).name() for x, y in edges} == {theme.color("LIVE").name()}
    window.set_environment("SIMULATION", "×10")
    assert window._pill.text() == "SIMULATION · ×10"
    picture = window.grab().toImage()
    assert theme.color("LIVE").name() not in {picture.pixelColor(x, y).name() for x, y in edges}
    assert "LIVE" not in window.windowTitle()


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_panel_that_floats_is_framed_too_when_it_is_live(window: MainWindow, qtbot: QtBot) -> None:
    window.docks._docks["tape"].setFloating()
    window.set_environment("LIVE", "Main ••••123")
    window.docks._docks["orders"].setFloating()  # one before, one after
    qtbot.wait(50)
    red = theme.color("LIVE").name()
    floats = [window.docks._docks[name].floatingDockContainer() for name in ("tape", "orders")]
    assert [one.grab().toImage().pixelColor(2, 60).name() for one in floats] == [red, red]
    window.set_environment("PAPER")
    qtbot.wait(50)
    assert red not in [one.grab().toImage().pixelColor(2, 60).name() for one in floats]


def test_a_shortcut_opens_the_palette_and_its_symbol_is_passed_on(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert window.search.isVisible()
    window.search.field.setText("sell 10 ko")
    with qtbot.waitSignal(window.order_drafted) as drafted:
        qtbot.keyClick(window.search.field, Qt.Key.Key_Return)
    assert drafted.args[0].symbol == "KO"
    assert "ticket" in on_top(window)


def test_commands_that_are_not_the_windows_own_are_passed_on(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.command) as asked:
        window.commands.action("reconciliation.run").trigger()
    assert asked.args == ["reconciliation.run"]


def test_every_panel_command_finds_its_panel(window: MainWindow) -> None:
    named = {command.id.partition(".")[2] for command in COMMANDS if command.id.startswith("panel.")} - {
        "next",
        "maximise",
        "log",
    }
    assert named == set(NAMES)
    for name in named:
        window.commands.action(f"panel.{name}").trigger()
        assert name in on_top(window)


def test_ctrl_tab_walks_through_the_panels_that_can_be_seen(window: MainWindow, qtbot: QtBot) -> None:
    window.activateWindow()
    walked = [window.docks.next_panel() for _ in range(5)]
    assert set(walked) == on_top(window)
    assert window.focused_panel() == walked[-1]


def test_a_panel_can_be_pictured_wherever_it_lives_and_the_screen_stays_as_it_was(window: MainWindow) -> None:
    before = on_top(window)
    sizes = [window.grab_panel(name).size() for name in ("fills", "strategies", "chart")]
    assert all(size.width() >= 240 and size.height() >= 110 for size in sizes)
    assert (on_top(window), window.docks.workspace) == (before, "trading")


def test_link_dots_step_through_the_colours(window: MainWindow) -> None:
    assert window.links.group("chart") == "blue"
    window._dots["chart"].trigger()
    assert (window.links.group("chart"), window._dots["chart"].toolTip()) == ("green", "Linked: green")


def test_a_toast_lies_over_the_panels_and_opens_the_alerts(window: MainWindow, qtbot: QtBot) -> None:
    window.show_notice(Notice(datetime(2026, 11, 20, tzinfo=UTC), "good", "Filled", "BUY 100 AAPL at 231.43", "k"))
    toast = window._toasts._toasts[0]
    for name in ("ticket", "risk"):
        area = window.docks._docks[name].dockAreaWidget()
        assert not toast.geometry().intersects(QRect(area.mapTo(window, QPoint(0, 0)), area.size()))
    with qtbot.waitSignal(window.notice_opened):
        qtbot.mouseClick(toast, Qt.MouseButton.LeftButton)
    assert "alerts" in on_top(window)


def test_closing_says_so_and_does_not_end_the_program(window: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.closed):
        window.close()


def test_density_changes_the_rows_of_every_table(window: MainWindow) -> None:
    tables = window.findChildren(QTableView)
    for density, height in (("compact", 20), ("comfort", 26), ("normal", 22)):
        window.set_density(density)
        assert {table.verticalHeader().defaultSectionSize() for table in tables} == {height}


def test_panels_keep_apart_and_nothing_is_narrower_than_its_least(window: MainWindow) -> None:
    window.resize(1366, 768)
    boxes = {
        name: dock.dockAreaWidget().geometry()
        for name, dock in window.docks._docks.items()
        if dock.widget().isVisible()
    }
    assert all(box.width() >= 240 and box.height() >= 110 for box in boxes.values())

"""Real money cannot be mistaken: every dialog over a LIVE window wears the red frame too, in every theme, and none over another one."""

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from qv_desktop.domain.accounts import Environment
from qv_desktop.ui import theme
from qv_desktop.ui.colors import Prices, Theme
from qv_desktop.ui.connections_dialog import ConnectionsDialog
from qv_desktop.ui.login_dialog import LoginDialog
from qv_desktop.ui.main_window import MainWindow
from qv_desktop.ui.notify_dialog import NotifyDialog
from qv_desktop.ui.reason_dialog import ReasonDialog
from qv_desktop.ui.settings_dialog import SettingsDialog
from qv_desktop.ui.step_up_dialog import StepUpDialog

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")


def files(parent: QWidget) -> QDialog:
    dialog = QFileDialog(parent, "Export")
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    return dialog


def asking(parent: QWidget) -> QDialog:
    dialog = ConnectionsDialog("http://127.0.0.1:1/callback", "Kept.", parent)
    dialog.ask.ask("Remove “Real one” and forget its secrets?", "Remove", lambda: None)
    return dialog


MADE: dict[str, Callable[[QWidget], QDialog]] = {
    "notify": NotifyDialog, "step up": lambda parent: StepUpDialog("Title", "Words", "Go", "anna", parent),
    "reason": lambda parent: ReasonDialog("Decline", "Words.", "Decline", (), parent),
    "connections": lambda parent: ConnectionsDialog("http://127.0.0.1:1/callback", "Kept.", parent),
    "connections, asking": lambda parent: asking(parent), "settings": SettingsDialog, "files": files,
    "a panel's": lambda parent: files(parent.findChild(QWidget, "shell")),  # type: ignore[arg-type]
}  # fmt: skip


@pytest.fixture(autouse=True)
def _dressed(qapp: QApplication) -> None:
    theme.apply(qapp)


@pytest.fixture
def window(qtbot: QtBot) -> MainWindow:
    made = MainWindow({"orders": QWidget(), "ticket": QWidget()})
    qtbot.addWidget(made)
    made.show()
    return made


def framed(dialog: QWidget) -> bool:
    """Whether all four edges are of the red of LIVE, as wide as the window's."""
    picture, red = dialog.grab().toImage(), theme.color("LIVE").name()
    across, down = dialog.width(), dialog.height()
    edges = [(x, y) for deep in (0, 5) for x, y in ((deep, down // 2), (across - 1 - deep, down // 2), (across // 2, deep),
                                                    (across // 2, down - 1 - deep))]  # fmt: skip
    return {picture.pixelColor(x, y).name() for x, y in edges} == {red}


@pytest.mark.parametrize("kind", MADE)
def test_a_dialog_wears_the_frame_of_its_window(window: MainWindow, qtbot: QtBot, kind: str) -> None:
    found: dict[Environment, bool] = {}
    environments: tuple[Environment, ...] = ("LIVE", "PAPER")
    for environment in environments:
        window.set_environment(environment)
        dialog = MADE[kind](window)
        qtbot.addWidget(dialog)
        dialog.show()
        found[environment] = framed(dialog)
        dialog.hide()
    assert found == {"LIVE": True, "PAPER": False}


@pytest.mark.parametrize("environment", ["LIVE", "PAPER"])
def test_the_log_in_and_the_lock_wear_it_too(qtbot: QtBot, environment: Environment) -> None:
    dialog = LoginDialog(environment, "1.0")
    qtbot.addWidget(dialog)
    dialog.show()
    assert framed(dialog) is (environment == "LIVE")
    dialog.show_locked("anna")
    assert framed(dialog) is (environment == "LIVE")
    assert ("LIVE" in dialog.windowTitle()) is (environment == "LIVE")


@pytest.mark.parametrize("look", ["light", "high-contrast"])
@pytest.mark.parametrize("colors", ["us", "colour-blind"])
def test_no_theme_and_no_palette_takes_the_red_away(
    qapp: QApplication, qtbot: QtBot, look: Theme, colors: Prices
) -> None:
    try:
        theme.apply(qapp, look, colors)
        made = MainWindow({"orders": QWidget()})
        qtbot.addWidget(made)
        made.set_environment("LIVE")
        made.show()
        dialog = NotifyDialog(made)
        qtbot.addWidget(dialog)
        dialog.show()
        assert framed(made)
        assert framed(dialog)
        red, ground = theme.color("LIVE"), theme.color("BG0")
        assert red.red() > 180
        assert red.green() < 60
        assert abs(red.lightness() - ground.lightness()) > 40  # seen also by who sees no red
    finally:
        theme.apply(qapp)

"""What stops trading is always in view, says what it does, and never claims more than was proved."""

from datetime import UTC, datetime

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from qv_desktop.domain.killing import Killing
from qv_desktop.domain.risk import TradingState
from qv_desktop.ui.main_window import MainWindow
from qv_desktop.ui.models.safety import KillButton, KillStrip, left_words
from qv_desktop.ui.models.tray import Tray, drawn
from qv_desktop.ui.notify_dialog import NotifyDialog

pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")
NOW = datetime(2026, 11, 20, 19, 3, 22, tzinfo=UTC)


def strip(qtbot: QtBot, killing: Killing) -> KillStrip:
    shown = KillStrip()
    qtbot.addWidget(shown)
    shown.show_killing(killing)
    return shown


def test_minutes_and_seconds_are_rounded_up() -> None:
    assert [left_words(s) for s in (300, 299.2, 61, 0.1, 0)] == ["5:00", "5:00", "1:01", "0:01", "0:00"]


def test_a_proved_kill_says_what_it_did_and_leads_to_resuming(qtbot: QtBot) -> None:
    shown = strip(qtbot, Killing(NOW, "anna", "done", True, 12, 0, ()))
    assert shown.text() == "Killed at 14:03:22 by anna: 12 cancelled, 0 left; trading is halted"
    assert shown.resume.isVisible()
    with qtbot.waitSignal(shown.resume_asked):
        shown.resume.click()
    shown.close_.click()
    assert shown.isHidden()


def test_while_it_works_it_cannot_be_put_away_and_claims_nothing(qtbot: QtBot) -> None:
    shown = strip(
        qtbot, Killing(NOW, "anna", "cancelling", True, 0, 0, None, 1, "Alpaca answered with HTTP 502 and no reason.")
    )
    assert shown.text() == (
        "Killing since 14:03:22 by anna: 0 cancelled, what is left is not known, 1 in flight, followed; trading is halted "
        "Alpaca answered with HTTP 502 and no reason; trying again."
    )
    assert not shown.close_.isVisible()


def test_what_remains_is_named_loudly(qtbot: QtBot) -> None:
    left = ("BUY 100 AAPL", "SELL 20 KO", "BUY 1 T", "BUY 2 T", "BUY 3 T")
    shown = strip(qtbot, Killing(NOW, "anna", "unproven", True, 9, 0, left))
    assert "KILL NOT PROVED" in shown.text()
    assert "5 left" in shown.text()
    assert "Still open: BUY 100 AAPL, SELL 20 KO, BUY 1 T, BUY 2 T and 1 more." in shown.text()


def test_a_role_that_could_not_halt_reads_so(qtbot: QtBot) -> None:
    shown = strip(qtbot, Killing(NOW, "anna", "done", False, 1, 0, (), 0, "your role lacks “risk: run”"))
    assert "trading is NOT halted your role lacks “risk: run”." in shown.text()
    assert not shown.resume.isVisible()


def test_the_button_fires_only_when_held_and_tells_what_it_would_do(qtbot: QtBot) -> None:
    button = KillButton()
    qtbot.addWidget(button)
    button.show()
    fired: list[bool] = []
    button.held.connect(lambda: fired.append(True))
    button.show_intent("Cancels 3 open orders, halts trading.")
    assert button.toolTip() == "Hold for one second: Cancels 3 open orders, halts trading."
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert not fired
    qtbot.mousePress(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(fired), timeout=10_000)
    button.show_intent("", "Your role, Viewer, lacks it.")
    assert (button.isEnabled(), button.toolTip()) == (False, "Your role, Viewer, lacks it.")


@pytest.mark.parametrize("width", [1024, 1300, 1600])
def test_the_kill_button_is_whole_in_every_window(qtbot: QtBot, width: int) -> None:
    window = MainWindow({"alerts": QWidget()})
    qtbot.addWidget(window)
    window.resize(width, 700)
    window.show()
    window.set_environment("LIVE")
    window.safety.pill.show_armed("GOOGL", 300, "")
    qtbot.wait(20)
    kill = window.safety.kill
    assert window.rect().contains(kill.rect().translated(kill.mapTo(window, kill.rect().topLeft())))
    assert kill.width() >= kill.minimumWidth()
    assert window.safety.pill.width() >= window.safety.pill.sizeHint().width()


def test_without_a_tray_nothing_is_wrong(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    tray = Tray(window)
    tray.show_state(TradingState.HALTED, 3)
    tray.show_kill("Cancels 1 open order.", "")
    tray.hide()
    assert tray.acknowledge.text() == "Acknowledge all (3 critical)"
    assert tray.kill.isEnabled()
    tray.show_kill("", "Your role lacks it.")
    assert (tray.kill.isEnabled(), tray.intent.text()) == (False, "Your role lacks it.")
    assert (
        drawn(TradingState.HALTED, 3).pixmap(64, 64).toImage() != drawn(TradingState.ACTIVE, 0).pixmap(64, 64).toImage()
    )


def test_quiet_hours_need_a_day(qtbot: QtBot) -> None:
    dialog = NotifyDialog()
    qtbot.addWidget(dialog)
    dialog.quiet.setChecked(True)
    for day in dialog.days:
        day.setChecked(False)
    with qtbot.assertNotEmitted(dialog.saved):
        dialog.save.click()
    assert dialog._message.text().startswith("Choose at least one day")
    dialog.days[2].setChecked(True)
    with qtbot.waitSignal(dialog.saved) as saved:
        dialog.save.click()
    assert saved.args[0].quiet.days == {2}

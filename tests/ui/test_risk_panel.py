"""The risk panel: what it says of limits, and how a person stops and resumes trading."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton, QScrollArea
from pytestqt.qtbot import QtBot

from qv_desktop.domain.risk import Gauge, Measures, TradingState
from qv_desktop.ui import theme
from qv_desktop.ui.panels.risk import RiskPanel, bar_token

GAUGES = (
    Gauge("Day loss", 0.0, "+1,284", "−2,000"),
    Gauge("Largest name · NVDA", 0.91, "9.1%", "10%"),
    Gauge("Orders per minute", 1.2, "72", "60"),
)


def measures(state: TradingState = TradingState.ACTIVE) -> Measures:
    exposures = (("AAPL", Decimal(23143)), ("NVDA", Decimal(-14200)))
    return Measures(
        datetime(2025, 11, 20, tzinfo=UTC), state, GAUGES, Decimal(8943), Decimal(37343), exposures, Decimal(104381)
    )


@pytest.fixture
def panel(qtbot: QtBot) -> RiskPanel:
    panel = RiskPanel()
    qtbot.addWidget(panel)
    panel.resize(300, 420)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def visible(panel: RiskPanel) -> list[str]:
    return [button.text() for button in panel.findChildren(QPushButton) if button.isVisible()]


def button(panel: RiskPanel, word: str) -> QPushButton:
    return next(b for b in panel.findChildren(QPushButton) if word in b.text())


def test_before_the_first_measure_it_says_what_it_waits_for(panel: RiskPanel) -> None:
    assert "as soon as the broker" in panel.text()


def test_it_says_every_measure_against_its_limit_and_every_exposure(panel: RiskPanel) -> None:
    panel.show_measures(measures())
    said = panel.text()
    assert "Largest name · NVDA: 9.1% of 10%, 91% used" in said
    assert "NVDA −$14,200.00" in said
    assert "net $8,943 · gross $37,343" in said


@pytest.mark.parametrize(("used", "token"), [(0.79, "ACCENT"), (0.8, "WARN"), (0.999, "WARN"), (1.0, "BAD")])
def test_a_bar_warns_near_its_limit_and_is_red_at_it(used: float, token: str) -> None:
    assert bar_token(used) == token


def test_the_bars_are_painted_in_those_colours(panel: RiskPanel, qtbot: QtBot) -> None:
    panel.show_measures(measures())
    qtbot.wait(20)
    image = panel.grab().toImage()
    seen = {image.pixel(x, y) for x in range(image.width()) for y in range(image.height())}
    assert {theme.color("WARN").rgb(), theme.color("BAD").rgb()} <= seen


def test_the_state_decides_which_brakes_are_offered(panel: RiskPanel) -> None:
    assert visible(panel) == ["Reduce only", "Halt · hold 1 s"]
    panel.show_state(TradingState.REDUCING)
    assert visible(panel) == ["Resume trading", "Halt · hold 1 s"]
    panel.show_measures(measures(TradingState.HALTED))
    assert visible(panel) == ["Reduce only", "Resume trading"]


def test_a_halt_says_who_and_why(panel: RiskPanel) -> None:
    panel.show_state(TradingState.HALTED, "demo", "feed is mute")
    assert panel._meaning.text() == "demo · feed is mute"


def test_halting_takes_a_second_and_carries_the_reason(panel: RiskPanel, qtbot: QtBot) -> None:
    qtbot.keyClicks(panel.findChild(QLineEdit), "odd fills")
    halt = button(panel, "Halt")
    with qtbot.assertNotEmitted(panel.halt_asked):
        qtbot.mouseClick(halt, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(panel.halt_asked, timeout=10_000) as asked:
        qtbot.mousePress(halt, Qt.MouseButton.LeftButton)
    qtbot.mouseRelease(halt, Qt.MouseButton.LeftButton)
    assert asked.args == ["odd fills"]
    assert panel.findChild(QLineEdit).text() == ""


def test_reducing_and_resuming_take_a_click_and_always_have_a_reason(panel: RiskPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.reduce_asked) as asked:
        qtbot.mouseClick(button(panel, "Reduce"), Qt.MouseButton.LeftButton)
    assert asked.args == ["Reduced by hand"]
    panel.show_state(TradingState.HALTED)
    with qtbot.waitSignal(panel.resume_asked) as asked:
        qtbot.mouseClick(button(panel, "Resume"), Qt.MouseButton.LeftButton)
    assert asked.args == ["Resumed by hand"]


def test_what_a_role_may_not_do_is_grey_and_says_why(panel: RiskPanel) -> None:
    panel.show_permitted(["halt"], "Only a risk officer may do this.")
    assert button(panel, "Halt").isEnabled()
    assert not button(panel, "Reduce").isEnabled()
    assert button(panel, "Reduce").toolTip() == "Only a risk officer may do this."


def test_a_wide_panel_sets_gauges_in_two_columns(panel: RiskPanel, qtbot: QtBot) -> None:
    panel.show_measures(measures())
    tall = panel._measured.minimumHeight()
    panel.resize(640, 420)
    qtbot.wait(20)
    assert panel._measured.minimumHeight() < tall


def test_at_the_size_of_its_dock_no_gauge_has_to_be_scrolled_to(panel: RiskPanel, qtbot: QtBot) -> None:
    six = tuple(Gauge(f"Measure {i}", 0.5, "1", "2") for i in range(6))
    shown = Measures(
        datetime(2025, 11, 20, tzinfo=UTC), TradingState.ACTIVE, six, Decimal(1), Decimal(1), (), Decimal(10)
    )
    panel.show_measures(shown)
    for width, height in ((306, 235), (306, 196)):
        panel.resize(width, height)
        area = panel.findChild(QScrollArea)
        assert area is not None
        qtbot.waitUntil(lambda a=area: a.verticalScrollBar().maximum() == 0)


def test_a_low_panel_says_who_halted_in_the_place_of_the_reason(panel: RiskPanel, qtbot: QtBot) -> None:
    panel.resize(306, 220)
    panel.show_state(TradingState.HALTED, "demo", "Fat finger")
    field = panel.findChild(QLineEdit)
    assert field is not None
    assert field.placeholderText() == "demo · Fat finger"
    qtbot.waitUntil(lambda: field.geometry().y() < 12)
    panel.resize(306, 420)
    assert field.placeholderText() == "Reason, kept in the audit trail"
    qtbot.waitUntil(lambda: field.geometry().y() > 100)

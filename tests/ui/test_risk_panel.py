"""The risk panel: what it says of limits and of the book, and how a person stops and resumes trading."""

import math
import re
import time
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QLineEdit, QMenu, QPushButton, QScrollArea
from pytestqt.qtbot import QtBot

from qv_desktop.domain.risk import Gauge, Measures, TradingState
from qv_desktop.domain.risk_measures import Correlations, Method, Missing, Profit, RiskPicture
from qv_desktop.ui import theme
from qv_desktop.ui.models.correlation_map import CorrelationMap
from qv_desktop.ui.models.risk_gauges import bar_token
from qv_desktop.ui.panels.risk import RiskPanel
from tests.builders import NOW
from tests.ui.risk_pictures import EQUITY, a_line, a_picture, an_empty_picture, some_measures

GAUGES = (
    Gauge("Day loss", 0.0, "+1,284", "−2,000"),
    Gauge("Largest name · NVDA", 0.91, "9.1%", "10%"),
    Gauge("Orders per minute", 1.2, "72", "60"),
)
BRAKES = ("Reduce only", "Resume trading", "Halt · hold 1 s")


def measures(state: TradingState = TradingState.ACTIVE) -> Measures:
    exposures = (("AAPL", Decimal(23143)), ("NVDA", Decimal(-14200)))
    return Measures(NOW, state, GAUGES, Decimal(8943), Decimal(37343), exposures, Decimal(104381))


@pytest.fixture
def panel(qtbot: QtBot) -> RiskPanel:
    panel = RiskPanel()
    qtbot.addWidget(panel)
    panel.resize(300, 420)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def visible(panel: RiskPanel) -> list[str]:
    return [
        button.text() for button in panel.findChildren(QPushButton) if button.isVisible() and button.text() in BRAKES
    ]


def button(panel: RiskPanel, word: str) -> QPushButton:
    return next(b for b in panel.findChildren(QPushButton) if word in b.text())


def test_before_the_first_measure_it_says_what_it_waits_for(panel: RiskPanel) -> None:
    assert "as soon as the broker" in panel.text()


def test_it_says_every_measure_against_its_limit_and_every_exposure(panel: RiskPanel) -> None:
    panel.show_measures(measures())
    said = panel.text()
    assert "Largest name · NVDA: 9.1% of 10%, 91% used" in said
    assert "NVDA −$14,200 −13.6%" in said
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


def test_a_wide_panel_sets_its_cards_side_by_side(panel: RiskPanel, qtbot: QtBot) -> None:
    panel.show_picture(a_picture())
    assert panel.dashboard.cards.columns() == 1
    tall = panel.dashboard.cards.minimumHeight()
    panel.resize(920, 420)
    qtbot.waitUntil(lambda: panel.dashboard.cards.minimumHeight() < tall / 2)
    assert panel.dashboard.cards.columns() == 3


def test_at_the_size_of_its_dock_no_gauge_has_to_be_scrolled_to(panel: RiskPanel, qtbot: QtBot) -> None:
    six = tuple(Gauge(f"Measure {i}", 0.5, "1", "2") for i in range(6))
    shown = Measures(NOW, TradingState.ACTIVE, six, Decimal(1), Decimal(1), (), Decimal(10))
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


def test_in_a_low_panel_the_gauges_come_before_all_else(panel: RiskPanel, qtbot: QtBot) -> None:
    panel.resize(306, 235)
    panel.show_measures(some_measures())
    panel.show_picture(a_picture())
    gauges, area = panel.dashboard.gauges, panel.findChild(QScrollArea)
    assert area is not None
    qtbot.waitUntil(lambda: panel.dashboard.figures.isHidden())
    qtbot.waitUntil(lambda: gauges.mapTo(area.viewport(), QPoint(0, gauges.height())).y() <= area.viewport().height())


@pytest.mark.parametrize(("width", "height"), [(300, 320), (300, 900), (900, 320), (900, 900)])
def test_the_brakes_are_in_view_at_every_size(panel: RiskPanel, qtbot: QtBot, width: int, height: int) -> None:
    panel.resize(width, height)
    panel.show_measures(some_measures())
    panel.show_picture(a_picture(500))
    for word in ("Reduce", "Halt"):
        brake = button(panel, word)
        assert brake.isVisible()
        qtbot.waitUntil(lambda seen=brake: panel.rect().contains(seen.mapTo(panel, seen.rect().bottomRight())))


def test_it_says_everything_of_a_picture(panel: RiskPanel) -> None:
    panel.show_measures(some_measures())
    panel.show_picture(a_picture())
    said = panel.text()
    for words in ("Equity: $104,381", "Day P&L: +$1,284 +1.25%", "VaR 99% 1 d: $2,660 Historical", "Beta: 0.58 to SPY",
                  "AAPL +$31,000 29.7%",
                  "and 4 more", "Technology +$34,237", "Historical: 95% 1 d $1,900", "✓ Not rejected", "Kupiec: ratio 0.77, p 0.379 ✓",
                  "3 exceptions",
                  "JPM −$279", "sma_cross v3 −$352", "Counts as 9.6 names", "AAPL 0.8 d", "names over 250 days"):  # fmt: skip
        assert words in said, (words, said)


def test_the_days_percent_is_of_the_equity_before_as_in_the_accounts_strip(panel: RiskPanel) -> None:
    lost = Profit(Decimal(-10_000), before=Decimal(100_000))
    panel.show_picture(replace(a_picture(), equity=Decimal(90_000), profit=lost))
    assert "Day P&L: −$10,000 −10.00%" in panel.text()
    panel.show_picture(replace(a_picture(), profit=replace(lost, before=Decimal(-5))))
    assert "Day P&L: −$10,000\n" in panel.text()


def test_what_is_not_known_is_a_dash_and_too_little_history_a_sentence(panel: RiskPanel) -> None:
    panel.show_picture(an_empty_picture())
    said = panel.text()
    assert "Equity: —" in said
    assert "Value at risk: not enough history: 41 of 250 days" in said
    assert "the broker has not told the equity of the previous close" in said
    assert "No positions are held." in said
    assert re.search(r"\bnan\b", said.lower()) is None


def test_figures_that_are_no_numbers_are_dashes(panel: RiskPanel, qtbot: QtBot) -> None:
    whole = a_picture()
    assert whole.slow is not None
    odd = tuple(replace(var, var=math.nan, shortfall=math.inf) for var in whole.slow.vars)
    tests = tuple(
        replace(one, kupiec=None, kupiec_p=None, christoffersen=math.nan, christoffersen_p=math.nan)
        for one in whole.slow.backtests
    )
    line = replace(
        a_line("ODD", 100.0), value=None, share=None, today=None, unrealised=None, beta=math.nan, liquidity_days=None
    )
    panel.show_picture(replace(whole, positions=(line,), slow=replace(whole.slow, vars=odd, backtests=tests)))
    said = panel.text()
    assert "ODD — —" in said
    assert "Kupiec: ratio —, p —" in said
    assert re.search(r"\bnan\b", said.lower()) is None
    assert not panel.grab().isNull()


@pytest.mark.parametrize("equity", [Decimal(0), Decimal("-2500.50"), None])
def test_an_account_without_equity_is_shown_all_the_same(panel: RiskPanel, equity: Decimal | None) -> None:
    lines = tuple(replace(line, share=None) for line in a_picture().positions)
    panel.show_picture(replace(a_picture(), equity=equity, positions=lines, book=replace(a_picture().book, share=None)))
    assert "AAPL +$31,000 —" in panel.text()
    assert not panel.grab().isNull()


def test_five_hundred_names_show_the_largest_and_the_rest_when_asked_for(panel: RiskPanel, qtbot: QtBot) -> None:
    panel.show_picture(a_picture(500))
    names = panel.dashboard.names
    assert "and 492 more" in panel.text()
    tall = names.tall(280)
    names.setFocus()
    qtbot.mouseClick(names, Qt.MouseButton.LeftButton, pos=QPoint(20, 8 * 20 + 10))
    assert names.tall(280) == 501 * 20 > tall
    qtbot.waitUntil(lambda: names.height() >= 501 * 20)
    assert names.told(499 * 20 + 5).startswith("Q499")


def test_a_bar_reads_itself_out_and_opens_its_symbol(panel: RiskPanel, qtbot: QtBot) -> None:
    panel.show_picture(a_picture())
    names = panel.dashboard.names
    assert names.told(25).splitlines() == ["NVDA · Technology", "−221 shares, −$22,142.86",
                                           "−21.21% of the equity · beta 1.10 · out in 0.6 d"]  # fmt: skip
    with qtbot.waitSignal(panel.symbol_chosen) as chosen:
        qtbot.mouseClick(names, Qt.MouseButton.LeftButton, pos=QPoint(20, 25))
    assert chosen.args == ["NVDA"]
    qtbot.keyClick(names, Qt.Key.Key_Down)
    with qtbot.waitSignal(panel.symbol_chosen) as chosen:
        qtbot.keyClick(names, Qt.Key.Key_Return)
    assert chosen.args == ["MSFT"]


def test_the_days_curve_grows_and_begins_anew_with_a_day(panel: RiskPanel) -> None:
    """Points are five seconds apart; the newest moves with each picture."""
    picture = replace(a_picture(), drawdown=None)

    def earned(seconds: int, dollars: int) -> None:
        profit = replace(picture.profit, day=Decimal(dollars))
        panel.show_picture(replace(picture, at=NOW + timedelta(seconds=seconds), profit=profit))

    for second in range(21):
        earned(second, second)
    points = panel.dashboard._points
    assert [round(value) for _, value in points][-1] == 20
    assert len(points) <= 7
    earned(86_400, -5)
    assert [value for _, value in points] == [-5.0]


def test_the_curve_of_today_is_taken_from_the_equity_that_was_kept(panel: RiskPanel) -> None:
    panel.show_picture(a_picture())
    assert len(panel.dashboard._points) == 61  # an hour of minutes, and now


def test_another_confidence_shows_its_own_test(panel: RiskPanel, qtbot: QtBot) -> None:
    panel.show_picture(a_picture())
    body = panel.dashboard.history
    qtbot.mouseClick(body.choice.segment("95%"), Qt.MouseButton.LeftButton)
    assert "12.5 expected" in body.text()


def test_another_method_shows_its_own_test(panel: RiskPanel, qtbot: QtBot) -> None:
    picture = a_picture()
    assert picture.slow is not None
    tests = tuple(replace(one, kupiec=9.87, sentence="Too often.") if one.method is Method.MONTE_CARLO else one
                  for one in picture.slow.backtests)  # fmt: skip
    panel.show_picture(replace(picture, slow=replace(picture.slow, backtests=tests)))
    body = panel.dashboard.history
    assert "Historical, of today's book through history." in body.text()
    assert "9.87" not in body.text()
    qtbot.mouseClick(body.method.segment("M. C."), Qt.MouseButton.LeftButton)
    assert "Kupiec: ratio 9.87" in body.text()
    assert "Monte Carlo, of today's book through history. Too often." in body.text()


def test_an_exception_is_marked_and_told(panel: RiskPanel) -> None:
    panel.show_picture(a_picture())
    picture = panel.dashboard.history.picture
    passed = picture.exceptions()
    assert passed
    place = next(at for at, day in enumerate(picture._days) if day.exception)
    assert "Exception: the loss passed the VaR" in picture.told(place + 0.5)


def test_a_pair_reads_its_correlation_out(panel: RiskPanel, qtbot: QtBot) -> None:
    panel.show_picture(a_picture())
    heat = panel.dashboard.correlations
    assert heat.words((11, 1)).startswith("AAPL and NVDA: ")
    heat.setFocus()
    qtbot.keyClick(heat, Qt.Key.Key_Up)
    qtbot.keyClick(heat, Qt.Key.Key_Right)
    assert "250 common days" in heat.accessibleDescription()


@pytest.mark.parametrize("side", [320, 240])
def test_names_that_move_apart_bear_a_minus_and_not_a_colour_alone(qtbot: QtBot, side: int) -> None:
    heat = CorrelationMap()
    qtbot.addWidget(heat)
    heat.resize(side, side)
    heat.show_correlations(Correlations(("A", "B", "C"), ((1.0, -0.4, 0.0), (-0.4, 1.0, 0.3), (0.0, 0.3, 1.0)), 250))
    image = heat.grab().toImage()

    def marked(line: int, column: int) -> bool:
        place = heat._place(line, column)
        across = [
            image.pixelColor(round(place.x() + place.width() * at / 40), round(place.center().y()))
            for at in range(12, 29)
        ]
        return len({color.name() for color in across}) > 1

    assert {(line, column) for line in range(3) for column in range(3) if marked(line, column)} == {(2, 1), (1, 0)}


def test_what_is_missing_is_said_once(panel: RiskPanel) -> None:
    panel.show_picture(replace(a_picture(), missing=(Missing("Q1", "No price yet."), Missing("Q1", "No price yet."))))
    assert panel.text().count("Q1: No price yet.") == 1
    panel.show_picture(a_picture())
    assert "What is missing" not in panel.text()


def test_the_report_is_asked_for_by_its_form_or_says_why_not(panel: RiskPanel, qtbot: QtBot) -> None:
    menu = QMenu()
    panel._fill_report(menu)
    with qtbot.waitSignal(panel.report_asked) as asked:
        menu.actions()[1].trigger()
    assert asked.args == ["csv"]
    panel.forbid({"export": "Your role lacks it."})
    other = QMenu()
    panel._fill_report(other)
    assert not any(action.isEnabled() for action in other.actions())
    assert other.actions()[0].toolTip() == "Your role lacks it."


def test_a_picture_of_five_hundred_names_is_taken_in_within_a_frame(panel: RiskPanel, qtbot: QtBot) -> None:
    """By the processor's time of this thread, of which others that run beside take none."""
    panel.resize(900, 900)
    picture, gauges = a_picture(500), some_measures(500)
    panel.show_picture(picture)
    QApplication.processEvents()
    taken = list[float]()
    for second in range(1, 12):
        began = time.thread_time()
        panel.show_measures(gauges)
        panel.show_picture(replace(picture, at=NOW + timedelta(seconds=second), equity=EQUITY + second))
        taken.append((time.thread_time() - began) * 1000)
    assert min(taken) < 16, taken


def test_a_picture_paints_in_every_width(panel: RiskPanel, qtbot: QtBot) -> None:
    picture: RiskPicture = a_picture()
    for width in (240, 300, 620, 900, 1300):
        panel.resize(width, 800)
        panel.show_picture(picture)
        assert not panel.grab().isNull()


def test_a_name_without_history_is_the_reason_why_there_is_no_var(panel: RiskPanel) -> None:
    picture = a_picture()
    assert picture.slow is not None
    told = (Missing("IPO", "12 days of history are too few: it is in no value at risk."),)
    bare = replace(picture.slow, vars=(), backtests=(), histories=(), correlations=None, missing=told)
    panel.show_picture(replace(picture, slow=bare))
    said = panel.text()
    assert "Value at risk\nIPO: 12 days of history are too few" in said
    panel.show_picture(an_empty_picture(slow=replace(bare, missing=(), at=NOW + timedelta(seconds=1)), missing=()))
    assert "Value at risk\nNo positions are held." in panel.text()


def test_a_value_at_risk_of_a_part_of_the_book_says_of_how_much(panel: RiskPanel) -> None:
    picture = a_picture()
    assert picture.slow is not None
    assert "of the gross" not in panel.dashboard.at_risk.text()
    panel.show_picture(replace(picture, slow=replace(picture.slow, covered=0.83)))
    assert "83% of the gross" in panel.dashboard.at_risk.text()


def test_figures_that_stand_still_are_said_to_be_old(panel: RiskPanel) -> None:
    """By the wall's seconds: a simulation may run at five times their speed."""
    wall = [100.0]
    panel.elapsed = lambda: wall[0]
    panel.show_picture(a_picture())
    wall[0] = 104.0
    panel.show_measures(replace(some_measures(), at=NOW + timedelta(seconds=20)))
    assert "as of" not in panel.text()
    wall[0] = 106.0
    panel.show_measures(replace(some_measures(), at=NOW + timedelta(seconds=30)))
    panel.show_picture(a_picture())  # the same one again
    assert panel.text().startswith("ACTIVE, ◷ as of 10:30:00")
    panel.show_picture(a_picture(at=NOW + timedelta(seconds=30)))
    assert "as of" not in panel.text()

"""The backtest panel: what it asks for, what it refuses to ask, and how a run is followed and read."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from qv_desktop.domain.backtests import BacktestResult, BacktestSpec, BacktestTrade, Sizing, Stops, TradingHours
from qv_desktop.domain.market import SECOND
from qv_desktop.strategies.built_in import built_in
from qv_desktop.ui.models.run_tables import statistic, statistics
from qv_desktop.ui.panels.backtests import BacktestsPanel, mode_for

DAY = 86_400 * SECOND
BEGIN = 1_577_977_200 * SECOND  # 2020-01-02 10:00 in New York
SPEC = BacktestSpec(
    "sma_cross", 1, ("SPY",), "1D", date(2020, 1, 2), date(2020, 12, 31), (("fast", 10.0), ("slow", 30.0))
)


def result(run: str = "r1", day: int = 1) -> BacktestResult:
    at = tuple(BEGIN + i * DAY for i in range(300))
    equity = tuple(100_000.0 + 50 * i for i in range(300))
    trades = (
        BacktestTrade(at[3], at[9], 10.5, 300.0, 310.0, 105.0, 0.0333),
        BacktestTrade(at[20], at[30], 9.0, 310.0, 300.0, -90.0, -0.032),
    )
    rows = (("Total return", 0.1496), ("Max drawdown", -0.186), ("Sharpe", 1.42), ("Trades", 2.0), ("Profit factor", float("inf")),
            ("Calmar", float("nan")), ("Fees, $", 1204.5), ("Average hold, bars", 8.0), ("Win rate", 0.5))  # fmt: skip
    return BacktestResult(run, SPEC, "demo", datetime(2025, 11, day, tzinfo=UTC), 0.31, at, equity, equity[::-1],
                          tuple(-0.001 * (i % 7) for i in range(300)), rows, trades, 300, "c0de" * 16, "da7a" * 16, "5bec" * 16,
                          "vectorbt 1.2")  # fmt: skip


@pytest.fixture
def panel(qtbot: QtBot) -> BacktestsPanel:
    panel = BacktestsPanel()
    qtbot.addWidget(panel)
    panel.resize(1160, 280)
    panel.show_strategies(built_in(datetime(2025, 1, 1, tzinfo=UTC)))
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def button(panel: BacktestsPanel, word: str) -> QPushButton:
    return next(b for b in panel.findChildren(QPushButton) if word in b.text())


def ask(panel: BacktestsPanel, qtbot: QtBot) -> BacktestSpec:
    with qtbot.waitSignal(panel.run_asked) as asked:
        qtbot.mouseClick(button(panel, "Run backtest"), Qt.MouseButton.LeftButton)
    assert asked.args is not None
    spec = asked.args[0]
    assert isinstance(spec, BacktestSpec)
    return spec


def test_the_run_button_asks_for_what_the_form_says(panel: BacktestsPanel, qtbot: QtBot) -> None:
    spec = replace(SPEC, fees=1.5, sizing=Sizing("percent", 0.5), cash=25_000.0)
    panel.form.show_spec(spec)
    assert ask(panel, qtbot) == spec


def test_every_term_of_a_run_comes_back_out_of_the_form(panel: BacktestsPanel, qtbot: QtBot) -> None:
    spec = replace(SPEC, symbols=("SPY", "BRK.B", "QQQ"), timeframe="5m", sizing=Sizing("risk", 0.01), fees_per_share=0.005,
                   stops=Stops(profit=0.15, trailing=0.08), direction="both", hours=TradingHours("window", time(9, 45), time(15, 30)),
                   benchmark="IWM", adjustment="all", seed=7)  # fmt: skip
    panel.form.show_spec(spec)
    assert ask(panel, qtbot) == spec


def test_control_enter_asks_too(panel: BacktestsPanel, qtbot: QtBot) -> None:
    panel.activateWindow()
    panel.form.symbol.setFocus()
    with qtbot.waitSignal(panel.run_asked):
        qtbot.keyClick(panel.form.symbol, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("fast", "0", "Fast must be a whole number from 2 to 200."),
        ("fast", "2.5", "Fast must be a whole number from 2 to 200."),
        ("Fees, bps", "abc", "Fees must be a number from 0 to 1,000."),
        ("Size", "120", "Size must be a number from 0.01 to 100."),
        ("Cash, $", "0", "Cash must be a number from 1 to 1,000,000,000."),
        ("Stop loss, %", "-3", "Stop loss must be a number from 0.01 to 99."),
    ],
)
def test_a_number_out_of_range_is_named_and_nothing_is_asked(
    panel: BacktestsPanel, qtbot: QtBot, field: str, text: str, sentence: str
) -> None:
    form = panel.form
    box = {**form.knobs, **form.costs, **form.exits, "Size": form.amount}[field]
    box.setText(text)
    with qtbot.assertNotEmitted(panel.run_asked):
        qtbot.mouseClick(button(panel, "Run backtest"), Qt.MouseButton.LeftButton)
    assert panel._step.text() == sentence
    assert box.toolTip() == sentence


def test_days_that_are_none_or_in_the_wrong_order_are_refused(panel: BacktestsPanel, qtbot: QtBot) -> None:
    panel.form.first.setText("2020-13-01")
    qtbot.mouseClick(button(panel, "Run backtest"), Qt.MouseButton.LeftButton)
    assert "“2020-13-01” is no day" in panel._step.text()
    panel.form.first.setText("2021-01-01")
    panel.form.last.setText("2020-01-01")
    qtbot.mouseClick(button(panel, "Run backtest"), Qt.MouseButton.LeftButton)
    assert panel._step.text() == "The first day must lie before the last."


def test_an_arrow_key_moves_a_day(panel: BacktestsPanel, qtbot: QtBot) -> None:
    panel.form.first.setText("2020-02-28")
    qtbot.keyClick(panel.form.first, Qt.Key.Key_Up)
    assert panel.form.first.text() == "2020-02-29"


def test_another_strategy_brings_its_own_parameters(panel: BacktestsPanel) -> None:
    panel.choose_strategy("rsi_reversion")
    assert list(panel.form.knobs) == ["period", "buy_below", "sell_above"]


def test_a_run_is_followed_and_can_be_cancelled_once_it_is_known(panel: BacktestsPanel, qtbot: QtBot) -> None:
    ask(panel, qtbot)
    assert not button(panel, "Run backtest").isVisible()
    assert not panel._cancel.isEnabled()
    panel.show_progress("abc", 0.4, "computing signals")
    assert panel._bar.value() == 400
    assert panel._step.text() == "computing signals"
    with qtbot.waitSignal(panel.cancel_asked) as asked:
        qtbot.mouseClick(panel._cancel, Qt.MouseButton.LeftButton)
    assert asked.args == ["abc"]


def test_news_of_another_run_does_not_move_the_bar(panel: BacktestsPanel, qtbot: QtBot) -> None:
    ask(panel, qtbot)
    panel.show_progress("abc", 0.4, "running")
    panel.show_progress("other", 0.9, "running")
    panel.show_failure("other", "the other one failed")
    assert panel._bar.value() == 400
    assert not button(panel, "Run backtest").isVisible()


def test_a_failure_is_said_and_the_form_is_ready_again(panel: BacktestsPanel, qtbot: QtBot) -> None:
    ask(panel, qtbot)
    panel.show_failure("", "SPY has only 12 bars of 1D in that range; choose a longer one.")
    assert panel._step.text().startswith("SPY has only 12 bars")
    assert button(panel, "Run backtest").isVisible()


def test_a_result_is_drawn_listed_and_counted(panel: BacktestsPanel, qtbot: QtBot) -> None:
    ask(panel, qtbot)
    panel.show_progress("abc", 0.9, "running")
    panel.show_result(result())
    assert panel.equity._heading.text() == "sma_cross v1 · SPY 1D"
    assert "300 bars" in panel.equity._origin.text()
    assert panel.equity.plot.isVisible()
    assert [panel._tabs.tabText(i) for i in range(panel._tabs.count())] == [
        "Equity",
        "Months",
        "Trades 2",
        "Symbols",
        "Record",
        "Runs 1",
        "Compare",
        "Live",
    ]
    assert "Max drawdown: −18.6%" in panel.statistics.accessibleDescription()
    assert [run.id for run in panel.runs.table.selected()] == ["r1"]
    assert button(panel, "Run backtest").isVisible()


def test_the_newest_stored_run_is_shown_and_another_can_be_chosen(panel: BacktestsPanel, qtbot: QtBot) -> None:
    old = replace(result("old", 1), spec=replace(SPEC, symbols=("AAPL",)))
    panel.show_runs([old, result("new", 2)])
    assert "SPY" in panel.equity._heading.text()
    with qtbot.waitSignal(panel.run_chosen):
        panel.runs.table.select_key("old")
    assert "AAPL" in panel.equity._heading.text()


def test_opening_a_stored_run_fills_the_form_with_its_terms(panel: BacktestsPanel) -> None:
    run = replace(result(), spec=replace(SPEC, symbols=("QQQ",), parameters=(("fast", 7.0), ("slow", 21.0))))
    panel.runs.table.row_opened.emit(run)
    assert panel.form.spec() == run.spec


def test_statistics_read_in_their_units() -> None:
    read = {row.title: (row.text, row.token) for row in statistics(result())}
    assert read["Total return"] == ("+15.0%", "UP")
    assert read["Max drawdown"] == ("−18.6%", "DOWN")
    assert read["Profit factor"][0] == "∞"
    assert read["Calmar"][0] == "—"
    assert read["Fees"][0] == "$1,204.50"
    assert read["Average hold"][0] == "8 bars"
    assert read["Win rate"][0] == "50.0%"
    assert statistic("Sharpe", -0.5).text == "−0.50"


@pytest.mark.parametrize(
    ("width", "height", "mode"),
    [(300, 500, "narrow"), (700, 400, "medium"), (1160, 280, "low"), (1100, 700, "tall")],
)
def test_pages_go_where_there_is_room_and_none_is_lost(
    panel: BacktestsPanel, qtbot: QtBot, width: int, height: int, mode: str
) -> None:
    panel.show_result(result())
    panel.resize(width, height)
    qtbot.wait(20)
    assert mode_for(panel.width(), panel.height()) == panel._arrangement.mode == mode
    assert (panel.width(), panel.height()) == (width, height)
    pages = (
        panel._form_page,
        panel.equity,
        panel._statistics_page,
        panel._months_page,
        panel.trades,
        panel.record,
        panel.runs,
        panel.compare,
    )
    for page in pages:
        place = panel._tabs.indexOf(page)
        if place >= 0:
            panel._tabs.setCurrentIndex(place)
        assert page.isVisible()
        assert page.width() > 100


def test_the_pointer_reads_the_curves_at_a_bar(panel: BacktestsPanel) -> None:
    panel.show_result(result())
    panel.equity.plot._say(150)
    assert "+7.50%" in panel.equity.plot._legend.text()
    assert "drawdown" in panel.equity.plot._depth.text()


def test_the_drawdown_word_gives_the_deepest_one_while_nothing_is_pointed_at(panel: BacktestsPanel) -> None:
    panel.show_result(result())
    assert "−0.6%" in panel.equity.plot._depth.text()


def test_a_logarithmic_axis_still_says_dollars(panel: BacktestsPanel) -> None:
    panel.show_result(result())
    panel.equity._log.setChecked(True)
    assert panel.equity.plot._dollars.tickStrings([5.0], 1.0, 1.0) == ["100K"]


def test_the_curves_library_loads_with_the_first_result_and_not_with_the_window() -> None:
    code = (
        "import os, sys\n"
        "os.environ['QT_QPA_PLATFORM'] = 'offscreen'\n"
        "from PySide6.QtWidgets import QApplication\n"
        "app = QApplication([])\n"
        "from qv_desktop.ui.panels.backtests import BacktestsPanel\n"
        "from qv_desktop.ui.panels.chart import ChartPanel\n"
        "panel, chart = BacktestsPanel(), ChartPanel()\n"
        "assert not {'pyqtgraph', 'talib', 'pandas', 'scipy'} & set(sys.modules)\n"
        "panel.equity.plot\n"
        "assert 'pyqtgraph' in sys.modules\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_result_that_nobody_sees_is_drawn_when_the_panel_comes_up(qtbot: QtBot) -> None:
    panel = BacktestsPanel()
    qtbot.addWidget(panel)
    panel.resize(1160, 280)
    panel.show_runs([result()])
    assert panel.equity._plot is None
    panel.show()
    qtbot.waitExposed(panel)
    assert "sma_cross v1" in panel.equity.plot._legend.text()


def test_what_was_looked_at_stays_in_view_through_every_size(panel: BacktestsPanel, qtbot: QtBot) -> None:
    panel.show_result(result())
    for width, height in ((1200, 800), (1160, 280), (300, 500), (700, 400)):
        panel.resize(width, height)
        qtbot.wait(10)
        assert panel.equity.isVisible()
    panel._tabs.setCurrentWidget(panel.runs)
    for width, height in ((1200, 800), (1160, 280), (300, 500), (700, 400)):
        panel.resize(width, height)
        qtbot.wait(10)
        assert panel.runs.isVisible()

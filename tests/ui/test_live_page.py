"""A day beside its backtest: what the page asks for, what it says when it cannot, and how a comparison reads."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from qv_desktop.domain.backtests import BacktestSpec
from qv_desktop.domain.live_backtest import Asked, Comparison, Sent
from qv_desktop.domain.live_backtest_pairs import paired
from qv_desktop.domain.live_backtest_sides import modelled
from qv_desktop.domain.orders import Side
from qv_desktop.strategies.built_in import built_in
from qv_desktop.ui.panels.backtests import BacktestsPanel

D = Decimal
OPEN = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
DAY = date(2026, 11, 20)
SPEC = BacktestSpec("sma_cross", 3, ("AAPL",), "1m", DAY, DAY, (("fast", 2.0), ("slow", 5.0)))
MINUTE = timedelta(minutes=1)


def a_comparison() -> Comparison:
    """A late buy that was filled in part, a sell that only the backtest made, and one that only the strategy made."""
    models = [
        modelled(Side.BUY, OPEN, D(100), 100.0, SPEC),
        modelled(Side.SELL, OPEN + 30 * MINUTE, D(100), 101.0, SPEC),
    ]
    sent = [
        Sent("qv-1", Side.BUY, OPEN + timedelta(seconds=4), D(100), D(60), D("6004.80"), D("0.30"), "canceled", D("100.05"), "last print"),
        Sent("qv-2", Side.SELL, OPEN + 90 * MINUTE, D(100), D(60), D("6054.00"), D("0.30"), "filled", None, "no price of it is stored"),
    ]  # fmt: skip
    pairs = paired(models, sent, 5 * MINUTE, D(101))
    return Comparison(Asked(SPEC, DAY), SPEC, "••••7Q2", "demo", OPEN, D(100), D(101), OPEN, 5 * MINUTE, pairs, 390, 275, "c" * 64,
                      "d" * 64, "vectorbt 1.2", ("The day is not over.",))  # fmt: skip


@pytest.fixture
def panel(qtbot: QtBot) -> BacktestsPanel:
    panel = BacktestsPanel()
    qtbot.addWidget(panel)
    panel.resize(1160, 600)
    panel.show_strategies(built_in(OPEN))
    panel.show()
    qtbot.waitExposed(panel)
    panel._tabs.setCurrentWidget(panel.live)
    with qtbot.waitSignal(panel.live.day_chosen) as chosen:
        panel.live.show_day(DAY)
    assert chosen.args == [DAY]
    return panel


def test_a_day_without_attributed_orders_says_what_to_do(panel: BacktestsPanel) -> None:
    panel.live.show_traded(DAY, [])
    assert "No order of 2026-11-20 carries a strategy's name as its source" in panel.live.note.text()
    assert not panel.live.traded.isEnabled()


def test_what_was_traded_fills_the_form_and_the_comparison_is_asked_with_it(
    qtbot: QtBot, panel: BacktestsPanel
) -> None:
    page = panel.live
    page.show_traded(DAY - timedelta(1), [("breakout", "MSFT", 3)])  # an answer to an earlier question
    assert panel.form.symbol.text() == "SPY"
    page.show_traded(DAY, [("rsi_reversion", "KO", 4), ("sma_cross", "AAPL", 2)])
    assert (panel.form.strategy.currentText(), panel.form.symbol.text()) == ("rsi_reversion", "KO")
    page.traded.setCurrentText("sma_cross · AAPL (2)")
    page.shares.setText("1,500")
    panel.form.frame.setCurrentText("5m")
    with qtbot.waitSignal(panel.live_asked) as asked:
        qtbot.mouseClick(page.compare, Qt.MouseButton.LeftButton)
    assert asked.args is not None
    told = asked.args[0]
    assert (told.spec.strategy, told.spec.symbol, told.spec.timeframe, told.day, told.shares) == (
        "sma_cross", "AAPL", "5m", DAY, D(1500),
    )  # fmt: skip
    assert (page.compare.text(), page.compare.isEnabled()) == ("Comparing…", False)
    page.show_failed("Bars of AAPL are missing.")
    assert (page.compare.text(), page.compare.isEnabled(), page.note.text()) == (
        "Compare",
        True,
        "Bars of AAPL are missing.",
    )


@pytest.mark.parametrize(
    ("day", "shares", "said"),
    [
        ("20/11/2026", "", "is no day; type it as year-month-day"),
        ("2026-11-20", "0", "Shares must be a number above 0"),
        ("2026-11-20", "NaN", "Shares must be a number above 0"),
        ("2026-11-20", "many", "Shares must be a number above 0"),
    ],
)
def test_what_cannot_be_compared_is_said_and_not_asked(
    qtbot: QtBot, panel: BacktestsPanel, day: str, shares: str, said: str
) -> None:
    panel.live.day.setText(day)
    panel.live.shares.setText(shares)
    with qtbot.assertNotEmitted(panel.live_asked):
        panel.live.compare.click()
    assert said in panel.live.note.text()
    panel.form.costs["Fees, bps"].setText("x")
    panel.live.day.setText("2026-11-20")
    panel.live.shares.clear()
    panel.live.compare.click()
    assert panel.live.note.text() == "Fees must be a number from 0 to 1,000."  # the form's own sentence
    assert panel.live.compare.isEnabled()


def test_a_comparison_reads_from_its_verdict_to_each_trade(qtbot: QtBot, panel: BacktestsPanel) -> None:
    page, told = panel.live, a_comparison()
    page.show_comparison(told)
    assert page.verdict.text().endswith(
        f"The day made ${-told.parts.total:,.2f} less than its backtest would have made."
    )
    assert page.why.text().startswith("Delay −3.00 · Execution −1.80 · Allowed for +1.20 · Quantity ")
    assert page.why.text().endswith("1 of both, 1 only live, 1 only backtest")
    assert page.note.text() == "The day is not over."
    rows = [{column.title: column.text(pair) for column in page.model.columns} for pair in page.model.rows()]
    assert [row["At ET"] for row in rows] == ["11:00:00", "10:00:00", "09:30:00"]  # the newest first
    assert [row["Found"] for row in rows] == ["Only live", "Only backtest", "Both"]
    both = rows[-1]
    assert (both["Backtest"], both["Live"], both["Late"], both["Delay, $"], both["Status"]) == (
        "100 @ 100.02", "60 @ 100.08", "4.0 s", "−3.00", "canceled",
    )  # fmt: skip
    assert (rows[1]["Live"], rows[1]["Late"], rows[1]["Delay, $"]) == ("—", "—", "—")
    menu = QMenu()
    page._fill_reports(menu)
    with qtbot.waitSignal(page.export_asked) as asked:
        next(action for action in menu.actions() if action.text() == "XLSX").trigger()
    assert asked.args == [told, "xlsx"]
    page.show_written([Path("x/live.xlsx")])
    with qtbot.waitSignal(page.open_asked) as opened:
        page.open.click()
    assert opened.args == [Path("x/live.xlsx")]


def test_a_day_that_made_the_same_says_so_and_reports_wait_for_a_comparison(panel: BacktestsPanel) -> None:
    menu = QMenu()
    panel.live._fill_reports(menu)
    assert {(action.isEnabled(), action.toolTip()) for action in menu.actions()} == {(False, "Compare a day first")}
    panel.live.show_comparison(replace(a_comparison(), pairs=()))
    assert panel.live.verdict.text().endswith("Neither the strategy's orders nor its backtest traded on this day.")


def test_what_the_role_may_not_do_stays_grey_with_the_reason(panel: BacktestsPanel) -> None:
    panel.forbid({"run": "no run", "export": "no export"})
    panel.live.show_comparison(a_comparison())
    assert (panel.live.compare.isEnabled(), panel.live.compare.toolTip()) == (False, "no run")
    menu = QMenu()
    panel.live._fill_reports(menu)
    assert {action.toolTip() for action in menu.actions()} == {"no export"}


def test_the_arrow_keys_pass_over_the_weekend(qtbot: QtBot, panel: BacktestsPanel) -> None:
    with qtbot.waitSignal(panel.live.day_chosen) as chosen:
        qtbot.keyClick(panel.live.day, Qt.Key.Key_Up)
    assert chosen.args == [date(2026, 11, 23)]

"""The pages of a run: grouped statistics, months, trades, the record, the list of runs, and runs beside each other."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from qv_desktop.domain.backtest_statistics import GROUPS
from qv_desktop.domain.backtests import BacktestResult
from qv_desktop.domain.run_comparison import compared
from qv_desktop.ui.models.month_heat import MonthHeat, strength, years_of
from qv_desktop.ui.models.run_compare_tables import difference, statistics_table
from qv_desktop.ui.models.run_list import RunList
from qv_desktop.ui.models.run_tables import grouped, numbered, trade_words
from qv_desktop.ui.models.statistics_list import StatisticsList
from qv_desktop.ui.models.table import Table
from qv_desktop.ui.panels.backtests import BacktestsPanel
from tests.a_run import SPEC, STARTED, a_run


@pytest.fixture
def panel(qtbot: QtBot) -> BacktestsPanel:
    panel = BacktestsPanel()
    qtbot.addWidget(panel)
    panel.resize(1200, 700)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def light(run: BacktestResult) -> BacktestResult:
    """A run as a list has it."""
    return replace(
        run, at=(), equity=(), benchmark=(), drawdown=(), trades=(), exposure=(), monthly=(), contributions=(), log=""
    )


def tabs(panel: BacktestsPanel) -> list[str]:
    return [panel._tabs.tabText(i) for i in range(panel._tabs.count()) if panel._tabs.isTabVisible(i)]


def entries(fill: object) -> dict[str, bool]:
    menu = QMenu()
    fill(menu)  # type: ignore[operator]
    return {action.text(): action.isEnabled() for action in menu.actions() if action.text()}


# ---- statistics


def test_every_statistic_stands_in_its_group_with_what_it_means(qtbot: QtBot) -> None:
    found = grouped(a_run())
    assert list(found) == list(GROUPS)
    assert sum(map(len, found.values())) >= 50
    assert all(row.meaning for rows in found.values() for row in rows)


def test_the_pointer_over_a_statistic_reads_its_meaning_and_over_a_group_nothing(qtbot: QtBot) -> None:
    page = StatisticsList()
    qtbot.addWidget(page)
    page.show_result(a_run())
    assert page.told(4.0) == ""
    assert page.told(30.0).startswith("Total return: What the equity grew by")
    page.show_result(None)
    assert page.told(30.0) == ""


# ---- months


def test_years_compound_their_months() -> None:
    assert years_of({(2020, 1): 0.1, (2020, 2): -0.5, (2021, 7): 0.2}) == {
        2020: pytest.approx(-0.45),
        2021: pytest.approx(0.2),
    }


def test_one_crash_does_not_pale_all_other_months() -> None:
    assert strength([0.01] * 99 + [-0.9]) == 0.01
    assert strength([]) == 1.0
    assert strength([float("nan"), 0.2]) == 0.2


def test_a_month_is_read_beside_the_benchmark(qtbot: QtBot) -> None:
    heat = MonthHeat()
    qtbot.addWidget(heat)
    heat.resize(800, 200)
    heat.show_months({(2019, 12): 0.02, (2020, 3): -0.1234}, {(2020, 3): -0.2, (2019, 12): 0.0})
    cell = heat._cell(2, 0).center()
    assert heat.told(cell) == "Mar 2020: −12.34%, benchmark −20.00%"
    assert heat.told(heat._cell(12, 1).center()) == "2019: +2.00%, benchmark 0.00%"
    assert heat.told(heat._cell(5, 0).center()) == "Jun 2020: no bars"
    assert heat.told(QPointF(3, 900)) == ""
    assert heat.accessibleDescription() == "2020: −12.3%\n2019: +2.0%"
    heat.grab()


@pytest.mark.parametrize("wide", [251, 330, 480, 900])
def test_a_heat_map_is_painted_at_every_width(qtbot: QtBot, wide: int) -> None:
    heat = MonthHeat()
    qtbot.addWidget(heat)
    run = a_run()
    heat.show_months({(year, month): value for year, month, value in run.monthly}, {})
    heat.resize(wide, 200)
    image = heat.grab().toImage()
    inks = {image.pixelColor(x, y).name() for x in range(image.width()) for y in range(image.height())}
    assert len(inks) > 5
    assert heat._cell(12, 0).right() <= wide


# ---- trades


def test_a_trade_is_told_in_a_few_lines() -> None:
    rows = numbered(a_run())
    assert trade_words(rows[1]) == (
        "#2 LONG 10.5 SPY", "−$105.00  −3.33%", "in   2020-02-17  at 300.00", "out 2020-02-27  at 290.00", "10 bars · stop",
        "against −2.0% · in favour +11.0%",
    )  # fmt: skip
    assert "still open" in trade_words(rows[-1])[4]


def test_trades_are_filtered_by_how_they_ended_and_opened_onto_the_chart(panel: BacktestsPanel, qtbot: QtBot) -> None:
    run = a_run()
    panel.show_result(run)
    panel.trades.filter.kinds.segment("Lost").click()
    assert {row.trade.profit for row in panel.trades.model.rows()} == {-105.0}
    assert panel.trades.words.text() == "6 of 12 trades"
    with qtbot.waitSignal(panel.chart_asked) as asked:
        panel.trades.table.row_opened.emit(panel.trades.model.rows()[1])
    assert asked.args == [run, 4]
    with qtbot.waitSignal(panel.chart_asked) as asked:
        panel.trades.chart.click()
    assert asked.args == [run, 0]
    panel.trades.table.select_key(4)
    with qtbot.waitSignal(panel.chart_asked) as asked:
        panel.trades.chart.click()
    assert asked.args == [run, 4]


def test_symbols_have_a_page_only_where_there_are_several(panel: BacktestsPanel) -> None:
    panel.show_result(a_run())
    assert "Symbols" in tabs(panel)
    assert [row.of.symbol for row in panel.parts_model.rows()] == ["QQQ", "SPY"]
    panel.show_result(a_run("r2", contributions=a_run().contributions[:1]))
    assert "Symbols" not in tabs(panel)


# ---- the record


def test_missing_data_is_said_on_the_curves_and_in_the_record(panel: BacktestsPanel) -> None:
    panel.show_result(a_run())
    assert panel.equity.missing.isVisible()
    assert "1 gap in the data" in panel.equity.missing.text()
    assert "QQQ has no bars from 2020-03-02" in panel.equity.missing.toolTip()
    assert "Record ⚠" in tabs(panel)
    panel.equity.missing.click()
    assert panel._tabs.currentWidget() is panel.record
    assert "QQQ has no bars" in panel.record.missing.text()
    assert panel.record.log.toPlainText() == "warming up\n"
    panel.show_result(a_run("r2", missing=(), log=""))
    assert not panel.equity.missing.isVisible()
    assert panel.record.missing.text() == "No data was missing."
    assert panel.record.log.isHidden()


def test_hashes_and_versions_are_copied(panel: BacktestsPanel) -> None:
    panel.show_result(a_run())
    panel.record.copy.click()
    copied = QGuiApplication.clipboard().text()
    for words in (
        "Code SHA-256: " + "c0de" * 16,
        "Data SHA-256: " + "da7a" * 16,
        "Numpy: 2.3",
        "Missing: QQQ has no bars",
    ):
        assert words in copied


def test_a_run_is_repeated_and_the_verdict_is_of_that_run_alone(panel: BacktestsPanel, qtbot: QtBot) -> None:
    panel.show_result(a_run())
    with qtbot.waitSignal(panel.rerun_asked) as asked:
        panel.record.again.click()
    assert asked.args == ["r1"]
    panel.show_rerunning("r1")
    panel.show_rerunning("r1", "reading bars")
    panel.show_verdict("other", False, ("nonsense",))
    assert panel.record.verdict.text() == "Running again: reading bars…"
    with qtbot.waitSignal(panel.rerun_cancel_asked) as asked:
        panel.record.again.click()
    assert asked.args == ["r1"]
    panel.show_verdict("r1", False, ("The data is another: 3 bars of SPY were amended.",))
    assert panel.record.verdict.text() == "The data is another: 3 bars of SPY were amended."
    assert panel.record.again.text().startswith("Run again")
    panel.show_verdict("r1", True, ("The same numbers: 57 statistics.",))
    assert panel.record.verdict.text() == "The same numbers: 57 statistics."
    panel.show_result(a_run("r2"))
    assert panel.record.verdict.isHidden()


# ---- the list


def runs(count: int = 4) -> list[BacktestResult]:
    made = [
        light(
            a_run(f"r{i}", started=STARTED + timedelta(hours=i), statistics=(("Sharpe", float(i % 3)), ("Trades", 5.0)))
        )
        for i in range(count)
    ]
    return made[::-1]


def test_a_run_without_curves_is_read_before_it_is_drawn(panel: BacktestsPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.run_chosen) as asked:
        panel.show_runs(runs())
    assert asked.args is not None
    assert asked.args[0].id == "r3"
    assert panel._run is None
    panel.show_whole(a_run("r2"))
    assert panel._run is None, "another one was read meanwhile"
    panel.show_whole(a_run("r3"))
    assert panel._run is not None
    assert panel._run.id == "r3"


def test_runs_are_compared_from_two_to_six(panel: BacktestsPanel, qtbot: QtBot) -> None:
    panel.show_runs(runs(8))
    table = panel.runs.table
    table.clearSelection()
    assert not panel.runs.compare.isEnabled()
    table.selectAll()
    assert not panel.runs.compare.isEnabled()
    table.clearSelection()
    for row in (1, 3, 4):
        table.selectionModel().select(
            panel.runs.model.index(row, 0),
            table.selectionModel().SelectionFlag.Select | table.selectionModel().SelectionFlag.Rows,
        )
    assert panel.runs.compare.text() == "Compare 3"
    with qtbot.waitSignal(panel.compare_asked) as asked:
        panel.runs.compare.click()
    assert asked.args == [["r6", "r4", "r3"]]


def test_runs_are_sorted_by_any_statistic(panel: BacktestsPanel) -> None:
    panel.show_runs(runs(6))
    titles = [column.title for column in panel.runs.model.columns]
    assert {"Sharpe", "Sortino", "Profit factor", "Max DD"} <= set(titles)
    panel.runs.model.sort(titles.index("Sharpe"), Qt.SortOrder.DescendingOrder)
    assert [run.numbers["Sharpe"] for run in panel.runs.model.rows()] == [2.0, 2.0, 1.0, 1.0, 0.0, 0.0]


def test_a_run_is_starred_and_noted(panel: BacktestsPanel, qtbot: QtBot) -> None:
    panel.show_runs(runs())
    panel.runs.table.select_key("r2")
    with qtbot.waitSignal(panel.annotate_asked) as asked:
        panel.runs.star.click()
    assert asked.args == ["r2", True, ""]
    panel.show_annotated("r2", True, "")
    assert panel.runs.star.text() == "☆ Unstar"
    panel.runs.note.click()
    panel.runs.noting.field.setText("the one to beat")
    with qtbot.waitSignal(panel.annotate_asked) as asked:
        panel.runs.noting.yes.click()
    assert asked.args == ["r2", True, "the one to beat"]
    panel.show_annotated("r2", True, "the one to beat")
    panel.runs.filter.kinds.segment("★").click()
    assert [(run.id, run.remark) for run in panel.runs.model.rows()] == [("r2", "the one to beat")]


def test_runs_are_deleted_only_after_a_question(panel: BacktestsPanel, qtbot: QtBot) -> None:
    panel.show_runs(runs())
    panel.runs.table.select_key("r1")
    with qtbot.assertNotEmitted(panel.delete_asked):
        panel.runs.delete.click()
    assert "Delete the run of sma_cross on SPY, QQQ for good" in panel.runs.asking.question.text()
    with qtbot.waitSignal(panel.delete_asked) as asked:
        panel.runs.asking.yes.click()
    assert asked.args == [["r1"]]
    panel.show_deleted(["r1"])
    assert [run.id for run in panel.runs.model.rows()] == ["r3", "r2", "r0"]
    assert "Runs 3" in tabs(panel)


def test_who_may_not_sees_why(panel: BacktestsPanel) -> None:
    panel.show_result(a_run())
    panel.forbid({"delete": "no deleting", "export": "no exporting", "run": "no running", "create": "no noting"})
    for button in (panel.runs.delete, panel.record.again, panel.runs.star):
        assert not button.isEnabled()
        assert button.toolTip().startswith("no ")
    assert not any(entries(panel._offer_exports).values())
    panel.forbid({})
    assert panel.runs.delete.isEnabled()
    assert all(entries(panel._offer_exports).values())


def test_older_runs_are_asked_for_while_there_are_any(panel: BacktestsPanel, qtbot: QtBot) -> None:
    panel.resize(1500, 700)
    qtbot.wait(10)
    panel.show_runs(runs(), True)
    panel._arrangement.bring(panel.runs)
    qtbot.waitUntil(panel.runs.more.isVisible)
    with qtbot.waitSignal(panel.more_asked):
        panel.runs.more.click()
    panel.show_older([light(a_run("old", started=STARTED - timedelta(days=9)))], False)
    assert panel.runs.model.rows()[-1].id == "old"
    qtbot.waitUntil(panel.runs.more.isHidden)


# ---- export, presets


def test_a_run_is_exported_in_each_form_and_the_file_is_opened(panel: BacktestsPanel, qtbot: QtBot) -> None:
    panel.show_result(a_run())
    menu = QMenu()
    panel._offer_exports(menu)
    for place, form in enumerate(("html", "csv", "json")):
        with qtbot.waitSignal(panel.export_asked) as asked:
            menu.actions()[place].trigger()
        assert asked.args == ["r1", form]
    panel.show_written([Path("/exports/backtest.html")])
    assert panel._asking.question.text() == "Saved backtest.html in /exports."
    with qtbot.waitSignal(panel.open_asked) as opened:
        panel._asking.yes.click()
    assert opened.args == [Path("/exports/backtest.html")]


def test_terms_are_kept_under_a_name_and_taken_up_again(panel: BacktestsPanel, qtbot: QtBot) -> None:
    panel.form.symbol.setText("QQQ")
    panel._ask_preset()
    panel._naming.field.setText("Tech")
    with qtbot.waitSignal(panel.preset_save_asked) as asked:
        panel._naming.yes.click()
    assert asked.args is not None
    panel.show_presets({asked.args[0]: asked.args[1]})
    panel.form.symbol.setText("IWM")
    menu = QMenu()
    panel._offer_presets(menu)
    menu.actions()[0].trigger()
    assert panel.form.symbol.text() == "QQQ"
    with qtbot.waitSignal(panel.preset_delete_asked) as gone:
        next(action.menu() for action in menu.actions() if action.menu()).actions()[0].trigger()  # type: ignore[union-attr]
    assert gone.args == ["Tech"]


# ---- beside each other


def some() -> list[BacktestResult]:
    other = replace(SPEC, parameters=(("fast", 5.0), ("slow", 30.0)))
    ours = a_run("r1", statistics=(("Sharpe", 1.0), ("Max drawdown", -0.2), ("Exposure", 0.5)))
    theirs = a_run("r2", spec=other, trades=6, statistics=(("Sharpe", 1.5), ("Max drawdown", -0.3), ("Exposure", 0.7)))
    return [ours, theirs]


def test_the_best_is_marked_and_the_difference_has_the_units_of_the_statistic(qtbot: QtBot) -> None:
    told = compared(some())
    table = statistics_table(told)
    qtbot.addWidget(table)
    texts = {
        row.of.name: [column.text(row) for column in table.rows_model.columns] for row in table.rows_model.all_rows()
    }
    assert texts["Sharpe"] == ["Sharpe", "1.00", "● 1.50", "+0.50"]
    assert texts["Max drawdown"] == ["Max drawdown", "● −20.0%", "−30.0%", "−10.0%"]
    assert texts["Exposure"] == ["Exposure", "50.0%", "70.0%", "+20.0%"]
    assert difference(told.statistics[0], 0) == "0"


@pytest.mark.parametrize(("width", "height"), [(1500, 800), (1200, 300), (320, 560)])
def test_a_comparison_is_shown_at_every_size(panel: BacktestsPanel, qtbot: QtBot, width: int, height: int) -> None:
    panel.resize(width, height)
    qtbot.wait(10)
    panel.show_comparison(compared(some()))
    assert panel._tabs.currentWidget() is panel.compare
    qtbot.waitUntil(lambda: not panel.compare._waiting)
    for page in ("Curves", "Statistics", "What differs"):
        if not panel.compare.choice.segment(page).isHidden():
            panel.compare.choice.segment(page).click()
    panel.grab()
    assert (panel.width(), panel.height()) == (width, height)
    assert "A" in panel.compare.curves._legend.text()
    panel.show_comparison(compared(some()[::-1]))
    qtbot.waitUntil(lambda: panel.compare._right.count() == 2 and not panel.compare._waiting)
    differing = panel.compare._right.widget(1)
    assert differing is not None
    assert len(differing.findChildren(Table)) == 2, "what differs, and the trades that are shared"


def test_curves_begin_at_nothing_and_run_over_one_axis_of_time(panel: BacktestsPanel) -> None:
    first, second = some()
    later = replace(
        second,
        at=second.at[100:],
        equity=second.equity[100:],
        benchmark=second.benchmark[100:],
        drawdown=second.drawdown[100:],
    )
    panel.show_comparison(compared([first, later]))
    curves = panel.compare.curves
    assert curves._runs is not None
    assert len(curves._runs.at) == len(first.at)
    assert [gain[0] for gain in curves._runs.gains] == [0.0, 0.0]
    curves._say(50)
    assert "<b>B</b>&nbsp; —" in curves._legend.text()


def test_names_with_angle_brackets_stay_names(panel: BacktestsPanel) -> None:
    spec = replace(SPEC, strategy="<img src=x>😀")
    panel.show_result(a_run(spec=spec))
    assert "&lt;img" in panel.equity.plot._legend.text()
    assert panel.equity._heading.text().startswith("<img src=x>😀")
    assert panel.equity._heading.textFormat() is Qt.TextFormat.PlainText
    panel.show_comparison(compared([a_run(spec=spec), a_run("r2")]))
    assert "&lt;img" in panel.compare.names.text()


def test_a_list_of_runs_fits_a_narrow_panel(qtbot: QtBot) -> None:
    page = RunList()
    qtbot.addWidget(page)
    page.resize(320, 300)
    page.show_runs(runs(), True)
    page.show()
    qtbot.waitExposed(page)
    assert page.width() == 320
    assert page.filter.field.isVisible()
    assert page.compare.isVisible()

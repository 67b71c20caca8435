"""The sweeps panel: what it asks for, what it refuses to ask, how rows are read on the map and the axes, and what tests say."""

import math
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.sweeps import OBJECTIVES, SweepRow, SweepSpec, combinations
from qv_desktop.domain.validation import FoldsAsked, TradesAsked, Validation, Verdict, WalkAsked
from qv_desktop.strategies.built_in import built_in
from qv_desktop.ui import theme
from qv_desktop.ui.models.best_strip import UNTESTED
from qv_desktop.ui.models.brushed import LEVELS, passing, shares, strands
from qv_desktop.ui.models.score_colors import ScoreColors
from qv_desktop.ui.models.sweep_columns import KeptSweep
from qv_desktop.ui.models.sweep_form import blocks_for
from qv_desktop.ui.models.sweep_shown import SweepShown, prepared, stability
from qv_desktop.ui.models.sweep_words import FIGURES
from qv_desktop.ui.panels.sweeps import SweepsPanel, mode_for
from tests.ui.a_sweep import a_spec, a_sweep

NOW = datetime(2025, 1, 1, tzinfo=UTC)
RESULT = a_sweep(a_spec(10, 12))
SHOWN = prepared(RESULT.spec, RESULT.rows)


@pytest.fixture
def panel(qtbot: QtBot) -> Iterator[SweepsPanel]:
    panel = SweepsPanel()
    qtbot.addWidget(panel)
    panel.resize(1400, 560)
    panel.show_strategies(built_in(NOW))
    panel.form.show_days(date(2015, 1, 2), date(2024, 12, 30))
    panel.form.strategy.setCurrentText("sma_cross")
    panel.form.count()
    panel.show()
    qtbot.waitExposed(panel)
    yield panel
    panel.axes._timer.stop()


def button(panel: SweepsPanel, word: str) -> QPushButton:
    return next(b for b in panel.findChildren(QPushButton) if word in b.text() and b.isVisible())


def labels(panel: SweepsPanel) -> str:
    return "\n".join(label.text() for label in panel.findChildren(QLabel) if label.isVisible())


def finished(panel: SweepsPanel) -> SweepShown:
    panel.show_finished(RESULT, SHOWN)
    return SHOWN


def put(panel: SweepsPanel, name: str, low: str, high: str = "", step: str = "") -> None:
    for field, text in zip(panel.form.ranges[name], (low, high, step), strict=True):
        field.setText(text)
    panel.form.count()


# ---- the form


def test_the_run_button_asks_for_the_ranges_and_says_how_many_combinations_they_are(
    panel: SweepsPanel, qtbot: QtBot
) -> None:
    put(panel, "fast", "5", "25", "5")
    put(panel, "slow", "20", "40", "10")
    with qtbot.waitSignal(panel.run_asked) as asked:
        qtbot.mouseClick(button(panel, "Run sweep"), Qt.MouseButton.LeftButton)
    spec, workers, memory = asked.args or ()
    assert isinstance(spec, SweepSpec)
    assert [axis.points for axis in spec.axes] == [(5, 10, 15, 20, 25), (20, 30, 40)]
    assert spec.constraint == "fast < slow"
    assert panel._counted.text() == f"{len(combinations(spec))} combinations" == "13 combinations"
    assert (workers, memory) == (0, 0)


def test_a_list_of_values_and_a_fixed_parameter_can_be_typed(panel: SweepsPanel) -> None:
    put(panel, "fast", "5, 9, 12")
    put(panel, "slow", "50", "50")
    spec = panel.form.spec()
    assert [(axis.name, axis.points) for axis in spec.axes] == [("fast", (5, 9, 12))]
    assert spec.base.parameters == (("slow", 50.0),)


def test_a_random_search_takes_samples_and_a_seed(panel: SweepsPanel) -> None:
    panel.form.search.setCurrentText("By chance")
    panel.form.numbers["Samples"].setText("40")
    panel.form.numbers["Seed"].setText("9")
    spec = panel.form.spec()
    assert (spec.search, spec.samples, spec.seed) == ("random", 40, 9)
    assert len(combinations(spec)) == 40


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (("x", "20", "5"), "“x” is no number; correct fast."),
        (("20", "5", "5"), "fast goes from 20 down to 5"),
        (("5", "20", "0"), "fast needs a step above 0"),
        (("5", "900", "5"), "fast goes from 2 to 200"),
        (("5", "20", "2.5"), "fast takes whole numbers"),
    ],
)
def test_a_range_that_cannot_be_swept_is_said_and_not_asked(
    panel: SweepsPanel, qtbot: QtBot, texts: tuple[str, str, str], sentence: str
) -> None:
    put(panel, "fast", *texts)
    assert sentence in panel._counted.text()
    assert not button(panel, "Run sweep").isEnabled()


def test_a_constraint_that_leaves_nothing_or_cannot_be_read_is_said(panel: SweepsPanel) -> None:
    for text, sentence in (
        ("fast > slow + 500", "No combination fulfils"),
        ("fast <", "cannot be read"),
        ("length < 5", "no parameter"),
    ):
        panel.form.constraint.setText(text)
        panel.form.count()
        assert sentence in panel._counted.text()


def test_many_combinations_are_counted_elsewhere_and_an_old_count_is_no_news(panel: SweepsPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.form.count_asked) as asked:
        put(panel, "fast", "2", "100", "1")
        put(panel, "slow", "5", "305", "5")
    spec = panel.form.spec()
    assert panel._counted.text() == "counting"
    panel.form.show_count((asked.args or [None])[0] if spec == (asked.args or [None])[0] else spec, 4321)
    assert panel._counted.text() == "4,321 combinations"
    panel.form.show_count(replace(spec, seed=77), 1)
    assert panel._counted.text() == "4,321 combinations"


def test_a_kept_sweep_fills_the_form_with_its_terms(panel: SweepsPanel) -> None:
    spec = replace(
        a_spec(10, 12),
        objective="calmar",
        base=replace(RESULT.spec.base, fees=3.0, symbols=("QQQ",), version=1),
        seed=4,
    )
    panel.form.show_spec(spec)
    found = panel.form.spec()
    assert found == replace(spec, blocks=found.blocks)


def test_every_objective_has_a_name_and_large_sweeps_keep_fewer_blocks() -> None:
    assert set(OBJECTIVES) <= set(FIGURES)
    assert (blocks_for(10_000), blocks_for(10_001)) == (64, 16)


# ---- a run


def test_a_run_is_followed_with_its_rows_and_can_be_cancelled(panel: SweepsPanel, qtbot: QtBot) -> None:
    qtbot.mouseClick(button(panel, "Run sweep"), Qt.MouseButton.LeftButton)
    assert not button(panel, "Cancel").isEnabled()
    panel.show_progress("r1", 30, 120)
    panel.show_rows(prepared(RESULT.spec, RESULT.rows[:30]))
    assert "30 of 120 combinations" in labels(panel)
    assert panel.rows.rows_model.rowCount() == 30
    with qtbot.waitSignal(panel.cancel_asked) as asked:
        qtbot.mouseClick(button(panel, "Cancel"), Qt.MouseButton.LeftButton)
    assert asked.args == ["r1"]
    panel.show_failure("other", "not this one")
    assert not panel._run.isVisible()
    panel.show_failure("r1", "The sweep was cancelled.")
    assert "The sweep was cancelled." in labels(panel)
    assert button(panel, "Run sweep").isEnabled()


def test_the_best_stands_on_top_everywhere_with_a_warning_until_it_is_tested(panel: SweepsPanel) -> None:
    shown = finished(panel)
    best = shown.lines[shown.best]
    assert "Best: fast" in panel.strip.text()
    assert UNTESTED in panel.strip.text()
    assert panel.rows.rows_model.rows()[0] == best
    assert panel.map.map.row() == shown.best
    assert [line.place for line in panel.rows.selected()] == [shown.best]
    assert "; 1 failed" in labels(panel)


def test_columns_carry_the_names_of_the_parameters_also_in_exports(panel: SweepsPanel) -> None:
    finished(panel)
    titles = [column.title for column in panel.rows.rows_model.columns]
    assert titles[:3] == ["Rank", "fast", "slow"]
    assert panel.rows.tsv().splitlines()[0].split("\t")[:3] == ["Rank", "fast", "slow"]
    assert panel.rows.isColumnHidden(3)


def test_a_combination_that_failed_says_why_and_has_no_rank(panel: SweepsPanel) -> None:
    finished(panel)
    place = next(at for at, row in enumerate(RESULT.rows) if row.error)
    panel.choose(place)
    assert "Failed:" in panel.strip.text()
    assert "slow needs more bars" in panel.strip.text()
    assert not panel.validation.trades.button.isEnabled()


def test_a_chosen_row_a_cell_and_the_button_open_a_backtest(panel: SweepsPanel, qtbot: QtBot) -> None:
    shown = finished(panel)
    with qtbot.waitSignal(panel.open_asked) as asked:
        qtbot.mouseClick(button(panel, "Open as backtest"), Qt.MouseButton.LeftButton)
    assert (asked.args or [None])[0] == RESULT.spec.backtest(shown.lines[shown.best].row.values)
    panel.show_page("Map")
    place = panel.map.map._place(3, 2).center().toPoint()
    qtbot.mouseClick(panel.map.map, Qt.MouseButton.LeftButton, pos=place)
    chosen = panel.map.map.row()
    values = RESULT.rows[chosen].values
    assert values == (RESULT.spec.axes[0].points[2], RESULT.spec.axes[1].points[3])
    assert f"fast {values[0]:g}" in panel.strip.text()
    with qtbot.waitSignal(panel.open_asked) as asked:
        qtbot.mouseDClick(panel.map.map, Qt.MouseButton.LeftButton, pos=place)
    assert (asked.args or [None])[0] == RESULT.spec.backtest(values)
    qtbot.mouseClick(button(panel, "Best"), Qt.MouseButton.LeftButton)
    assert "Best: " in panel.strip.text()


def test_who_may_not_run_can_neither_start_nor_open_nor_test(panel: SweepsPanel, qtbot: QtBot) -> None:
    finished(panel)
    panel.forbid({"run": "Your role lacks it."})
    assert not button(panel, "Run sweep").isEnabled()
    assert not panel.strip._open.isEnabled()
    assert not panel.validation.overfitting.button.isEnabled()
    with qtbot.assertNotEmitted(panel.open_asked):
        panel.map.map.opened.emit(3)


def test_a_kept_sweep_is_read_when_chosen(panel: SweepsPanel, qtbot: QtBot) -> None:
    panel.show_kept([KeptSweep(replace(RESULT, rows=()), "bad", "Probably overfitted: PBO 0.71.")])
    panel.show_page("Sweeps")
    with qtbot.waitSignal(panel.sweep_chosen) as asked:
        panel.kept.selectRow(0)
    assert asked.args == ["s1"]


# ---- the map


def test_the_map_tells_of_a_cell_and_of_one_without_a_combination(panel: SweepsPanel) -> None:
    finished(panel)
    words = panel.map.map.words((3, 2))
    assert words.startswith("fast 9 · slow 44\nSharpe ")
    assert "drawdown" in words
    assert panel.map.map.words((0, 9)) == "fast 23 · slow 20: no combination"
    assert panel.map.map.words((-1, -1)) == ""


def test_arrow_keys_move_over_the_map_and_enter_opens(panel: SweepsPanel, qtbot: QtBot) -> None:
    finished(panel)
    panel.show_page("Map")
    panel.map.map._move_to((3, 2))
    qtbot.keyClick(panel.map.map, Qt.Key.Key_Right)
    assert RESULT.rows[panel.map.map.row()].values == (11.0, 44.0)
    with qtbot.waitSignal(panel.open_asked):
        qtbot.keyClick(panel.map.map, Qt.Key.Key_Return)


def test_a_third_parameter_is_taken_at_its_best_its_mean_or_as_chosen(panel: SweepsPanel) -> None:
    result = a_sweep(a_spec(4, 5, 3))
    shown = prepared(result.spec, result.rows)
    panel.show_finished(result, shown)
    seen = {}
    for words in ("best of the others", "mean of the others", "others as chosen"):
        panel.map.others.setCurrentText(words)
        panel.map._draw()
        grid = panel.map.map._grid
        assert grid is not None
        seen[words] = float(grid.scores[2, 1])
    x, y = result.spec.axes[0].points[1], result.spec.axes[1].points[2]
    rows = [row for row in result.rows if row.values[:2] == (x, y) and not row.error]
    assert seen["best of the others"] == max(row.sharpe for row in rows)
    assert seen["mean of the others"] == pytest.approx(np.mean([row.sharpe for row in rows]))
    third = shown.lines[shown.best].row.values[2]
    assert seen["others as chosen"] == next(row.sharpe for row in rows if row.values[2] == third)


def test_colours_go_from_poor_over_quiet_to_good_and_stop_at_the_ends() -> None:
    colors = ScoreColors(-1.0, 1.0)
    assert colors.color(-1.0).name() == colors.color(-9.0).name() == theme.color("DOWN").name()
    assert colors.color(9.0).name() == theme.color("UP").name()
    near = colors.color(0.0)
    assert abs(near.red() - theme.color("BG3").red()) < 4
    assert ScoreColors(math.nan, math.nan).high == 1.0


# ---- parallel axes


def test_a_drag_along_an_axis_keeps_the_combinations_in_it(panel: SweepsPanel, qtbot: QtBot) -> None:
    finished(panel)
    panel.show_page("Parallel")
    axes = panel.axes
    x = round(axes._x(2))  # Sharpe
    qtbot.mousePress(axes, Qt.MouseButton.LeftButton, pos=QPoint(x, round(axes._y(1.0))))
    qtbot.mouseMove(axes, QPoint(x, round(axes._y(0.8))))
    qtbot.mouseRelease(axes, Qt.MouseButton.LeftButton, pos=QPoint(x, round(axes._y(0.7))))
    sharpe = SHOWN.table.figures["sharpe"]
    low, high = np.nanmin(sharpe), np.nanmax(sharpe)
    kept = panel.axes.passing_rows()
    assert kept is not None
    np.testing.assert_array_equal(kept, (sharpe - low) / (high - low) >= axes._brushes[2][0] - 1e-9)
    assert 0 < kept.sum() < len(kept)
    assert panel.rows.rows_model.rowCount() == kept.sum()
    assert f"{kept.sum():,} of {len(kept):,} combinations" in labels(panel)
    qtbot.mouseClick(button(panel, "Clear ranges"), Qt.MouseButton.LeftButton)
    assert panel.rows.rows_model.rowCount() == len(RESULT.rows)


def test_ranges_on_several_axes_hold_together() -> None:
    places, low, high = shares(np.array([[1.0, 5.0], [2.0, math.nan], [3.0, 7.0], [2.5, math.inf]]))
    assert low.tolist() == [1.0, 5.0]
    assert high.tolist() == [3.0, 7.0]
    assert passing(places, {0: (0.5, 1.0)}).tolist() == [False, True, True, True]
    assert passing(places, {0: (0.5, 1.0), 1: (0.0, 1.0)}).tolist() == [False, False, True, False]
    assert shares(np.full((3, 1), 4.0))[0].tolist() == [[0.5]] * 3


def test_lines_that_lie_on_one_another_are_one_in_the_best_colour() -> None:
    lines, levels = strands(np.array([0.0, 0.0, 1.0, math.nan]), np.array([1.0, 1.0, 0.0, 0.5]), np.array([3, 9, 5, 1]))
    assert lines.tolist() == [[LEVELS - 1, 0], [0, LEVELS - 1]]
    assert levels.tolist() == [5, 9]


def test_ten_thousand_lines_are_drawn_in_slices_between_which_the_window_is_free(panel: SweepsPanel) -> None:
    columns = np.random.default_rng(1).random((10_000, 7))
    panel.show_page("Parallel")
    axes = panel.axes
    axes.show_rows([f"a{i}" for i in range(7)], [str] * 7, columns, columns[:, 2], ScoreColors(0.0, 1.0))
    assert axes._work is not None
    steps, least = sum(1 for _ in axes._work), 6 * LEVELS * LEVELS // 10 // 300
    assert (
        least < steps < 6 * (LEVELS * LEVELS // 300 + 30)
    )  # parts of 300 lines, of no more lines than there are places for
    axes._go_on()
    assert not axes.busy


# ---- stability and tests


def test_a_plateau_and_a_lonely_peak_are_told_apart() -> None:
    spec = a_spec(5, 5)
    rows = [
        SweepRow(p, sharpe=3.0 if i == 12 else 0.2) for i, p in enumerate(combinations(replace(spec, constraint="")))
    ]
    spec = replace(spec, constraint="")
    shown = prepared(spec, rows)
    assert "a lonely peak" in stability(shown, 12)
    flat = prepared(spec, [replace(row, sharpe=1.0) for row in rows])
    assert "a plateau" in stability(flat, 12)


def test_tests_are_asked_with_what_their_fields_say(panel: SweepsPanel, qtbot: QtBot) -> None:
    shown = finished(panel)
    page = panel.validation
    panel.show_page("Validation")
    best = shown.lines[shown.best].row.values
    page.walk.anchored.setChecked(True)
    wanted = {"PBO": ("overfitting", None), "Walk forward": ("walk_forward", WalkAsked(25.0, 6.25, True)),
              "Cross-validate": ("cross_validation", FoldsAsked(8, None, 1.0)),
              "Monte-Carlo": ("monte_carlo", TradesAsked(best, False, 5000, 1, 0.5))}  # fmt: skip
    for word, (kind, terms) in wanted.items():
        with qtbot.waitSignal(panel.test_asked) as asked:
            button(panel, word).click()
        assert asked.args == ["s1", kind, terms]
        assert not page.walk.button.isEnabled()
        page.show_running(False)
    page.walk.fields["Choose in, %"].setText("many")
    with qtbot.assertNotEmitted(panel.test_asked):
        page.walk.button.click()
    assert "Choose in, % must be a number" in labels(panel)
    with pytest.raises(BadInput):
        page.walk.terms()


def told(
    kind: str, figures: dict[str, float], curves: dict[str, tuple[float, ...]], level: str, sentence: str
) -> Validation:
    return Validation("v", kind, "s1", (), "demo", NOW, 1.0, (), tuple(figures.items()), tuple(curves.items()),  # type: ignore[arg-type]
                      Verdict(level, sentence))  # type: ignore[arg-type]  # fmt: skip


OVERFIT = told("overfitting", dict.fromkeys(
    ("probability", "loss", "slope", "first_order", "second_order", "trials", "independent", "sharpe", "probabilistic", "deflated",
     "deflated_independent", "expected_maximum", "years", "years_needed"), 0.5),
    {"logits": (-1.0, 0.5, 2.0, -0.5), "levels": (0.0, 1.0), "chosen_below": (0.2, 1.0), "any_below": (0.4, 1.0)},
    "bad", "Probably overfitted: PBO 0.71.")  # fmt: skip


def test_an_overfitted_best_is_said_loudly_beside_it(panel: SweepsPanel) -> None:
    finished(panel)
    panel.show_validation(OVERFIT)
    assert "Probably overfitted: PBO 0.71." in panel.strip.text()
    assert UNTESTED not in panel.strip.text()
    ground, _ = theme.CHIPS["rejected"]
    assert ground in panel.strip._verdict.styleSheet()
    assert panel.validation.overfitting._verdict.text() == "Probably overfitted: PBO 0.71."


def test_a_test_of_another_sweep_is_no_news_of_this_one(panel: SweepsPanel) -> None:
    finished(panel)
    panel.show_validation(replace(OVERFIT, sweep="s2"))
    assert UNTESTED in panel.strip.text()


def test_a_test_that_failed_says_why(panel: SweepsPanel) -> None:
    finished(panel)
    panel.show_page("Validation")
    panel.validation.show_running(True, 0.4, "Walk-forward")
    assert button(panel, "Cancel").isVisible()
    panel.validation.show_failure("walk_forward", "The walk cannot be made: choose shorter stretches.")
    panel.validation.show_running(False)
    assert "The walk cannot be made" in labels(panel)


def test_without_a_sweep_the_pages_say_what_to_do(panel: SweepsPanel) -> None:
    panel.show_page("Validation")
    assert "Run a sweep, or choose a kept one" in labels(panel)
    assert not panel.validation._scroll.isVisible()
    assert panel.strip.isHidden()


@pytest.mark.parametrize(("width", "mode"), [(400, "narrow"), (800, "medium"), (1400, "wide")])
def test_pages_stand_where_there_is_room(panel: SweepsPanel, qtbot: QtBot, width: int, mode: str) -> None:
    panel.resize(width, 500)
    assert mode_for(width) == mode
    assert panel._mode == mode
    finished(panel)
    qtbot.waitUntil(lambda: not panel.axes.busy)
    assert panel.width() == width


def test_every_combination_in_view_can_be_exported(panel: SweepsPanel, qtbot: QtBot) -> None:
    finished(panel)
    with qtbot.waitSignal(panel.rows.export_asked) as asked:
        qtbot.mouseClick(button(panel, "Export CSV"), Qt.MouseButton.LeftButton)
    assert asked.args == ["csv"]
    panel.forbid({"export": "Your role lacks it."})
    assert not panel.strip._export.isEnabled()


def test_a_smaller_sweep_follows_a_larger_one_of_which_a_late_row_was_chosen(panel: SweepsPanel) -> None:
    shown = finished(panel)
    panel.choose(len(shown.lines) - 1)
    few = prepared(RESULT.spec, RESULT.rows[:14])
    panel.show_rows(few)
    assert panel.map.map.row() == few.best

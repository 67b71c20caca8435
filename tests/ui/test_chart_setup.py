"""How a chart is set up: styles, scales, hours and clocks, and that all of it is kept."""

from dataclasses import replace
from datetime import datetime
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot

from qv_desktop.domain.market import NEW_YORK, Timeframe, ns
from qv_desktop.ui.chart.axis import price_marks
from qv_desktop.ui.chart.legend import comparison_words, moment, reading
from qv_desktop.ui.chart.look import STYLES, ZONES, Look, Style, look_from, look_words
from qv_desktop.ui.chart.stage import Stage, panes
from qv_desktop.ui.chart.viewport import Scale, fitted
from qv_desktop.ui.panels.chart import ChartPanel
from tests.ui.chart_market import BEGIN, FIVE, walk


@pytest.fixture
def panel(qtbot: QtBot) -> ChartPanel:
    panel = ChartPanel()
    qtbot.addWidget(panel)
    panel.resize(900, 560)
    panel.show()
    qtbot.waitExposed(panel)
    panel.show_history("AAPL", FIVE, walk(800), 229.0)
    return panel


def stage(panel: ChartPanel) -> Stage:
    found = panel.canvas.stage()
    assert found is not None
    return found


def lines(menu: QMenu) -> dict[str, bool]:
    return {action.text().split("\t")[0]: action.isChecked() for action in menu.actions() if action.text()}


prices = st.floats(0.0001, 1e6)


@given(low=prices, ratio=st.floats(1.001, 1000), value=prices, log=st.booleans(), inverted=st.booleans())
def test_prices_and_pixels_are_inverse_on_every_scale(
    low: float, ratio: float, value: float, log: bool, inverted: bool
) -> None:
    scale = Scale(10, 410, low, low * ratio, log, inverted)
    inside = min(max(value, low), low * ratio)
    assert scale.value(scale.y(inside)) == pytest.approx(inside, rel=1e-6)
    assert float(scale.ys(np.array([inside]))[0]) == pytest.approx(scale.y(inside))
    assert (scale.y(low) > scale.y(low * ratio)) is not inverted


def test_equal_ratios_take_equal_room_on_a_log_scale() -> None:
    scale = fitted(1, 1000, 0, 400, log=True)
    rooms = [scale.y(a) - scale.y(b) for a, b in pairwise([1.0, 10.0, 100.0, 1000.0])]
    assert rooms == pytest.approx([rooms[0]] * 3)


def test_a_log_scale_of_what_is_not_above_zero_is_a_plain_one() -> None:
    assert not fitted(-1, 5, 0, 400, log=True).log


@pytest.mark.parametrize("log", [False, True])
def test_a_shift_and_a_stretch_keep_pixels_apart_as_they_were(log: bool) -> None:
    scale = fitted(50, 200, 0, 400, log=log)
    moved = scale.shifted(30)
    assert moved.y(scale.value(100)) == pytest.approx(130)
    wide = scale.stretched(2)
    assert wide.y(scale.value(200)) == pytest.approx(200)
    assert wide.y(scale.value(100)) == pytest.approx(150)


def test_a_log_axis_marks_round_prices_that_keep_their_distance() -> None:
    marks = price_marks(fitted(0.5, 900, 0, 400, log=True), 2)
    assert "100.00" in [mark.text for mark in marks]
    assert all(abs(b.at - a.at) >= 20 for a, b in pairwise(marks))


def test_a_percent_axis_is_zero_at_its_base() -> None:
    scale = fitted(90, 120, 0, 400)
    marks = {mark.text: mark.at for mark in price_marks(scale, 2, 100.0)}
    assert marks["0%"] == pytest.approx(scale.y(100))
    assert marks["+10%"] == pytest.approx(scale.y(110))


@pytest.mark.parametrize("style", list(STYLES))
def test_every_style_paints_other_pixels_than_candles(panel: ChartPanel, style: Style) -> None:
    before = panel.canvas.grab().toImage()
    panel.choose_style(style)
    assert (panel.canvas.grab().toImage() == before) is (style == "candles")
    assert panel.bar.findChildren(type(panel.bar.draw))[0] is not None
    assert panel.setup()["look"]["style"] == style  # type: ignore[index]


@pytest.mark.parametrize(
    ("key", "field"), [(Qt.Key.Key_L, "log"), (Qt.Key.Key_P, "percent"), (Qt.Key.Key_I, "inverted")]
)
def test_alt_keys_turn_the_scale(panel: ChartPanel, qtbot: QtBot, key: Qt.Key, field: str) -> None:
    qtbot.keyClick(panel.canvas, key, Qt.KeyboardModifier.AltModifier)
    assert getattr(panel.canvas.look, field)
    assert stage(panel).scale.inverted is (field == "inverted")
    assert (stage(panel).base is not None) is (field == "percent")
    qtbot.keyClick(panel.canvas, key, Qt.KeyboardModifier.AltModifier)
    assert panel.canvas.look == Look()


def test_regular_hours_leave_out_what_lies_before_and_after(panel: ChartPanel) -> None:
    bars = walk(12 * 24, begin=datetime(2025, 11, 18, 0, 0, tzinfo=NEW_YORK))
    panel.show_history("AAPL", FIVE, bars, 229.0)
    panel.dress(Look(extended=False))
    series = stage(panel).series
    assert len(series) == 6.5 * 12
    assert {int(second) % 86_400 // 3600 for second in series.local(0, len(series))} == set(range(9, 16))
    assert stage(panel).real.live == bars[-1]  # the last price is the last price
    after = replace(bars[-1], start=bars[-1].start + 300 * 10**9)
    panel.show_bar(after)
    assert len(stage(panel).series) == 6.5 * 12
    morning = replace(bars[-1], start=ns(datetime(2025, 11, 19, 9, 30, tzinfo=NEW_YORK)))
    panel.show_bar(morning)
    assert stage(panel).series.live == morning


def test_a_chart_without_regular_hours_says_so(panel: ChartPanel) -> None:
    panel.show_history("AAPL", FIVE, walk(40, begin=datetime(2025, 11, 18, 17, 0, tzinfo=NEW_YORK)), 229.0)
    panel.dress(Look(extended=False))
    assert len(stage(panel).series) == 40
    assert "no regular hours here" in panel.bar.hint.text()


def test_another_clock_writes_other_times_and_leaves_the_days_to_new_york(panel: ChartPanel) -> None:
    assert moment(stage(panel), 0) == "Tue 18 Nov 09:30"
    panel.dress(Look(zone="Europe/Berlin"))
    assert moment(stage(panel), 0) == "Tue 18 Nov 15:30"
    assert stage(panel).look.clock_name == "Berlin"
    panel.show_bar(replace(walk(801)[-1], symbol="AAPL"))
    assert moment(stage(panel), 800).endswith(f"{(BEGIN.hour * 60 + 30 + 4000 + 360) % 1440 // 60:02d}:10")


def test_the_setup_is_kept_and_nonsense_in_it_changes_nothing(panel: ChartPanel, qtbot: QtBot) -> None:
    panel.dress(Look("hollow", log=True, zone="Asia/Tokyo"))
    panel.studying.add("bollinger")
    kept = panel.setup()
    other = ChartPanel("chart-2")
    qtbot.addWidget(other)
    other.apply_setup(kept)
    assert other.setup() == kept
    other.apply_setup(
        {
            "look": {"style": "pie", "zone": "Mars", "log": "yes"},
            "studies": [{"kind": "crystal ball"}, 7],
            "adjustment": 3,
        }
    )
    assert other.canvas.look == Look()
    assert other.studying.studies == []


@given(st.builds(Look, style=st.sampled_from(list(STYLES)), log=st.booleans(), percent=st.booleans(), inverted=st.booleans(),
                 extended=st.booleans(), volume=st.booleans(), countdown=st.booleans(), zone=st.sampled_from(list(ZONES))))  # fmt: skip
def test_a_look_survives_being_written_down(look: Look) -> None:
    assert look_from(look_words(look)) == look


def test_the_menu_shows_what_is_on(panel: ChartPanel) -> None:
    panel.dress(Look(log=True, extended=False))
    found = lines(panel.more_menu())
    assert found["Logarithmic scale"]
    assert not found["Percent scale"]
    assert not found["Extended hours"]


def test_going_to_a_date_shows_it_and_nonsense_is_told_in_a_sentence(panel: ChartPanel, qtbot: QtBot) -> None:
    qtbot.keyClick(panel.canvas, Qt.Key.Key_G, Qt.KeyboardModifier.AltModifier)
    qtbot.keyClicks(panel.prompt.field, "tomorrow")
    qtbot.keyClick(panel.prompt.field, Qt.Key.Key_Return)
    assert panel.prompt.isVisible()
    assert "type it as 2026-11-20" in panel.prompt.said
    panel.prompt.field.setText("2025-11-19 10:00")
    qtbot.keyClick(panel.prompt.field, Qt.Key.Key_Return)
    assert not panel.prompt.isVisible()
    view, series = stage(panel).view, stage(panel).series
    middle = series.starts[round(view.index(view.width / 2))]
    assert abs(int(middle) - ns(datetime(2025, 11, 19, 10, 0, tzinfo=NEW_YORK))) <= 600 * 10**9


def test_before_the_first_bar_it_says_how_to_go_further(panel: ChartPanel, qtbot: QtBot) -> None:
    panel.do("goto")
    panel.prompt.field.setText("2001-01-01")
    qtbot.keyClick(panel.prompt.field, Qt.Key.Key_Return)
    assert "does not reach back so far" in panel.prompt.said


def test_compared_symbols_begin_level_and_are_read_in_percent(panel: ChartPanel) -> None:
    double = [replace(bar, symbol="MSFT", close=bar.close * 2) for bar in walk(800)]
    panel.show_compare("MSFT", double)
    now = stage(panel)
    first, last = now.view.window(800)
    other = now.comparisons[0]
    own = (now.series.bar(last - 1).close / now.series.bar(first).close - 1) * 100
    assert (
        comparison_words(now, other, last - 1)[1][1] == f"{'+' if own > 0 else '−' if own < 0 else ''}{abs(own):.2f}%"
    )
    assert now.base == now.series.bar(first).close
    panel.show_compare("MSFT", ())
    assert stage(panel).base is None


def test_a_symbol_without_bars_yet_and_one_that_begins_later_are_unknown_not_zero(panel: ChartPanel) -> None:
    panel.show_compare("NEW", [replace(bar, symbol="NEW") for bar in walk(800)[790:]])
    assert comparison_words(stage(panel), stage(panel).comparisons[0], 100)[1][1] == "—"


def test_comparing_asks_for_another_symbol(panel: ChartPanel, qtbot: QtBot) -> None:
    panel.do("compare")
    panel.prompt.field.setText("aapl")
    qtbot.keyClick(panel.prompt.field, Qt.Key.Key_Return)
    assert "another symbol" in panel.prompt.said
    panel.prompt.field.setText("msft")
    with qtbot.waitSignal(panel.compare_asked) as asked:
        qtbot.keyClick(panel.prompt.field, Qt.Key.Key_Return)
    assert asked.args == ["MSFT"]


def test_the_crosshair_of_a_linked_chart_is_shown_at_its_bar(panel: ChartPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.pointed) as told:
        panel.canvas.point(QPointF(300, 100))
    before = panel.canvas.grab().toImage()
    panel.canvas.point(None)
    panel.show_pointer(told.args[0])
    assert panel.canvas.linked == stage(panel).series.index_at(told.args[0])
    assert panel.canvas.grab().toImage() != before
    panel.show_pointer(None)
    assert panel.canvas.linked is None


def test_shift_and_arrows_read_bar_by_bar_without_a_mouse(panel: ChartPanel, qtbot: QtBot) -> None:
    panel.canvas.setFocus()
    for _ in range(3):
        qtbot.keyClick(panel.canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert panel.canvas.pointed_bar() == int(stage(panel).series.starts[797])
    assert reading(stage(panel), 797)[1][1] in panel.canvas.accessibleDescription()


def test_a_comma_begins_a_timeframe_and_slash_opens_the_indicators(panel: ChartPanel, qtbot: QtBot) -> None:
    qtbot.keyClicks(panel.canvas, ",")
    assert panel.canvas.typed.isVisible()
    with qtbot.waitSignal(panel.timeframe_chosen) as asked:
        qtbot.keyClicks(panel.canvas, "3h")
        qtbot.keyClick(panel.canvas, Qt.Key.Key_Return)
    assert asked.args == ["3h"]


def test_panes_always_leave_the_prices_their_room() -> None:
    many = panes(900, 560, 60, (0.0,) * 8)
    assert many.floor >= 180
    assert many.lower[-1][1] == many.bottom
    assert all(a[1] == b[0] for a, b in pairwise(many.lower))
    assert panes(900, 150, 60, (0.0,)).lower == ((126, 126),)


def test_a_border_is_dragged_and_a_double_click_gives_one_pane_all_the_room(panel: ChartPanel, qtbot: QtBot) -> None:
    floor = stage(panel).panes.floor
    qtbot.mousePress(panel.canvas, Qt.MouseButton.LeftButton, pos=QPoint(300, floor))
    qtbot.mouseMove(panel.canvas, QPoint(300, floor - 80))
    qtbot.mouseRelease(panel.canvas, Qt.MouseButton.LeftButton, pos=QPoint(300, floor - 80))
    assert stage(panel).panes.floor == pytest.approx(floor - 80, abs=2)
    qtbot.mouseDClick(panel.canvas, Qt.MouseButton.LeftButton, pos=QPoint(300, 150))
    assert stage(panel).panes.floor == stage(panel).panes.bottom
    qtbot.mouseDClick(panel.canvas, Qt.MouseButton.LeftButton, pos=QPoint(300, 150))
    assert stage(panel).panes.floor == pytest.approx(floor - 80, abs=2)


def test_a_snapshot_is_the_whole_chart(panel: ChartPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.snapshot_taken) as taken:
        qtbot.keyClick(panel.canvas, Qt.Key.Key_S, Qt.KeyboardModifier.AltModifier)
    assert taken.args[0].size() == panel.canvas.size() * panel.canvas.devicePixelRatioF()


def test_days_have_no_hours_to_leave_out(panel: ChartPanel) -> None:
    panel.show_history("AAPL", Timeframe(1, "D"), walk(300, Timeframe(1, "D")), None)
    panel.dress(Look(extended=False))
    assert len(stage(panel).series) == 300
    action = next(a for a in panel.more_menu().actions() if a.text() == "Extended hours")
    assert not action.isEnabled()
    assert "no hours" in action.toolTip()


def test_any_zone_of_the_database_can_be_chosen_and_no_other(panel: ChartPanel, qtbot: QtBot) -> None:
    panel._ask_zone()
    for wrong in ("Mars/Olympus", "", "../etc/passwd"):
        panel.prompt.field.setText(wrong)
        qtbot.keyClick(panel.prompt.field, Qt.Key.Key_Return)
        assert "There is no time zone" in panel.prompt.said
    panel.prompt.field.setText("Australia/Adelaide")
    qtbot.keyClick(panel.prompt.field, Qt.Key.Key_Return)
    assert stage(panel).look.clock_name == "Adelaide"
    assert moment(stage(panel), 0) == "Wed 19 Nov 01:00"
    assert look_from(look_words(panel.canvas.look)).zone == "Australia/Adelaide"

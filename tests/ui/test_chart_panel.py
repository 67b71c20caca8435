"""The chart as a person uses it: what it says, what it asks for, and that it never moves what is being read."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from qv_desktop.domain.market import NEW_YORK, SECOND, Bar, Snapshot, Timeframe, ns, utc
from qv_desktop.domain.orders import Fill, Order, OrderRequest, OrderStatus, OrderType, Side
from qv_desktop.domain.positions import Position
from qv_desktop.domain.sessions import MarketSession
from qv_desktop.ui import theme
from qv_desktop.ui.chart.camera import Camera
from qv_desktop.ui.chart.legend import bar_at, reading, study_words
from qv_desktop.ui.chart.live import countdown
from qv_desktop.ui.chart.order_lines import order_levels, position_level
from qv_desktop.ui.chart.series import Series
from qv_desktop.ui.chart.session_shading import hours
from qv_desktop.ui.chart.stage import Stage
from qv_desktop.ui.chart.times import local_seconds
from qv_desktop.ui.panels.chart import ChartPanel
from tests.ui.chart_market import BEGIN, FIVE, walk

HALF_DAY = MarketSession(
    date(2026, 11, 27), *(datetime(2026, 11, 27, *at, tzinfo=UTC) for at in ((9,), (14, 30), (18,), (22,)))
)


@pytest.fixture
def panel(qtbot: QtBot) -> ChartPanel:
    panel = ChartPanel()
    qtbot.addWidget(panel)
    panel.resize(900, 520)
    panel.show()
    qtbot.waitExposed(panel)
    return panel


def shown(panel: ChartPanel, count: int = 800) -> list[Bar]:
    bars = walk(count)
    panel.show_history("AAPL", FIVE, bars, 229.0)
    return bars


def stage(panel: ChartPanel) -> Stage:
    found = panel.canvas.stage()
    assert found is not None
    return found


def camera(panel: ChartPanel) -> Camera:
    assert panel.canvas.camera is not None
    return panel.canvas.camera


def follower(bar: Bar, price: float) -> Bar:
    return Bar(bar.symbol, bar.start + 300 * SECOND, price, price, price, price, 10.0)


def order(side: Side, kind: OrderType, **prices: Decimal) -> Order:
    request = OrderRequest("c1", "AAPL", side, Decimal(100), kind, **prices)
    return Order(request, "demo", "paper", BEGIN.astimezone(UTC), OrderStatus.WORKING)


def test_before_a_symbol_is_chosen_it_says_how_to_choose_one(panel: ChartPanel) -> None:
    assert "Choose a symbol" in panel.text()


def test_no_bars_are_said_in_words(panel: ChartPanel) -> None:
    panel.show_history("ZZZ", FIVE, [], None)
    assert "No bars of ZZZ at 5m" in panel.text()


def test_the_first_live_bar_of_an_empty_symbol_starts_its_chart(panel: ChartPanel) -> None:
    panel.show_history("AAPL", FIVE, [], None)
    panel.show_bar(walk(1)[0])
    assert len(stage(panel).series) == 1


def test_its_title_names_symbol_and_timeframe(panel: ChartPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.title_changed) as said:
        shown(panel)
    assert said.args == ["AAPL · 5m"]


def test_a_timeframe_button_asks_and_history_marks_the_one_that_is_shown(panel: ChartPanel, qtbot: QtBot) -> None:
    button = next(b for b in panel.findChildren(QPushButton) if b.text() == "1h")
    with qtbot.waitSignal(panel.timeframe_chosen) as asked:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert asked.args == ["1h"]
    shown(panel)
    assert [b.text() for b in panel.findChildren(QPushButton) if b.isCheckable() and b.isChecked()] == ["5m"]


def test_digits_and_enter_ask_for_a_timeframe_and_a_letter_for_a_symbol(panel: ChartPanel, qtbot: QtBot) -> None:
    shown(panel)
    with qtbot.waitSignal(panel.timeframe_chosen) as asked:
        qtbot.keyClicks(panel.canvas, "15")
        qtbot.keyClick(panel.canvas, Qt.Key.Key_Return)
    assert asked.args == ["15m"]
    with qtbot.waitSignal(panel.symbol_asked) as asked:
        qtbot.keyClicks(panel.canvas, "t")
    assert asked.args == ["T"]


def test_a_letter_after_digits_is_a_unit_and_no_symbol(panel: ChartPanel, qtbot: QtBot) -> None:
    shown(panel)
    with qtbot.assertNotEmitted(panel.symbol_asked), qtbot.waitSignal(panel.timeframe_chosen) as asked:
        qtbot.keyClicks(panel.canvas, "1D")
        qtbot.keyClick(panel.canvas, Qt.Key.Key_Return)
    assert asked.args == ["1D"]


def test_a_tick_moves_the_last_price_and_only_the_tail_is_repainted(panel: ChartPanel, qtbot: QtBot) -> None:
    bars = shown(panel)
    panel.grab()
    still = panel.canvas._still
    panel.show_bar(replace(bars[-1], close=bars[-1].close + 0.01, high=bars[-1].high + 0.01))
    panel.grab()
    assert still is not None
    assert panel.canvas._still is still
    assert stage(panel).series.live.close == bars[-1].close + 0.01


def test_a_price_that_leaves_the_range_rescales_it(panel: ChartPanel) -> None:
    bars = shown(panel)
    before = stage(panel).scale
    far = before.high + 5
    panel.show_bar(replace(bars[-1], close=far, high=far))
    assert stage(panel).scale.holds(far)


def test_an_older_bar_and_another_symbols_bar_change_nothing(panel: ChartPanel) -> None:
    bars = shown(panel)
    panel.show_bar(bars[-2])
    panel.show_bar(replace(bars[-1], symbol="MSFT", close=1.0))
    assert stage(panel).series.live == bars[-1]


def test_a_new_bar_is_followed_while_the_newest_is_in_view(panel: ChartPanel) -> None:
    bars = shown(panel)
    right = camera(panel).view.right
    panel.show_bar(follower(bars[-1], 230.0))
    assert camera(panel).view.right == right + 1
    assert not panel.canvas.live_chip.isVisible()


def test_what_a_person_reads_never_moves_and_a_chip_leads_back(panel: ChartPanel, qtbot: QtBot) -> None:
    bars = shown(panel)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Home)
    view, scale = camera(panel).view, camera(panel).scale
    panel.show_bar(follower(bars[-1], 400.0))
    assert (camera(panel).view, camera(panel).scale) == (view, scale)
    assert panel.canvas.live_chip.isVisible()
    qtbot.mouseClick(panel.canvas.live_chip, Qt.MouseButton.LeftButton)
    assert camera(panel).following
    assert not panel.canvas.live_chip.isVisible()


def test_more_history_before_what_is_read_keeps_it_in_place(panel: ChartPanel, qtbot: QtBot) -> None:
    bars = walk(900)
    panel.show_history("AAPL", FIVE, bars[300:], 229.0)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    series, view = stage(panel).series, camera(panel).view
    start = series.starts[round(view.index(400))]
    panel.show_history("AAPL", FIVE, bars, 229.0)
    assert stage(panel).series.starts[round(camera(panel).view.index(400))] == start


def test_a_reload_of_the_same_bars_comes_back_to_what_was_read(panel: ChartPanel, qtbot: QtBot) -> None:
    shown(panel)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Home)
    view = camera(panel).view
    panel.show_message("Loading AAPL 5m…")
    shown(panel)
    assert camera(panel).view == view


def test_a_live_bar_does_not_end_the_loading_of_history(panel: ChartPanel) -> None:
    bars = shown(panel)
    panel.show_message("Loading AAPL 1h…")
    panel.show_bar(bars[-1])
    assert panel.canvas.series is None
    assert panel.text() == "Loading AAPL 1h…"


def test_another_symbol_opens_at_its_newest_bar(panel: ChartPanel, qtbot: QtBot) -> None:
    shown(panel)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Home)
    panel.show_history("MSFT", FIVE, walk(500, symbol="MSFT"), None)
    assert camera(panel).following


@pytest.mark.parametrize(("key", "bars"), [(Qt.Key.Key_Left, -1), (Qt.Key.Key_Right, 1)])
def test_an_arrow_key_pans_by_one_bar(panel: ChartPanel, qtbot: QtBot, key: Qt.Key, bars: int) -> None:
    shown(panel)
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    right = camera(panel).view.right
    qtbot.keyClick(panel.canvas, key)
    assert camera(panel).view.right == right + bars


def test_control_up_zooms_in_and_alt_r_resets(panel: ChartPanel, qtbot: QtBot) -> None:
    shown(panel)
    opening = camera(panel).view
    qtbot.keyClick(panel.canvas, Qt.Key.Key_Up, Qt.KeyboardModifier.ControlModifier)
    assert camera(panel).view.spacing > opening.spacing
    qtbot.keyClick(panel.canvas, Qt.Key.Key_R, Qt.KeyboardModifier.AltModifier)
    assert camera(panel).view == opening


def test_dragging_the_plot_pans(panel: ChartPanel, qtbot: QtBot) -> None:
    shown(panel)
    before = camera(panel).view
    qtbot.mousePress(panel.canvas, Qt.MouseButton.LeftButton, pos=QPoint(300, 200))
    QTest.mouseMove(panel.canvas, QPoint(420, 200))
    qtbot.mouseRelease(panel.canvas, Qt.MouseButton.LeftButton, pos=QPoint(420, 200))
    assert camera(panel).view.right == pytest.approx(before.right - 120 / before.spacing)


def test_dragging_the_price_axis_scales_and_a_double_click_fits_again(panel: ChartPanel, qtbot: QtBot) -> None:
    shown(panel)
    before = camera(panel).scale
    axis = QPoint(panel.canvas.width() - 10, 100)
    qtbot.mousePress(panel.canvas, Qt.MouseButton.LeftButton, pos=axis)
    QTest.mouseMove(panel.canvas, axis + QPoint(0, 80))
    qtbot.mouseRelease(panel.canvas, Qt.MouseButton.LeftButton, pos=axis + QPoint(0, 80))
    assert camera(panel).scale.high - camera(panel).scale.low > (before.high - before.low) * 1.2
    assert panel.canvas.auto_chip.isVisible()
    qtbot.mouseDClick(panel.canvas, Qt.MouseButton.LeftButton, pos=axis)
    assert camera(panel).scale == before
    assert not panel.canvas.auto_chip.isVisible()


def test_the_crosshair_reads_out_the_bar_under_the_pointer(panel: ChartPanel) -> None:
    bars = shown(panel)
    now = stage(panel)
    index = bar_at(now, QPointF(now.view.x(700) + 1, 100))
    bar, before = bars[700], bars[699]
    words = " ".join(text for _, text in reading(now, index))
    assert f"O {bar.open:.2f}" in words
    assert f"H {bar.high:.2f} L {bar.low:.2f} C {bar.close:.2f}" in words
    change = bar.close - before.close
    assert f"{abs(change):.2f} ({'+' if change > 0 else '−'}" in words
    assert utc(bar.start).astimezone(BEGIN.tzinfo).strftime("%H:%M") in words


def overlay_words(panel: ChartPanel, index: int) -> list[list[str]]:
    now = stage(panel)
    return [[text for _, text in study_words(now, study, index)] for study in now.overlays]


def test_the_legend_names_both_averages_and_their_colours(panel: ChartPanel) -> None:
    shown(panel)
    now = stage(panel)
    assert overlay_words(panel, 700) == [["EMA 9", f"{now.overlays[0].values[0][700]:.2f}"],
                                         ["EMA 30", f"{now.overlays[1].values[0][700]:.2f}"]]  # fmt: skip
    assert now.overlays[0].tokens != now.overlays[1].tokens


def test_too_few_bars_leave_the_averages_unknown(panel: ChartPanel) -> None:
    shown(panel, 5)
    assert overlay_words(panel, 4) == [["EMA 9", "—"], ["EMA 30", "—"]]


def test_studies_grown_tick_by_tick_equal_those_of_the_whole_history(panel: ChartPanel) -> None:
    bars = walk(200)
    panel.show_history("AAPL", FIVE, bars[:20], None)
    for bar in bars[20:]:
        panel.show_bar(replace(bar, close=bar.open))
        panel.show_bar(bar)
    ours, strength = overlay_words(panel, 150), stage(panel).lower[0].study
    value = float(strength.values[0][150])
    panel.show_history("MSFT", FIVE, [replace(bar, symbol="MSFT") for bar in bars], None)
    assert ours == overlay_words(panel, 150)
    assert value == pytest.approx(float(strength.values[0][150]))


def test_an_indicator_is_switched_off_in_its_menu(panel: ChartPanel) -> None:
    shown(panel)
    floor = stage(panel).panes.floor
    action = next(a for a in panel.indicator_menu().actions() if a.text() == "RSI 14")
    action.trigger()
    assert stage(panel).lower == ()
    assert stage(panel).panes.floor > floor


def test_the_countdown_runs_to_the_end_of_the_live_bar(panel: ChartPanel) -> None:
    bars = shown(panel)
    panel.show_snapshot(Snapshot("AAPL", 230.0, bars[-1].start + 137 * SECOND, 229.5))
    held = panel.canvas.holdings
    assert held.previous_close == 229.5
    assert held.now is not None
    assert countdown(stage(panel).series.seconds_left(held.now)) == "02:43"
    panel.show_now(utc(bars[-1].start) + timedelta(seconds=290))
    assert countdown(stage(panel).series.seconds_left(held.now)) == "00:10"


def test_days_have_no_countdown() -> None:
    assert countdown(None) == ""
    assert countdown(3723.2) == "1:02:04"


def test_a_halt_is_said(panel: ChartPanel) -> None:
    shown(panel)
    panel.show_snapshot(Snapshot("AAPL", halted=True))
    assert panel.bar.hint.text() == "Trading halted"


def test_open_orders_of_the_symbol_become_lines_and_a_stop_differs_by_more_than_colour() -> None:
    limit = order(Side.BUY, OrderType.LIMIT, limit=Decimal("229.10"))
    stop = order(Side.SELL, OrderType.STOP, stop=Decimal("228.20"))
    done = replace(limit, status=OrderStatus.CANCELED)
    levels = order_levels([limit, stop, done], "AAPL")
    assert [(level.price, level.text) for level in levels] == [(229.1, "BUY 100 limit"), (228.2, "SELL 100 stop")]
    assert levels[0].dash != levels[1].dash
    assert order_levels([limit], "MSFT") == []


def test_a_position_shows_its_average_and_profit_and_a_flat_one_shows_nothing() -> None:
    held = position_level(Position("AAPL", Decimal(200), Decimal("229.00")), "AAPL", 230.44)
    assert held is not None
    assert (held.price, held.text) == (229.0, "AVG 200 · +288.00")
    assert position_level(Position("AAPL"), "AAPL", 230.0) is None
    assert position_level(None, "AAPL", 230.0) is None


def pixels(image: QImage, token: str) -> int:
    ink = theme.color(token).rgb()
    return sum(image.pixel(x, y) == ink for x in range(0, image.width(), 2) for y in range(0, image.height(), 2))


def test_orders_position_fills_and_a_gap_are_painted(panel: ChartPanel) -> None:
    bars = shown(panel)
    bare = panel.canvas.grab().toImage()
    panel.show_orders([order(Side.BUY, OrderType.LIMIT, limit=Decimal(str(bars[-1].close)))])
    lined = panel.canvas.grab().toImage()
    assert pixels(lined, "BUY") > pixels(bare, "BUY") + 100
    panel.show_fills([Fill("e", "c", "AAPL", Side.BUY, Decimal(1), Decimal(230), utc(bars[-30].start + SECOND))])
    filled = panel.canvas.grab().toImage()
    assert filled != lined
    panel.show_position(Position("AAPL", Decimal(5), Decimal(str(bars[-1].low))))
    held = panel.canvas.grab().toImage()
    assert held != filled
    gap = utc(bars[-40].start)
    panel.show_gaps([(gap, gap + timedelta(seconds=41))])
    assert panel.canvas.grab().toImage() != held
    assert stage(panel).holes[0].text == "feed gap 41 s"


def test_nights_and_weekends_take_no_width(panel: ChartPanel) -> None:
    friday = walk(20, begin=datetime(2025, 11, 21, 14, 20, tzinfo=BEGIN.tzinfo))
    monday = walk(20, begin=datetime(2025, 11, 24, 9, 30, tzinfo=BEGIN.tzinfo))
    panel.show_history("AAPL", FIVE, friday + monday, None)
    now = stage(panel)
    assert now.view.x(20) - now.view.x(19) == pytest.approx(now.view.spacing)
    assert now.series.index_at(ns(datetime(2025, 11, 23, tzinfo=UTC))) == 19


def test_it_works_at_three_hundred_pixels(panel: ChartPanel, qtbot: QtBot) -> None:
    shown(panel)
    panel.resize(300, 240)
    qtbot.wait(10)
    assert panel.width() == 300
    assert camera(panel).view.width == panel.canvas.width() - camera(panel).panes.axis


def test_a_week_of_days_says_what_it_holds_to_a_screen_reader(panel: ChartPanel) -> None:
    bars = walk(300, Timeframe(1, "D"), datetime(2024, 1, 2, tzinfo=BEGIN.tzinfo))
    panel.show_history("AAPL", Timeframe(1, "D"), bars, 229.0)
    assert panel.text().startswith(f"AAPL 1D, O {bars[-1].open:.2f}")
    assert "since the previous close; EMA 9 " in panel.text()
    assert "bars in view from" in panel.text()
    assert panel.canvas.accessibleDescription() == panel.text()


def test_an_auction_does_not_dwarf_the_rest_of_the_volume() -> None:
    bars = [replace(bar, volume=1_000.0 + place) for place, bar in enumerate(walk(200))]
    tame = Series("AAPL", FIVE, bars)
    assert tame.most_volume(0, 200, 1) == 1_199
    bars[30] = replace(bars[30], volume=250_000.0)
    assert 1_100 < Series("AAPL", FIVE, bars).most_volume(0, 200, 1) < 1_200
    assert Series("AAPL", FIVE, bars[30:31]).most_volume(0, 1, 1) == 250_000


def test_a_half_day_is_shaded_from_its_own_close_and_unknown_days_from_four() -> None:
    known = hours([HALF_DAY])
    begin = [datetime(2026, 11, at, hour, minute, tzinfo=NEW_YORK) for at, hour, minute in
             ((25, 12, 59), (25, 13, 0), (25, 16, 0), (27, 9, 29), (27, 9, 30), (27, 12, 59), (27, 13, 0))]  # fmt: skip
    local = local_seconds(np.array([ns(moment) for moment in begin], dtype=np.int64))
    assert known.outside(local).tolist() == [False, False, True, True, False, False, True]
    assert hours(()).outside(local).tolist() == [False, False, True, True, False, False, False]


def test_the_shading_follows_the_calendar(panel: ChartPanel) -> None:
    bars = walk(120, begin=datetime(2026, 11, 27, 9, 30, tzinfo=BEGIN.tzinfo))
    panel.show_history("AAPL", FIVE, bars, None)
    before = panel.canvas.grab().toImage()
    panel.show_sessions([HALF_DAY])
    assert panel.canvas.grab().toImage() != before

"""What charts once got wrong in a person's hands: zoom lost, scales dragged to nowhere, opening bars and comparisons that went."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from pytestqt.qtbot import QtBot

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import Bar, Timeframe, ns, timeframe
from qv_desktop.ui import format
from qv_desktop.ui.chart.axis import price_marks
from qv_desktop.ui.chart.look import Look
from qv_desktop.ui.chart.viewport import fitted
from qv_desktop.ui.panels.chart import ChartPanel

MINUTE, HOUR = Timeframe(1, "m"), Timeframe(1, "h")
OPENING = datetime(2026, 11, 24, 9, tzinfo=UTC)  # 04:00 in New York


def _bars(count: int, seconds: int = 60) -> list[Bar]:
    begun = ns(OPENING)
    return [
        Bar("SPY", begun + i * seconds * 1_000_000_000, 100 + i % 7, 101 + i % 7, 99 + i % 7, 100.5 + i % 7, 10)
        for i in range(count)
    ]


@pytest.fixture
def panel(qtbot: QtBot) -> ChartPanel:
    made = ChartPanel()
    qtbot.addWidget(made)
    made.resize(900, 500)
    return made


def test_the_same_bars_again_leave_zoom_and_a_hand_made_scale(panel: ChartPanel) -> None:
    panel.show_history("SPY", MINUTE, _bars(600), None)
    camera = panel.canvas.camera
    assert camera is not None
    assert camera.following
    camera.explore(replace(camera.view, spacing=18.0))
    camera.auto, camera.scale = False, camera.scale.stretched(3.0)
    panel.show_history("SPY", MINUTE, _bars(601), None)
    again = panel.canvas.camera
    assert again is not None
    assert again is not camera
    assert (again.view.spacing, again.auto, again.scale.low) == (18.0, False, camera.scale.low)
    assert again.view.right == camera.view.right + 1


def test_a_scale_dragged_without_end_can_still_be_written() -> None:
    for log in (False, True):
        scale = fitted(95, 105, 46, 400, log=log)
        for _ in range(60):
            scale = scale.stretched(50.0)
        assert scale.low < 95
        assert scale.high > 105
        assert price_marks(scale, 2, 100.0)
        assert price_marks(scale, 2)
    assert format.signed(1e300).startswith("+1")


def test_the_bar_that_holds_the_open_is_a_regular_one(panel: ChartPanel) -> None:
    panel.show_history("SPY", HOUR, _bars(16, 3600), None)
    panel.dress(replace(Look(), extended=False))
    series = panel.canvas.series
    assert series is not None
    hours = series.local(0, len(series)) % 86_400 // 3600
    assert hours.tolist() == [9, 10, 11, 12, 13, 14, 15]


def test_regular_hours_appear_as_soon_as_they_begin(panel: ChartPanel) -> None:
    panel.dress(replace(Look(), extended=False))
    bars = _bars(332)  # 04:00 to 09:31
    panel.show_history("SPY", MINUTE, bars[:330], None)
    assert panel.canvas.series is not None
    assert len(panel.canvas.series) == 330
    panel.show_bar(bars[330])
    assert len(panel.canvas.series) == 1
    assert list(panel.in_hours(bars)) == bars[330:]


def test_a_layout_takes_away_comparisons_that_it_has_not(panel: ChartPanel, qtbot: QtBot) -> None:
    panel.show_history("SPY", MINUTE, _bars(60), None)
    panel.show_compare("QQQ", _bars(60))
    setup = panel.setup()
    panel.show_history("SPY", Timeframe(5, "m"), _bars(60, 300), None)
    assert setup["compare"] == panel.setup()["compare"] == ["QQQ"]
    with qtbot.assertNotEmitted(panel.setup_changed):
        panel.show_compare("QQQ", _bars(60))
    with qtbot.waitSignal(panel.compare_removed) as removed:
        panel.apply_setup({**setup, "compare": []})
    assert removed.args == ["QQQ"]
    assert panel.setup()["compare"] == []


def test_older_bars_are_asked_for_again_after_another_timeframe(panel: ChartPanel) -> None:
    asked: list[None] = []
    panel.older_asked.connect(lambda: asked.append(None))
    for times in (1, 2):
        panel.show_message("Loading…")
        panel.show_history("SPY", MINUTE, _bars(600), None)
        camera = panel.canvas.camera
        assert camera is not None
        camera.explore(replace(camera.view, right=50.0))
        panel.canvas.redraw()
        assert len(asked) == times


@pytest.mark.parametrize(("text", "frame"), [("3H", Timeframe(3, "h")), ("30S", Timeframe(30, "s"))])
def test_capital_units_mean_the_same(text: str, frame: Timeframe) -> None:
    assert timeframe(text) == frame
    with pytest.raises(BadInput):
        timeframe(f"{text}X")

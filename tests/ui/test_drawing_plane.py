"""Moments between bars, in gaps, in the past and in the future have one place on the chart, and every place one moment."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QApplication

from qv_desktop.domain.drawings import EARLIEST, LATEST, Anchor, Kind, drawn
from qv_desktop.domain.market import NEW_YORK, SECOND, Bar, Timeframe, ns
from qv_desktop.ui.chart.drawing.plane import StagePlane
from qv_desktop.ui.chart.drawing.shapes import shape
from qv_desktop.ui.chart.look import Look
from qv_desktop.ui.chart.series import Series
from qv_desktop.ui.chart.session_shading import hours
from qv_desktop.ui.chart.stage import Panes, Stage
from qv_desktop.ui.chart.viewport import Scale, View
from tests.ui.chart_market import FIVE, walk

PANES = Panes(800, 60, 400, 480, 504)
FRIDAY, MONDAY = (datetime(2026, 11, day, 9, 30, tzinfo=NEW_YORK) for day in (20, 23))
WEEKEND = [*walk(10, begin=FRIDAY), *walk(10, begin=MONDAY)]


def plane_of(bars: list[Bar], right: float, spacing: float, frame: Timeframe = FIVE) -> StagePlane:
    scale, series = Scale(40, 390, 225.0, 235.0), Series("AAPL", frame, bars)
    return StagePlane(Stage(series, series, View(800, right, spacing), scale, PANES, Look(), 2, 1, 1.0, (), (), (), None, (), (), (),
                            hours(())))  # fmt: skip


@given(st.floats(-5_000, 5_000), st.floats(-2_000, 2_000), st.floats(-1_000, 1_000), st.floats(0.01, 60), st.booleans())
def test_a_point_comes_back_from_its_anchor(x: float, y: float, right: float, spacing: float, gap: bool) -> None:
    plane = plane_of(WEEKEND if gap else walk(50), right, spacing)
    back = plane.point(plane.anchor(QPointF(x, y)))
    assert back.x() == pytest.approx(x, abs=1e-3)
    assert back.y() == pytest.approx(y, abs=1e-6)


@given(st.integers(0, 19), st.floats(-300, 300), st.floats(0.01, 60))
def test_a_bars_start_is_exact_both_ways(index: int, right: float, spacing: float) -> None:
    plane = plane_of(WEEKEND, right, spacing)
    point = plane.point(Anchor(WEEKEND[index].start, 230.0))
    assert plane.anchor(point).at == WEEKEND[index].start
    assert plane.bar(point.x()) == WEEKEND[index]


@given(st.lists(st.integers(ns(FRIDAY - timedelta(days=3)), ns(MONDAY + timedelta(days=9))), min_size=2))
def test_later_is_never_further_left(moments: list[int]) -> None:
    plane = plane_of(WEEKEND, 25, 8)
    places = [plane.point(Anchor(at, 230.0)).x() for at in sorted(moments)]
    assert places == sorted(places)


def test_a_weekend_takes_no_width() -> None:
    plane = plane_of(WEEKEND, 25, 8)
    last, first = WEEKEND[9].start, WEEKEND[10].start
    friday, saturday, monday = (plane.point(Anchor(at, 230.0)).x() for at in (last, (last + first) // 2, first))
    assert (monday - friday, saturday - friday) == (8, pytest.approx(4))
    assert plane.bars_between(Anchor(last, 1), Anchor(first, 1)) == 1
    assert plane.stepped(Anchor(last, 1.0), 1) == Anchor(first, 1.0)


def test_the_future_and_the_past_go_on_by_the_timeframe() -> None:
    plane, five = plane_of(WEEKEND, 25, 8), 300 * SECOND
    end, begin = Anchor(WEEKEND[-1].start, 1.0), Anchor(WEEKEND[0].start, 1.0)
    assert plane.stepped(end, 12) == Anchor(end.at + 12 * five, 1.0)
    assert plane.stepped(begin, -3) == Anchor(begin.at - 3 * five, 1.0)
    assert plane.bar(plane.point(plane.stepped(end, 1)).x()) is None


def test_a_moment_is_never_beyond_what_can_be_stored() -> None:
    plane = plane_of(walk(3, Timeframe(1, "M")), 3, 0.01, Timeframe(1, "M"))
    assert plane.anchor(QPointF(1e9, 0)).at == LATEST
    assert plane.anchor(QPointF(-1e9, 0)).at == EARLIEST


def test_one_bar_is_enough() -> None:
    plane = plane_of(walk(1), 5, 8)
    assert plane.stepped(Anchor(walk(1)[0].start, 1.0), 2).at == walk(1)[0].start + 600 * SECOND


@pytest.mark.usefixtures("qapp")
def test_hundreds_of_thousands_of_bars_do_not_move_a_drawing_by_a_pixel(qapp: QApplication) -> None:
    bars = walk(300_000)
    line = drawn("a", "AAPL", Kind.TREND, (Anchor(bars[10].start, 226.0), Anchor(bars[-1].start, 234.0)))
    wide = plane_of(bars, 300_005, 800 / 300_010)
    seen = shape(line, wide)
    assert seen is not None
    assert seen.lines[0][2] - seen.lines[0][0] > 790
    near = plane_of(bars, 150_050, 8)  # a hundred bars in the middle of the same line
    part = shape(line, near)
    assert part is not None
    ((ax, ay, bx, by),) = part.lines
    assert (ax, bx) == pytest.approx((0, 800))
    share = (150_050 - 100 - 10) / (299_999 - 10)
    assert near.anchor(QPointF(ax, ay)).price == pytest.approx(226 + 8 * share, abs=1e-6)
    assert ay > by

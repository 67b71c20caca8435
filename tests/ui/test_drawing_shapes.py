"""Each kind of drawing has its lines within the pane, whatever the axis, and is hit where it is seen."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF

from qv_desktop.domain.drawings import ANCHORS, Anchor, Drawing, Kind, drawn
from qv_desktop.domain.market import SECOND, Bar
from qv_desktop.ui.chart.drawing import words
from qv_desktop.ui.chart.drawing.clipping import Pane, clipped, clipped_area, distance, within
from qv_desktop.ui.chart.drawing.shapes import Shape, handle_at, inside, on, shape

pytestmark = pytest.mark.usefixtures("qapp")
PANE = Pane(0, 0, 800, 400)
far = st.floats(-1e9, 1e9) | st.floats(-100, 900)
spots = st.tuples(far, far)


class Paper:
    """A plane of one px per second across; prices go up it by their logarithm, or down it."""

    rect, decimals, spacing = QRectF(0, 0, 800, 400), 2, 10.0

    def __init__(self, *, log: bool = False, inverted: bool = False) -> None:
        self._log, self._inverted = log, inverted

    def point(self, anchor: Anchor) -> QPointF:
        up = (math.log10(anchor.price) * 100 if anchor.price > 0 else -math.inf) if self._log else anchor.price
        return QPointF(anchor.at / SECOND, up if self._inverted else 400 - up)

    def anchor(self, point: QPointF) -> Anchor:
        up = point.y() if self._inverted else 400 - point.y()
        return Anchor(round(point.x() * SECOND), 10 ** (up / 100) if self._log else up)

    def bar(self, x: float) -> Bar | None:
        return None

    def stepped(self, anchor: Anchor, bars: float) -> Anchor:
        return Anchor(anchor.at + round(bars * 10 * SECOND), anchor.price)

    def bars_between(self, a: Anchor, b: Anchor) -> int:
        return round((b.at - a.at) / SECOND / 10)


def at(x: float, price: float) -> Anchor:
    return Anchor(round(x * SECOND), price)


def made(kind: Kind, *anchors: Anchor, paper: Paper | None = None) -> Shape:
    seen = shape(drawn("a", "AAPL", kind, anchors, "Note" if kind is Kind.TEXT else ""), paper or Paper())
    assert seen is not None
    return seen


@given(spots, spots, st.sampled_from([1.0, math.inf]))
def test_what_is_cut_off_lies_in_the_pane_and_on_the_line(
    a: tuple[float, float], b: tuple[float, float], reach: float
) -> None:
    part = clipped(a, b, PANE, reach)
    if part is None:
        return
    size = max(map(abs, (*a, *b, 1.0)))
    for x, y in (part[:2], part[2:]):
        assert -1e-9 * size <= x <= 800 + 1e-9 * size
        assert -1e-9 * size <= y <= 400 + 1e-9 * size
        long = math.hypot(b[0] - a[0], b[1] - a[1])
        aside = abs((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]))
        assert aside <= 1e-6 * max(1.0, long) * max(1.0, size * 1e-6)


@given(spots, spots, st.floats(0, 1))
def test_what_can_be_seen_of_a_line_is_not_cut_off(
    a: tuple[float, float], b: tuple[float, float], share: float
) -> None:
    x, y = a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])
    if not (1 < x < 799 and 1 < y < 399):
        return
    part = clipped(a, b, PANE)
    assert part is not None
    assert distance(part, x, y) < 1e-3 + 1e-9 * max(map(abs, (*a, *b)))


@given(st.lists(spots, min_size=4, max_size=4))
def test_an_area_is_cut_off_at_the_pane(corners: list[tuple[float, float]]) -> None:
    for x, y in clipped_area(tuple(corners), PANE):
        assert -1 <= x <= 801
        assert -1 <= y <= 401


def test_the_inside_of_an_area_is_known() -> None:
    diamond = ((100.0, 0.0), (200.0, 100.0), (100.0, 200.0), (0.0, 100.0))
    assert [within(diamond, *spot) for spot in ((100, 100), (20, 20), (190, 100), (201, 100))] == [
        True,
        False,
        True,
        False,
    ]
    assert not within((), 0, 0)


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_hit_on_its_lines_and_nowhere_else(kind: Kind) -> None:
    corners = (at(200, 300), at(600, 100), at(300, 350))[: ANCHORS[kind]]
    seen = made(kind, *corners)
    for line in (*seen.lines, *seen.faint):
        middle = QPointF((line[0] + line[2]) / 2, (line[1] + line[3]) / 2)
        assert on(seen, middle)
        assert handle_at(seen, middle + QPointF(0, 300)) is None
    assert not on(seen, QPointF(760, 20))
    if kind is not Kind.TEXT:
        assert seen.lines
    for number, (x, y) in enumerate(seen.handles):
        assert handle_at(seen, QPointF(x + 5, y - 5)) == number
        assert handle_at(seen, QPointF(x + 7, y - 7)) != number


def test_a_line_is_hit_within_six_pixels_and_not_beyond_its_ends() -> None:
    seen = made(Kind.TREND, at(200, 200), at(600, 200))
    assert [on(seen, QPointF(x, y)) for x, y in ((400, 205.9), (400, 206.1), (606.5, 200), (194.5, 200))] == [
        True,
        False,
        False,
        True,
    ]


def test_a_ray_reaches_the_edge_and_a_trend_does_not() -> None:
    assert made(Kind.RAY, at(200, 200), at(300, 250)).lines == ((200, 200, 600, 0),)
    assert made(Kind.RAY, at(300, 250), at(200, 250)).lines == ((300, 150, 0, 150),)
    assert made(Kind.TREND, at(200, 200), at(300, 250)).lines == ((200, 200, 300, 150),)


def test_a_ray_from_far_outside_still_crosses_the_pane() -> None:
    assert made(Kind.RAY, at(-1e9, 200), at(-1e9 + 1000, 200)).lines == ((0, 200, 800, 200),)
    assert shape(drawn("a", "A", Kind.RAY, (at(900, 200), at(1000, 200))), Paper()) is None


def test_level_and_upright_lines_cross_the_whole_pane_and_can_be_held_in_it() -> None:
    level, upright = made(Kind.HORIZONTAL, at(5000, 150)), made(Kind.VERTICAL, at(300, 9000))
    assert (level.lines, level.handles) == (((0, 250, 800, 250),), ((776, 250),))
    assert (upright.lines, upright.handles) == (((300, 0, 300, 400),), ((300, 24),))
    assert len(made(Kind.CROSS, at(300, 100)).lines) == 2
    assert len(made(Kind.CROSS, at(300, 1000)).lines) == 1


def test_the_second_line_of_a_channel_goes_through_its_third_point() -> None:
    seen = made(Kind.CHANNEL, at(100, 100), at(300, 200), at(250, 300))
    assert seen.lines == ((100, 300, 300, 200), (100, 175, 300, 75))
    assert seen.faint == ((100, 237.5, 300, 137.5),)
    assert distance(seen.lines[1], 250, 100) == pytest.approx(0)
    assert inside(seen, QPointF(200, 190))
    upright = made(Kind.CHANNEL, at(100, 100), at(100, 200), at(150, 120))
    assert upright.lines[1] == (150, 300, 150, 200)


def test_a_retracement_goes_back_from_its_second_point() -> None:
    seen = made(Kind.FIBONACCI, at(200, 100), at(300, 200))
    assert [400 - line[1] for line in seen.lines] == pytest.approx([200, 176.4, 161.8, 150, 138.2, 121.4, 100, 38.2])
    assert seen.labels[4].lines == ("61.8 %  138.20",)
    steep = made(Kind.FIBONACCI, at(200, 100), at(201, 200))
    assert steep.lines[0][2] - steep.lines[0][0] == 60


def test_a_level_at_the_edge_keeps_its_words_in_the_pane() -> None:
    seen = made(Kind.FIBONACCI, at(20, 0), at(300, 400))
    boxes = [label.box for label in seen.labels]
    assert all(left >= 0 and top >= 0 and top + tall <= 400 for left, top, _, tall in boxes)


def test_a_measure_says_how_far_it_is() -> None:
    seen = made(Kind.MEASURE, at(200, 200), at(260, 190))
    assert seen.labels[0].lines == ("−10.00  (−5.00%)", "6 bars  ·  1m")
    back = made(Kind.MEASURE, at(260, 100), at(200, 103))
    assert back.labels[0].lines == ("+3.00  (+3.00%)", "−6 bars  ·  −1m")
    for label in (*seen.labels, *made(Kind.MEASURE, at(780, 10), at(900, -50)).labels):
        left, top, wide, tall = label.box
        assert 0 <= left <= left + wide <= 800
        assert 0 <= top <= top + tall <= 400


def test_a_percentage_of_nothing_is_unknown() -> None:
    for nothing in (0.0, 1e-308):
        assert words.measure(Anchor(0, nothing), Anchor(0, 1.0), 0, 2) == ("+1.00  (—)", "0 bars  ·  0s")


@pytest.mark.parametrize(
    ("seconds", "said"), [(0, "0s"), (59, "59s"), (3600, "1h"), (5400, "1h 30m"), (200_000, "2d 7h"), (-61, "−1m 1s")]
)
def test_a_length_of_time_is_said_by_its_two_greatest_units(seconds: int, said: str) -> None:
    assert words.span(seconds * SECOND) == said


def test_a_text_is_hit_on_its_words() -> None:
    seen = made(Kind.TEXT, at(200, 200))
    assert seen.labels[0].lines == ("Note",)
    assert on(seen, QPointF(215, 200))
    assert not on(seen, QPointF(180, 200))


@pytest.mark.parametrize("kind", Kind)
def test_what_is_outside_the_pane_is_not_there(kind: Kind) -> None:
    corners = tuple(
        Anchor(a.at + 10**13, a.price + 10_000) for a in (at(200, 300), at(600, 300), at(300, 350))[: ANCHORS[kind]]
    )
    assert shape(drawn("a", "A", kind, corners, "Note"), Paper()) is None


@pytest.mark.parametrize("kind", Kind)
def test_a_price_that_has_no_place_on_a_log_axis_draws_nothing(kind: Kind) -> None:
    corners = (at(200, -5), at(600, 300), at(300, 350))[: ANCHORS[kind]]
    assert shape(drawn("a", "A", kind, corners, "Note"), Paper(log=True)) is None


def test_levels_stand_at_their_prices_on_a_log_axis_and_those_below_zero_are_left_out() -> None:
    drawing: Drawing = replace(
        drawn("a", "A", Kind.FIBONACCI, (at(200, 100), at(300, 1000))), levels=(0.0, 0.5, 1.0, 1.618)
    )
    seen = shape(drawing, Paper(log=True))
    assert seen is not None
    assert [line[1] for line in seen.lines] == pytest.approx([100, 400 - math.log10(550) * 100, 200])


def test_an_inverted_axis_turns_everything_upside_down() -> None:
    assert made(Kind.TREND, at(200, 200), at(300, 250), paper=Paper(inverted=True)).lines == ((200, 200, 300, 250),)
    assert made(Kind.RAY, at(200, 200), at(300, 250), paper=Paper(inverted=True)).lines == ((200, 200, 600, 400),)


@given(
    st.sampled_from(Kind),
    st.lists(st.builds(at, st.floats(-1e6, 1e6), st.floats(-1e12, 1e12)), min_size=3, max_size=3),
    st.booleans(),
)
def test_no_drawing_whatever_leaves_the_pane(kind: Kind, anchors: list[Anchor], log: bool) -> None:
    seen = shape(drawn("a", "A", kind, tuple(anchors[: ANCHORS[kind]]), "Note"), Paper(log=log))
    if seen is None:
        return
    for line in (*seen.lines, *seen.faint):
        assert all(-1 <= x <= 801 for x in line[::2])
        assert all(-1 <= y <= 401 for y in line[1::2])
    assert all(-1 <= x <= 801 and -1 <= y <= 401 for x, y in seen.area)


def test_words_are_as_wide_as_their_font_makes_them() -> None:
    assert made(Kind.TEXT, at(200, 200)).labels[0].box[2] > 15

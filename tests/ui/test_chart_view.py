"""Which bars are seen and when that may change: opening, zooming, following, scaling."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.ui.chart.axis import step_for
from qv_desktop.ui.chart.tags import spread
from qv_desktop.ui.chart.viewport import (
    View,
    clamped,
    earliest,
    fitted,
    follows,
    latest,
    least_spacing,
    moved,
    opened,
    zoomed,
)

counts = st.integers(1, 1_000_000)
widths = st.floats(200, 3000)


def test_a_chart_opens_with_the_newest_bars_six_pixels_each_and_a_margin_of_five() -> None:
    view = opened(900, 5000)
    assert view.spacing == 6
    assert view.right == pytest.approx(4999 + 5.5)


def test_a_wide_chart_opens_with_250_bars() -> None:
    assert opened(2500, 5000).bars == pytest.approx(250)


def test_few_bars_are_drawn_wider_but_not_without_end() -> None:
    assert 6 < opened(900, 60).spacing <= 12


@given(width=widths, count=counts, factor=st.floats(0.01, 100), share=st.floats(0, 1))
def test_zooming_keeps_at_least_twenty_bars_and_at_most_all(
    width: float, count: int, factor: float, share: float
) -> None:
    view = zoomed(opened(width, count), factor, width * share, count)
    assert view.bars >= 20 - 1e-9
    assert view.spacing >= least_spacing(width, count) - 1e-12


def test_zooming_holds_what_stands_under_the_pointer() -> None:
    view = moved(opened(900, 50_000), -2000, 50_000)
    under = view.index(333)
    assert zoomed(view, 1.7, 333, 50_000).index(333) == pytest.approx(under)


@given(count=counts, by=st.floats(-2e6, 2e6))
def test_panning_never_loses_all_bars(count: int, by: float) -> None:
    view = moved(opened(900, count), by, count)
    first, last = view.window(count)
    assert last > first


def test_zoomed_out_to_everything_all_bars_are_in_view() -> None:
    view = zoomed(opened(900, 5000), 0.0001, 100, 5000)
    assert view.window(5000) == (0, 5000)


def test_home_shows_the_first_bar_and_end_the_last() -> None:
    view = opened(900, 5000)
    assert earliest(view, 5000).window(5000)[0] == 0
    assert latest(earliest(view, 5000), 5000) == view


def test_the_newest_bar_is_followed_only_while_it_is_in_view() -> None:
    view = opened(900, 5000)
    assert follows(view, 5000)
    assert not follows(moved(view, -200, 5000), 5000)
    assert clamped(view, 5000) == view


@given(index=st.floats(0, 1e6), right=st.floats(0, 1e6), spacing=st.floats(0.01, 40))
def test_pixels_and_bars_are_inverse(index: float, right: float, spacing: float) -> None:
    view = View(900, right, spacing)
    assert view.index(view.x(index)) == pytest.approx(index, abs=1e-5)


def test_prices_have_three_percent_of_air_and_ninety_percent_to_move_in() -> None:
    scale = fitted(100, 110, 0, 500)
    assert (scale.low, scale.high) == pytest.approx((99.7, 110.3))
    assert scale.holds(105)
    assert not scale.holds(110)
    assert scale.value(scale.y(107.25)) == pytest.approx(107.25)


def test_one_price_alone_still_has_a_scale() -> None:
    scale = fitted(100, 100, 0, 500)
    assert scale.low < 100 < scale.high


@given(span=st.floats(0.001, 1e6), room=st.floats(50, 2000))
def test_price_steps_are_round_and_leave_forty_pixels(span: float, room: float) -> None:
    step = step_for(span, room, 0.01)
    digit = float(f"{step:e}"[0])
    assert digit in (1, 2, 5)
    assert step >= 0.01 * 0.999
    assert step / span * room >= 40 * 0.999


@given(st.lists(st.floats(0, 400), max_size=8), st.floats(20, 380))
def test_tags_keep_apart_from_each_other_and_from_the_last_price(wanted: list[float], middle: float) -> None:
    places = sorted(spread(wanted, (middle - 15, middle + 15)))
    assert all(b - a >= 18 - 1e-6 for a, b in pairwise(places))
    assert all(abs(place - middle) >= 24 - 1e-6 for place in places)

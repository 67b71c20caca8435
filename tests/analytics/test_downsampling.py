"""Columns hold exactly what the bars within them hold, at every zoom, aligned so that panning changes nothing."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from qv_desktop.analytics.downsampling import Columns, Pyramid, reduced, stride_for, thinned


def market(size: int, seed: int) -> Columns:
    rng = np.random.default_rng(seed)
    body = rng.uniform(10, 500, (2, size))
    high = body.max(axis=0) + rng.uniform(0, 5, size)
    low = body.min(axis=0) - rng.uniform(0, 5, size)
    return Columns(body[0], high, low, body[1], rng.integers(0, 10_000, size).astype(np.float64))


def by_hand(bars: Columns, begin: int, end: int) -> tuple[float, float, float, float, float]:
    part = range(begin, min(end, len(bars)))
    return (float(bars.open[begin]), max(float(bars.high[i]) for i in part), min(float(bars.low[i]) for i in part),
            float(bars.close[part[-1]]), sum(float(bars.volume[i]) for i in part))  # fmt: skip


@given(size=st.integers(1, 300), stride=st.integers(1, 50), seed=st.integers(0, 99))
def test_every_column_equals_brute_force(size: int, stride: int, seed: int) -> None:
    bars = market(size, seed)
    got = reduced(bars, stride)
    assert len(got) == -(-size // stride)
    for i in range(len(got)):
        column = tuple(float(a[i]) for a in (got.open, got.high, got.low, got.close, got.volume))
        assert column == by_hand(bars, i * stride, (i + 1) * stride)


@settings(deadline=None)
@given(data=st.data(), size=st.integers(1, 6000), power=st.integers(0, 9), seed=st.integers(0, 9))
def test_a_window_of_the_pyramid_equals_brute_force(data: st.DataObject, size: int, power: int, seed: int) -> None:
    bars, stride = market(size, seed), 2**power
    first = data.draw(st.integers(0, size - 1))
    last = data.draw(st.integers(first + 1, size))
    begin, got = Pyramid(bars).columns(first, last, stride)
    assert begin <= first
    assert begin % stride == 0
    assert begin + len(got) * stride >= last
    for i in (0, len(got) // 2, len(got) - 1):
        column = tuple(float(a[i]) for a in (got.open, got.high, got.low, got.close, got.volume))
        assert column == by_hand(bars, begin + i * stride, begin + (i + 1) * stride)


@settings(deadline=None)
@given(data=st.data(), size=st.integers(1, 9000), seed=st.integers(0, 9))
def test_the_extent_equals_brute_force(data: st.DataObject, size: int, seed: int) -> None:
    bars = market(size, seed)
    first = data.draw(st.integers(0, size - 1))
    last = data.draw(st.integers(first + 1, size))
    assert Pyramid(bars).extent(first, last) == (bars.low[first:last].min(), bars.high[first:last].max())


def test_an_empty_window_has_no_extent() -> None:
    assert Pyramid(market(10, 1)).extent(20, 30) is None


@given(bars=st.integers(1, 2_000_000), columns=st.integers(1, 2000))
def test_the_stride_is_the_smallest_power_of_two_that_fits(bars: int, columns: int) -> None:
    stride = stride_for(bars, columns)
    assert bars <= columns * stride
    assert stride == 1 or bars > columns * stride // 2
    assert stride & (stride - 1) == 0


def test_a_thinned_line_keeps_each_columns_last_value() -> None:
    at, values = thinned(np.arange(10.0), 4, 4)
    assert at.tolist() == [7, 9]
    assert values.tolist() == [7.0, 9.0]


@settings(deadline=None)
@given(size=st.integers(0, 1100), more=st.integers(1, 40), seed=st.integers(0, 9))
def test_a_pyramid_that_grew_bar_by_bar_equals_one_built_at_once(size: int, more: int, seed: int) -> None:
    bars = market(size + more, seed)
    grown = Pyramid(bars.part(0, size))
    for i in range(size, size + more):
        grown.append(*(float(a[i]) for a in (bars.open, bars.high, bars.low, bars.close, bars.volume)))
    whole = Pyramid(bars)
    for stride in (1, 4, 16):
        got, expected = grown.columns(0, size + more, stride)[1], whole.columns(0, size + more, stride)[1]
        np.testing.assert_array_equal(got.high, expected.high)
        np.testing.assert_array_equal(got.low, expected.low)
        np.testing.assert_array_equal(got.close, expected.close)
        np.testing.assert_allclose(got.volume, expected.volume)

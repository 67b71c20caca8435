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


# sizes at which a level of the pyramid is full, or one more is needed, come often
SIZES = st.one_of(
    st.integers(1, 6000), st.sampled_from([1024, 4096]).flatmap(lambda edge: st.integers(edge - 20, edge + 20))
)
POWERS = st.integers(0, 14)  # up to strides that hold every bar in one column


def window_of(data: st.DataObject, size: int) -> tuple[int, int]:
    first = data.draw(st.integers(0, size - 1))
    return first, data.draw(st.integers(first + 1, size))


def assert_columns_equal_brute_force(pyramid: Pyramid, bars: Columns, window: tuple[int, int], stride: int) -> None:
    """Every column, and all five of its values; they cover the window and begin at the stride's multiples."""
    (first, last), (begin, got) = window, pyramid.columns(*window, stride)
    assert begin == first // stride * stride
    assert begin + len(got) * stride >= last > begin + (len(got) - 1) * stride
    expected = [by_hand(bars, at, at + stride) for at in range(begin, last, stride)]
    assert (
        list(zip(*(a.tolist() for a in (got.open, got.high, got.low, got.close, got.volume)), strict=True)) == expected
    )


@settings(deadline=None)
@given(data=st.data(), size=SIZES, power=POWERS, seed=st.integers(0, 9))
def test_a_window_of_the_pyramid_equals_brute_force(data: st.DataObject, size: int, power: int, seed: int) -> None:
    bars = market(size, seed)
    assert_columns_equal_brute_force(Pyramid(bars), bars, window_of(data, size), 2**power)


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


def grown(bars: Columns, size: int) -> Pyramid:
    """Built of the first ``size`` bars; the others have come one by one."""
    pyramid = Pyramid(bars.part(0, size))
    for i in range(size, len(bars)):
        pyramid.append(*(float(a[i]) for a in (bars.open, bars.high, bars.low, bars.close, bars.volume)))
    return pyramid


@settings(deadline=None)
@given(data=st.data(), size=st.one_of(st.just(0), SIZES), more=st.integers(1, 60), power=POWERS, seed=st.integers(0, 9))
def test_a_pyramid_that_grew_bar_by_bar_equals_brute_force(
    data: st.DataObject, size: int, more: int, power: int, seed: int
) -> None:
    bars = market(size + more, seed)
    pyramid, window = grown(bars, size), window_of(data, size + more)
    assert len(pyramid) == size + more
    assert_columns_equal_brute_force(pyramid, bars, window, 2**power)
    first, last = window
    assert pyramid.extent(first, last) == (bars.low[first:last].min(), bars.high[first:last].max())


def test_a_pyramid_that_began_empty_and_outgrew_its_room_twice_equals_brute_force() -> None:
    bars = market(4200, 3)
    pyramid = grown(bars, 0)
    for power in range(14):
        assert_columns_equal_brute_force(pyramid, bars, (0, 4200), 2**power)
        assert_columns_equal_brute_force(pyramid, bars, (1023, 4097), 2**power)

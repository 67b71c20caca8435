"""Averaged bars and bricks equal what a plain loop makes of the same bars."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.analytics.bar_styles import Renko, bricks, heikin_ashi, next_heikin_ashi

closes = st.lists(st.floats(1, 1000), min_size=1, max_size=200)


def bars(prices: list[float]) -> tuple[np.ndarray, ...]:
    close = np.array(prices)
    open_ = np.concatenate((close[:1], close[:-1]))
    return open_, np.maximum(open_, close) + 0.5, np.minimum(open_, close) - 0.5, close


@given(closes)
def test_averaged_bars_equal_the_recursion(prices: list[float]) -> None:
    given_bars = bars(prices)
    ours = heikin_ashi(*given_bars)
    before = (given_bars[0][0], given_bars[3][0])
    for place in range(len(prices)):
        bar = tuple(float(column[place]) for column in given_bars)
        expected = next_heikin_ashi(*before, bar)  # type: ignore[arg-type]
        assert [float(column[place]) for column in ours] == pytest.approx(expected, rel=1e-12)
        before = (expected[0], expected[3])


def test_nothing_averages_to_nothing() -> None:
    assert [len(column) for column in heikin_ashi(*(np.empty(0),) * 4)] == [0, 0, 0, 0]


@given(closes, st.sampled_from([0.5, 1.0, 7.25]))
def test_bricks_equal_those_of_close_after_close(prices: list[float], box: float) -> None:
    whole, single = Renko.begun(prices[0], box), Renko.begun(prices[0], box)
    at, opens, ends = bricks(np.array(prices), whole)
    expected = [(place, *pair) for place, close in enumerate(prices) for pair in single.take(close)]
    assert list(zip(at.tolist(), opens.tolist(), ends.tolist(), strict=True)) == expected
    assert whole == single


@given(closes, st.sampled_from([0.5, 1.0, 7.25]))
def test_each_brick_is_one_height_and_joins_the_last_one(prices: list[float], box: float) -> None:
    _, opens, ends = bricks(np.array(prices), Renko.begun(prices[0], box))
    assert np.abs(ends - opens) == pytest.approx(box)
    for place in range(1, len(opens)):
        turned = (ends[place] > opens[place]) != (ends[place - 1] > opens[place - 1])
        assert opens[place] == pytest.approx(opens[place - 1] if turned else ends[place - 1])


def test_turning_round_takes_two_heights() -> None:
    state = Renko.begun(100.0, 1.0)
    assert state.take(102.2) == [(100.0, 101.0), (101.0, 102.0)]
    assert state.take(100.1) == []
    assert state.take(100.0) == [(101.0, 100.0)]

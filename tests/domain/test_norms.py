"""Norms: averages and extremes of the sessions before today, over splits too."""

from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.analytics import indicators
from qv_desktop.domain.market import NEW_YORK, Action, Bar, ns
from qv_desktop.domain.norms import Norms, average_true_range, norms

TODAY = date(2026, 11, 20)


def a_bar(days_ago: int, close: float = 100.0, volume: float = 1000.0, opening: float | None = None) -> Bar:
    start = datetime.combine(TODAY - timedelta(days=days_ago), datetime.min.time(), NEW_YORK)
    return Bar("AAPL", ns(start), close if opening is None else opening, close + 1, close - 1, close, volume)


def history(days: int) -> list[Bar]:
    return [a_bar(ago) for ago in range(days, 0, -1)]


def test_norms_are_of_the_sessions_before_today() -> None:
    bars = [*history(252), a_bar(0, close=500.0, volume=9e9)]
    assert norms(bars, TODAY, None) == Norms(1000.0, 2.0, 101.0, 99.0, 101.0, 99.0, 100.0, price_test=False)


@pytest.mark.parametrize(
    ("days", "known"),
    [(0, ""), (1, "c"), (14, "c"), (15, "ac"), (19, "ac"), (20, "acv2"), (251, "acv2"), (252, "acv25")],
)
def test_with_too_few_sessions_a_norm_is_unknown(days: int, known: str) -> None:
    found = norms(history(days), TODAY, None)
    values = {"v": found.volume20, "a": found.atr14, "2": found.high20, "5": found.high52, "c": found.previous_close}
    assert {letter for letter, value in values.items() if value is not None} == set(known)


def test_an_unexplained_jump_cuts_off_what_was_before_it() -> None:
    bars = [*(a_bar(ago, 400.0) for ago in range(60, 30, -1)), *history(30)]
    found = norms(bars, TODAY, None)
    assert found.doubtful
    assert (found.high20, found.high52, found.atr14) == (101.0, None, pytest.approx(2.0))


def test_a_known_split_is_divided_out() -> None:
    bars = [*(a_bar(ago, 400.0, 250.0) for ago in range(252, 10, -1)), *history(10)]
    found = norms(bars, TODAY, [Action("AAPL", TODAY - timedelta(days=10), "split", 4.0)])
    assert not found.doubtful
    assert (found.volume20, found.high20, found.low52) == (pytest.approx(1000.0), pytest.approx(101.0), 99.0)


def test_a_jump_that_is_no_split_is_a_real_move() -> None:
    bars = [*(a_bar(ago, 400.0) for ago in range(252, 10, -1)), *history(10)]
    found = norms(bars, TODAY, [Action("AAPL", TODAY, "dividend", 1.0)])
    assert (found.doubtful, found.high52) == (False, 401.0)


def test_a_split_of_today_divides_everything_and_one_of_tomorrow_nothing() -> None:
    splits = [Action("AAPL", TODAY + timedelta(days=days), "split", 4.0) for days in (0, 1)]
    assert (found := norms(history(30), TODAY, splits)).split_today == 4.0
    assert (found.previous_close, found.volume20) == (25.0, 4000.0)


@given(st.lists(st.tuples(st.floats(1, 500), st.floats(0, 5)), min_size=15, max_size=60))
def test_the_true_range_is_wilders(days: list[tuple[float, float]]) -> None:
    bars = [Bar("X", i, c, c + r, c - r / 2, c, 1) for i, (c, r) in enumerate(days)]
    high, low, close = (np.array([getattr(bar, name) for bar in bars]) for name in ("high", "low", "close"))
    assert average_true_range(bars) == pytest.approx(indicators.atr(high, low, close)[-1])

"""Returns by month: each month from the last value before it, months of New York, none where there are no bars."""

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.market import ns
from qv_desktop.domain.run_months import monthly

DAY = 86_400 * 10**9


def at(*days: str) -> list[int]:
    return [ns(datetime.fromisoformat(f"{day}T17:00").replace(tzinfo=UTC)) for day in days]


def test_a_month_is_measured_from_the_end_of_the_one_before() -> None:
    told = monthly(at("2020-01-10", "2020-01-31", "2020-02-03", "2020-02-28"), [100.0, 110.0, 121.0, 99.0])
    assert told == {(2020, 1): pytest.approx(0.1), (2020, 2): pytest.approx(-0.1)}


def test_months_without_bars_are_left_out_and_years_are_crossed() -> None:
    told = monthly(at("2019-11-29", "2020-02-03"), [100.0, 150.0])
    assert told == {(2019, 11): 0.0, (2020, 2): 0.5}


def test_a_bar_of_the_last_evening_belongs_to_the_month_that_it_is_in_new_york() -> None:
    late = ns(datetime(2020, 2, 1, 3, tzinfo=UTC))  # 22:00 of 31 January in New York
    assert list(monthly([late - DAY, late], [100.0, 200.0])) == [(2020, 1)]


def test_no_bars_are_no_months_and_ruin_is_no_error() -> None:
    assert monthly([], []) == {}
    assert monthly(at("2020-01-10", "2020-01-31", "2020-02-03"), [100.0, 0.0, 0.0])[2020, 2] == 0.0


@given(st.lists(st.tuples(st.integers(1, 40), st.floats(0.5, 2.0)), min_size=1, max_size=60))
def test_months_compound_to_the_whole(steps: list[tuple[int, float]]) -> None:
    moments, values, now, value = list[int](), list[float](), at("2015-03-02")[0], 100.0
    for days, factor in steps:
        now, value = now + days * DAY, value * factor
        moments.append(now)
        values.append(value)
    whole = math.prod(1 + part for part in monthly(moments, values).values())
    assert whole == pytest.approx(values[-1] / values[0])

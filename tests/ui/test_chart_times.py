"""New York's clock on the axis: offsets, boundaries and words."""

from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.market import NEW_YORK, Timeframe, ns
from qv_desktop.ui.chart import times
from qv_desktop.ui.chart.axis import boundaries, time_marks
from qv_desktop.ui.chart.series import Series
from qv_desktop.ui.chart.viewport import opened
from tests.ui.chart_market import walk

EARLIEST, LATEST = datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2036-12-31")


@given(st.lists(st.datetimes(EARLIEST, LATEST), min_size=1, max_size=30))
def test_wall_clock_seconds_are_new_yorks_on_trading_days(moments: list[datetime]) -> None:
    aware = [moment.replace(microsecond=0, hour=9 + moment.hour % 11, tzinfo=NEW_YORK) for moment in moments]
    expected = [int(moment.replace(tzinfo=UTC).timestamp()) for moment in aware]
    got = times.local_seconds(np.array([ns(moment.astimezone(UTC)) for moment in aware], dtype=np.int64))
    assert got.tolist() == expected


def wall(*moments: str) -> times.Whole:
    return np.array([int(datetime.fromisoformat(f"{moment}Z").timestamp()) for moment in moments], dtype=np.int64)


def test_a_bar_ranks_by_the_greatest_boundary_it_begins() -> None:
    bars = wall("2024-12-31 15:55", "2025-01-02 09:30", "2025-01-02 09:35", "2025-01-02 10:00", "2025-01-03 09:30",
                "2025-01-06 09:30", "2025-02-03 09:30")  # fmt: skip
    assert times.ranks(bars).tolist() == [1, times.FIVE_YEARLY, 2, 6, times.DAILY, times.WEEKLY, times.MONTHLY]


def test_appended_bars_rank_as_they_would_in_one_piece() -> None:
    bars = wall("2025-11-20 23:00") + 300 * np.arange(40)
    whole = times.ranks(bars)
    pieces = [int(times.ranks(bars[i : i + 1], int(bars[i - 1]))[0]) for i in range(1, len(bars))]
    assert pieces == whole[1:].tolist()


def test_axis_words_name_years_months_days_and_hours() -> None:
    at = int(wall("2025-03-04 09:30")[0])
    assert times.label(at, times.YEARLY, False) == "2025"
    assert times.label(at, times.MONTHLY, False) == "Mar"
    assert times.label(at, times.DAILY, True) == "Mar 4"
    assert times.label(at, times.ANY, True) == "09:30"
    assert times.moment(at, True) == "Tue 4 Mar 09:30"
    assert times.moment(at, False) == "Tue 4 Mar 2025"


def test_marks_keep_their_distance_and_their_bars_while_panning() -> None:
    series = Series("AAPL", Timeframe(5, "m"), walk(2000))
    view = opened(900, 2000)
    marks = time_marks(series, view)
    assert len(marks) >= 4
    assert all(b.at - a.at >= 40 for a, b in pairwise(marks))
    rank = series.ranks
    before, after = boundaries(rank[1000:1150], 6.0, 900.0), boundaries(rank[1003:1153], 6.0, 900.0)
    inside = {1000 + i for i in before if 1003 <= 1000 + i < 1150}
    assert inside == {1003 + i for i in after if 1003 + i < 1150}


def test_even_a_narrow_chart_of_many_years_is_marked() -> None:
    days = times.ranks(wall("2000-01-03 00:00") + times.DAY * np.arange(20 * 365))
    marks = boundaries(days, 220 / len(days), 220)
    assert len(marks) >= 3
    assert all(days[i] == times.FIVE_YEARLY for i in marks)


def test_a_million_bars_of_one_kind_are_marked_sparsely() -> None:
    marks = boundaries(np.ones(1_000_000, dtype=np.int8), 1600 / 1_000_000, 1600)
    assert 5 <= len(marks) <= 1600 / 48 + 1


def test_ranks_made_in_blocks_equal_those_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    starts = np.array([bar.start for bar in walk(500)], dtype=np.int64)
    whole = times.ranks(times.local_seconds(starts))
    monkeypatch.setattr(times, "BLOCK", 37)
    assert times.ranks_of(starts, NEW_YORK).tolist() == whole.tolist()
    assert times.ranks_of(starts[:0], NEW_YORK).tolist() == []

"""Reports as values: moments as a reader is told them."""

from datetime import date, datetime, time

import pytest

from qv_desktop.domain.market import NEW_YORK
from qv_desktop.domain.reports import precise, stamp


@pytest.mark.parametrize(
    ("day", "said"),
    [
        (date(2026, 10, 31), "2026-10-31 04:00:00 UTC (00:00:00 ET)"),
        (date(2026, 11, 2), "2026-11-02 05:00:00 UTC (00:00:00 ET)"),
    ],
)
def test_a_moment_is_told_in_utc_whatever_zone_it_came_in_also_before_and_after_the_clocks_change(
    day: date, said: str
) -> None:
    midnight = datetime.combine(day, time(), NEW_YORK)  # as the days of a span begin
    assert stamp(midnight) == said
    assert precise(midnight) == said[:19] + ".000 UTC"

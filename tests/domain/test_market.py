"""Bars: where they start, over clock changes too, and how trades fold into them."""

from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import NEW_YORK, SECOND, Bar, Trade, bar_start, folded, merged, money, ns, timeframe, utc


def at(text: str) -> int:
    return ns(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("text", "shown", "seconds"),
    [
        ("1m", "1m", 60),
        ("5", "5m", 300),
        ("3h", "3h", 10_800),
        ("1D", "1D", 86_400),
        ("d", "1D", 86_400),
        ("1w", "1W", 604_800),
        ("30s", "30s", 30),
    ],
)
def test_timeframes_are_read_as_typed(text: str, shown: str, seconds: int) -> None:
    frame = timeframe(text)
    assert (str(frame), frame.seconds) == (shown, seconds)


@pytest.mark.parametrize("text", ["", "0m", "x", "5x", "-1m", "1000m", "1.5h"])
def test_what_is_no_timeframe_says_what_to_type(text: str) -> None:
    with pytest.raises(BadInput, match="such as 5m or 1D"):
        timeframe(text)


def test_a_day_starts_at_midnight_in_new_york_on_both_sides_of_the_clock_change() -> None:
    day = timeframe("1D")
    assert utc(bar_start(at("2026-10-30T15:00-04:00"), day)) == datetime(2026, 10, 30, 4, tzinfo=UTC)
    assert utc(bar_start(at("2026-11-02T15:00-05:00"), day)) == datetime(2026, 11, 2, 5, tzinfo=UTC)


def test_a_week_starts_on_monday_and_a_month_on_the_first() -> None:
    moment = at("2026-11-20T11:00-05:00")
    assert utc(bar_start(moment, timeframe("1W"))).astimezone(NEW_YORK).strftime("%Y-%m-%d") == "2026-11-16"
    assert utc(bar_start(moment, timeframe("1M"))).astimezone(NEW_YORK).strftime("%Y-%m-%d") == "2026-11-01"


@given(
    st.integers(at("2020-01-01T00:00Z"), at("2027-12-31T00:00Z")),
    st.sampled_from(["1s", "7s", "1m", "5m", "15m", "1h", "1D", "1W", "1M"]),
)
@example(1_830_211_199_999_999_404, "1h")  # less than a microsecond before the hour
def test_a_bar_holds_its_own_start_and_never_begins_after_what_it_holds(moment: int, text: str) -> None:
    frame = timeframe(text)
    start = bar_start(moment, frame)
    assert start <= moment
    assert bar_start(start, frame) == start


def test_trades_fold_into_a_bar_and_open_the_next() -> None:
    minute = timeframe("1m")
    t0 = at("2026-11-20T14:30Z")
    rows = [(0, 10.0, 100), (20, 12.0, 50), (40, 9.0, 50), (61, 11.0, 10)]
    bar = None
    bars: dict[int, Bar] = {}
    for second, price, size in rows:
        bar = folded(bar, Trade("A", t0 + second * SECOND, price, size, str(second)), minute)
        bars[bar.start] = bar
    first, second_bar = bars[t0], bars[t0 + 60 * SECOND]
    assert (first.open, first.high, first.low, first.close, first.volume, first.count) == (10, 12, 9, 9, 200, 3)
    assert first.vwap == pytest.approx((10 * 100 + 12 * 50 + 9 * 50) / 200)
    assert second_bar.open == 11


def test_a_late_trade_does_not_touch_the_next_bar() -> None:
    minute = timeframe("1m")
    t0 = at("2026-11-20T14:31Z")
    bar = folded(None, Trade("A", t0, 10.0, 1, "1"), minute)
    assert folded(bar, Trade("A", t0 - SECOND, 99.0, 1, "0"), minute) == bar


def test_minutes_merge_into_an_hour() -> None:
    t0 = at("2026-11-20T14:00Z")
    minutes = [
        Bar("A", t0 + i * 60 * SECOND, 10 + i, 20 + i, 5 - i / 100, 11 + i, 100, 2, 10.0 + i) for i in range(120)
    ]
    hours = merged(minutes, timeframe("1h"))
    assert [h.start for h in hours] == [t0, t0 + 3600 * SECOND]
    assert (hours[0].open, hours[0].high, hours[0].close, hours[0].volume) == (10, 79, 70, 6_000)


def test_a_price_becomes_the_decimal_that_it_prints_as() -> None:
    assert str(money(231.43)) == "231.43"
    assert str(money(0.1)) == "0.1"

"""Bars under way: every chart's equals the trades folded one by one, whatever was taken back."""

from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.domain.events import BarsAmended
from qv_desktop.domain.market import SECOND, Bar, Batch, Correction, Trade, folded, timeframe, utc
from tests.services.a_market import T0, Floor, a_trade

FRAMES = ["1s", "15s", "90s", "1m", "3m", "1h", "1D"]


def a_correction(wrong: Trade, right: Trade | None) -> Batch:
    return Batch(
        corrections=[Correction(wrong.symbol, wrong.at, wrong.id, wrong.exchange, wrong.tape, right)], events=1
    )


def test_tracked_charts_get_their_live_bar_until_the_last_one_closes() -> None:
    floor, frame = Floor(), timeframe("1m")
    floor.market.track("AAPL", frame, None, "chart")
    floor.market.track("AAPL", frame, None, "chart 2")
    floor.hear(a_trade(10), a_trade(12, 1), a_trade(9, 2), a_trade(50, 3, "MSFT"))
    moved = floor.moved()
    assert [(name, bar.symbol, bar.high, bar.low, bar.close) for name, bar in moved.bars] == [("1m", "AAPL", 12, 9, 9)]
    floor.market.untrack("AAPL", frame, "chart")
    floor.market.untrack("AAPL", frame, "chart")
    floor.hear(a_trade(13, 4))
    assert floor.bar("1m").close == 13
    floor.market.untrack("AAPL", frame, "chart 2")
    floor.hear(a_trade(13, 5))
    assert floor.moved().bars == ()


def test_a_bar_that_ends_between_two_frames_is_shown_complete_before_the_next() -> None:
    floor = Floor()
    floor.market.track("AAPL", timeframe("1m"), None)
    floor.market.track("AAPL", timeframe("1s"), None)
    floor.hear(a_trade(10, 58.2), a_trade(11, 59.5), a_trade(12, 60.1))
    bars = floor.moved().bars
    assert [bar.close for name, bar in bars if name == "1m"] == [11, 12]
    assert [bar.close for name, bar in bars if name == "1s"] == [10, 11, 12]


@given(
    st.lists(st.tuples(st.integers(0, 40_000), st.integers(1, 50), st.integers(1, 9)), min_size=1, max_size=60),
    st.integers(1, 9),
)
def test_live_bars_equal_the_trades_folded_one_by_one(steps: list[tuple[int, int, int]], portion: int) -> None:
    floor, at = Floor(seconds=10_000), 0.0
    trades = []
    for gap, price, size in steps:
        at += gap / 1000
        trades.append(a_trade(price, at, size=size, name=str(len(trades))))
    for name in FRAMES:
        floor.market.track("AAPL", timeframe(name), None)
    for first in range(0, len(trades), portion):
        floor.hear(*trades[first : first + portion])
    bars = dict(floor.moved().bars)
    for name in FRAMES:
        expected: Bar | None = None
        for trade in trades:
            expected = folded(expected, trade, timeframe(name))
        assert expected is not None
        assert _rounded(bars[name]) == _rounded(expected)


@given(st.lists(st.tuples(st.integers(1, 50), st.integers(1, 9)), min_size=1, max_size=20), st.data())
def test_a_print_that_is_taken_back_in_its_minute_leaves_nothing_behind(
    prints: list[tuple[int, int]], data: st.DataObject
) -> None:
    trades = [a_trade(price, 61 + n, size=size, name=str(n)) for n, (price, size) in enumerate(prints)]
    wrong = data.draw(st.sampled_from(trades))
    right = data.draw(st.sampled_from([None, wrong._replace(price=wrong.price + 1, size=3.0)]))
    told, never = Floor(), Floor()
    for floor in (told, never):
        for name in ("1m", "15s", "3m", "1D"):
            floor.market.track("AAPL", timeframe(name), None)
        floor.hear(a_trade(20, 30, name="before"))
    told.hear(*trades)
    told.market.hear(a_correction(wrong, right))
    never.hear(*[right if one is wrong else one for one in trades if one is not wrong or right is not None])  # type: ignore[arg-type]
    for floor in (told, never):
        floor.hear(a_trade(25, 110, name="after"))
    assert told.market.snapshot("AAPL") == never.market.snapshot("AAPL")
    live = [{name: _rounded(bar) for name, bar in floor.moved().bars} for floor in (told, never)]
    assert live[0] == live[1]
    assert told.corrections


def test_when_the_only_print_of_a_minute_is_cancelled_the_last_price_is_the_one_before() -> None:
    floor = Floor()
    wrong = a_trade(99, 61)
    floor.hear(a_trade(10, 30), wrong)
    floor.market.hear(a_correction(wrong, None))
    one = floor.market.snapshot("AAPL")
    assert (one.last, one.last_at, one.day_high, one.day_volume) == (10, T0 + 30 * SECOND, 10, 10)


def test_a_correction_of_an_earlier_minute_is_handed_on_and_changes_nothing_here() -> None:
    floor = Floor()
    wrong = a_trade(99, 30)
    floor.hear(wrong, a_trade(10, 61))
    before = floor.market.snapshot("AAPL")
    floor.market.hear(a_correction(wrong, None))
    assert floor.market.snapshot("AAPL") == before
    assert [one.id for one in floor.corrections] == [wrong.id]


def test_history_that_knows_part_of_the_minute_is_continued_and_nothing_counts_twice() -> None:
    floor, frame = Floor(), timeframe("1m")
    floor.hear(a_trade(10, 30), a_trade(11, 31))  # subscribed within the minute
    floor.market.track("AAPL", frame, Bar("AAPL", T0, 8, 12, 7, 11, 120, 12, 9.0))  # which the vendor knows whole
    floor.hear(a_trade(13, 40))
    bar = floor.bar("1m")
    assert (bar.open, bar.high, bar.low, bar.close, bar.volume) == (8, 13, 7, 13, 130)


def test_history_of_stored_minutes_is_continued_by_the_minute_that_was_heard_whole() -> None:
    floor, frame = Floor(), timeframe("3m")
    floor.hear(a_trade(10, 1), a_trade(11, 61))
    floor.market.track("AAPL", frame, Bar("AAPL", T0, 8, 12, 7, 10, 100, 10, 9.0))  # the first minute only
    floor.hear(a_trade(13, 62), a_trade(14, 130))
    bar = floor.bar("3m")
    assert (bar.open, bar.high, bar.close, bar.volume) == (8, 14, 14, 130)


def test_a_minute_as_the_vendor_tells_it_goes_to_the_charts_of_minutes() -> None:
    floor = Floor()
    floor.market.track("AAPL", timeframe("1m"), None)
    floor.hear(a_trade(10, 1), a_trade(11, 61))
    first, second = (Bar("AAPL", T0 + n * 60 * SECOND, 10, 10.5, 9.5, 10, 500) for n in range(2))
    floor.market.hear(Batch(minutes=[first], events=1))
    assert ("1m", first) in floor.moved().bars
    floor.market.hear(Batch(minutes=[second], events=1))  # and no trade has begun the next
    assert floor.moved().bars == (("1m", second),)
    floor.hear(a_trade(12, 121))
    assert [bar.close for _, bar in floor.moved().bars] == [10, 12]


def _rounded(bar: Bar) -> tuple[object, ...]:
    return (
        bar.symbol,
        bar.start,
        bar.open,
        bar.high,
        bar.low,
        bar.close,
        round(bar.volume, 6),
        bar.count,
        round(bar.vwap or 0, 6),
    )


def test_a_minute_that_a_chart_heard_in_part_is_told_anew_once_a_vendor_knows_it_and_a_whole_one_is_not() -> None:
    floor = Floor()
    floor.market.track("AAPL", timeframe("5m"), None)
    floor.market.track("MSFT", timeframe("1D"), None)
    floor.hear(a_trade(10, 30), a_trade(10, 30, "MSFT"))  # the first words of both
    floor.seconds = 60
    floor.hear(a_trade(11, 60), a_trade(11, 60, "MSFT"))
    told = [Bar(symbol, T0, 9, 12, 9, 10, 500) for symbol in ("AAPL", "MSFT")]
    floor.market.hear(Batch(minutes=told, events=2))
    floor.market.tick()
    floor.seconds = 69
    floor.market.tick()
    assert floor.kinds(BarsAmended) == []
    floor.seconds = 70
    floor.market.tick()
    assert [(one.symbol, one.start) for one in floor.kinds(BarsAmended)] == [("AAPL", utc(T0))]
    floor.hear(a_trade(11, 120))
    floor.market.hear(Batch(minutes=[Bar("AAPL", T0 + 60 * SECOND, 11, 11, 11, 11, 10)], events=1))
    for _ in range(30):
        floor.seconds += 1
        floor.market.tick()
    assert len(floor.kinds(BarsAmended)) == 1

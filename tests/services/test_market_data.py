"""Live market data: the newest of everything, one event per frame, and honest ages."""

from dataclasses import replace

from qv_desktop.domain.events import BarsAmended, MarketMoved
from qv_desktop.domain.market import SECOND, Bar, Batch, Halt, Quote, Snapshot, timeframe
from qv_desktop.services.clock import Clock, Rate
from qv_desktop.services.market_data import MarketData
from tests.services.a_market import T0, Floor, a_quote, a_trade

HOUR = 3600


def test_a_frame_gets_one_event_with_all_that_moved_and_nothing_when_still() -> None:
    floor = Floor()
    floor.hear(a_trade(10), a_trade(11, 1), a_trade(20, 2, "MSFT"))
    moved = floor.moved()
    floor.moved()
    assert len(floor.events) == 1
    assert {s.symbol: s.last for s in moved.snapshots} == {"AAPL": 11, "MSFT": 20}
    assert len(moved.trades) == len(floor.trades) == 3


def test_text_is_told_fifteen_times_a_second_and_what_is_charted_or_in_the_ticket_at_once() -> None:
    floor = Floor()
    floor.market.watch("ticket", ["TKT"])
    floor.market.track("AAPL", timeframe("1m"), None)
    floor.market.flush()
    floor.hear(a_trade(1, 0, "TKT"), a_trade(2), a_trade(3, 0, "MSFT"))
    floor.seconds += 1 / 60
    floor.market.flush()
    assert [s.symbol for s in floor.kinds(MarketMoved)[0].snapshots] == ["TKT", "AAPL"]
    floor.seconds += 4 / 60
    floor.market.flush()
    later = floor.kinds(MarketMoved)[1]
    assert ([s.symbol for s in later.snapshots], len(later.trades)) == (["MSFT"], 3)


def test_the_tape_of_a_frame_is_bounded_and_the_store_gets_every_trade() -> None:
    floor = Floor()
    floor.hear(*[a_trade(10, n / 1000) for n in range(900)])
    moved = floor.moved()
    assert (len(moved.trades), moved.trades[-1].id, len(floor.trades)) == (200, "0.899", 900)


def test_thousands_of_symbols_are_shown_over_several_frames_and_none_is_left_out() -> None:
    floor = Floor()
    floor.market.seed([Snapshot(f"S{n}", last=1) for n in range(1000)])
    frames = [[s.symbol for s in floor.moved().snapshots] for _ in range(3)]
    assert [len(frame) for frame in frames] == [400, 400, 200]
    assert len({symbol for frame in frames for symbol in frame}) == 1000


def test_listeners_hear_the_union_in_order_of_want_and_only_when_it_changes() -> None:
    market, heard = Floor().market, []
    market.subscribe(heard.append)
    market.watch("scanner", ["ZZZ"])
    market.watch("watchlist", ["AAPL", "MSFT"])
    market.watch("chart", ["MSFT"])
    market.watch("chart", ["MSFT"])
    market.watch("chart 2", ["SPY"])
    market.watch("chart", [])
    assert heard == [(), ("ZZZ",), ("AAPL", "MSFT", "ZZZ"), ("MSFT", "AAPL", "ZZZ"), ("MSFT", "SPY", "AAPL", "ZZZ"),
                     ("SPY", "AAPL", "MSFT", "ZZZ")]  # fmt: skip


def test_what_rest_knows_does_not_overwrite_newer_live_prices() -> None:
    market = Floor().market
    market.hear(Batch([a_trade(10, 5)]))
    market.seed([Snapshot("AAPL", last=9, last_at=T0, previous_close=8), Snapshot("MSFT", last=3, last_at=T0)])
    assert (market.snapshot("AAPL").last, market.snapshot("AAPL").previous_close) == (10, 8)
    assert market.snapshot("MSFT").last == 3


def test_a_vendor_that_answers_late_widens_the_day_and_after_a_backfill_replaces_it() -> None:
    floor = Floor()
    told = Snapshot("AAPL", last=9, last_at=T0, day_open=8, day_high=12, day_low=8, day_volume=1000)
    floor.hear(a_trade(13, 5))
    floor.market.seed([told])
    one = floor.market.snapshot("AAPL")
    assert (one.day_open, one.day_high, one.day_low, one.day_volume) == (8, 13, 8, 1000)
    floor.hear(a_trade(11, 6), a_trade(11, 70))
    assert floor.market.snapshot("AAPL").day_volume == 1020
    floor.market.seed([replace(told, day_high=11.5, day_volume=1030)], anew=True)
    assert (floor.market.snapshot("AAPL").day_high, floor.market.snapshot("AAPL").day_volume) == (11.5, 1030)


def test_another_day_begins_with_its_own_range_and_an_unknown_previous_close() -> None:
    floor = Floor()
    floor.market.seed([Snapshot("AAPL", last=9, last_at=T0, previous_close=8, day_high=12, day_low=7, day_volume=500)])
    floor.hear(a_trade(10, 1), a_trade(20, 24 * HOUR), a_trade(21, 24 * HOUR + 90))
    one = floor.market.snapshot("AAPL")
    assert (one.day_open, one.day_high, one.day_low, one.day_volume) == (20, 21, 20, 20)
    assert (one.previous_close, one.change) == (None, None)


def test_a_previous_close_that_was_told_at_night_is_not_the_next_days() -> None:
    floor, night = Floor(), 20 * HOUR  # 4:00 UTC, before midnight's snapshots turn
    floor.seconds = night
    evening = T0 + 15 * HOUR * SECOND  # 18:00 in New York of the day before
    floor.market.seed([Snapshot("AAPL", last=10, last_at=evening, previous_close=8)])
    assert floor.market.snapshot("AAPL").previous_close == 8
    floor.hear(a_trade(11, 25 * HOUR))
    assert floor.market.snapshot("AAPL").previous_close is None
    floor.market.seed([Snapshot("AAPL", last=10, last_at=evening, previous_close=8)])  # a vendor that lags
    assert floor.market.snapshot("AAPL").previous_close is None
    floor.market.seed([Snapshot("AAPL", last=11, last_at=T0 + 25 * HOUR * SECOND, previous_close=10)])
    assert floor.market.snapshot("AAPL").previous_close == 10


def test_a_late_print_counts_for_the_day_and_is_not_the_last_price() -> None:
    floor = Floor()
    floor.seconds = 120
    floor.market.track("AAPL", timeframe("1m"), None)
    floor.hear(a_trade(10, 30), a_trade(11, 70), a_trade(15, 50), a_trade(10.5, 69))
    one = floor.market.snapshot("AAPL")
    assert (one.last, one.day_high, one.day_volume) == (11, 15, 40)
    bar = floor.bar("1m")
    assert (bar.start, bar.open, bar.high, bar.low, bar.close, bar.volume) == (T0 + 60 * SECOND, 11, 11, 10.5, 11, 20)


def test_a_market_whose_clock_was_set_back_is_heard_again() -> None:
    floor = Floor()
    floor.hear(a_trade(10, 10 * 24 * HOUR), a_trade(11, 1))
    assert (floor.market.snapshot("AAPL").last, floor.market.snapshot("AAPL").day_high) == (11, 11)


def test_an_unknown_symbol_has_unknowns_and_no_zeros() -> None:
    market = Floor().market
    empty = market.snapshot("NOPE")
    assert (empty.last, empty.change, empty.change_fraction, market.quote_age("NOPE")) == (None, None, None, None)
    market.hear(Batch(quotes=[a_quote("NOPE")]))
    quoted = market.snapshot("NOPE")
    assert (quoted.last, quoted.last_at, quoted.day_open, quoted.day_high, quoted.day_low) == (None,) * 5
    assert quoted.day_volume is None
    assert market.prices() == {}


def test_a_quotes_age_is_what_a_person_waited_even_in_a_fast_replay() -> None:
    wall = [0]
    clock = Clock(Rate(market=T0, wall=0, speed=10.0), lambda: wall[0])
    market = MarketData(clock, lambda event: None, lambda trades: None, lambda frame, bars: None)
    market.hear(Batch(quotes=[Quote("AAPL", T0, 9.99, 100, 10.01, 100)]))
    wall[0] = 2 * SECOND
    assert market.quote_age("AAPL") == 2.0
    assert clock.market_ns() == T0 + 20 * SECOND


def test_halts_show_and_end() -> None:
    market = Floor().market
    market.hear(Batch([a_trade(10)], halts=[Halt("AAPL", T0, True, "LULD")]))
    assert market.snapshot("AAPL").halted
    market.hear(Batch(halts=[Halt("AAPL", T0, False, "resumed")]))
    assert not market.snapshot("AAPL").halted


def test_what_the_vendor_completed_is_kept_by_its_timeframe() -> None:
    floor = Floor()
    bar = Bar("AAPL", T0, 1, 2, 0.5, 1.5, 100)
    floor.market.hear(Batch(minutes=[bar], seconds=[bar]))
    assert floor.bars == [("1m", bar), ("1s", bar)]


def test_the_vendors_day_widens_ours() -> None:
    floor = Floor()
    floor.hear(a_trade(10, 1))
    floor.market.hear(Batch(days=[Bar("AAPL", T0 - 3 * HOUR * SECOND, 9, 14, 8, 10, 5_000)]))
    one = floor.market.snapshot("AAPL")
    assert (one.day_open, one.day_high, one.day_low, one.day_volume, one.last) == (9, 14, 8, 5_000, 10)


def test_an_amended_minute_is_told_once_the_store_has_had_a_second_to_take_it() -> None:
    floor = Floor()
    bar = Bar("AAPL", T0, 1, 2, 0.5, 1.5, 100)
    floor.market.hear(Batch(minutes=[bar]))
    floor.market.hear(Batch(minutes=[bar]))  # a replay is no amendment
    floor.market.hear(Batch(minutes=[replace(bar, high=3)]))
    floor.market.tick()
    assert floor.kinds(BarsAmended) == []
    floor.market.tick()
    floor.market.tick()
    (amended,) = floor.kinds(BarsAmended)
    assert (amended.symbol, (amended.end - amended.start).seconds) == ("AAPL", 60)


def test_heard_since_begins_with_the_first_word_and_anew_after_a_hole() -> None:
    floor = Floor()
    market = floor.market
    market.watch("watchlist", ["AAPL"])
    assert market.heard_since("AAPL") is None
    floor.hear(a_trade(10, 3), a_trade(10, 4))
    assert market.heard_since("AAPL") == T0 + 3 * SECOND
    start = floor.clock.market()
    floor.seconds = 20
    market.gap(start, floor.clock.market())
    assert market.heard_since("AAPL") is None
    floor.hear(a_trade(10, 19))  # stamped before the hole's end
    assert market.heard_since("AAPL") == T0 + 20 * SECOND
    market.watch("watchlist", [])
    assert market.heard_since("AAPL") is None
    market.watch("watchlist", ["AAPL"])
    floor.hear(a_trade(10, 40))
    assert market.heard_since("AAPL") == T0 + 40 * SECOND

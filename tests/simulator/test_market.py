"""The market keeps its promises: the same again for the same seed, streams equal history, prices make sense."""

from collections.abc import Iterator
from datetime import date, time
from itertools import pairwise

import numpy as np
import pytest

from qv_desktop.simulator import sessions
from qv_desktop.simulator.listings import stocks
from qv_desktop.simulator.market import Market, opened
from qv_desktop.simulator.paths import expanded
from qv_desktop.simulator.synthetic import Synthetic
from qv_desktop.simulator.tape import folded
from qv_desktop.simulator.ticks import DAY_SECONDS, MINUTE, Bar, Event, Quote, Status, Trade

DAY = date(2026, 11, 20)
TEN_THIRTY = sessions.ns(DAY, time(10, 30))
HOUR = 60 * MINUTE


def market_at(
    day: date = DAY, clock: time = time(10, 30), symbols: int = 8, speed: float = 600, seed: int = 1
) -> Market:
    return opened(seed, sessions.ns(day, clock), symbols, speed=speed)


def run_minutes(market: Market, minutes: int) -> list[Event]:
    """All events until the market has sent so many more minutes."""
    events: list[Event] = []
    leave = market.subscribe(events.extend)
    end = market.now() + minutes * MINUTE
    while market.now() < end:
        market.step()
    market.step()
    leave()
    return events


def sent_of[Kind: (Trade, Quote)](events: list[Event], kind: type[Kind], symbol: str) -> list[Kind]:
    return [event for event in events if isinstance(event, kind) and event.symbol == symbol]


def minute_bars(events: list[Event], symbol: str) -> list[Bar]:
    return [event for event in events if isinstance(event, Bar) and event.span == 60 and event.symbol == symbol]


@pytest.fixture(scope="module")
def day_market() -> Market:
    """After the close, with the whole day behind it."""
    return market_at(clock=time(20, 30), symbols=60, speed=1)


def test_the_same_seed_makes_the_same_market_and_another_seed_another() -> None:
    window = (TEN_THIRTY - HOUR, TEN_THIRTY)
    first, again, other = market_at(), market_at(), market_at(seed=2)
    assert first.bars("AAPL", 60, *window) == again.bars("AAPL", 60, *window) != other.bars("AAPL", 60, *window)
    assert first.trades("AAPL", *window, 10_000) == again.trades("AAPL", *window, 10_000)
    assert first.bars("KO", DAY_SECONDS, 0, TEN_THIRTY)[:-1] == again.bars("KO", DAY_SECONDS, 0, TEN_THIRTY)[:-1]


def test_what_was_streamed_is_what_history_answers_later() -> None:
    market = market_at()
    start = market.now()
    events = run_minutes(market, 5)
    later = opened(1, start + HOUR, 8)
    for symbol in market.symbols():
        trades = sent_of(events, Trade, symbol)
        quotes = sent_of(events, Quote, symbol)
        bars = minute_bars(events, symbol)
        assert bars
        assert later.trades(symbol, trades[0].t, trades[-1].t + 1, 10_000) == trades
        assert later.quotes(symbol, quotes[0].t, quotes[-1].t + 1, 10_000) == quotes
        assert later.bars(symbol, 60, bars[0].t, bars[-1].t + 1) == bars


def test_the_stream_is_in_order_and_never_from_the_future_nor_older_than_a_step() -> None:
    market = market_at()
    steps: list[tuple[int, int, list[int]]] = []
    before = market.now()
    moments: list[int] = []
    market.subscribe(lambda events: moments.extend(one.t for one in events if not isinstance(one, Bar)))
    while len(steps) < 200 or sum(len(sent) for _, _, sent in steps) <= 100:  # how soon depends on the machine
        market.step()
        now = market.now()
        steps.append((before, now, list(moments)))
        before = now
        moments.clear()
    started = [now for _, now, _ in steps]
    for (_, now, sent), earlier in zip(steps[2:], started, strict=False):
        assert sent == sorted(sent)
        assert all(earlier < t <= now for t in sent)


def test_trades_fold_to_the_minute_bar_and_print_at_the_bid_or_the_ask() -> None:
    market = market_at(symbols=20)
    for symbol in market.symbols():
        for bar in market.bars(symbol, 60, TEN_THIRTY - 90 * MINUTE, TEN_THIRTY):
            trades = market.trades(symbol, bar.t, bar.t + MINUTE, 1000)
            again = folded(trades, bar.t, 60)
            assert (again.open, again.high, again.low, again.close) == (bar.open, bar.high, bar.low, bar.close)
            assert (again.volume, again.count) == (bar.volume, bar.count)
            assert bar.low <= bar.vwap <= bar.high
            quotes = market.quotes(symbol, bar.t, bar.t + MINUTE, 1000)
            for trade in trades:
                standing = [quote for quote in quotes if quote.t <= trade.t][-1]
                assert trade.price in (standing.bid, standing.ask)
                assert standing.bid < standing.ask


def test_longer_bars_are_folded_from_minutes_and_seconds_from_trades() -> None:
    market = market_at()
    minutes = market.bars("MSFT", 60, TEN_THIRTY - HOUR, TEN_THIRTY - 30 * MINUTE)
    five = market.bars("MSFT", 300, TEN_THIRTY - HOUR, TEN_THIRTY - 30 * MINUTE)
    assert len(five) == 6
    assert sum(bar.volume for bar in five) == sum(bar.volume for bar in minutes)
    assert five[0].open == minutes[0].open
    assert five[-1].close == minutes[-1].close
    seconds = market.bars("MSFT", 1, TEN_THIRTY - HOUR, TEN_THIRTY - 30 * MINUTE)
    assert sum(bar.count for bar in seconds) == sum(bar.count for bar in minutes)


def test_a_day_bar_is_its_regular_minutes_and_the_next_day_knows_its_close(day_market: Market) -> None:
    session = sessions.known(DAY)
    before = sessions.latest(date(2026, 11, 19))
    for symbol in ("SPY", "KO", "TSLA"):
        minutes = day_market.bars(symbol, 60, session.open, session.close)
        day = day_market.day_bar(symbol)
        assert day is not None
        assert (day.open, day.close) == (minutes[0].open, minutes[-1].close)
        assert day.high == max(bar.high for bar in minutes)
        assert day.low == min(bar.low for bar in minutes)
        assert day.volume == sum(bar.volume for bar in minutes)
        assert day.t == sessions.midnight(DAY)
        previous, listing = day_market.previous_day_bar(symbol), day_market.listing(symbol)
        last = day_market.bars(symbol, 60, before.open, before.close)[-1]
        assert previous is not None
        assert listing is not None
        assert previous.close == last.close == listing.previous_close
        assert day_market.bars(symbol, DAY_SECONDS, previous.t, day.t + 1) == [previous, day]


def test_there_are_twenty_years_of_sound_day_bars_without_a_break_between_old_and_recent(day_market: Market) -> None:
    for symbol in ("SPY", "AAPL", "PFE"):
        bars = day_market.bars(symbol, DAY_SECONDS, sessions.midnight(date(2006, 11, 20)), day_market.now())
        assert len(bars) > 20 * 250
        assert all(0 < bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in bars)
        assert all(bar.low <= bar.vwap <= bar.high and bar.volume > bar.count > 0 for bar in bars)
        assert all(abs(np.log(after.open / bar.close)) < 0.2 for bar, after in pairwise(bars))
        assert [bar.t for bar in bars] == sorted({bar.t for bar in bars})


def test_minutes_reach_back_sixty_sessions_through_pre_and_post_market(day_market: Market) -> None:
    first = sessions.known(sessions.trading_days()[sessions.day_numbers()[DAY] - 60])
    bars = day_market.bars("SPY", 60, first.pre_open, first.post_close)
    assert sum(first.open <= bar.t < first.close for bar in bars) == 390
    early = [bar for bar in bars if bar.t < first.open]
    late = [bar for bar in bars if bar.t >= first.close]
    assert early
    assert late
    assert sum(bar.count for bar in early + late) < 0.1 * sum(bar.count for bar in bars)


def test_the_day_is_busy_and_rough_at_both_ends_and_at_mid_day_as_fast_as_promised(day_market: Market) -> None:
    session = sessions.known(DAY)

    def between(start: time, end: time) -> list[Bar]:
        window = sessions.ns(DAY, start), sessions.ns(DAY, end)
        return [bar for symbol in day_market.symbols() for bar in day_market.bars(symbol, 60, *window)]

    def rate(bars: list[Bar]) -> float:
        return sum(bar.count for bar in bars) / 1800

    morning, noon, evening = (
        between(time(9, 30), time(10)),
        between(time(12), time(12, 30)),
        between(time(15, 30), time(16)),
    )
    assert 5 <= rate(noon) <= 10
    assert rate(morning) > 1.5 * rate(noon) < rate(evening)
    ranges = [float(np.mean([bar.high / bar.low - 1 for bar in bars])) for bars in (morning, noon)]
    assert ranges[0] > 1.3 * ranges[1]
    noon_start = sessions.ns(DAY, time(12))
    quotes = sum(len(day_market.quotes(one, noon_start, noon_start + MINUTE, 5000)) for one in day_market.symbols())
    assert 72 <= quotes / 60 <= 90
    assert session.open < noon_start


def test_most_symbols_move_with_the_market_and_dear_quiet_ones_have_wide_spreads(day_market: Market) -> None:
    def returns(symbol: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        bars = day_market.bars(symbol, DAY_SECONDS, sessions.midnight(date(2024, 11, 20)), day_market.now())
        return np.diff(np.log([bar.close for bar in bars]))

    market = returns("SPY")
    ties = [float(np.corrcoef(market, returns(symbol))[0, 1]) for symbol in day_market.symbols()[1:]]
    assert 0.3 < float(np.median(ties)) < 0.85
    at = sessions.ns(DAY, time(12))

    def spread(symbol: str) -> float:
        return float(np.median([one.ask - one.bid for one in day_market.quotes(symbol, at, at + 10 * MINUTE, 1000)]))

    assert spread("COST") > 5 * spread("F")


def test_at_least_fifty_known_symbols_trade_at_plausible_prices(day_market: Market) -> None:
    assert len(day_market.symbols()) >= 50
    assert {"SPY", "QQQ", "AAPL", "MSFT", "NVDA", "KO", "IBM"} <= set(day_market.symbols())
    for symbol, stock in stocks().items():
        trade = day_market.last(symbol)
        assert trade is not None
        assert stock.price / 3 < trade.price < stock.price * 3


def test_a_halt_stops_trades_and_quotes_until_it_is_resumed() -> None:
    market = market_at()
    market.halt("AAPL", "News pending")
    assert market.is_halted("AAPL")
    during = run_minutes(market, 3)
    assert [one.code for one in during if isinstance(one, Status)] == ["H"]
    halted_at = next(one.t for one in during if isinstance(one, Status))
    assert not [one for one in sent_of(during, Trade, "AAPL") if one.t > halted_at]
    assert not [one for one in sent_of(during, Quote, "AAPL") if one.t > halted_at]
    assert sent_of(during, Trade, "MSFT")
    market.resume("AAPL")
    after = run_minutes(market, 3)
    assert [one.code for one in after if isinstance(one, Status)] == ["T"]
    assert sent_of(after, Trade, "AAPL")
    bars = minute_bars(during + after, "AAPL")
    assert market.bars("AAPL", 60, bars[0].t, bars[-1].t + 1) == bars


def test_a_moved_price_prints_at_once_stays_and_is_in_the_history() -> None:
    market = market_at()
    before = market.last("AAPL")
    previous = market.previous_day_bar("AAPL")
    assert before is not None
    asked_at = market.now()
    market.price("AAPL", 50.0)
    answered_at = market.now()
    events = run_minutes(market, 4)
    trades = sent_of(events, Trade, "AAPL")
    moved_at = next(one.t for one in trades if one.price == 50.0)
    assert asked_at < moved_at <= answered_at + MINUTE // 1000
    assert all(abs(one.price / 50 - 1) < 0.02 for one in trades if one.t > moved_at)
    quote = market.quote("AAPL")
    assert quote is not None
    assert quote.bid < quote.ask < 51
    bars = minute_bars(events, "AAPL")
    assert market.bars("AAPL", 60, bars[0].t, bars[-1].t + 1) == bars
    day = market.day_bar("AAPL")
    assert day is not None
    assert day.high >= before.price > 51 > day.close >= day.low
    assert market.previous_day_bar("AAPL") == previous


def test_a_moved_price_stays_over_the_night() -> None:
    market = market_at(symbols=3, speed=1)
    market.price("AAPL", 50.0)
    market.speed = 100_000
    tomorrow = sessions.known(date(2026, 11, 23))
    while market.now() < tomorrow.open + HOUR:
        market.step()
    market.step()
    bars = market.bars("AAPL", DAY_SECONDS, sessions.midnight(date(2026, 11, 18)), tomorrow.open)
    before, moved_day, after = bars[-3:]
    assert before.close > 2 * 50
    assert moved_day.open > 2 * 50
    assert moved_day.close == pytest.approx(50, rel=0.1)
    assert after.open == pytest.approx(50, rel=0.2)
    yesterday = market.previous_day_bar("AAPL")  # of the day it is by now: on a busy machine one step may be days
    assert yesterday in market.bars("AAPL", DAY_SECONDS, sessions.midnight(date(2026, 11, 18)), market.now())
    minutes = market.bars("AAPL", 60, tomorrow.open, tomorrow.open + HOUR)
    assert minutes[0].open == after.open
    assert all(bar.low <= bar.open <= bar.high < 70 for bar in minutes)


def test_planned_halts_are_rare_and_empty_their_minutes() -> None:
    synthetic, stock = Synthetic(3), stocks()["TSLA"]
    paths = [synthetic.path(stock, day) for day in sessions.trading_days()[5000:6500]]
    halted = [path for path in paths if path.halts]
    assert 0 < len(halted) < 15
    start, end = halted[0].halts[0]
    minute = (start - halted[0].session.pre_open) // MINUTE
    assert end - start == 5 * MINUTE
    assert halted[0].count[minute : minute + 5].sum() == 0
    assert expanded(halted[0], minute + 1).quotes == ()
    assert expanded(halted[0], minute + 5).quotes


def test_a_planned_halt_is_announced_by_the_stream() -> None:
    synthetic = Synthetic(1)
    found = next(_halted_days(synthetic))
    market = opened(1, found[1] - MINUTE, 10, speed=600)
    events = run_minutes(market, 8)
    statuses = [one for one in events if isinstance(one, Status) and one.symbol == found[0]]
    assert [(one.code, one.t) for one in statuses] == [("H", found[1]), ("T", found[1] + 5 * MINUTE)]


def _halted_days(synthetic: Synthetic) -> Iterator[tuple[str, int]]:
    for day in sessions.trading_days()[5000:]:
        for symbol, stock in list(stocks().items())[:10]:
            for start, _ in synthetic.path(stock, day).halts:
                yield symbol, start


def test_the_market_knows_when_it_is_open_and_goes_on_over_a_weekend() -> None:
    market = market_at(clock=time(19, 58), symbols=2, speed=360_000)
    assert not market.is_open()
    events: list[Event] = []
    market.subscribe(events.extend)
    opening = sessions.known(date(2026, 11, 23)).open
    while market.now() < opening + HOUR:
        market.step()
    market.step()
    days = {sessions.new_york(one.t).date() for one in events if isinstance(one, Trade)}
    assert {DAY, date(2026, 11, 23)} <= days
    assert not {date(2026, 11, 21), date(2026, 11, 22)} & days
    bars = minute_bars(events, "SPY")
    assert market.bars("SPY", 60, bars[0].t, bars[-1].t + 1) == bars
    assert bars[-1].t > opening


def test_before_the_open_the_day_has_no_bar_and_yesterday_is_the_previous_day() -> None:
    market = market_at(clock=time(8), speed=1)
    assert market.day_bar("SPY") is None
    previous = market.previous_day_bar("SPY")
    assert previous is not None
    assert previous.t == sessions.midnight(date(2026, 11, 19))
    assert market.last("SPY") is not None


def test_a_start_on_a_sunday_looks_back_at_friday() -> None:
    market = market_at(day=date(2026, 11, 22), clock=time(12), speed=1)
    day, last = market.day_bar("SPY"), market.last("SPY")
    assert day is not None
    assert last is not None
    assert sessions.new_york(day.t).date() == DAY
    assert market.session_at(market.now()) is None
    assert last.t > sessions.known(DAY).close - 2 * HOUR


def test_history_answers_nothing_from_the_future_and_newest_first_when_asked() -> None:
    market = market_at(speed=1)
    ahead = market.now() + HOUR
    assert market.bars("SPY", 60, market.now(), ahead) == []
    assert all(one.t <= market.now() for one in market.trades("SPY", 0, ahead, 5, newest_first=True))
    newest = market.trades("SPY", TEN_THIRTY - HOUR, TEN_THIRTY, 5, newest_first=True)
    assert [one.t for one in newest] == sorted((one.t for one in newest), reverse=True)
    everything = market.trades("SPY", TEN_THIRTY - HOUR, TEN_THIRTY, 100_000)
    assert everything[-5:] == newest[::-1]
    assert market.bars("NOPE", 60, 0, ahead) == []


def test_one_listener_that_fails_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    market = market_at()
    heard: list[Event] = []

    def broken(_: object) -> None:
        raise RuntimeError("a broken stream")

    market.subscribe(broken)
    market.subscribe(heard.extend)
    run_minutes(market, 1)
    assert heard
    assert "a broken stream" in caplog.text


def test_in_regular_hours_no_quote_is_older_than_a_second_and_a_half(day_market: Market) -> None:
    start = sessions.ns(DAY, time(10))
    for symbol in day_market.symbols():
        times = [one.t for one in day_market.quotes(symbol, start, start + 5 * MINUTE, 5000)]
        assert len(times) >= 300
        assert max(np.diff(times)) <= 1_500_000_000

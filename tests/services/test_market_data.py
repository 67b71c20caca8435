"""Live market data: the newest of everything, one event per frame, and honest ages."""

from qv_desktop.domain.events import Event, MarketMoved
from qv_desktop.domain.market import SECOND, Bar, Halt, Quote, Snapshot, Trade, timeframe
from qv_desktop.services.clock import Clock, Rate
from qv_desktop.services.market_data import MarketData

T0 = 1_800_000_000 * SECOND


class Wanting:
    """A stream that keeps what it was asked for."""

    name = "test"

    def __init__(self) -> None:
        self.asked: list[frozenset[str]] = []

    def want(self, symbols: frozenset[str]) -> None:
        self.asked.append(symbols)

    async def run(self) -> None: ...

    async def stop(self) -> None: ...


def made(wall: int = T0) -> tuple[MarketData, list[Event], list[Trade], list[Bar]]:
    events: list[Event] = []
    trades: list[Trade] = []
    bars: list[Bar] = []
    return MarketData(Clock(wall_ns=lambda: wall), events.append, trades.extend, bars.extend), events, trades, bars


def trade(price: float, second: float = 0, symbol: str = "AAPL") -> Trade:
    return Trade(symbol, T0 + int(second * SECOND), price, 10, f"{second}")


def test_a_frame_gets_one_event_with_all_that_moved_and_nothing_when_still() -> None:
    market, events, kept, _ = made()
    market.hear([trade(10), trade(11, 1), trade(20, 2, "MSFT")])
    market.flush()
    market.flush()
    assert len(events) == 1
    moved = events[0]
    assert isinstance(moved, MarketMoved)
    assert {s.symbol: s.last for s in moved.snapshots} == {"AAPL": 11, "MSFT": 20}
    assert len(kept) == 3


def test_tracked_charts_get_their_live_bar() -> None:
    market, events, _, _ = made()
    frame = timeframe("1m")
    market.track("AAPL", frame, None)
    market.hear([trade(10), trade(12, 1), trade(9, 2), trade(50, 3, "MSFT")])
    market.flush()
    moved = events[0]
    assert isinstance(moved, MarketMoved)
    assert [(name, bar.symbol, bar.high, bar.low, bar.close) for name, bar in moved.bars] == [("1m", "AAPL", 12, 9, 9)]
    market.untrack("AAPL", frame)
    market.hear([trade(13, 4)])
    market.flush()
    assert events[1].bars == ()  # type: ignore[union-attr]


def test_the_stream_is_asked_for_the_union_and_only_when_it_changes() -> None:
    market, *_ = made()
    stream = Wanting()
    market.feed(stream)
    market.watch("watchlist", ["AAPL", "MSFT"])
    market.watch("chart", ["AAPL"])
    market.watch("chart", ["SPY"])
    market.watch("watchlist", [])
    assert stream.asked == [frozenset(), {"AAPL", "MSFT"}, {"AAPL", "MSFT", "SPY"}, {"SPY"}]


def test_what_rest_knows_does_not_overwrite_newer_live_prices() -> None:
    market, *_ = made()
    market.hear([trade(10, 5)])
    market.seed([Snapshot("AAPL", last=9, last_at=T0, previous_close=8), Snapshot("MSFT", last=3, last_at=T0)])
    assert (market.snapshot("AAPL").last, market.snapshot("AAPL").previous_close) == (10, 8)
    assert market.snapshot("MSFT").last == 3


def test_an_unknown_symbol_has_unknowns_and_no_zeros() -> None:
    market, *_ = made()
    empty = market.snapshot("NOPE")
    assert (empty.last, empty.change, empty.change_fraction, market.quote_age("NOPE")) == (None, None, None, None)


def test_a_quotes_age_is_what_a_person_waited_even_in_a_fast_replay() -> None:
    wall = [0]
    clock = Clock(Rate(market=T0, wall=0, speed=10.0), lambda: wall[0])
    market = MarketData(clock, lambda event: None, lambda trades: None, lambda bars: None)
    market.hear([Quote("AAPL", T0, 9.99, 100, 10.01, 100)])
    wall[0] = 2 * SECOND
    assert market.quote_age("AAPL") == 2.0
    assert clock.market_ns() == T0 + 20 * SECOND


def test_halts_show_and_end() -> None:
    market, *_ = made()
    market.hear([trade(10), Halt("AAPL", T0, True, "LULD")])
    assert market.snapshot("AAPL").halted
    market.hear([Halt("AAPL", T0, False, "resumed")])
    assert not market.snapshot("AAPL").halted


def test_completed_bars_are_kept() -> None:
    market, _, _, bars = made()
    bar = Bar("AAPL", T0, 1, 2, 0.5, 1.5, 100)
    market.hear([bar])
    assert bars == [bar]

"""Staleness: a busy symbol that falls silent while the market is open shows it within five seconds."""

from qv_desktop.domain.market import Batch, Halt, Snapshot
from tests.services.a_market import T0, Floor


def busy_for(floor: Floor, seconds: int, *symbols: str, each: int = 2) -> None:
    """Quotes of each symbol, ``each`` times a second, with the looks in between."""
    for _ in range(seconds):
        for _ in range(each):
            floor.seconds += 1 / each
            floor.quoted(*symbols)
        floor.market.tick()


def silent_for(floor: Floor, seconds: int) -> None:
    for _ in range(seconds):
        floor.seconds += 1
        floor.market.tick()


def stale(floor: Floor, symbol: str = "AAPL") -> bool:
    return floor.market.snapshot(symbol).stale


def a_floor() -> Floor:
    floor = Floor()
    floor.market.watch("watchlist", ["AAPL", "MSFT"])
    return floor


def test_a_busy_symbol_that_falls_silent_is_stale_within_five_seconds_and_shows_although_nothing_moves() -> None:
    floor = a_floor()
    busy_for(floor, 20, "AAPL", "MSFT")
    floor.market.flush()
    before = len(floor.events)
    for _ in range(4):
        busy_for(floor, 1, "MSFT")
        assert not stale(floor)
    busy_for(floor, 1, "MSFT")
    assert stale(floor)
    floor.market.flush()
    assert any(s.symbol == "AAPL" and s.stale for s in floor.events[before].snapshots)  # type: ignore[union-attr]
    assert not stale(floor, "MSFT")
    floor.quoted("AAPL")
    assert not stale(floor)


def test_a_symbol_that_seldom_trades_is_never_stale() -> None:
    floor = a_floor()
    for _ in range(30):
        floor.quoted("AAPL")
        silent_for(floor, 3)
    silent_for(floor, 30)
    assert not stale(floor)
    assert not floor.market.busy()


def test_silence_means_nothing_before_ten_seconds_outside_regular_hours_or_in_a_halt() -> None:
    young, closed, halted = a_floor(), a_floor(), a_floor()
    busy_for(young, 8, "AAPL")
    closed.open = False
    busy_for(closed, 20, "AAPL")
    busy_for(halted, 20, "AAPL")
    halted.market.hear(Batch(halts=[Halt("AAPL", T0, True, "LULD")]))
    for floor in (young, closed, halted):
        silent_for(floor, 10)
        assert not stale(floor)


def test_what_is_stale_stays_so_until_it_is_heard_or_the_market_closes() -> None:
    floor = a_floor()
    busy_for(floor, 20, "AAPL")
    silent_for(floor, 120)
    assert stale(floor)
    floor.open = False
    silent_for(floor, 1)
    assert not stale(floor)


def test_silence_of_all_is_a_fault_of_the_feed_until_ten_minutes_make_it_a_habit() -> None:
    floor = a_floor()
    busy_for(floor, 70, "AAPL")
    assert floor.market.busy()
    silent_for(floor, 6)
    assert floor.market.busy()
    silent_for(floor, 500)
    assert floor.market.busy()
    silent_for(floor, 100)
    assert not floor.market.busy()
    busy_for(floor, 70, "AAPL")
    floor.open = False
    assert not floor.market.busy()


def test_a_feed_that_says_nothing_from_the_start_is_mute_when_a_liquid_symbol_is_wanted() -> None:
    floor = a_floor()
    silent_for(floor, 20)
    assert not floor.market.busy()
    floor.market.seed([Snapshot("AAPL", last=10, last_at=T0, day_volume=40_000_000)])
    silent_for(floor, 1)
    assert floor.market.busy()
    floor.quoted("AAPL")
    silent_for(floor, 11)
    assert floor.market.busy()  # it fell silent before anybody could see how often it is heard
    floor.quoted("AAPL")
    silent_for(floor, 1)
    assert not floor.market.busy()  # seen by now: not often


def test_a_symbol_that_nobody_watches_is_not_judged_and_begins_anew() -> None:
    floor = a_floor()
    busy_for(floor, 20, "AAPL")
    floor.market.watch("watchlist", ["MSFT"])
    silent_for(floor, 10)
    assert not stale(floor)
    floor.market.watch("watchlist", ["AAPL"])
    silent_for(floor, 20)
    assert not stale(floor)

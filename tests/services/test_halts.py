"""Halts of this sitting, as the market model hears of them."""

from qv_desktop.domain.events import Event, HaltsChanged
from qv_desktop.domain.halts import Stop
from qv_desktop.domain.market import SECOND, Batch, Halt, Snapshot
from qv_desktop.services.clock import Clock
from qv_desktop.services.halts import MOST, Halts
from qv_desktop.services.market_data import MarketData
from tests.services.a_market import T0


def listening() -> tuple[MarketData, Halts, list[Event]]:
    events: list[Event] = []
    halts = Halts(events.append)
    market = MarketData(
        Clock(wall_ns=lambda: T0), events.append, lambda t: None, lambda f, b: None, hear_halts=halts.hear
    )
    return market, halts, events


def heard(*halts: Halt) -> Batch:
    return Batch(halts=halts, events=len(halts))


def test_a_halt_and_its_end_are_known_by_symbol() -> None:
    market, halts, events = listening()
    market.hear(heard(Halt("AAPL", T0, True, "LULD pause"), Halt("MSFT", T0, True, "news")))
    market.hear(heard(Halt("AAPL", T0 + 300 * SECOND, False, "")))
    assert halts.of("AAPL") == (Stop(T0, T0 + 300 * SECOND, "LULD pause"),)
    assert halts.of("MSFT") == (Stop(T0, None, "news"),)
    assert halts.of("SPY") == ()
    assert events == [HaltsChanged("AAPL"), HaltsChanged("MSFT"), HaltsChanged("AAPL")]


def test_the_same_told_twice_is_no_change() -> None:
    market, _, events = listening()
    for _ in range(2):
        market.show(heard(Halt("AAPL", T0, True, "LULD pause")))
    assert events == [HaltsChanged("AAPL")]


def test_what_is_halted_at_first_sight_is_so_from_then_on() -> None:
    market, halts, _ = listening()
    market.seed([Snapshot("AAPL", 10.0, T0, halted=True), Snapshot("MSFT", 10.0, T0)])
    market.hear(heard(Halt("AAPL", T0 + SECOND, False, "")))
    market.seed([Snapshot("AAPL", 10.0, T0, halted=True)])  # a vendor's answer that is older than the stream's news
    assert halts.of("AAPL") == (Stop(T0, T0 + SECOND, ""),)
    assert halts.of("MSFT") == ()


def test_what_a_stream_says_that_is_not_shown_is_not_hatched() -> None:
    market, halts, _ = listening()
    market.keep(heard(Halt("AAPL", T0, True, "LULD pause")))
    assert halts.of("AAPL") == ()


def test_a_symbol_that_stops_and_goes_all_day_keeps_its_newest_stops() -> None:
    _, halts, _ = listening()
    for n in range(2 * (MOST + 5)):
        halts.hear([Halt("AAPL", T0 + n, n % 2 == 0, "")])
    assert len(halts.of("AAPL")) == MOST
    assert halts.of("AAPL")[-1] == Stop(T0 + 2 * MOST + 8, T0 + 2 * MOST + 9, "")

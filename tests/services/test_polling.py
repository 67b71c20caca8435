"""Polling: every symbol in its turn, the newly wanted first, and a vendor that is slow or away is left in peace."""

import asyncio
from collections.abc import Callable

import pytest

from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.market import Snapshot
from qv_desktop.services import polling as room
from qv_desktop.services.polling import Polling, unstreamed


class Vendor:
    """Answers with the number of the question as the price; ``takes`` passes on the watch with each."""

    def __init__(self, takes: float = 0.0) -> None:
        self.asked: list[list[str]] = []
        self.takes, self.now, self.down = takes, 100.0, False

    def watch(self) -> float:
        return self.now

    async def ask(self, symbols: list[str]) -> list[Snapshot]:
        self.asked.append(symbols)
        self.now += self.takes
        if self.down:
            raise FeedDown("The vendor is away.")
        return [Snapshot(symbol, last=float(len(self.asked))) for symbol in symbols if symbol != "NONE"]


def gone_round(
    vendor: Vendor, polling: Polling, pauses: int, between: Callable[[int], None] = lambda turn: None
) -> list[float]:
    """Let it run for some pauses, which take no time but on the vendor's watch; how long each would have been."""
    lengths: list[float] = []

    async def pause(seconds: float) -> None:
        lengths.append(seconds)
        vendor.now += seconds
        between(len(lengths))
        if len(lengths) == pauses:
            raise asyncio.CancelledError

    polling._pause = pause  # type: ignore[method-assign]
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(polling.run())
    return lengths


def test_a_large_universe_is_gone_round_in_portions_within_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PORTION", 2)
    vendor = Vendor()
    polling = Polling(vendor.ask, vendor.watch)
    polling.want("ABCDE")
    lengths = gone_round(vendor, polling, 4)
    assert vendor.asked == [["A", "B"], ["C", "D"], ["E", "A"], ["B", "C"]]
    assert lengths == pytest.approx([6.0] * 4)  # two fifths of 15 s


def test_while_the_market_is_closed_it_asks_rarely() -> None:
    vendor = Vendor()
    polling = Polling(vendor.ask, vendor.watch)
    polling.want("AB", calm=True)
    assert gone_round(vendor, polling, 1) == [300.0]


def test_an_answer_that_waited_its_turn_is_followed_by_a_longer_pause() -> None:
    vendor = Vendor(takes=12.0)
    polling = Polling(vendor.ask, vendor.watch)
    polling.want("AB")
    assert gone_round(vendor, polling, 1) == [36.0]


def test_what_is_newly_wanted_comes_first_and_what_is_not_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PORTION", 1)
    vendor = Vendor()
    polling = Polling(vendor.ask, vendor.watch)
    polling.want("AB")
    gone_round(vendor, polling, 3, lambda turn: polling.want("BCD"))
    assert vendor.asked == [["A"], ["B"], ["C"]]


def test_new_symbols_do_not_wait_for_the_pause_to_end() -> None:
    vendor = Vendor()
    polling = Polling(vendor.ask)

    async def story() -> None:
        running = asyncio.create_task(polling.run())
        await asyncio.sleep(0)
        polling.want(["A"])
        while not vendor.asked:  # noqa: ASYNC110 - the vendor tells nobody
            await asyncio.sleep(0)
        polling.want(["A", "B"])
        while len(vendor.asked) < 2:  # noqa: ASYNC110 - the vendor tells nobody
            await asyncio.sleep(0)
        running.cancel()

    asyncio.run(asyncio.wait_for(story(), 10))
    assert vendor.asked == [["A"], ["B", "A"]]


def test_a_symbol_that_nobody_knows_is_unknown() -> None:
    vendor = Vendor()
    polling = Polling(vendor.ask, vendor.watch)
    polling.want(["AAPL", "NONE"])
    gone_round(vendor, polling, 1)
    assert polling.snapshot("AAPL") == Snapshot("AAPL", last=1.0)
    assert polling.snapshot("NONE") is None


def test_a_vendor_that_is_away_leaves_stale_prices_until_it_answers() -> None:
    vendor = Vendor()
    polling = Polling(vendor.ask, vendor.watch)
    polling.want(["AAPL"])
    gone_round(vendor, polling, 1)
    vendor.down = True
    gone_round(vendor, polling, 1)
    assert (polling.snapshot("AAPL"), polling.trouble) == (
        Snapshot("AAPL", last=1.0, stale=True),
        "The vendor is away.",
    )
    vendor.down = False
    gone_round(vendor, polling, 1)
    assert (polling.snapshot("AAPL"), polling.trouble) == (Snapshot("AAPL", last=3.0), "")


def test_only_what_no_stream_tells_of_is_polled() -> None:
    assert unstreamed(["C", "A", "B"], ("A",)) == ["C", "B"]

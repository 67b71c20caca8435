"""Whose prices are in force: the primary's, the fallback's while the primary is away, and back, visibly."""

from collections.abc import Sequence
from typing import Any

import pytest

from qv_desktop.domain.events import BarsAmended, FeedChanged, SourceChanged
from qv_desktop.domain.market import SECOND, Bar, Batch, timeframe, utc
from qv_desktop.services.feeds import Feeds
from tests.services.a_market import T0, Floor, a_quote, a_trade


class Standing:
    """A stream that keeps what it was asked for."""

    most = None

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked: list[tuple[str, ...]] = []

    def want(self, symbols: Sequence[str]) -> None:
        self.asked.append(tuple(symbols))

    async def run(self) -> None: ...

    async def stop(self) -> None: ...


class Sitting:
    """Two vendors on one floor."""

    def __init__(self, fallback: str | None = "Alpaca") -> None:
        self.floor = Floor()
        self.told: list[tuple[str, str, str]] = []
        self.feeds = Feeds("Polygon", fallback, self.floor.market, self.floor.events.append, self._tell, self.floor.clock.now,
                           lambda: self.floor.seconds)  # fmt: skip
        self.polygon, self.alpaca = Standing("Polygon"), Standing("Alpaca")
        self.from_polygon, self.from_alpaca = self.feeds.hear_from("Polygon"), self.feeds.hear_from("Alpaca")
        self.floor.market.watch("watchlist", ["AAPL", "MSFT"])
        self.feeds.attach(self.polygon)
        self.feeds.attach(self.alpaca)

    def _tell(self, urgency: str, title: str, text: str, key: str) -> None:
        self.told.append((urgency, title, text))

    def begin(self) -> None:
        """Both are live."""
        self.feeds.feed_changed("Alpaca", "live", "")
        self.feeds.feed_changed("Polygon", "live", "")

    def lose(self, feed: str = "Polygon") -> None:
        self.feeds.feed_changed(feed, "backing off", f"{feed}: the connection broke; trying again.")

    def wait(self, seconds: float) -> None:
        for _ in range(round(seconds * 4)):
            self.floor.seconds += 0.25
            self.feeds.tick()

    @property
    def sources(self) -> list[str]:
        return [event.source for event in self.floor.kinds(SourceChanged)]

    def states(self, feed: str) -> list[Any]:
        return [(e.state, e.detail) for e in self.floor.kinds(FeedChanged) if e.feed == feed]


def test_the_primary_is_in_force_from_its_first_word_and_the_fallback_hears_nothing() -> None:
    sitting = Sitting()
    sitting.begin()
    sitting.wait(30)
    assert sitting.sources == ["Polygon"]
    assert sitting.polygon.asked[-1] == ("AAPL", "MSFT")
    assert set(sitting.alpaca.asked) == {()}
    assert sitting.told == []


def test_a_primary_that_is_away_for_two_seconds_gives_way_and_takes_over_when_it_is_steady_again() -> None:
    sitting = Sitting()
    sitting.begin()
    sitting.lose()
    sitting.wait(1.75)
    assert sitting.sources == ["Polygon"]
    sitting.wait(0.5)
    assert sitting.sources == ["Polygon", "Alpaca"]
    assert sitting.alpaca.asked[-1] == ("AAPL", "MSFT")
    sitting.floor.market.watch("chart", ["SPY"])
    assert sitting.alpaca.asked[-1] == sitting.polygon.asked[-1] == ("SPY", "AAPL", "MSFT")
    sitting.feeds.feed_changed("Polygon", "live", "")
    sitting.wait(4.5)
    assert sitting.feeds.source == "Alpaca"
    sitting.wait(1)
    assert sitting.sources == ["Polygon", "Alpaca", "Polygon"]
    assert sitting.alpaca.asked[-1] == ()
    assert [(urgency, title) for urgency, title, _ in sitting.told] == [
        ("warning", "Prices come from Alpaca"),
        ("good", "Prices come from Polygon"),
    ]
    assert "the connection broke" in sitting.told[0][2]


def test_a_blip_changes_nothing() -> None:
    sitting = Sitting()
    sitting.begin()
    for _ in range(5):
        sitting.lose()
        sitting.wait(1)
        sitting.feeds.feed_changed("Polygon", "live", "")
        sitting.wait(1)
    assert sitting.sources == ["Polygon"]


def test_a_primary_that_flaps_does_not_take_over_until_it_stays() -> None:
    sitting = Sitting()
    sitting.begin()
    sitting.lose()
    sitting.wait(3)
    for _ in range(5):
        sitting.feeds.feed_changed("Polygon", "live", "")
        sitting.wait(3)
        sitting.lose()
        sitting.wait(3)
    assert sitting.sources == ["Polygon", "Alpaca"]


@pytest.mark.parametrize("state", ["mute", "evicted", "off", "backing off", "connecting"])
def test_every_state_in_which_a_feed_says_nothing_counts_as_away(state: Any) -> None:
    sitting = Sitting()
    sitting.begin()
    sitting.feeds.feed_changed("Polygon", state, "why")
    sitting.wait(3)
    assert sitting.feeds.source == "Alpaca"


def test_a_market_at_rest_is_no_reason_to_change() -> None:
    sitting = Sitting()
    sitting.begin()
    sitting.feeds.feed_changed("Polygon", "quiet", "nothing is trading")
    sitting.wait(60)
    assert sitting.sources == ["Polygon"]


def test_the_first_handshake_gets_more_patience_and_a_refused_key_does_not() -> None:
    slow, refused = Sitting(), Sitting()
    for sitting in (slow, refused):
        sitting.feeds.feed_changed("Polygon", "connecting", "")
        sitting.feeds.feed_changed("Alpaca", "live", "")
    refused.feeds.feed_changed("Polygon", "off", "Polygon refused the key")
    for sitting in (slow, refused):
        sitting.wait(5)
    assert (slow.sources, refused.sources) == ([], ["Alpaca"])
    slow.wait(6)
    assert slow.sources == ["Alpaca"]


def test_without_any_source_the_prices_are_marked_and_the_reason_is_told() -> None:
    sitting = Sitting()
    sitting.begin()
    sitting.from_polygon(Batch([a_trade(10)], [a_quote()], events=2))
    sitting.lose()
    sitting.lose("Alpaca")
    sitting.wait(3)
    assert sitting.sources == ["Polygon", ""]
    assert sitting.told[-1][:2] == ("critical", "No prices")
    assert "grows old" in sitting.told[-1][2]
    assert sitting.floor.market.snapshot("AAPL").stale
    sitting.feeds.feed_changed("Alpaca", "live", "")
    assert sitting.feeds.source == "Alpaca"
    sitting.feeds.feed_changed("Alpaca", "mute", "")
    assert sitting.feeds.source == ""
    sitting.feeds.feed_changed("Polygon", "live", "")
    assert sitting.feeds.source == "Polygon"


def test_prices_of_the_source_that_is_not_in_force_are_not_shown_and_the_primarys_are_kept() -> None:
    sitting = Sitting()
    sitting.begin()
    market = sitting.floor.market
    sitting.from_alpaca(Batch([a_trade(99)], events=1))
    assert market.snapshot("AAPL").last is None
    sitting.from_polygon(Batch([a_trade(10, 1)], events=1))
    sitting.lose()
    sitting.wait(3)
    sitting.from_alpaca(Batch([a_trade(11, 4)], minutes=[Bar("AAPL", T0, 1, 1, 1, 1, 1)], events=2))
    assert (market.snapshot("AAPL").last, market.snapshot("AAPL").source) == (11, "Alpaca")
    assert [t.price for t in sitting.floor.trades] == [10]  # the primary's history will tell of the rest
    assert sitting.floor.bars == []
    sitting.feeds.feed_changed("Polygon", "live", "")
    sitting.from_polygon(Batch([a_trade(12, 5)], events=1))
    assert market.snapshot("AAPL").last == 11
    assert [t.price for t in sitting.floor.trades] == [10, 12]
    sitting.wait(6)
    sitting.from_polygon(Batch([a_trade(13, 12)], events=1))
    assert (market.snapshot("AAPL").last, market.snapshot("AAPL").source) == (13, "Polygon")


def test_the_fallback_feeds_charts_and_tape() -> None:
    sitting = Sitting()
    sitting.begin()
    sitting.floor.market.track("AAPL", timeframe("1m"), None)
    sitting.lose()
    sitting.wait(3)
    sitting.from_alpaca(Batch([a_trade(11, 4)], events=1))
    moved = sitting.floor.moved()
    assert ([bar.close for _, bar in moved.bars], len(moved.trades)) == ([11], 1)


def test_a_quote_of_the_old_source_does_not_look_like_the_new_ones() -> None:
    sitting = Sitting()
    sitting.begin()
    market = sitting.floor.market
    sitting.from_polygon(Batch([a_trade(10)], [a_quote("AAPL"), a_quote("MSFT")], events=3))
    sitting.lose()
    sitting.wait(3)
    assert market.snapshot("AAPL").stale
    assert market.snapshot("MSFT").stale
    sitting.from_alpaca(Batch([a_trade(11, 4)], events=1))
    one, other = market.snapshot("AAPL"), market.snapshot("MSFT")
    assert (one.source, one.quote, one.stale) == ("Alpaca", None, False)
    assert (other.source, other.quote, other.stale) == ("Polygon", a_quote("MSFT"), True)


def test_what_the_fallback_told_is_not_heard_for_the_history() -> None:
    sitting = Sitting()
    sitting.begin()
    market = sitting.floor.market
    sitting.from_polygon(Batch([a_trade(10, 1)], events=1))
    assert market.heard_since("AAPL") is not None
    sitting.lose()
    sitting.wait(1)
    assert market.heard_since("AAPL") is None  # at once, long before the gap is reported
    sitting.wait(2)
    sitting.from_alpaca(Batch([a_trade(11, 4)], events=1))
    assert market.heard_since("AAPL") is None


def test_a_vendor_alone_is_the_primary() -> None:
    sitting = Sitting(fallback=None)
    sitting.feeds.feed_changed("Polygon", "live", "")
    sitting.lose()
    sitting.wait(3)
    assert sitting.sources == ["Polygon", ""]


def test_a_backfill_shows_while_the_feed_is_live() -> None:
    sitting = Sitting()
    sitting.begin()
    sitting.feeds.backfilling("Polygon", 3, 60)
    sitting.feeds.backfilling("Polygon", 4, 60)
    sitting.feeds.feed_changed("Polygon", "live", "60 symbols")
    sitting.lose()
    sitting.feeds.feed_changed("Polygon", "live", "60 symbols")
    sitting.feeds.backfilling("Polygon", 60, 60)
    assert sitting.states("Polygon") == [
        ("live", ""),
        ("backfilling", "3 of 60 symbols filled in"),
        ("backfilling", "4 of 60 symbols filled in"),
        ("backing off", "Polygon: the connection broke; trying again."),
        ("backfilling", "4 of 60 symbols filled in"),
        ("live", "60 symbols"),
    ]
    assert sitting.feeds.source == "Polygon"


def test_other_feeds_are_told_of_and_decide_nothing() -> None:
    sitting = Sitting()
    sitting.begin()
    sitting.feeds.feed_changed("Alpaca orders", "mute", "nothing was heard")
    sitting.wait(10)
    assert sitting.feeds.states["Alpaca orders"].state == "mute"
    assert sitting.sources == ["Polygon"]


def test_a_symbol_that_others_pushed_out_of_the_plan_is_stale_and_no_longer_heard_since_then() -> None:
    sitting = Sitting(fallback=None)
    sitting.polygon.most = 2  # type: ignore[assignment]
    sitting.begin()
    floor = sitting.floor
    sitting.from_polygon(Batch([a_trade(10), a_trade(20, 1, "MSFT")], events=2))
    assert floor.market.heard_since("MSFT") is not None
    sitting.wait(1)
    floor.market.watch("chart", ["SPY"])  # now SPY and AAPL are heard
    assert floor.market.heard_since("MSFT") is None
    assert floor.market.snapshot("MSFT").stale
    assert floor.market.heard_since("AAPL") is not None
    assert not floor.market.snapshot("AAPL").stale
    floor.market.watch("chart", [])
    sitting.wait(1)
    sitting.from_polygon(Batch([a_trade(21, 300, "MSFT")], events=1))
    assert floor.market.heard_since("MSFT") == T0 + 300 * 10**9
    assert not floor.market.snapshot("MSFT").stale


def test_what_the_fallback_missed_is_asked_for_where_a_chart_shows_it() -> None:
    sitting = Sitting()
    market, frame = sitting.floor.market, timeframe("1m")
    market.track("AAPL", frame, None)
    sitting.begin()
    start, end = utc(T0), utc(T0 + 60 * SECOND)
    sitting.feeds.missed(start, end)  # it stands by: nobody has missed anything
    sitting.lose()
    sitting.wait(3)
    sitting.feeds.missed(start, end)
    for _ in range(12):
        sitting.wait(1)
        market.tick()
    assert [(one.symbol, one.end) for one in sitting.floor.kinds(BarsAmended)] == [("AAPL", end)]


def test_what_is_heard_is_what_the_stream_in_force_has_room_for() -> None:
    sitting = Sitting()
    assert sitting.feeds.heard() == ()
    sitting.begin()
    assert sitting.feeds.heard() == ("AAPL", "MSFT")
    sitting.alpaca.most = 1  # type: ignore[assignment]
    sitting.lose()
    sitting.wait(5)
    assert sitting.feeds.heard() == ("AAPL",)

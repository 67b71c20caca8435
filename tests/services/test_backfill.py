"""Holes are told, stored, filled once and stay while they cannot be; prints that were taken back change their minute."""

import asyncio
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from qv_desktop.domain.errors import FeedDown, NotInPlan
from qv_desktop.domain.events import BarsAmended, Event, GapFilled, GapFound, RequestChanged
from qv_desktop.domain.history import Span, missing
from qv_desktop.domain.market import SECOND, Bar, Correction, Gap, Trade, folded, ns, utc
from qv_desktop.services import backfill as room
from qv_desktop.services.amendments import Amendments
from qv_desktop.services.backfill import Backfill, whole_minutes
from qv_desktop.services.gaps import Gaps
from qv_desktop.services.requests import Requests
from qv_desktop.services.vendors import Vendors
from tests.services.history_market import DAY, MINUTE, BarStore, TickStore, Vendor

OPEN = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)
START, END = OPEN + timedelta(minutes=5, seconds=20), OPEN + timedelta(minutes=7, seconds=5)
NAMES = ("AAPL", "MSFT", "SPY")


def prints(symbol: str, count: int = 40) -> list[Trade]:
    """Four trades a minute."""
    return [
        Trade(symbol, ns(OPEN) + i * 15 * SECOND, 10.0 + i % 7, 100.0, f"{symbol}{i}", "V", "C") for i in range(count)
    ]


def folded_minutes(trades: Sequence[Trade]) -> list[Bar]:
    bars: dict[int, Bar] = {}
    for trade in trades:
        start = trade.at - trade.at % (60 * SECOND)
        bars[start] = folded(bars.get(start), trade, MINUTE)
    return list(bars.values())


class Desk:
    """Everything that fills holes, over a market that the vendors know whole."""

    def __init__(self, *vendors: Vendor) -> None:
        every = [trade for name in NAMES for trade in prints(name)]
        self.vendors = vendors or (Vendor(), Vendor(name="Alpaca"))
        for vendor in self.vendors:
            vendor.prints = every
            vendor.market = {"1m": [bar for name in NAMES for bar in folded_minutes(prints(name))]}
        self.bars, self.ticks = BarStore(), TickStore()
        self.events: list[Event] = []
        self.now = OPEN + timedelta(minutes=9)
        self.shown: list[str] = ["SPY"]
        self.wanted: list[str] = list(NAMES)
        self.seeded: list[tuple[str, ...]] = []
        self.told: list[tuple[str, int, int]] = []
        self.waiting: list[Bar] = []  # heard, and not stored yet
        vendors_ = Vendors(self.vendors, Requests(self.events.append, lambda: self.now))
        self.gaps = Gaps(self.ticks, lambda: self.wanted, lambda: self.now, self.events.append)
        self.backfill = Backfill(self.gaps, vendors_, self.bars, self.ticks, lambda: self.now, self.events.append,
                                 shown=lambda: self.shown, seed=self.seed, progress=lambda *told: self.told.append(told),
                                 written=self.written)  # fmt: skip
        self.amendments = Amendments(vendors_, self.bars, self.ticks, lambda: self.now, self.events.append, self.written,
                                     lambda start, end, names, why: self.gaps.found("Polygon", start, end, why, names))  # fmt: skip

    async def written(self) -> None:
        waiting, self.waiting = self.waiting, []
        await self.bars.save(MINUTE, waiting, "Polygon")

    async def seed(self, symbols: Sequence[str]) -> None:
        self.seeded.append(tuple(symbols))

    async def heard(self, gap: Gap | None = None) -> None:
        """What the stream stored, but for the hole: its minutes come without a number of trades."""
        hole = whole_minutes(gap) if gap else Span(0, 0)
        for trade in (trade for name in NAMES for trade in prints(name)):
            if not (gap and ns(gap.start) <= trade.at < ns(gap.end or gap.start)):
                await self.ticks.save([trade])
        bars = [
            replace(bar, count=0)
            for bar in self.vendors[0].market["1m"]
            if missing(Span(bar.start, bar.start + 1), [hole])
        ]
        await self.bars.save(MINUTE, bars, "Polygon")

    def of(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def run(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(story)


async def until(true: Any) -> None:
    for _ in range(400):
        if true():
            return
        await asyncio.sleep(0.01)
    raise AssertionError


GAP = Gap("Polygon", NAMES, START, END, "cut")


def test_a_hole_is_told_and_stored_in_order_though_the_database_is_away() -> None:
    async def story() -> None:
        desk = Desk()
        desk.ticks.down = True
        desk.gaps.found("Polygon", START, END, "cut")
        desk.gaps.found("Polygon", END, END + timedelta(seconds=5), "cut again", ["SPY"])
        running = asyncio.ensure_future(desk.gaps.run())
        await asyncio.sleep(0)
        assert [event.gap.reason for event in desk.of(GapFound)] == ["cut", "cut again"]
        assert desk.ticks.holes == {}
        desk.ticks.down = False
        await until(lambda: len(desk.ticks.holes) == 2)
        assert list(desk.ticks.holes.values()) == [
            GAP,
            Gap("Polygon", ("SPY",), END, END + timedelta(seconds=5), "cut again"),
        ]
        running.cancel()

    run(story())


def test_a_hole_in_nothing_is_none() -> None:
    desk = Desk()
    desk.wanted = []
    desk.gaps.found("Polygon", START, END, "cut")
    desk.gaps.found("Polygon", END, START, "backwards", NAMES)
    assert desk.events == []
    assert desk.gaps.unfilled == ()


def test_after_the_fill_everything_is_as_if_there_had_been_no_hole() -> None:
    async def story() -> None:
        whole, desk = Desk(), Desk()
        await whole.heard()
        await desk.heard(GAP)
        assert len(desk.bars.kept) == len(whole.bars.kept) - 9
        desk.gaps.found(GAP.feed, START, END, "cut")
        await desk.backfill.fill(desk.gaps.unfilled[0])
        assert desk.bars.kept == whole.bars.kept
        assert desk.ticks.kept == whole.ticks.kept

    run(story())


def test_a_filled_hole_is_told_stored_covered_and_seeded_once() -> None:
    async def story() -> None:
        desk = Desk()
        await desk.bars.cover("AAPL", DAY, Span(ns(OPEN) - DAY.seconds * SECOND, ns(OPEN) + DAY.seconds * SECOND))
        running = [asyncio.ensure_future(part) for part in (desk.gaps.run(), desk.backfill.run())]
        desk.gaps.found(GAP.feed, START, END, "cut")
        await until(lambda: desk.of(GapFilled) and desk.ticks.holes)
        await until(lambda: all(gap.filled_at for gap in desk.ticks.holes.values()))
        assert [event.gap for event in desk.of(GapFilled)] == [replace(GAP, filled_at=desk.now)]
        span = whole_minutes(GAP)
        assert (utc(span.start), utc(span.end)) == (OPEN + timedelta(minutes=5), OPEN + timedelta(minutes=8))
        assert {event.symbol for event in desk.of(BarsAmended)} == set(NAMES)
        assert all((ns(event.start), ns(event.end)) == (span.start, span.end) for event in desk.of(BarsAmended))
        assert desk.bars.spans["AAPL", "1m"] == [span]
        assert missing(span, desk.bars.spans["AAPL", "1D"]) == [span]
        assert desk.seeded == [NAMES]
        assert desk.told == [("Polygon", 0, 3), ("Polygon", 1, 3), ("Polygon", 2, 3), ("Polygon", 3, 3)]
        assert desk.gaps.unfilled == ()
        for one in running:
            one.cancel()

    run(story())


def test_what_is_on_screen_is_filled_first_and_waits_for_nothing_urgent() -> None:
    async def story() -> None:
        desk = Desk()
        desk.gaps.found(GAP.feed, START, END, "cut")
        await desk.backfill.fill(desk.gaps.unfilled[0])
        assert [symbol for kind, symbol, *_ in desk.vendors[0].asked if kind == "1m"] == ["SPY", "AAPL", "MSFT"]
        assert {event.request.label for event in desk.of(RequestChanged)} >= {"SPY 1m, missed", "SPY prints, missed"}

    run(story())


def test_the_minute_under_way_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        monkeypatch.setattr(room, "POLL", 0.01)
        desk = Desk()
        desk.now = END
        desk.gaps.found(GAP.feed, START, END, "cut")
        running = asyncio.ensure_future(desk.backfill.run())
        await asyncio.sleep(0.05)
        assert desk.vendors[0].asked == []
        desk.now = OPEN + timedelta(minutes=8, seconds=10)
        await until(lambda: desk.of(GapFilled))
        running.cancel()

    run(story())


def test_a_hole_that_cannot_be_filled_stays_and_is_tried_when_the_feed_is_back() -> None:
    async def story() -> None:
        desk = Desk()
        for vendor in desk.vendors:
            vendor.error = FeedDown("away")
        desk.gaps.found(GAP.feed, START, END, "cut")
        running = asyncio.ensure_future(desk.backfill.run())
        await until(lambda: len(desk.vendors[1].asked) == 1)
        await asyncio.sleep(0.05)
        assert desk.gaps.unfilled == (GAP,)
        assert len(desk.vendors[1].asked) == 1  # with patience
        for vendor in desk.vendors:
            vendor.error = None
        desk.backfill.look()
        await until(lambda: desk.of(GapFilled))
        running.cancel()

    run(story())


def test_symbols_that_are_filled_already_are_not_asked_for_again() -> None:
    async def story() -> None:
        desk = Desk(Vendor())
        desk.gaps.found(GAP.feed, START, END, "cut")
        desk.vendors[0].trades_error = None
        original = desk.ticks.save

        async def fails_later(trades: Sequence[Trade]) -> int:
            desk.ticks.down = any(trade.symbol == "MSFT" for trade in trades)
            return await original(trades)

        desk.ticks.save = fails_later  # type: ignore[method-assign]
        with pytest.raises(Exception, match="database"):
            await desk.backfill.fill(GAP)
        desk.ticks.down, desk.ticks.save = False, original  # type: ignore[method-assign]
        await desk.backfill.fill(GAP)
        assert [symbol for kind, symbol, *_ in desk.vendors[0].asked if kind == "1m"] == ["SPY", "AAPL", "MSFT", "MSFT"]

    run(story())


def test_a_vendor_that_is_late_leaves_the_hole_open() -> None:
    async def story() -> None:
        desk = Desk(Vendor())
        desk.vendors[0].market = {"1m": []}
        desk.gaps.found(GAP.feed, START, END, "cut")
        with pytest.raises(FeedDown, match="newest minutes"):
            await desk.backfill.fill(GAP)
        desk.now += timedelta(minutes=20)  # by now it would know: nothing was traded
        await desk.backfill.fill(GAP)
        assert desk.gaps.unfilled == ()

    run(story())


def test_where_the_plan_has_no_prints_the_bars_alone_fill_the_hole() -> None:
    async def story() -> None:
        desk = Desk(Vendor(trades_error=NotInPlan("not in your plan")), Vendor(name="Alpaca"))
        desk.gaps.found(GAP.feed, START, END, "cut")
        await desk.backfill.fill(desk.gaps.unfilled[0])
        assert desk.of(GapFilled)
        assert desk.ticks.kept == {}
        assert desk.vendors[1].asked == []  # another vendor's prints have other ids: they would come twice

    run(story())


def test_holes_of_earlier_runs_are_filled_at_the_start() -> None:
    async def story() -> None:
        desk = Desk()
        await desk.ticks.save_gap(GAP)
        await desk.ticks.save_gap(Gap("Polygon", ("SPY",), OPEN, OPEN + timedelta(minutes=1), "done", filled_at=END))
        running = [asyncio.ensure_future(part) for part in (desk.backfill.run(), desk.gaps.run())]
        await until(lambda: desk.of(GapFilled))
        assert [event.gap.symbols for event in desk.of(GapFilled)] == [NAMES]
        for one in running:
            one.cancel()

    run(story())


def test_an_hour_of_prints_is_stored_before_the_next_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story() -> None:
        monkeypatch.setattr(room, "AT_ONCE", 60 * SECOND)
        desk = Desk()
        desk.gaps.found(GAP.feed, START, END, "cut", ["SPY"])
        await desk.backfill.fill(desk.gaps.unfilled[0])
        assert len(desk.vendors[0].of("trades")) == 3
        assert len(desk.ticks.kept) == 12

    run(story())


# ---- corrections


WRONG = prints("AAPL")[21]  # 14:35:15
RIGHT = WRONG._replace(price=99.0, id="corrected")


def a_correction(trade: Trade | None) -> Correction:
    return Correction("AAPL", WRONG.at, WRONG.id, WRONG.exchange, WRONG.tape, trade)


@pytest.mark.parametrize("right", [RIGHT, None])
def test_a_correction_changes_the_print_and_refolds_its_minute(right: Trade | None) -> None:
    async def story() -> None:
        desk = Desk()
        await desk.heard()
        start = WRONG.at - 15 * SECOND
        desk.amendments.amend([a_correction(right)])
        await desk.amendments.flush()
        left = [trade for trade in prints("AAPL")[20:24] if trade != WRONG] + ([right] if right else [])
        bar = desk.bars.kept["AAPL", "1m", start]
        assert (bar.high, bar.volume, bar.count) == (max(t.price for t in left), sum(t.size for t in left), 0)
        assert await desk.ticks.trades("AAPL", start, start + 60 * SECOND) == sorted(left, key=lambda trade: trade.at)
        (event,) = desk.of(BarsAmended)
        assert (event.symbol, ns(event.start), ns(event.end)) == ("AAPL", start, start + 60 * SECOND)
        assert desk.vendors[0].asked == []

    run(story())


def test_a_minute_that_our_prints_do_not_explain_is_asked_for() -> None:
    async def story() -> None:
        desk = Desk()
        await desk.heard()
        start = WRONG.at - 15 * SECOND
        stored = desk.bars.kept["AAPL", "1m", start]
        desk.bars.kept["AAPL", "1m", start] = replace(stored, volume=12_345.0)  # the vendor counts more than it streams
        desk.vendors[0].market["1m"] = [replace(stored, high=99.0, volume=12_300.0, count=5)]
        desk.amendments.amend([a_correction(RIGHT)])
        await desk.amendments.flush()
        assert desk.bars.kept["AAPL", "1m", start] == replace(stored, high=99.0, volume=12_300.0, count=0)

    run(story())


def test_a_minute_that_no_vendor_tells_becomes_a_hole() -> None:
    async def story() -> None:
        desk = Desk()
        for vendor in desk.vendors:
            vendor.error = FeedDown("away")
        desk.amendments.amend([a_correction(RIGHT)])
        await desk.amendments.flush()
        (gap,) = desk.gaps.unfilled
        assert (gap.symbols, gap.start) == (("AAPL",), OPEN + timedelta(minutes=5))

    run(story())


def test_corrections_wait_in_order_while_the_database_is_away() -> None:
    async def story() -> None:
        desk = Desk()
        await desk.heard()
        desk.ticks.down = True
        desk.amendments.amend([a_correction(RIGHT), Correction("AAPL", RIGHT.at, RIGHT.id, "V", "C", None)])
        with pytest.raises(Exception, match="database"):
            await desk.amendments.flush()
        assert desk.amendments.waiting == 2
        desk.ticks.down = False
        await desk.amendments.flush()
        assert desk.amendments.waiting == 0
        assert not any(trade.id in (WRONG.id, RIGHT.id) for trade in desk.ticks.kept.values())

    run(story())


def test_a_print_of_the_minute_under_way_is_corrected_without_a_bar() -> None:
    async def story() -> None:
        desk = Desk()
        desk.now = utc(WRONG.at + 2 * SECOND)
        await desk.ticks.save(prints("AAPL")[:22])
        desk.amendments.amend([a_correction(None)])
        await desk.amendments.flush()
        assert desk.bars.kept == {}
        assert desk.events == []

    run(story())


def test_a_bar_that_still_waits_is_not_written_over_the_vendor_s_newer_one() -> None:
    async def story() -> None:
        desk = Desk()
        newest = next(bar for bar in desk.vendors[0].market["1m"] if bar.symbol == "SPY")
        span = Span(newest.start, newest.start + 60 * SECOND)
        desk.waiting = [replace(newest, volume=newest.volume - 100, count=0)]  # as told before a print came late
        await desk.backfill.renew("Polygon", "SPY", span)
        await desk.written()
        stored = await desk.bars.bars("SPY", MINUTE, utc(span.start), utc(span.end))
        assert [bar.volume for bar in stored] == [newest.volume]

    run(story())

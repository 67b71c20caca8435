"""History: stored first, a vendor for what is missing and only for it, adjusted when read, and never silently incomplete."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from qv_desktop.domain.errors import FeedDown
from qv_desktop.domain.events import Event
from qv_desktop.domain.history import Span, asked_back, closed, joined, settled
from qv_desktop.domain.market import SECOND, Action, Bar, bar_start, merged, ns, timeframe, utc
from qv_desktop.services.history import History, Loaded
from qv_desktop.services.requests import Requests
from tests.services.history_market import DAY, MINUTE, ActionStore, BarStore, Vendor, minutes

OPEN = datetime(2026, 11, 20, 14, 30, tzinfo=UTC)  # a Friday
NOW = datetime(2026, 11, 20, 16, 0, 30, tzinfo=UTC)
ALL = minutes(OPEN, 91)  # the last one has begun at 16:00


class Desk:
    """A history with everything about it."""

    def __init__(self, *vendors: Vendor, heard: datetime | None = None) -> None:
        self.store, self.actions, self.vendors = BarStore(), ActionStore(), vendors
        self.events: list[Event] = []
        self.now = NOW
        self.heard = heard
        self.history = History(self.store, self.actions, vendors, Requests(self.events.append, lambda: self.now), lambda: self.now,
                               lambda _: None if self.heard is None else ns(self.heard))  # fmt: skip


def answer[T](story: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(story)


def vendor(**more: Any) -> Vendor:
    return Vendor({"1m": ALL}, **more)


def test_what_is_stored_and_complete_is_not_asked_for_again() -> None:
    desk = Desk(vendor())

    async def story() -> None:
        first = await desk.history.load("AAPL", MINUTE, OPEN, OPEN + timedelta(minutes=30))
        again = await desk.history.load("AAPL", MINUTE, OPEN, OPEN + timedelta(minutes=30))
        assert first == again == Loaded(ALL[:30], True, "")

    answer(story())
    assert desk.vendors[0].of("1m") == [(OPEN, OPEN + timedelta(minutes=30))]


def test_only_the_missing_part_is_asked_for() -> None:
    desk = Desk(vendor())

    async def story() -> None:
        await desk.history.load("AAPL", MINUTE, OPEN, OPEN + timedelta(minutes=30))
        found = await desk.history.load("AAPL", MINUTE, OPEN, OPEN + timedelta(minutes=60))
        assert found.bars == ALL[:60]

    answer(story())
    assert desk.vendors[0].of("1m")[1] == (OPEN + timedelta(minutes=30), OPEN + timedelta(minutes=60))


def test_the_bar_under_way_is_shown_but_neither_stored_nor_taken_for_complete() -> None:
    desk = Desk(vendor())

    async def story() -> None:
        found = await desk.history.load("AAPL", MINUTE, OPEN, NOW)
        assert found.bars == ALL
        assert ("AAPL", "1m", ALL[-1].start) not in desk.store.kept
        assert max(span.end for span in desk.store.spans["AAPL", "1m"]) == ALL[-1].start
        desk.now += timedelta(minutes=1)
        await desk.history.load("AAPL", MINUTE, OPEN, desk.now)

    answer(story())
    assert desk.vendors[0].of("1m")[1] == (utc(ALL[-1].start), NOW.replace(minute=2, second=0))


def test_what_a_late_vendor_does_not_know_yet_is_no_hole_for_ever() -> None:
    desk = Desk(vendor(now=lambda: desk.now, delay=ns(NOW) - ALL[60].start))

    async def story() -> None:
        assert (await desk.history.load("AAPL", MINUTE, OPEN, NOW)).bars == ALL[:60]
        desk.vendors[0].delay = 0  # type: ignore[misc]
        assert (await desk.history.load("AAPL", MINUTE, OPEN, NOW)).bars == ALL

    answer(story())


def test_minutes_that_the_stream_stores_are_not_asked_for() -> None:
    desk = Desk(vendor(), heard=OPEN + timedelta(minutes=59, seconds=40))

    async def story() -> None:
        await desk.store.save(MINUTE, ALL[60:90], "Polygon")
        found = await desk.history.load("AAPL", MINUTE, OPEN, NOW)
        assert found.bars == ALL[:90]  # the one under way is the live bar's

    answer(story())
    assert desk.vendors[0].of("1m") == [(OPEN, OPEN + timedelta(minutes=60))]


def test_a_minute_that_is_not_in_the_store_yet_is_asked_for_though_the_stream_told_it() -> None:
    desk = Desk(vendor(), heard=OPEN)
    desk.now = NOW.replace(second=2)

    async def story() -> None:
        await desk.store.save(MINUTE, ALL[:89], "Polygon")
        assert (await desk.history.load("AAPL", MINUTE, OPEN, desk.now)).bars == ALL[:90]

    answer(story())
    assert desk.vendors[0].of("1m") == [(utc(ALL[89].start), utc(ALL[90].start))]


@pytest.mark.parametrize("text", ["5m", "7m", "90m"])
def test_longer_bars_are_merged_from_the_stored_base(text: str) -> None:
    desk, frame = Desk(vendor()), timeframe(text)
    found = answer(desk.history.load("AAPL", frame, utc(bar_start(ns(OPEN), frame)), NOW))
    assert found.bars == merged(ALL, frame)
    assert {text for _, text, _ in desk.store.kept} == {"1m"}


@pytest.mark.parametrize(
    ("text", "base"), [("10s", "1s"), ("3m", "1m"), ("4h", "1h"), ("2D", "1D"), ("1W", "1D"), ("3M", "1D")]
)
def test_each_unit_has_its_base(text: str, base: str) -> None:
    desk = Desk(vendor())
    answer(desk.history.load("AAPL", timeframe(text), OPEN - timedelta(days=9), NOW))
    assert {what for what, *_ in desk.vendors[0].asked} - {"actions"} == {base}


def test_the_next_vendor_takes_over_and_what_it_said_is_stored() -> None:
    desk = Desk(vendor(error=FeedDown("Polygon is away.")), vendor(name="Alpaca"))
    found = answer(desk.history.load("AAPL", MINUTE, OPEN, OPEN + timedelta(minutes=5)))
    assert found == Loaded(ALL[:5], True, "")


def test_when_no_vendor_answers_what_is_stored_comes_with_the_reason() -> None:
    desk = Desk(vendor(), vendor(name="Alpaca"))

    async def story() -> None:
        await desk.history.load("AAPL", MINUTE, OPEN, OPEN + timedelta(minutes=5))
        desk.vendors[0].error, desk.vendors[1].error = FeedDown("Polygon is away."), FeedDown("Alpaca is too.")
        found = await desk.history.load("AAPL", MINUTE, OPEN, OPEN + timedelta(minutes=9))
        assert found == Loaded(ALL[:5], False, "Polygon is away. Alpaca is too.")
        assert await desk.history.newest("AAPL", MINUTE, 3, OPEN + timedelta(minutes=5)) == ALL[2:5]
        with pytest.raises(FeedDown, match=r"missing. Polygon is away\. Alpaca is too\."):
            await desk.history.between("AAPL", MINUTE, OPEN, OPEN + timedelta(minutes=9))
        assert await desk.history.between("AAPL", MINUTE, OPEN, OPEN + timedelta(minutes=5)) == ALL[:5]

    answer(story())


def test_without_store_and_vendor_the_reason_is_said() -> None:
    with pytest.raises(FeedDown, match="away"):
        answer(Desk(vendor(error=FeedDown("away"))).history.newest("AAPL", MINUTE, 3, NOW))
    with pytest.raises(FeedDown, match="enter a Polygon or Alpaca key"):
        answer(Desk().history.newest("AAPL", MINUTE, 3, NOW))


def test_while_the_database_is_away_the_vendor_still_answers() -> None:
    desk = Desk(vendor(), heard=OPEN)
    desk.store.down = True
    assert answer(desk.history.load("AAPL", MINUTE, OPEN, NOW)) == Loaded(ALL, True, "")


def test_equal_questions_under_way_are_asked_once() -> None:
    desk = Desk(vendor())
    answered = desk.vendors[0].bars

    async def slowly(*question: Any) -> list[Bar]:
        await asyncio.sleep(0.5)  # so that the others come to ask meanwhile
        return await answered(*question)

    async def both() -> None:
        desk.vendors[0].bars = slowly  # type: ignore[method-assign]
        found = await asyncio.gather(*(desk.history.load("AAPL", MINUTE, OPEN, NOW) for _ in range(3)))
        assert all(one.bars == ALL for one in found)

    answer(both())
    assert len(desk.vendors[0].of("1m")) == 1


def test_a_question_that_a_person_cancels_is_not_put_to_the_next_vendor() -> None:
    desk = Desk(vendor(), vendor(name="Alpaca"))
    began, never = asyncio.Event(), asyncio.Event()

    async def hang(*_: Any) -> list[Bar]:
        began.set()
        await never.wait()
        return []

    async def story() -> None:
        desk.vendors[0].bars = hang  # type: ignore[method-assign]
        asking = asyncio.ensure_future(desk.history.load("AAPL", MINUTE, OPEN, NOW))
        await began.wait()
        desk.history.requests.cancel(desk.history.active[0].id)
        with pytest.raises(FeedDown, match="AAPL 1m was cancelled"):
            await asking

    answer(story())
    assert desk.vendors[1].asked == []


def test_the_newest_are_asked_for_with_one_question_that_fills_the_count() -> None:
    desk = Desk(vendor())
    assert answer(desk.history.newest("AAPL", MINUTE, 60, NOW)) == ALL[-60:]
    (asked,) = desk.vendors[0].of("1m")
    assert asked[0] is not None
    assert asked[0] > NOW - timedelta(days=2)


def test_the_newest_go_further_back_over_holidays_and_stop_where_all_begins() -> None:
    old = minutes(OPEN - timedelta(days=7), 90)
    desk = Desk(Vendor({"1m": [*old, *ALL]}))
    assert answer(desk.history.newest("AAPL", MINUTE, 150, NOW)) == [*old, *ALL][-150:]
    desk = Desk(vendor())
    assert answer(desk.history.newest("AAPL", MINUTE, 500, NOW)) == ALL
    assert len(desk.vendors[0].of("1m")) == 2  # the second time said that there is nothing before


# ---- adjusted


SPLIT = Action("AAPL", date(2026, 11, 18), "split", 2.0)
DIVIDEND = Action("AAPL", date(2026, 11, 19), "dividend", 1.0)


def days(*closes: float) -> list[Bar]:
    first = datetime(2026, 11, 16, 5, tzinfo=UTC)  # a Monday
    return [Bar("AAPL", ns(first + timedelta(days=n)), *([close] * 4), 100.0) for n, close in enumerate(closes)]


def test_bars_are_stored_as_traded_and_adjusted_when_read() -> None:
    market = days(20, 20, 10, 9, 9)
    desk = Desk(Vendor({"1D": market}, happened=[SPLIT, DIVIDEND, replace(SPLIT, day=date(2026, 12, 1))]))

    async def story() -> None:
        start = utc(market[0].start)
        split = await desk.history.load("AAPL", DAY, start, NOW)
        assert [(bar.close, bar.volume) for bar in split.bars] == [(10, 200), (10, 200), (10, 100), (9, 100), (9, 100)]
        assert (await desk.history.load("AAPL", DAY, start, NOW, "raw")).bars == market
        found = await desk.history.load("AAPL", DAY, start, NOW, "all")
        assert [bar.close for bar in found.bars] == pytest.approx([9, 9, 9, 9, 9])
        assert [bar.close for bar in desk.store.kept.values()] == [20, 20, 10, 9]

    answer(story())
    assert len(desk.vendors[0].of("actions")) == 1


def test_a_week_with_a_split_in_it_is_merged_from_adjusted_days() -> None:
    market = days(20, 20, 10, 9, 9)
    desk = Desk(Vendor({"1D": market}, happened=[SPLIT]))
    (week,) = answer(desk.history.load("AAPL", timeframe("1W"), utc(market[0].start), NOW)).bars
    assert (week.open, week.high, week.low, week.close, week.volume) == (10, 10, 9, 9, 700)


def test_minutes_need_daily_closes_for_their_dividends() -> None:
    market = [bar for n in range(3) for bar in minutes(OPEN - timedelta(days=2 - n), 3)]
    desk = Desk(Vendor({"1m": market, "1D": days(20, 20, 10, 9, 9)}, happened=[DIVIDEND]))
    found = answer(desk.history.load("AAPL", MINUTE, utc(market[0].start), NOW, "all"))
    assert [bar.open for bar in found.bars] == pytest.approx([9, 9.9, 10.8, 10, 11, 12, 10, 11, 12])


def test_actions_are_asked_for_again_after_a_day() -> None:
    desk = Desk(Vendor({"1D": days(20, 20, 10, 9, 9)}, happened=[SPLIT]))

    async def story() -> None:
        for hours in (0, 23, 25):
            desk.now = NOW + timedelta(hours=hours)
            await desk.history.load("AAPL", DAY, NOW - timedelta(days=4), NOW)

    answer(story())
    assert len(desk.vendors[0].of("actions")) == 2


def test_who_must_know_what_was_announced_just_now_has_it_a_minute_later() -> None:
    desk = Desk(Vendor({}, happened=[]))

    async def story() -> None:
        assert await desk.history.announced("AAPL") == []
        desk.vendors[0].happened = [SPLIT]
        desk.now = NOW + timedelta(seconds=50)
        assert await desk.history.announced("AAPL") == []
        desk.now = NOW + timedelta(seconds=70)
        assert await desk.history.announced("AAPL") == [SPLIT]
        assert (await desk.history._actions.of("AAPL"))[0] == [SPLIT]  # and so has everybody

    answer(story())


def test_unknown_actions_are_said_and_old_ones_serve() -> None:
    desk = Desk(Vendor({"1D": days(20, 20, 10, 9, 9)}))

    async def refuse(symbol: str) -> list[Action]:
        raise FeedDown("The plan has none.")

    async def story() -> None:
        desk.vendors[0].actions = refuse  # type: ignore[method-assign]
        found = await desk.history.load("AAPL", DAY, NOW - timedelta(days=4), NOW)
        assert (len(found.bars), found.complete) == (4, False)
        assert found.why == "Splits and dividends of AAPL may be missing: The plan has none."
        desk.actions.known["KO"] = NOW - timedelta(days=30), []
        assert (await desk.history._actions.of("KO")) == ([], "")

    answer(story())


# ---- what to ask for


def test_nights_and_weekends_need_no_question() -> None:
    friday = ns(datetime(2026, 11, 20, 22, tzinfo=UTC))
    monday = ns(datetime(2026, 11, 23, 10, tzinfo=UTC))
    parts = closed(Span(friday, monday), MINUTE)
    inside = [part for part in parts if part.end > friday]
    assert inside[0].start == ns(datetime(2026, 11, 21, 1, tzinfo=UTC))  # 20:00 in New York
    assert inside[-1].end >= ns(datetime(2026, 11, 23, 9, tzinfo=UTC))
    assert all(part.end - part.start <= 24 * 3600 * SECOND for part in parts)
    assert [part.end - part.start for part in closed(Span(friday, monday), DAY)] == [24 * 3600 * SECOND] * 2


def test_nights_follow_new_york_over_both_changes_of_its_clocks() -> None:
    for day in (date(2026, 3, 9), date(2026, 11, 2)):  # the Mondays after
        at = ns(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
        nights = [part for part in closed(Span(at, at + 1), MINUTE) if part.end <= at]
        assert utc(nights[-1].end).hour == (8 if day.month == 3 else 9)


def test_what_lies_close_together_is_one_question() -> None:
    minute, far = 60 * SECOND, 40_000 * 60 * SECOND
    assert joined([Span(0, minute), Span(5 * minute, 6 * minute), Span(far, far + 1)], MINUTE) == [
        Span(0, 6 * minute), Span(far, far + 1)]  # fmt: skip


def test_old_silence_is_settled_and_fresh_silence_is_not() -> None:
    now = ns(NOW)
    old, fresh = Span(now - 100 * 3600 * SECOND, now - 90 * 3600 * SECOND), Span(now - 3600 * SECOND, now)
    assert settled(old, None, MINUTE, now) == old
    assert settled(fresh, None, MINUTE, now) == Span(fresh.start, fresh.start)
    assert settled(fresh, now - 120 * SECOND, MINUTE, now) == fresh  # nothing traded for a minute


def test_a_day_of_minutes_reaches_one_weekday_back() -> None:
    monday = datetime(2026, 11, 23, 15, tzinfo=UTC)
    assert utc(asked_back(ns(monday), MINUTE, 390)) == datetime(2026, 11, 20, 5, tzinfo=UTC)

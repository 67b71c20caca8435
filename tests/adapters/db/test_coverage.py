"""What is known to be complete, actions, and what retention takes from both."""

import asyncio
import random
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from sqlalchemy import text

from qv_desktop.adapters.db.actions import ActionStore
from qv_desktop.adapters.db.bars import BarStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.retention import Retention
from qv_desktop.adapters.db.ticks import TickStore
from qv_desktop.domain.history import Span
from qv_desktop.domain.market import Action, Bar, Timeframe, Trade, ns

MINUTE, ONE_SECOND, DAILY = Timeframe(1, "m"), Timeframe(1, "s"), Timeframe(1, "D")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def a_bar(symbol: str, start: datetime) -> Bar:
    return Bar(symbol, ns(start), 1, 2, 0.5, 1.5, 10)


def test_spans_that_meet_are_one(database: Database) -> None:
    store = BarStore(database)

    async def story() -> list[Span]:
        for start, end in ((10, 20), (30, 40), (20, 25), (60, 70), (25, 30), (5, 5), (9, 7), (62, 65), (0, 3)):
            await store.cover("A", MINUTE, Span(start, end))
        await store.cover("A", DAILY, Span(0, 100))
        await store.cover("B", MINUTE, Span(0, 100))
        return await store.covered("A", MINUTE)

    assert asyncio.run(story()) == [Span(0, 3), Span(10, 40), Span(60, 70)]


def test_what_changed_is_cut_out(database: Database) -> None:
    store = BarStore(database)

    async def story() -> list[list[Span]]:
        for frame in (MINUTE, ONE_SECOND, DAILY):
            await store.cover("C", frame, Span(0, 100))
        await store.uncover("C", [MINUTE, ONE_SECOND], Span(40, 60))
        await store.uncover("C", [MINUTE], Span(55, 70))
        await store.uncover("C", [MINUTE], Span(90, 200))
        await store.uncover("C", [], Span(0, 200))
        return [await store.covered("C", frame) for frame in (MINUTE, ONE_SECOND, DAILY)]

    assert asyncio.run(story()) == [[Span(0, 40), Span(70, 90)], [Span(0, 40), Span(60, 100)], [Span(0, 100)]]


def test_any_order_of_covering_and_cutting_leaves_what_a_set_of_moments_would(database: Database) -> None:
    store, dice, moments = BarStore(database), random.Random(7), set[int]()

    async def story() -> list[Span]:
        for _ in range(60):
            start = dice.randrange(80)
            span = Span(start, start + dice.randrange(1, 20))
            if dice.random() < 0.6:
                moments.update(range(span.start, span.end))
                await store.cover("R", MINUTE, span)
            else:
                moments.difference_update(range(span.start, span.end))
                await store.uncover("R", [MINUTE], span)
        return await store.covered("R", MINUTE)

    found = asyncio.run(story())
    assert {at for span in found for at in range(span.start, span.end)} == moments
    assert all(one.end < other.start for one, other in pairwise(found))


def test_actions_are_replaced_by_what_a_vendor_says_now(database: Database) -> None:
    store = ActionStore(database)
    split = Action("AAPL", date(2020, 8, 31), "split", 4.0)
    small = Action("AAPL", date(2014, 6, 9), "split", 7.0)
    paid = [Action("AAPL", date(2020, 8, 7), "dividend", amount) for amount in (0.205, 0.5)]  # two on one day

    async def story() -> list[tuple[datetime | None, list[Action]]]:
        before = await store.actions("AAPL")
        await store.save_actions("AAPL", [split, *paid, split], NOON)
        first = await store.actions("AAPL")
        await store.save_actions("AAPL", [split, small], NOON + timedelta(days=1))
        await store.save_actions("BRK.A", [], NOON)
        return [before, first, await store.actions("AAPL"), await store.actions("BRK.A")]

    assert asyncio.run(story()) == [
        (None, []), (NOON, [*paid, split]), (NOON + timedelta(days=1), [small, split]), (NOON, []),
    ]  # fmt: skip


def test_whole_days_of_trades_go_and_the_rest_stays(database: Database) -> None:
    ticks, keeper = TickStore(database), Retention(database)
    kept = text("SELECT DISTINCT tableoid::regclass::text FROM trades ORDER BY 1")

    async def story() -> tuple[list[int], list[str]]:
        for day in range(4):
            await ticks.save([Trade("X", ns(NOON + timedelta(days=day)), 1, 1, "1")])
        dropped = [await keeper.keep_since("trades", NOON + timedelta(days=2)) for _ in range(2)]
        return dropped, await database.read(lambda connection: list(connection.execute(kept).scalars()))

    assert asyncio.run(story()) == ([2, 0], ["trades_20260304", "trades_20260305"])


def test_dropped_seconds_are_no_longer_complete_and_minutes_stay(database: Database) -> None:
    bars, keeper = BarStore(database), Retention(database)
    day, next_day = ns(NOON) - 12 * 3600 * 10**9, ns(NOON) + 12 * 3600 * 10**9

    async def story() -> list[object]:
        for frame in (ONE_SECOND, MINUTE):
            await bars.save(frame, [a_bar("D", NOON), a_bar("D", NOON + timedelta(days=1))], "s")
            await bars.cover("D", frame, Span(day, next_day + 1000))
        dropped = await keeper.keep_since("1s", NOON + timedelta(days=1))
        left = [await bars.bars("D", frame, NOON, NOON + timedelta(days=9)) for frame in (ONE_SECOND, MINUTE)]
        return [dropped, *map(len, left), await bars.covered("D", ONE_SECOND), await bars.covered("D", MINUTE)]

    assert asyncio.run(story()) == [1, 1, 2, [Span(next_day, next_day + 1000)], [Span(day, next_day + 1000)]]


def test_old_minutes_go_while_days_of_the_same_year_stay(database: Database) -> None:
    bars, keeper = BarStore(database), Retention(database)

    async def story() -> list[object]:
        await bars.save(MINUTE, [a_bar("O", NOON - timedelta(hours=5 * n)) for n in range(20)], "s")
        await bars.save(DAILY, [a_bar("O", NOON - timedelta(days=30))], "s")
        await bars.cover("O", MINUTE, Span(0, ns(NOON)))
        oldest = NOON - timedelta(hours=24)
        gone = [await keeper.keep_since("1m", oldest) for _ in range(2)]
        left = [
            await bars.bars("O", frame, NOON - timedelta(days=99), NOON + timedelta(days=1))
            for frame in (MINUTE, DAILY)
        ]
        return [*gone, *map(len, left), await bars.covered("O", MINUTE)]

    gone, again, minutes, days, spans = asyncio.run(story())
    assert (gone, again, minutes, days) == (15, 0, 5, 1)
    assert spans == [Span(ns(NOON) - 24 * 3600 * 10**9, ns(NOON))]

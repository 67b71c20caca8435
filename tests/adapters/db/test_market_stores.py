"""Bars, trades, gaps and instruments: written in batches, kept once, found by time."""

import asyncio
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from qv_desktop.adapters.db.bar_columns import Columns
from qv_desktop.adapters.db.bars import BarStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.instruments import InstrumentStore
from qv_desktop.adapters.db.ticks import TickStore
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.instruments import Instrument
from qv_desktop.domain.market import SECOND, Bar, Correction, Gap, Timeframe, Trade, ns

MINUTE = Timeframe(1, "m")
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def some_bars(symbol: str, start: datetime, count: int) -> list[Bar]:
    return [
        Bar(symbol, ns(start) + n * 60 * SECOND, 10.0, 11.5, 9.25, 10.1 + n / 100, 1000.5, n, None if n % 2 else 10.05)
        for n in range(count)
    ]


def some_trades(day: datetime, count: int) -> list[Trade]:
    dice = random.Random(4)
    return [Trade(dice.choice(("AAPL", "BRK.B")), ns(day) + n * 1_000_003, 100 + dice.random(), dice.randrange(1, 500), f"t{n}", "V", "A",
                  "@ I" if n % 3 else "") for n in range(count)]  # fmt: skip


def test_bars_come_back_as_they_were_across_the_turn_of_the_year(database: Database) -> None:
    store = BarStore(database)
    bars = some_bars("SPY", NEW_YEAR - timedelta(minutes=5), 10)

    async def story() -> tuple[int, list[Bar], list[Bar]]:
        saved = await store.save(MINUTE, bars, "polygon")
        return saved, await store.bars("SPY", MINUTE, NEW_YEAR - timedelta(hours=1), NEW_YEAR + timedelta(hours=1)), await store.bars(
            "SPY", MINUTE, NEW_YEAR, NEW_YEAR + timedelta(minutes=2))  # fmt: skip

    saved, found, two = asyncio.run(story())
    assert saved == 10
    assert found == bars
    assert two == bars[5:7]


def test_a_bar_is_amended_in_place_and_the_same_bar_again_touches_nothing(database: Database) -> None:
    store = BarStore(database)
    bar, better = (Bar("AMD", ns(NEW_YEAR), 1.0, 2.0, 0.5, close, 10) for close in (1.5, 1.75))

    async def story() -> tuple[list[int], list[Bar]]:
        touched = [await store.save(MINUTE, bars, "s") for bars in ([bar], [bar], [bar, better], [])]
        await store.save(Timeframe(5, "m"), [bar], "s")
        return touched, await store.bars("AMD", MINUTE, NEW_YEAR, NEW_YEAR + timedelta(minutes=1))

    touched, found = asyncio.run(story())
    assert touched == [1, 0, 1, 0]
    assert found == [better]


def test_a_replay_of_trades_inserts_nothing_twice(database: Database) -> None:
    store = TickStore(database)
    trades = some_trades(datetime(2026, 3, 2, 23, 59, 59, 990_000, tzinfo=UTC), 20)  # over midnight

    async def story() -> tuple[list[int], list[Trade]]:
        new = [await store.save(batch) for batch in (trades[:15], trades, trades, [])]
        return new, [*await store.trades("AAPL", 0, 2**62), *await store.trades("BRK.B", 0, 2**62)]

    new, found = asyncio.run(story())
    assert new == [15, 5, 0, 0]
    assert sorted(found, key=lambda trade: trade.at) == trades


def test_a_trade_is_the_same_when_history_tells_its_time_more_exactly_than_the_stream(database: Database) -> None:
    store = TickStore(database)
    stream = Trade("IBM", 1_772_460_000_123_000_000, 10.0, 1.0, "77", "V", "A")
    history = Trade("IBM", 1_772_460_000_123_456_789, 10.0, 1.0, "77", "V", "A")
    other_tape = Trade("IBM", 1_772_460_000_123_456_789, 10.0, 1.0, "77", "V", "C")
    assert [asyncio.run(store.save([trade])) for trade in (stream, history, other_tape)] == [1, 0, 1]


def test_a_failed_batch_does_not_make_the_store_believe_in_a_partition(database: Database) -> None:
    store = TickStore(database)
    day = ns(datetime(2025, 7, 1, tzinfo=UTC))

    async def story() -> int:
        with pytest.raises(BadInput, match="check constraint"):
            await store.save([Trade("X", day, -1.0, 1.0, "bad")])
        return await store.save([Trade("X", day, 1.0, 1.0, "good")])

    assert asyncio.run(story()) == 1


def test_ten_thousand_trades_are_one_batch(database: Database) -> None:
    store = TickStore(database)
    assert asyncio.run(store.save(some_trades(datetime(2026, 2, 2, 15, tzinfo=UTC), 10_000))) == 10_000


def test_a_days_trades_by_symbol_are_read_through_an_index_of_one_partition(database: Database) -> None:
    query = text(
        "EXPLAIN SELECT * FROM trades WHERE symbol = 'AAPL' AND at >= 1772409600000000000 AND at < 1772496000000000000"
    )

    async def story() -> str:
        await TickStore(database).save(some_trades(datetime(2026, 3, 2, 1, tzinfo=UTC), 3000))
        return "\n".join(await database.read(lambda connection: list(connection.execute(query).scalars())))

    plan = asyncio.run(story())
    assert "trades_20260302" in plan
    assert "trades_20260303" not in plan


def test_a_gap_is_kept_and_then_marked_as_filled(database: Database) -> None:
    store = TickStore(database)
    start = datetime(2026, 3, 2, 15, tzinfo=UTC)
    hole = Gap("polygon", ("AAPL", "TSLA"), start, None, "link lost")
    filled = Gap(
        "polygon", ("AAPL", "TSLA"), start, start + timedelta(seconds=9), "link lost", start + timedelta(minutes=1)
    )
    other = Gap("polygon", ("MSFT",), start, start, "mute")

    async def story() -> list[Gap]:
        for gap in (hole, other, filled):
            await store.save_gap(gap)
        return await store.gaps()

    assert sorted(asyncio.run(story()), key=lambda gap: gap.symbols) == [filled, other]


def test_only_holes_that_nothing_has_filled_can_be_asked_for(database: Database) -> None:
    store = TickStore(database)
    start = datetime(2025, 3, 2, 15, tzinfo=UTC)
    open_hole = Gap("alpaca", ("AAPL",), start, start + timedelta(seconds=9), "link lost")
    filled = Gap("alpaca", ("TSLA",), start, start + timedelta(seconds=9), "link lost", start + timedelta(minutes=1))

    async def story() -> list[Gap]:
        await store.save_gap(open_hole)
        await store.save_gap(filled)
        return await store.gaps(unfilled=True)

    found = asyncio.run(story())
    assert open_hole in found
    assert filled not in found


def test_new_rows_among_known_ones_come_in_and_new_batches_are_quick_again(database: Database) -> None:
    store = TickStore(database)
    trades = some_trades(datetime(2026, 4, 1, 15, tzinfo=UTC), 400)

    async def story() -> list[int]:
        batches = [trades[:100], trades[50:150], *([t] for t in trades[150:170]), trades[160:]]
        return [await store.save(batch) for batch in batches]

    assert asyncio.run(story()) == [100, 50, *([1] * 20), 230]


def test_a_batch_that_holds_the_same_trade_twice_keeps_it_once(database: Database) -> None:
    trade = some_trades(datetime(2026, 4, 2, 15, tzinfo=UTC), 1)
    assert asyncio.run(TickStore(database).save(trade * 3)) == 1


def test_a_partition_that_somebody_dropped_is_made_again(database: Database) -> None:
    store = TickStore(database)
    day = datetime(2024, 4, 2, 15, tzinfo=UTC)
    drop = text("SELECT drop_partitions('trades', :before)").bindparams(before=ns(datetime(2024, 4, 3, tzinfo=UTC)))

    async def story() -> list[int]:
        first = await store.save(some_trades(day, 5))
        dropped = await database.write(lambda connection: connection.execute(drop).scalar_one())
        return [first, dropped, await store.save(some_trades(day, 5))]

    assert asyncio.run(story()) == [5, 1, 5]


def test_a_print_is_corrected_or_taken_away_once(database: Database) -> None:
    store = TickStore(database)
    at = ns(datetime(2026, 5, 4, 15, tzinfo=UTC))
    first, second, third = (Trade("F", at + n, 10.0, 100, str(n), "V", "A", "@") for n in range(3))
    better, renamed = first._replace(price=9.5), second._replace(id="9", size=50.0)
    said = [
        Correction("F", at, "0", "V", "A", better),
        Correction("F", at + 1, "1", "V", "A", renamed),
        Correction("F", at + 2, "2", "V", "A", None),
        Correction("F", at, "7", "V", "A", None),  # of a print that was never heard
    ]

    async def story() -> tuple[list[int], list[Trade]]:
        await store.save([first, second, third])
        return [await store.amend(said), await store.amend(said), await store.amend([])], await store.trades(
            "F", 0, 2**62
        )

    changed, found = asyncio.run(story())
    assert changed == [3, 0, 0]
    assert found == [better, renamed]


def test_bars_of_many_symbols_come_in_one_question_as_values_or_columns(database: Database) -> None:
    store = BarStore(database)
    end = NEW_YEAR + timedelta(minutes=20)
    known = {f"M{n:03d}": some_bars(f"M{n:03d}", NEW_YEAR - timedelta(minutes=n % 3), 5 + n % 4) for n in range(120)}

    async def story() -> tuple[dict[str, list[Bar]], dict[str, Columns]]:
        await store.save(MINUTE, [bar for bars in known.values() for bar in reversed(bars)], "s")
        await store.save(Timeframe(5, "m"), [Bar("M000", ns(NEW_YEAR), 1, 1, 1, 1, 1)], "s")
        asked = [*known, "NONE", "M000"]
        start = NEW_YEAR - timedelta(days=1)
        return await store.of_many(asked, MINUTE, start, end), await store.columns_of_many(asked, MINUTE, start, end)

    values, columns = asyncio.run(story())
    assert values == known
    assert columns.keys() == known.keys()
    for symbol, found in columns.items():
        rows = [(b.start, b.open, b.high, b.low, b.close, b.volume) for b in known[symbol]]
        assert list(zip(*(column.tolist() for column in found), strict=True)) == rows
        assert found.start.dtype.isnative


def test_no_symbols_are_no_bars(database: Database) -> None:
    assert asyncio.run(BarStore(database).of_many([], MINUTE, NEW_YEAR, NEW_YEAR + timedelta(days=1))) == {}


def test_bars_of_seconds_lie_by_day_and_are_amended_like_others(database: Database) -> None:
    store, second = BarStore(database), Timeframe(1, "s")
    first = Bar("SEC", ns(NEW_YEAR), 1, 2, 0.5, 1.5, 10)
    better = Bar("SEC", ns(NEW_YEAR), 1, 2, 0.5, 1.75, 10)
    tables = text("SELECT tableoid::regclass::text FROM second_bars WHERE symbol = 'SEC'")

    async def story() -> tuple[list[int], list[Bar], list[Bar], list[str]]:
        touched = [await store.save(second, bars, "s") for bars in ([first], [first], [better])]
        end = NEW_YEAR + timedelta(minutes=1)
        return (touched, await store.bars("SEC", second, NEW_YEAR, end), await store.bars("SEC", MINUTE, NEW_YEAR, end),
                await database.read(lambda connection: list(connection.execute(tables).scalars())))  # fmt: skip

    assert asyncio.run(story()) == ([1, 0, 1], [better], [], ["second_bars_20260101"])


def test_a_bar_that_is_none_is_refused_in_words_and_the_rest_with_it(database: Database) -> None:
    store = BarStore(database)
    bad = Bar("BAD", ns(NEW_YEAR), 10, 9, 11, 10, 1)

    async def story() -> list[Bar]:
        with pytest.raises(BadInput, match="none of them is kept"):
            await store.save(MINUTE, [*some_bars("BAD", NEW_YEAR, 3), bad], "s")
        return await store.bars("BAD", MINUTE, NEW_YEAR, NEW_YEAR + timedelta(days=1))

    assert asyncio.run(story()) == []


def test_instruments_are_listed_and_amended(database: Database) -> None:
    store = InstrumentStore(database)
    first = [Instrument(f"S{n:04d}", f"Stock {n}", "NYSE", Decimal("0.01")) for n in range(2500)]
    amended = Instrument("S0000", "Renamed", "NASDAQ", Decimal("0.05"), shortable=False)

    async def story() -> list[Instrument]:
        await store.save(first)
        await store.save([amended, amended])
        await store.save([])
        return await store.all()

    assert asyncio.run(story()) == [amended, *first[1:]]

"""The tick buffer over a real database: replays insert nothing twice, and an outage ends with every row stored once."""

import asyncio
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from qv_desktop.adapters.db.bars import BarStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.server import Server
from qv_desktop.adapters.db.tick_spool import TickSpool
from qv_desktop.adapters.db.ticks import TickStore
from qv_desktop.domain.market import SECOND, Bar, Timeframe, Trade, ns
from qv_desktop.services import ticks
from qv_desktop.services.ticks import Ticks

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ONE_SECOND, MINUTE = Timeframe(1, "s"), Timeframe(1, "m")
PATIENCE = 60.0


def trades(count: int, first: int = 0) -> list[Trade]:
    return [Trade("SPY", ns(NOON) + n * 1_000_000, 100, 1, f"t{n}", "V", "A", "@") for n in range(first, first + count)]


def bars(count: int, close: float = 1.5) -> list[Bar]:
    return [Bar("SPY", ns(NOON) + n * SECOND, 1, 2, 0.5, close, 10) for n in range(count)]


def buffer(database: Database, spool: TickSpool) -> Ticks:
    return Ticks(TickStore(database), BarStore(database), spool, lambda: NOON, "Polygon", lambda *_: None)


async def all_stored(database: Database) -> tuple[int, int, int]:
    found = await TickStore(database).trades("SPY", 0, 2**62)
    end = datetime(2026, 3, 3, tzinfo=UTC)
    seconds, minutes = [await BarStore(database).bars("SPY", frame, NOON, end) for frame in (ONE_SECOND, MINUTE)]
    assert len({trade.id for trade in found}) == len(found)
    return len(found), len(seconds), len(minutes)


def test_a_replay_inserts_nothing_twice(database: Database, tmp_path: Path) -> None:
    async def story() -> tuple[int, int, int]:
        kept = buffer(database, TickSpool(tmp_path, 10**7))
        dice = random.Random(3)
        for _ in range(3):
            everything = trades(3_000)
            dice.shuffle(everything)
            for start in range(0, 3_000, 500):
                kept.keep(everything[start : start + 700])  # some of them twice in one batch
                kept.keep_bars(ONE_SECOND, bars(200))
                kept.keep_bars(MINUTE, bars(3))
                await kept.flush()
        assert kept.waiting == 0
        return await all_stored(database)

    assert asyncio.run(story()) == (3_000, 200, 3)


def test_what_came_during_an_outage_is_stored_once_after_it(
    open_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ticks, "PAUSE", 0.05)
    monkeypatch.setattr(ticks, "MOST", 2_000)
    monkeypatch.setattr(ticks, "PORTION", 1_500)
    server = Server(open_folder / "pg")
    database = Database(server.start())
    try:
        database.migrate()
        assert asyncio.run(_outage(server, database, tmp_path)) == (20_000, 100, 0)
    finally:
        database.close()
        server.stop()


async def _outage(server: Server, database: Database, folder: Path) -> tuple[int, int, int]:
    kept = buffer(database, TickSpool(folder, 10**8))
    running = asyncio.create_task(kept.run())
    for step in range(20):
        if step == 5:
            await asyncio.to_thread(server.stop)
        if step == 15:
            assert TickSpool(folder, 10**8).waiting > 0
            await asyncio.to_thread(server.start)
        kept.keep(trades(1_000, step * 1_000))
        kept.keep_bars(ONE_SECOND, bars(100, 1.0 + step / 20))
        await asyncio.sleep(0.05)
    async with asyncio.timeout(PATIENCE):
        await kept.written()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert [
        bar.close for bar in await BarStore(database).bars("SPY", ONE_SECOND, NOON, datetime(2026, 3, 3, tzinfo=UTC))
    ] == [1.95] * 100
    return await all_stored(database)


def test_what_waits_at_the_end_of_the_program_is_stored_after_its_next_start(
    database: Database, tmp_path: Path
) -> None:
    async def first() -> None:
        away = Database("postgresql://qv@127.0.0.1:1/none")
        kept = buffer(away, TickSpool(tmp_path, 10**7))
        kept.keep(trades(50, 100_000))
        await kept.close()
        away.close()

    async def second() -> list[Trade]:
        kept = buffer(database, TickSpool(tmp_path, 10**7))
        assert kept.waiting == 50
        async with asyncio.timeout(PATIENCE):
            await kept.written()
        return await TickStore(database).trades("SPY", ns(NOON) + 100_000 * 1_000_000, 2**62)

    asyncio.run(first())
    assert asyncio.run(second()) == trades(50, 100_000)

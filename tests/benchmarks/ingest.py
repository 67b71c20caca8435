"""How fast ticks are stored beside a bare COPY, whether 50,000 rows a second are kept up, and how fast a day of bars comes back."""

import asyncio
import random
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from pathlib import Path
from statistics import median, quantiles

import psycopg

from qv_desktop.adapters.db.bars import BarStore
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.server import Server
from qv_desktop.adapters.db.tick_spool import TickSpool
from qv_desktop.adapters.db.ticks import COLUMNS, TYPES, TickStore
from qv_desktop.domain.market import SECOND, Bar, Timeframe, Trade, ns
from qv_desktop.services.ticks import Ticks

SYMBOLS = [f"S{n:03d}" for n in range(500)]
OPEN = datetime(2026, 1, 2, 14, 30, tzinfo=UTC)
DAYS, MINUTES = 103, 390  # of 500 symbols: 20,085,000 bars
BATCH, ROUNDS, READS = 10_000, 30, 60
RATE, BARS = 52_000, 10_000  # rows a second, and bars among them
SUSTAINED, TICK = 20.0, 0.05  # seconds in all, and from one hand-over to the next
MINUTE, ONE_SECOND = Timeframe(1, "m"), Timeframe(1, "s")
LOAD = """
    INSERT INTO bars SELECT 'S' || lpad(s::text, 3, '0'), '1m', %s + (d * 1440 + m) * 60000000000, 100 + s, 101 + s, 99 + s,
                            100.5 + s, 1000 + m, m, CASE WHEN m %% 7 > 0 THEN 100.2 + s END, 'bench'
    FROM generate_series(0, %s) d, generate_series(0, %s) m, generate_series(0, 499) s
"""
BARE = f"COPY trades ({', '.join(COLUMNS)}) FROM STDIN (FORMAT BINARY)"


def figures() -> dict[str, object]:
    """Rows a second, in milliseconds what is named so; the bare COPY takes turns with ours in the same table and run."""
    with _database() as (database, bare, folder):
        copying = asyncio.run(_copying(database, bare))
        sustained = asyncio.run(_sustained(database, folder))
        _load(bare)
        return {**copying, **sustained, **asyncio.run(_reading(database))}


async def _copying(database: Database, bare: psycopg.Connection) -> dict[str, object]:
    """Both in batches of 10,000, each its own transaction that the disk may confirm later."""
    store, numbers = TickStore(database), iter(range(10**9))
    await store.save(_trades(numbers, 10))  # the day's partition is there
    ours, theirs = list[float](), list[float]()
    for turn in range(2 * ROUNDS):
        rows = _trades(numbers, BATCH)
        began = time.perf_counter()
        if turn % 4 in (0, 3):  # each goes first as often as the other
            await store.save(rows)
            ours.append(time.perf_counter() - began)
        else:
            _copied(bare, rows)
            theirs.append(time.perf_counter() - began)
    ratio = median(theirs_s / ours_s for ours_s, theirs_s in zip(ours, theirs, strict=True))
    return {
        "rows_per_s": round(BATCH / median(ours)),
        "bare_copy_rows_per_s": round(BATCH / median(theirs)),
        "ratio": round(ratio, 3),
    }


def _copied(bare: psycopg.Connection, rows: Sequence[Trade]) -> None:
    with bare.transaction(), bare.cursor() as cursor, cursor.copy(BARE) as copy:
        copy.set_types(TYPES)
        for row in rows:
            copy.write_row(row)


class _Watched(TickStore):
    """Remembers when each batch was committed."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.commits = list[float]()

    async def save(self, trades: Sequence[Trade]) -> int:
        new = await super().save(trades)
        self.commits.append(time.perf_counter())
        return new


async def _sustained(database: Database, folder: Path) -> dict[str, object]:
    """42,000 trades and 10,000 bars of seconds every second through the program's own buffer."""
    store, numbers = _Watched(database), iter(range(10**9, 2 * 10**9))
    ticks = Ticks(store, BarStore(database), TickSpool(folder / "spool", 10**9), lambda: OPEN, "bench", lambda *_: None)
    running = asyncio.create_task(ticks.run())
    began, most = time.perf_counter(), 0
    for step in range(round(SUSTAINED / TICK)):
        ticks.keep(_trades(numbers, round((RATE - BARS) * TICK)))
        ticks.keep_bars(ONE_SECOND, _seconds(step))
        most = max(most, ticks.waiting)
        await asyncio.sleep(max(0.0, began + (step + 1) * TICK - time.perf_counter()))
    await ticks.written()
    took = time.perf_counter() - began
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    gaps = [later - earlier for earlier, later in pairwise(store.commits)]
    return {"sustained_rows_per_s": round((ticks.stored + ticks.stored_bars) / took), "most_waiting": most,
            "commit_interval_p99_ms": round(quantiles(gaps, n=100)[98] * 1000, 1)}  # fmt: skip


async def _reading(database: Database) -> dict[str, object]:
    """A whole day of 500 symbols as columns, each time another day."""
    store, dice, took = BarStore(database), random.Random(5), list[float]()
    for _ in range(READS):
        start = OPEN + timedelta(days=dice.randrange(DAYS))
        began = time.perf_counter()
        found = await store.columns_of_many(SYMBOLS, MINUTE, start, start + timedelta(minutes=MINUTES))
        took.append(time.perf_counter() - began)
        if sum(len(columns.close) for columns in found.values()) != len(SYMBOLS) * MINUTES:
            raise SystemExit("The day that was read is not complete.")
    return {"stored_bars": DAYS * MINUTES * len(SYMBOLS), "read_day_500_p50_ms": round(median(took) * 1000, 1),
            "read_day_500_p95_ms": round(quantiles(took, n=20)[18] * 1000, 1)}  # fmt: skip


def _load(bare: psycopg.Connection) -> None:
    bare.execute("SELECT add_partition('bars', %s)", (ns(OPEN),))
    bare.execute(LOAD, (ns(OPEN), DAYS - 1, MINUTES - 1))
    bare.execute("VACUUM ANALYZE bars")  # as the server does by itself within minutes


def _trades(numbers: Iterator[int], count: int) -> list[Trade]:
    start = ns(OPEN)
    return [Trade(SYMBOLS[n % 500], start + n * 20_000 % (9 * 3600 * SECOND), 100.0 + n % 100, 100.0, str(n), "V", "A", "@ I")
            for n in islice(numbers, count)]  # fmt: skip


def _seconds(step: int) -> list[Bar]:
    start = ns(OPEN) + step * SECOND
    return [Bar(symbol, start, 100.0, 101.0, 99.0, 100.5, 10.0, 3, 100.1) for symbol in SYMBOLS[: round(BARS * TICK)]]


@contextmanager
def _database() -> Iterator[tuple[Database, psycopg.Connection, Path]]:
    """An embedded server in a new folder, ours and a bare connection to it, with every index in place."""
    folder = Path(tempfile.mkdtemp(prefix="qv-bench-"))
    folder.chmod(0o755)  # for root the server runs as another account
    server = Server(folder / "pg")
    try:
        url = server.start()
        database = Database(url)
        database.migrate()
        with psycopg.connect(url.replace("+psycopg", "", 1), autocommit=True) as bare:
            bare.execute("SET synchronous_commit = off")
            yield database, bare, folder
        database.close()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)

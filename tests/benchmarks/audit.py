"""How long a million audit rows take to verify, how many a second are recorded one by one, and whether eight writers fork a chain."""

import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path

from sqlalchemy import text

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.server import Server
from qv_desktop.domain.audit import Actor, Draft

ROWS, TIMED = 1_000_000, 100_000
AT_ONCE = 2_000  # askers that wait for their row at the same time
WRITERS, EACH = 8, 250
MARIA = Actor("maria", "human", "Trader", "7f3a9c1e", "desk-4")
AFTER = '{"status":"accepted","filled":"0","limit":"187.45","checks":[{"code":"collar","passed":true},{"code":"exposure","passed":true}]}'


def figures() -> dict[str, object]:
    """Seconds for the verification of a million rows, rows a second appended, and what eight processes at once did wrong."""
    with _database() as (url, database):
        forked = _contended(url, database)
        appended = asyncio.run(_appended(database))
        trail = _trail(database, "bench")
        began = time.perf_counter()
        found = asyncio.run(trail.verify())
        took = time.perf_counter() - began
        if not found.whole or found.rows != ROWS:
            raise SystemExit(f"The trail is not whole: {found.reason or found.rows}")
        return {"verify_1m_s": round(took, 2), "appends_per_s": appended, **forked}


def a_draft(number: int) -> Draft:
    """A row like most: an order that was submitted."""
    return Draft(MARIA, "order.submit", "order", f"qv-{number:032x}", after=AFTER, correlation=f"qv-{number:032x}")


async def _appended(database: Database) -> int:
    """Rows a second: thousands of askers, each waiting for its own row to be committed; then the rest of the million."""
    trail = _trail(database, "bench")
    began = time.perf_counter()
    await _askers(trail, 0, TIMED)
    rate = TIMED / (time.perf_counter() - began)
    await _askers(trail, TIMED, ROWS)
    return round(rate)


async def _askers(trail: AuditTrail, first: int, last: int) -> None:
    numbers = iter(range(first, last))

    async def asker() -> None:
        for number in numbers:
            await trail.append(a_draft(number))

    await asyncio.gather(*(asker() for _ in range(AT_ONCE)))


def _contended(url: str, database: Database) -> dict[str, object]:
    """Eight processes add to one chain at the same time."""
    with ProcessPoolExecutor(WRITERS, get_context("spawn")) as pool:
        list(pool.map(written, [url] * WRITERS, range(WRITERS)))
    asked = text(
        "SELECT count(*) - count(DISTINCT previous), max(sequence) - count(*), count(*) FROM audit_log WHERE chain = 'eight'"
    )
    forks, gaps, rows = asyncio.run(database.read(lambda connection: tuple(connection.execute(asked).one())))
    found = asyncio.run(_trail(database, "eight").verify())
    if not found.whole or rows != WRITERS * EACH:
        raise SystemExit(f"Eight writers left {rows} rows: {found.reason}")
    return {"forks": forks, "gaps": gaps}


def written(url: str, writer: int) -> None:
    """What one of the processes does."""
    database = Database(url)

    async def story() -> None:
        trail = _trail(database, "eight")
        for number in range(EACH):  # one by one, so that the writers meet at every row
            await trail.append(a_draft(writer * EACH + number))

    asyncio.run(story())
    database.close()


def _trail(database: Database, chain: str) -> AuditTrail:
    return AuditTrail(database, chain, "bench", lambda: datetime.now(UTC), lambda entry: None)


@contextmanager
def _database() -> Iterator[tuple[str, Database]]:
    """An embedded server in a new folder with every index in place."""
    folder = Path(tempfile.mkdtemp(prefix="qv-bench-"))
    folder.chmod(0o755)  # for root the server runs as another account
    server = Server(folder / "pg")
    try:
        url = server.start()
        database = Database(url)
        database.migrate()
        yield url, database
        database.close()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def report(found: dict[str, object]) -> str:
    """The figures beside what they are held to."""
    wanted = {"verify_1m_s": "at most 10", "appends_per_s": "at least 20,000", "forks": "0", "gaps": "0"}
    return "".join(f"{name:<14} {found[name]!s:>10}  wanted: {aim}\n" for name, aim in wanted.items())


if __name__ == "__main__":
    sys.stdout.write(report(figures()))

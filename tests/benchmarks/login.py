"""How long a log-in takes, and whether the time tells a known name from an unknown one."""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from statistics import median
from uuid import uuid4

from sqlalchemy import text

from qv_desktop.adapters.db.audit import AuditTrail
from qv_desktop.adapters.db.database import Database
from qv_desktop.adapters.db.users import Users
from qv_desktop.domain.access import Role
from qv_desktop.domain.audit import SYSTEM, Draft
from tests.benchmarks.orders import a_database

TRIES = 500
RIGHT = "correct horse battery staple"


def arguments(parser: argparse.ArgumentParser) -> None:
    """How many tries of each kind."""
    parser.add_argument("--tries", type=int, default=TRIES, help="wrong log-ins of a known name, and of unknown ones")


def figures(tries: int = TRIES) -> dict[str, object]:
    """Medians in ms, and by how many percent that of unknown names differs; the two kinds take turns on one database."""
    sys.setswitchinterval(0.0005)  # as the program has it
    with a_database() as url:
        return asyncio.run(_measured(url, tries))


async def _measured(url: str, tries: int) -> dict[str, object]:
    database = Database(url)
    users = Users(database, AuditTrail(database, "bench", "bench", _now, lambda entry: None), _now)
    name = "maria"
    await users.create(name, RIGHT, Role.TRADER, Draft(SYSTEM, "user.create", "user", name))
    known, unknown, right, gaps = list[float](), list[float](), list[float](), list[float]()
    beating = asyncio.ensure_future(_beats(gaps))
    for number in range(tries + 10):
        pairs = [(known, name), (unknown, f"nobody-{uuid4().hex[:6]}")]
        for kept, tried in pairs if number % 2 else reversed(pairs):
            await database.write(_unbraked)
            took = await _timed(lambda tried=tried: users.sign_in(tried, "a wrong password", "host"))  # type: ignore[misc]
            if number >= 10:
                kept.append(took)
        if number % 10 == 0:
            await database.write(_unbraked)
            right.append(await _timed(lambda: users.sign_in(name, RIGHT, "host")))
    beating.cancel()
    await asyncio.to_thread(database.close)
    return {
        "tries": tries,
        "known_p50_ms": round(median(known), 2),
        "unknown_p50_ms": round(median(unknown), 2),
        "difference_percent": round(abs(median(known) / median(unknown) - 1) * 100, 2),
        "login_p50_ms": round(median(right), 1),
        "login_max_ms": round(max(right), 1),
        "loop_lag_max_ms": round(max(gaps), 1),  # what a window would have waited for meanwhile
    }


async def _beats(gaps: list[float]) -> None:
    """How much later than asked for the loop comes back, each time, in ms."""
    while True:
        start = time.perf_counter()
        await asyncio.sleep(0.005)
        gaps.append((time.perf_counter() - start) * 1000 - 5)


async def _timed(deed: Callable[[], Awaitable[object]]) -> float:
    start = time.perf_counter()
    await deed()
    return (time.perf_counter() - start) * 1000


def _unbraked(connection: object) -> None:
    """Locks and the brake on many names would end the measurement at the sixth try."""
    for table in ("lockouts", "login_brake"):
        connection.execute(text(f"DELETE FROM {table}"))  # type: ignore[attr-defined]  # noqa: S608 - constants


def _now() -> datetime:
    return datetime.now(UTC)

"""The program is killed between an execution and its being counted: the next start counts as if it had lived."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest

from qv_desktop.adapters.db.database import Database
from qv_desktop.domain.counters import ACCOUNT, Tally
from qv_desktop.domain.limits import Scope
from qv_desktop.domain.orders import Fill
from qv_desktop.domain.positions import Position, after
from tests.services.laddering import a_room
from tests.stories.killed_counter import traded

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
KEYS = (ACCOUNT, (Scope.USER, "demo"), (Scope.SYMBOL, "AAPL"))


@pytest.mark.parametrize("legs", [2, 5, 6])
def test_a_kill_between_an_execution_and_its_count_loses_nothing(
    database: Database, postgres_url: str, tmp_path: Path, legs: int
) -> None:
    dead, alive = f"d{uuid4().hex[:8]}", f"l{uuid4().hex[:8]}"
    words = [sys.executable, "-m", "tests.stories.killed_counter", dead, str(tmp_path), str(legs)]
    child = subprocess.run(words, capture_output=True, text=True, timeout=120, check=False,
                           env={**os.environ, "QV_DATABASE_URL": postgres_url})  # fmt: skip
    assert child.returncode == -signal.SIGKILL, child.stderr[-2_000:]

    async def lived() -> list[Tally]:
        async with a_room(database, alive, tmp_path) as room:
            await traded(room, legs)
            return [room.book[key] for key in KEYS]

    async def next_start() -> list[Tally]:
        async with a_room(database, dead, tmp_path, begin=False) as room:
            fills = [fill for fill, _ in await room.book._store.fills(dead, room.moment[0])]
            room.positions.restore([held(fills)])
            await room.ladder.start()
            return [room.book[key] for key in KEYS]

    assert asyncio.run(next_start()) == asyncio.run(lived())


def held(fills: list[Fill]) -> Position:
    """What the broker says is held after all of them."""
    position = Position("AAPL")
    for fill in fills:
        position = after(position, fill)
    return position

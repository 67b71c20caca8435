"""A hundred outages in one accelerated session: what is stored afterwards, how soon each was seen, and how often a server is asked."""

import asyncio
import logging
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import structlog

from qv_desktop.adapters.db.server import Server
from qv_desktop.adapters.polygon.stream import PolygonStream
from qv_desktop.adapters.websocket import Patience
from qv_desktop.domain.market import FeedState
from tests.conftest import an_open_folder
from tests.stories.outages import SPEED, plan, told

OUTAGES, SEED = 100, 11
HASTE = 120.0  # how many times as fast the ten minutes without a server pass
TEN_MINUTES = 600.0  # seconds
REST = 60 / SPEED + 0.1  # seconds after an outage, after which a link counts as healthy again
CALM_SPEED = 200.0  # of the session without outages
WAITS = ("first", "ceiling", "healthy", "evicted", "refused", "window")  # of a socket's patience, that pass as fast


def figures(outages: int = OUTAGES, seed: int = SEED) -> dict[str, object]:
    """Whether what is stored equals history and a session without outages, and the counts and seconds of the outages."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))  # outages are no news here
    logging.getLogger("RESTClient").setLevel(logging.CRITICAL)  # nor are answers that are no JSON
    dice = random.Random(seed)
    with a_server() as (url, folder):
        session = asyncio.run(told(url, folder / "a", plan(outages, seed), seed, lambda: REST + dice.random() * 0.4))
        calm = asyncio.run(told(url, folder / "b", [], seed, lambda: 0.0, until_at_least=session.end, speed=CALM_SPEED))
    back = session.seen.back
    return {
        "outages": len(back),
        "minutes": session.minutes,
        "bars": session.bars.count(b"\n"),
        "bars_equal": session.bars == session.reference_bars and session.equals(calm),
        "trades": session.trades.count(b"\n"),
        "duplicate_trades": session.duplicates,
        "missing_trades": session.missing_trades,
        "flagged_within_s": round(max(session.seen.flagged, default=0.0), 2),
        "reconnect_attempts": session.seen.attempts(),
        "reconnect_attempts_10min": asyncio.run(attempts_without_a_server()),
        "drop_1_s": round(back[0], 3),
        "drop_50_s": round(back[min(49, outages - 1)], 3),
    }


async def attempts_without_a_server() -> int:
    """How often the real stream tries in ten minutes in which nothing answers, its waits shortened alike."""
    states: list[FeedState] = []
    usual = Patience()
    hasty = replace(usual, **{name: getattr(usual, name) / HASTE for name in WAITS})
    stream = PolygonStream(f"ws://127.0.0.1:{closed_port()}/stocks", "key", lambda batch: None,
                           lambda state, detail: states.append(state), lambda *hole: None, now=lambda: datetime.now(UTC),
                           patience=hasty)  # fmt: skip
    running = asyncio.create_task(stream.run())
    await asyncio.sleep(TEN_MINUTES / HASTE)
    await stream.stop()
    await asyncio.gather(running, return_exceptions=True)
    return states.count("connecting")


def closed_port() -> int:
    """A port of this machine at which nobody answers."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


@contextmanager
def a_server() -> Iterator[tuple[str, Path]]:
    """A database server in a folder of its own, gone afterwards."""
    for folder in an_open_folder():
        server = Server(folder / "pg")
        try:
            yield server.start(), folder
        finally:
            server.stop()

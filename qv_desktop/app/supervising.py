"""Keeps what runs by itself running: a part that fails is told of, counted and started again, never silently gone."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

log = structlog.get_logger(__name__)

AGAIN_AFTER = 1.0  # seconds


async def supervised(name: str, work: Callable[[], Awaitable[object]], failed: Callable[[str], None]) -> None:
    """Run ``work`` until it returns or this is cancelled; each time it raises, ``failed`` hears its name and it starts anew."""
    while True:
        try:
            await work()
        except Exception:
            log.exception("part_failed", part=name)
            failed(name)
            await asyncio.sleep(AGAIN_AFTER)
        else:
            return

"""Small helpers for socket tests: what was heard, and waiting for it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from qv_desktop.domain.market import Batch, FeedState


@dataclass
class Heard:
    """Everything a socket told: values or frames, states with their words, and gaps."""

    items: list = field(default_factory=list)
    states: list[tuple[FeedState, str]] = field(default_factory=list)
    gaps: list[tuple[datetime, datetime, str]] = field(default_factory=list)
    batches: list[Batch] = field(default_factory=list)

    def hear(self, batch: Sequence) -> None:
        self.items.extend(batch)

    def take(self, batch: Batch) -> None:
        """Keep a batch, and every value in it."""
        self.batches.append(batch)
        for values in (
            batch.trades,
            batch.quotes,
            batch.seconds,
            batch.minutes,
            batch.days,
            batch.halts,
            batch.corrections,
        ):
            self.items.extend(values)

    def state(self, state: FeedState, detail: str) -> None:
        self.states.append((state, detail))

    def gap(self, start: datetime, end: datetime, reason: str) -> None:
        self.gaps.append((start, end, reason))

    def count(self, state: FeedState) -> int:
        return sum(1 for said, _ in self.states if said == state)


def now() -> datetime:
    """The wall's time."""
    return datetime.now(UTC)


async def until(condition: Callable[[], object], what: str, seconds: float = 30.0) -> None:
    """Wait until ``condition`` holds; fail, naming ``what``, when it never does."""
    try:
        async with asyncio.timeout(seconds):
            while not condition():  # noqa: ASYNC110  # any condition will do, not only an event
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"never happened: {what}") from None

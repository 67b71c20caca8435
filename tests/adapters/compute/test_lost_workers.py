"""A strategy that ends its worker again and again fails instead of keeping every other deployment waiting."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from qv_desktop.adapters.compute.evaluating import Evaluated
from qv_desktop.adapters.compute.frames import WorkerDied
from qv_desktop.adapters.compute.live_signals import LiveSignals
from qv_desktop.domain.errors import BadInput, FeedDown
from tests.services.test_deployments import STRATEGY


@dataclass
class Pool:
    """Answers, or loses its worker."""

    fates: list[bool] = field(default_factory=list)

    async def ask(self, run: str, request: Callable[[], Any], answer: type[Any]) -> Evaluated:
        if self.fates.pop(0):
            return Evaluated(run, [b"", b"", b"", b""])
        raise WorkerDied("The worker process of this run is gone.")


def test_a_worker_lost_once_is_asked_again_and_one_lost_each_time_is_the_strategy_s_fault() -> None:
    signals = LiveSignals(Pool([False, False, True, False, False, False]))  # type: ignore[arg-type]

    def asked() -> None:
        asyncio.run(signals.flags(STRATEGY, {}, [], shorts=False))

    for _ in range(2):
        with pytest.raises(FeedDown):
            asked()
    asked()
    for _ in range(2):
        with pytest.raises(FeedDown):
            asked()
    with pytest.raises(BadInput, match="3 times, one after the other"):
        asked()

"""Live signals: a strategy's flags over the bars so far, from a worker that no backtest keeps waiting."""

import asyncio
import sys
import uuid
from collections.abc import Mapping, Sequence

import numpy as np

from qv_desktop.adapters.compute.evaluating import Evaluate, Evaluated
from qv_desktop.adapters.compute.pool import BacktestPool
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import Bar
from qv_desktop.domain.signals import Flags
from qv_desktop.domain.strategies import Strategy


class LiveSignals:
    """``services.signals.Evaluator`` on worker processes; they start with the first question."""

    def __init__(self, pool: BacktestPool) -> None:
        self._pool = pool

    async def flags(
        self, strategy: Strategy, parameters: Mapping[str, float], bars: Sequence[Bar], *, shorts: bool
    ) -> Flags:
        """What the strategy says of each of ``bars``. Raises BadInput with the reason when it fails."""
        direction = "both" if shorts else "long"
        columns = await asyncio.to_thread(_columns, bars)  # a month of minutes takes a few frames' time
        request = Evaluate(uuid.uuid4().hex, strategy.source, dict(parameters), columns, direction)
        answer = await self._pool.ask(request.run, request, Evaluated)
        return Flags(tuple(tuple(map(bool, row)) for row in answer.flags))

    async def close(self) -> None:
        """End the workers."""
        await self._pool.close()


def _columns(bars: Sequence[Bar]) -> list[bytes]:
    """As ``evaluating.Evaluate`` has them."""
    if sys.byteorder != "little":
        raise BadInput("Live signals need a little-endian machine.")
    prices = np.array([(b.open, b.high, b.low, b.close, b.volume) for b in bars], dtype=np.float64)
    return [
        np.array([b.start for b in bars], dtype=np.int64).tobytes(),
        *(np.ascontiguousarray(column).tobytes() for column in prices.T),
    ]

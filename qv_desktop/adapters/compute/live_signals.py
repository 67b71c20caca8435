"""Live signals: a strategy's flags over the bars so far, from a worker that no backtest keeps waiting."""

import uuid
from collections.abc import Mapping, Sequence

from qv_desktop.adapters.compute.evaluating import Evaluate, Evaluated
from qv_desktop.adapters.compute.frames import Cancelled, WorkerDied
from qv_desktop.adapters.compute.pool import columns_of
from qv_desktop.adapters.compute.workers import WorkerPool
from qv_desktop.domain.errors import BadInput, FeedDown
from qv_desktop.domain.market import Bar
from qv_desktop.domain.signals import Flags
from qv_desktop.domain.strategies import Strategy

MOST_LOST = 3


class LiveSignals:
    """``services.signals.Evaluator`` on worker processes of its own; they start with ``warm`` or the first question."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self._lost: dict[tuple[str, int], int] = {}  # strategy and version -> workers that it lost, one after the other

    def warm(self) -> None:
        """Start in the background."""
        self._pool.warm()

    async def flags(
        self, strategy: Strategy, parameters: Mapping[str, float], bars: Sequence[Bar], *, shorts: bool
    ) -> Flags:
        """What the strategy says of each of ``bars``. Raises BadInput when it fails, FeedDown when its worker was lost: ask again."""
        key = strategy.id, strategy.version
        run, direction = uuid.uuid4().hex, "both" if shorts else "long"

        def request() -> Evaluate:  # on a thread: a month of minutes takes a few frames' time
            return Evaluate(run, strategy.source, dict(parameters), columns_of(bars), direction)

        try:
            answer = await self._pool.ask(run, request, Evaluated)
        except WorkerDied as error:
            self._lost[key] = self._lost.get(key, 0) + 1
            if self._lost[key] >= MOST_LOST:  # it is no accident, and other strategies wait for this worker
                del self._lost[key]
                raise BadInput(
                    f"The strategy ended its worker process {MOST_LOST} times, one after the other."
                ) from error
            raise FeedDown(str(error)) from error
        except Cancelled as error:
            raise FeedDown(str(error)) from error
        self._lost.pop(key, None)
        return Flags(tuple(tuple(map(bool, row)) for row in answer.flags))

    async def close(self) -> None:
        """End the workers."""
        await self._pool.close()

"""Live signals: a strategy's flags or weights over the bars so far, from a worker that no backtest keeps waiting."""

import uuid
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from qv_desktop.adapters.compute.evaluating import Evaluate, Evaluated
from qv_desktop.adapters.compute.frames import Cancelled, WorkerDied
from qv_desktop.adapters.compute.pool import columns_of
from qv_desktop.adapters.compute.weighing import Weigh, Weighed
from qv_desktop.adapters.compute.workers import WorkerPool
from qv_desktop.domain.errors import BadInput, FeedDown
from qv_desktop.domain.market import Bar
from qv_desktop.domain.signals import Flags
from qv_desktop.domain.strategies import Strategy
from qv_desktop.domain.targets import Weights

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
        run = uuid.uuid4().hex

        def request() -> Evaluate:  # on a thread: a month of minutes takes a few frames' time
            return Evaluate(run, strategy.source, dict(parameters), columns_of(bars), _direction(shorts))

        answer = await self._asked(strategy, run, request, Evaluated)
        return Flags(tuple(tuple(map(bool, row)) for row in answer.flags))

    async def weights(
        self, strategy: Strategy, parameters: Mapping[str, float], bars: Mapping[str, Sequence[Bar]], *, shorts: bool
    ) -> Weights:
        """What it weighs a universe at each of its bars. Raises as ``flags`` does."""
        run, symbols = uuid.uuid4().hex, list(bars)

        def request() -> Weigh:
            columns = [columns_of(bars[symbol]) for symbol in symbols]
            return Weigh(run, strategy.source, dict(parameters), symbols, columns, _direction(shorts))

        return read_weights(symbols, await self._asked(strategy, run, request, Weighed))

    async def _asked[A: (Evaluated, Weighed)](
        self, strategy: Strategy, run: str, request: Callable[[], Any], answer: type[A]
    ) -> A:
        key = strategy.id, strategy.version
        try:
            found = await self._pool.ask(run, request, answer)
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
        return found

    async def close(self) -> None:
        """End the workers."""
        await self._pool.close()


def _direction(shorts: bool) -> str:
    return "both" if shorts else "long"


def read_weights(symbols: Sequence[str], answer: Weighed) -> Weights:
    """The answer in plain numbers."""
    at, flat = array("q", answer.at), array("d", answer.weights)
    width = len(symbols)
    rows = tuple(tuple(flat[place * width : (place + 1) * width]) for place in range(len(at)))
    return Weights(tuple(symbols), tuple(at), rows)

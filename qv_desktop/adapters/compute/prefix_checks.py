"""Look-ahead checks by the pool of workers, where code of one's own is behind its limits."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import numpy as np

from qv_desktop.adapters.compute.limits import Limits
from qv_desktop.adapters.compute.prefix_worker import Check, CheckDone
from qv_desktop.adapters.compute.workers import WorkerPool
from qv_desktop.domain.backtests import BacktestSpec
from qv_desktop.domain.look_ahead import LookAhead, Outcome
from qv_desktop.domain.market import Bar
from qv_desktop.domain.strategies import Strategy, with_defaults

SECONDS = 120  # for some thirty runs of the signals


class PrefixChecks:
    """``ports.strategies.LookAheadEngine`` on a pool."""

    def __init__(self, pool: WorkerPool, now: Callable[[], datetime], seconds: int = SECONDS) -> None:
        self._pool, self._now, self._limits = pool, now, Limits(seconds=seconds)

    async def check(
        self, job: str, spec: BacktestSpec, strategy: Strategy, bars: Mapping[str, Sequence[Bar]]
    ) -> LookAhead:
        """What the check told. Raises BadInput when the worker is gone or the code takes too long."""
        parameters = with_defaults(strategy, dict(spec.parameters))

        def request() -> Check:
            symbols = [symbol for symbol in spec.symbols if bars.get(symbol)]
            return Check(
                strategy.source, parameters, symbols, [_columns(bars[symbol]) for symbol in symbols], spec.seed
            )

        done = await self._pool.ask(job, request, CheckDone, limits=self._limits)
        outcome: Outcome = "unsteady" if done.unsteady else "fails" if done.bar >= 0 else "passed"
        reason = ""
        if outcome == "passed" and not done.compared:
            outcome, reason = "unable", "the strategy raises an error on every shorter history."
        fails = outcome == "fails"
        return LookAhead(strategy.code_hash, tuple(parameters.items()), outcome, done.bar if fails else None, done.at if fails else None,
                         done.symbol, done.shown, done.compared, done.unable, done.bars, reason, self._now())  # fmt: skip


def _columns(bars: Sequence[Bar]) -> list[bytes]:
    prices = np.array([(b.open, b.high, b.low, b.close, b.volume) for b in bars], dtype=np.float64)
    return [
        np.array([b.start for b in bars], dtype=np.int64).tobytes(),
        *(np.ascontiguousarray(c).tobytes() for c in prices.T),
    ]

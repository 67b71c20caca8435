"""Sweeps that the kernel cannot run, over several symbols or of weights: every combination is a whole backtest, by the same workers."""

import asyncio
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import pairwise

import msgspec
import numpy as np

from qv_desktop.adapters.compute.frames import Cancelled, PassedLimit, WorkerDied
from qv_desktop.adapters.compute.messages import Done, Run
from qv_desktop.adapters.compute.pool import request_of
from qv_desktop.adapters.compute.sweep_plan import CANCELLED, Asked, Show, result, row_of, year_of
from qv_desktop.adapters.compute.workers import WorkerPool
from qv_desktop.analytics.sweep_blocks import block_edges
from qv_desktop.domain.backtests import RunData
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.strategies import Strategy
from qv_desktop.domain.sweeps import SweepResult, SweepRow, SweepSpec

STATISTICS = ("Total return", "Sharpe", "Max drawdown", "Trades", "Volatility", "Exposure", "Profit factor", "Calmar")
LONGEST = 200  # characters of what a strategy's failure says


class BacktestSweeps:
    """``ports.sweeps.SweepEngine`` on the pool of backtests, which ``pool`` is."""

    def __init__(self, pool: WorkerPool) -> None:
        self._pool = pool
        self._running: set[str] = set()
        self._cancelled: set[str] = set()

    async def run(self, run: str, spec: SweepSpec, strategy: Strategy, data: RunData, user: str,
                  combos: Sequence[tuple[float, ...]], show: Show, workers: int = 0, megabytes: int = 0) -> SweepResult:  # fmt: skip
        """The rows of ``combos`` over ``data``; ``show`` hears of each row as it comes. Raises BadInput."""
        self._running.add(run)
        try:
            return await self._ran(
                run, spec, strategy, data, user, combos, show, min(workers or self._pool.size, self._pool.size)
            )
        finally:
            self._cancelled.discard(run)
            self._running.discard(run)

    async def _ran(self, run: str, spec: SweepSpec, strategy: Strategy, data: RunData, user: str, combos: Sequence[tuple[float, ...]],
                   show: Show, at_once: int) -> SweepResult:  # fmt: skip
        began, pairs = datetime.now(UTC), iter(enumerate(combos))
        plain = await asyncio.to_thread(request_of, run, spec.base, strategy, data)
        plain.benchmark = []  # nothing of it is among a row's figures
        found: list[tuple[SweepRow, ...]] = [()] * len(combos)
        done: list[Done] = []

        async def one_after_another() -> None:
            for place, values in pairs:
                found[place] = (await self._row(plain, spec, values, done),)
                show(place, found[place])

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(at_once, len(combos))):
                    group.create_task(one_after_another())
        except* BadInput as failed:
            raise BadInput(CANCELLED if run in self._cancelled else str(failed.exceptions[0])) from None
        told = done[0] if done else None
        at = np.frombuffer(told.at, dtype=np.int64) if told else np.zeros(1, dtype=np.int64)
        asked = Asked(run, spec, strategy, user, began, len(at), year_of(spec, at), told.data_hash if told else "")
        return result(asked, found, told.engine if told else "", f"{at_once} workers, a backtest for each combination")

    async def _row(self, plain: Run, spec: SweepSpec, values: tuple[float, ...], done: list[Done]) -> SweepRow:
        if plain.run in self._cancelled:
            raise Cancelled(CANCELLED)
        chosen = plain.parameters | dict(zip(spec.names, values, strict=True))
        request = msgspec.structs.replace(plain, parameters=chosen)
        try:
            answer = await self._pool.ask(plain.run, request, Done)
        except (Cancelled, PassedLimit, WorkerDied):
            raise
        except BadInput as failed:
            return SweepRow(values, error=str(failed)[:LONGEST])
        if not done:
            done.append(answer)
        return row_of(values, _numbers(answer, spec), spec.blocks)

    async def cancel(self, run: str) -> None:
        """End a sweep at once."""
        if run in self._running:
            self._cancelled.add(run)
            await self._pool.cancel(run)


def _numbers(answer: Done, spec: SweepSpec) -> list[float]:
    """The figures, then the blocks' sums and sums of squares of the returns per bar."""
    named = dict(answer.statistics)
    equity = np.frombuffer(answer.equity)
    before = np.concatenate(([spec.base.cash], equity[:-1]))
    returns = np.where(equity == before, 0.0, (equity - before) / np.abs(before))
    edges = block_edges(len(equity), spec.blocks)
    spans = [returns[a:b] for a, b in pairwise(edges)]
    apart = returns - returns.mean()
    spread = float(np.sqrt((apart**2).mean()))
    moments = [float((apart**power).mean() / spread**power) if spread > 0 else math.nan for power in (3, 4)]
    figures = [*(named[name] for name in STATISTICS), *moments]
    return [*figures, *(float(span.sum()) for span in spans), *(float((span**2).sum()) for span in spans)]

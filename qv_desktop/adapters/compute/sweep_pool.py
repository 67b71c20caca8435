"""Sweeps on this machine: every chunk is asked of the pool of workers, and once more when its worker died."""

import asyncio
import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import msgspec
import structlog

from qv_desktop.adapters.compute.frames import Cancelled, WorkerDied
from qv_desktop.adapters.compute.limits import Limits
from qv_desktop.adapters.compute.sweep_arrays import prepared, shared
from qv_desktop.adapters.compute.sweep_backtests import BacktestSweeps
from qv_desktop.adapters.compute.sweep_messages import SweepChunk, SweepPart
from qv_desktop.adapters.compute.sweep_plan import CANCELLED, Asked, Show, chunks, kernel_takes, result, rows
from qv_desktop.adapters.compute.workers import WorkerPool
from qv_desktop.domain.backtests import RunData
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.strategies import Strategy
from qv_desktop.domain.sweeps import SweepResult, SweepRow, SweepSpec

log = structlog.get_logger(__name__)

TRIES = 3  # workers that a chunk is given to, one after the other, while they die of it


def sweep_pool(command: Sequence[str], cache: Path, workers: int = 0, limits: Limits | None = None,
               closed: Path | None = None) -> WorkerPool:  # fmt: skip
    """Workers that are warm for sweeps alone, which takes a second and a third of the memory; 0 is one for each processor.

    ``closed`` is a folder that no run must see into.
    """
    return WorkerPool([*command, "--only", "sweep"], cache, workers or os.cpu_count() or 1, limits, closed=closed)


class LocalSweeps:
    """``ports.sweeps.SweepEngine`` on a pool. ``megabytes`` is the most that one worker may use when a sweep does not say.

    ``backtests`` takes the sweeps that the kernel cannot run.
    """

    def __init__(self, pool: WorkerPool, megabytes: int, backtests: BacktestSweeps | None = None) -> None:
        self._pool, self._megabytes, self._backtests = pool, megabytes, backtests
        self._cancelled: set[str] = set()

    async def run(self, run: str, spec: SweepSpec, strategy: Strategy, data: RunData, user: str,
                  combos: Sequence[tuple[float, ...]], show: Show, workers: int = 0, megabytes: int = 0) -> SweepResult:  # fmt: skip
        """The rows of ``combos`` over ``data``; ``show`` hears of each part as it comes. Raises BadInput."""
        if self._backtests and not kernel_takes(spec, strategy):
            return await self._backtests.run(run, spec, strategy, data, user, combos, show, workers, megabytes)
        budget = megabytes or self._megabytes
        asked, content = await asyncio.to_thread(prepared, run, spec, strategy, data, user)
        work = await asyncio.to_thread(chunks, asked, combos, budget)
        with ExitStack() as lasting:
            lasting.callback(self._cancelled.discard, run)
            file = await asyncio.to_thread(lasting.enter_context, shared(content, run))
            for chunk in work:
                chunk.file = str(file)
            at_once = min(workers or self._pool.size, self._pool.size, len(work))
            return await self._ran(
                asked, work, show, at_once, msgspec.structs.replace(self._pool.limits, memory_mb=budget)
            )

    async def _ran(
        self, asked: Asked, work: Sequence[SweepChunk], show: Show, at_once: int, limits: Limits
    ) -> SweepResult:
        """As many chunks at a time as there are workers, so that no other sweep has to wait for the whole of this one."""
        waiting = iter(enumerate(work))
        parts: list[tuple[SweepRow, ...]] = [()] * len(work)
        said: list[SweepPart] = []

        async def one_after_another() -> None:
            for place, chunk in waiting:
                part = await self._asked(asked.run, chunk, limits)
                said.append(part)
                parts[place] = rows(chunk, part)
                show(chunk.first, parts[place])

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(at_once):
                    group.create_task(one_after_another())
        except* BadInput as failed:
            raise BadInput(CANCELLED if asked.run in self._cancelled else str(failed.exceptions[0])) from None
        for note in {note for part in said for note in part.notes}:
            log.warning("sweep_kernel_not_kept", reason=note)
        where = "1 process" if at_once == 1 else f"{at_once} processes"
        return await asyncio.to_thread(result, asked, parts, said[0].engine, where)

    async def _asked(self, run: str, chunk: SweepChunk, limits: Limits) -> SweepPart:
        why = ""
        for tried in range(1, TRIES + 1):
            if run in self._cancelled:
                raise Cancelled(CANCELLED)
            try:
                return await self._pool.ask(run, chunk, SweepPart, limits=limits)
            except WorkerDied as died:
                why = str(died)
                log.info("sweep_worker_died", run=run, chunk=chunk.first, tried=tried, reason=why)
        raise BadInput(f"{TRIES} workers died of the combinations from {chunk.first + 1:,} on. {why}")

    async def cancel(self, run: str) -> None:
        """End a sweep at once."""
        self._cancelled.add(run)
        await self._pool.cancel(run)
        if self._backtests:
            await self._backtests.cancel(run)

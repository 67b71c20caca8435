"""Sweeps on this machine: every chunk is asked of the pool of workers, and once more when its worker died."""

import asyncio
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import structlog

from qv_desktop.adapters.compute.frames import Cancelled, WorkerDied
from qv_desktop.adapters.compute.limits import Limits
from qv_desktop.adapters.compute.sweep_arrays import packed, shared
from qv_desktop.adapters.compute.sweep_messages import SweepChunk, SweepPart
from qv_desktop.adapters.compute.sweep_plan import CANCELLED, Show, Work, one_symbol, planned, result, rows
from qv_desktop.adapters.compute.workers import WorkerPool
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import Bar
from qv_desktop.domain.strategies import Strategy
from qv_desktop.domain.sweeps import SweepResult, SweepRow, SweepSpec

log = structlog.get_logger(__name__)

TRIES = 3  # workers that a chunk is given to, one after the other, while they die of it


def sweep_pool(command: Sequence[str], cache: Path, workers: int = 0) -> WorkerPool:
    """Workers that are warm for sweeps alone, which takes a second and a third of the memory; 0 is one for each processor."""
    return WorkerPool([*command, "--only", "sweep"], cache, workers or os.cpu_count() or 1)


class LocalSweeps:
    """``ports.SweepEngine`` on a pool. ``megabytes`` is the most that one worker may use when a sweep does not say."""

    def __init__(self, pool: WorkerPool, megabytes: int) -> None:
        self._pool, self._megabytes = pool, megabytes
        self._cancelled: set[str] = set()

    async def run(self, run: str, spec: SweepSpec, strategy: Strategy, bars: Mapping[str, Sequence[Bar]], user: str,
                  combos: Sequence[tuple[float, ...]], show: Show, workers: int = 0, megabytes: int = 0) -> SweepResult:  # fmt: skip
        """The rows of ``combos`` over ``bars``; ``show`` hears of each part as it comes. Raises BadInput."""
        only = one_symbol(spec, bars)
        content = await asyncio.to_thread(packed, only)
        budget = megabytes or self._megabytes
        work = planned(run, spec, strategy, content, len(only), user, combos, budget)
        try:
            with shared(content, run) as file:
                for chunk in work.chunks:
                    chunk.file = str(file)
                return await self._ran(
                    work, show, min(workers or self._pool.size, self._pool.size), Limits(memory_mb=budget)
                )
        finally:
            self._cancelled.discard(run)

    async def _ran(self, work: Work, show: Show, workers: int, limits: Limits) -> SweepResult:
        """As many chunks at a time as there are workers, so that no other sweep has to wait for the whole of this one."""
        waiting = iter(enumerate(work.chunks))
        parts: list[tuple[SweepRow, ...]] = [()] * len(work.chunks)
        said: list[SweepPart] = []

        async def one_after_another() -> None:
            for place, chunk in waiting:
                part = await self._asked(work.run, chunk, limits)
                said.append(part)
                parts[place] = rows(chunk, part)
                show(chunk.first, parts[place])

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(workers, len(work.chunks))):
                    group.create_task(one_after_another())
        except* BadInput as failed:
            raise BadInput(CANCELLED if work.run in self._cancelled else str(failed.exceptions[0])) from None
        for note in {note for part in said for note in part.notes}:
            log.warning("sweep_kernel_not_kept", reason=note)
        where = "1 process" if workers == 1 else f"{workers} processes"
        return await asyncio.to_thread(result, work, parts, said[0].engine, where)

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

"""Sweeps on this machine: every chunk is asked of the pool of worker processes, and of another worker when the first one died."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
import structlog

from qv_desktop.adapters.compute.frames import WorkerDied
from qv_desktop.adapters.compute.sweep_arrays import packed, shared
from qv_desktop.adapters.compute.sweep_messages import SweepChunk, SweepPart
from qv_desktop.adapters.compute.sweep_plan import Show, Work, one_symbol, planned, result, rows
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import Bar
from qv_desktop.domain.strategies import Strategy
from qv_desktop.domain.sweeps import SweepResult, SweepRow, SweepSpec

log = structlog.get_logger(__name__)

TRIES = 3  # workers that a chunk is given to, one after the other, while they die of it
CANCELLED = "The sweep was cancelled."


class Asking(Protocol):
    """The part of the pool of workers that sweeps need."""

    @property
    def size(self) -> int:
        """How many asks run at once."""

    async def ask(
        self, job: str, request: msgspec.Struct, answer: type[Any], progress: Callable[[float, str], None] | None = None
    ) -> Any:
        """The answer. Raises BadInput; WorkerDied when the process ended by no fault of its run."""

    async def cancel(self, job: str) -> None:
        """End every ask of a job."""


class LocalSweeps:
    """``ports.SweepEngine`` on the pool. ``megabytes`` is the most that one worker may use."""

    def __init__(self, pool: Asking, megabytes: int) -> None:
        self._pool, self._megabytes = pool, megabytes
        self._cancelled: set[str] = set()

    async def run(self, run: str, spec: SweepSpec, strategy: Strategy, bars: Mapping[str, Sequence[Bar]], user: str,
                  combos: Sequence[tuple[float, ...]], show: Show) -> SweepResult:  # fmt: skip
        """The rows of ``combos`` over ``bars``; ``show`` hears of each part as it comes. Raises BadInput."""
        only = one_symbol(spec, bars)
        content = await asyncio.to_thread(packed, only)
        work = planned(run, spec, strategy, content, len(only), user, combos, self._megabytes)
        try:
            with shared(content, run) as file:
                for chunk in work.chunks:
                    chunk.file = str(file)
                return await self._ran(work, show)
        finally:
            self._cancelled.discard(run)

    async def _ran(self, work: Work, show: Show) -> SweepResult:
        waiting = iter(enumerate(work.chunks))
        parts: list[tuple[SweepRow, ...]] = [()] * len(work.chunks)
        said: list[SweepPart] = []

        async def one_after_another() -> None:
            for place, chunk in waiting:
                part = await self._asked(work.run, chunk)
                said.append(part)
                parts[place] = rows(chunk, part)
                show(chunk.first, parts[place])

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._pool.size, len(work.chunks))):
                    group.create_task(one_after_another())
        except* BadInput as failed:
            raise BadInput(CANCELLED if work.run in self._cancelled else str(failed.exceptions[0])) from None
        for note in {note for part in said for note in part.notes}:
            log.warning("sweep_kernel_not_kept", reason=note)
        return await asyncio.to_thread(result, work, parts, said[0].engine, f"{self._pool.size} processes")

    async def _asked(self, run: str, chunk: SweepChunk) -> SweepPart:
        for tried in range(1, TRIES + 1):
            if run in self._cancelled:
                raise BadInput(CANCELLED)
            try:
                part: SweepPart = await self._pool.ask(run, chunk, SweepPart)
            except WorkerDied as died:
                log.warning("sweep_worker_died", run=run, chunk=chunk.first, tried=tried, reason=str(died))
                last = died
                continue
            return part
        raise BadInput(
            f"{TRIES} workers died of the combinations from {chunk.first + 1:,} on; the last one said: {last}"
        )

    async def cancel(self, run: str) -> None:
        """End a sweep at once."""
        self._cancelled.add(run)
        await self._pool.cancel(run)

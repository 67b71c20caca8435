"""Sweeps on a Dask cluster: the same chunks as on this machine, each asked of any worker, and again when a worker is lost.

What travels is the text of the strategy, the bars and the parameters as bytes; the workers run them with their own rights.
"""

import asyncio
import queue
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import structlog

from qv_desktop.adapters.compute.sweep_address import Cluster
from qv_desktop.adapters.compute.sweep_arrays import prepared
from qv_desktop.adapters.compute.sweep_backtests import BacktestSweeps
from qv_desktop.adapters.compute.sweep_messages import SweepChunk, SweepPart
from qv_desktop.adapters.compute.sweep_plan import CANCELLED, Asked, Show, chunks, kernel_takes, result, rows
from qv_desktop.domain.backtests import RunData
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.strategies import Strategy
from qv_desktop.domain.sweeps import SweepResult, SweepRow, SweepSpec

log = structlog.get_logger(__name__)

TRIES = 4  # times that a chunk is asked for
ANSWER = 10.0  # s to reach the scheduler
LONELY = 30.0  # s that a cluster may be without any worker
GLANCE = 0.1  # s between looks at a cancel


class ClusterSweeps:
    """``ports.sweeps.SweepEngine`` on a Dask scheduler. ``megabytes`` is the most that one worker may use.

    ``backtests`` takes the sweeps that the kernel cannot run, on this machine.
    """

    def __init__(self, cluster: Cluster, megabytes: int, backtests: BacktestSweeps | None = None) -> None:
        self._cluster, self._megabytes, self._backtests = cluster, megabytes, backtests
        self._stops: dict[str, threading.Event] = {}

    async def run(self, run: str, spec: SweepSpec, strategy: Strategy, data: RunData, user: str,
                  combos: Sequence[tuple[float, ...]], show: Show, workers: int = 0, megabytes: int = 0) -> SweepResult:  # fmt: skip
        """The rows of ``combos`` over ``data``; ``show`` hears of each part as it comes. Every worker helps. Raises BadInput."""
        if self._backtests and not kernel_takes(spec, strategy):
            return await self._backtests.run(run, spec, strategy, data, user, combos, show, workers, megabytes)
        self._cluster.checked()  # here and not at the start of the program, which a wrong setting must not stop
        loop, stop = asyncio.get_running_loop(), threading.Event()
        self._stops[run] = stop

        def told(first: int, part: tuple[SweepRow, ...]) -> None:
            loop.call_soon_threadsafe(show, first, part)

        try:
            asked, content = await asyncio.to_thread(prepared, run, spec, strategy, data, user)
            work = await asyncio.to_thread(chunks, asked, combos, megabytes or self._megabytes)
            return await asyncio.to_thread(self._ran, asked, work, content, told, stop)
        finally:
            del self._stops[run]

    async def cancel(self, run: str) -> None:
        """End a sweep: what is not begun is taken back, what a worker has under way ends unheard."""
        if run in self._stops:
            self._stops[run].set()
        if self._backtests:
            await self._backtests.cancel(run)

    def _ran(
        self, asked: Asked, work: Sequence[SweepChunk], content: bytes, show: Show, stop: threading.Event
    ) -> SweepResult:
        """On a thread of its own, since Dask's client blocks."""
        with _client(self._cluster) as client:
            told = _Sweep(client, work, content, show, stop)
            told.run()
            return result(asked, told.parts, told.engine, f"{told.workers} workers of {self._cluster.address}")


class _Sweep:
    """One sweep on an open client."""

    def __init__(
        self, client: Any, work: Sequence[SweepChunk], content: bytes, show: Show, stop: threading.Event
    ) -> None:
        self._client, self._work, self._content, self._show, self._stop = client, work, content, show, stop
        self._done: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._places: dict[str, tuple[int, int]] = {}  # key of a future -> which chunk, for the how-manieth time
        self._futures: dict[str, Any] = {}
        self.parts: list[tuple[SweepRow, ...]] = [()] * len(work)
        self.engine, self.workers = "", 0
        self._columns: Any = None

    def run(self) -> None:
        """Ask for every chunk and wait for all of them. Raises BadInput."""
        self._wait_for_workers()
        self._lay_out()
        for place in range(len(self._work)):
            self._submit(place, 1)
        try:
            while self._futures:
                self._take(self._next())
        finally:
            if self._futures:
                self._client.cancel(list(self._futures.values()), force=True)

    def _wait_for_workers(self) -> None:
        from distributed import TimeoutError as TooLong

        try:
            self._client.wait_for_workers(1, timeout=ANSWER)
        except (TooLong, TimeoutError):
            raise BadInput("The cluster has no worker; start one with dask worker, see the guide on sweeps.") from None
        self.workers = len(self._client.scheduler_info(n_workers=-1)["workers"])

    def _lay_out(self) -> None:
        """The bars, once on every worker that there is."""
        self._columns = self._client.scatter(self._content, broadcast=True, hash=False)

    def _submit(self, place: int, tried: int) -> None:
        from qv_desktop.adapters.compute.sweep_task import computed

        chunk = msgspec.msgpack.encode(self._work[place])
        future = self._client.submit(
            computed, chunk, self._columns, key=f"{self._work[place].run}-{place}-{tried}", pure=False
        )
        self._places[future.key], self._futures[future.key] = (place, tried), future
        future.add_done_callback(self._done.put)

    def _next(self) -> Any:
        """The next future that is done with. Raises BadInput on a cancel, and when the cluster is gone."""
        alone: float | None = None
        while True:
            if self._stop.is_set():
                raise BadInput(CANCELLED)
            with suppress(queue.Empty):
                return self._done.get(timeout=GLANCE)
            if self._client.status != "running":
                raise BadInput("The cluster's scheduler went away; start it again and run the sweep again.")
            if self._client.scheduler_info(n_workers=-1)["workers"]:
                alone = None
            else:
                alone = alone or time.monotonic()
                if time.monotonic() - alone > LONELY:
                    raise BadInput(
                        "The cluster has lost its last worker; start one with dask worker and run the sweep again."
                    )

    def _take(self, future: Any) -> None:
        place, tried = self._places[future.key]
        if self._futures.pop(future.key, None) is None:
            return
        chunk = self._work[place]
        if future.status == "finished":
            part = msgspec.msgpack.decode(future.result(), type=SweepPart)
            self.parts[place], self.engine = rows(chunk, part), part.engine
            self._show(chunk.first, self.parts[place])
            return
        why = repr(future.exception(timeout=ANSWER)) if future.status == "error" else future.status
        log.warning("cluster_chunk_lost", chunk=chunk.first, tried=tried, reason=why)
        if tried == TRIES or (future.status == "error" and "KilledWorker" not in why):
            raise BadInput(f"The cluster could not compute the combinations from {chunk.first + 1:,} on: {why[:200]}")
        if self._columns.status != "finished":  # the worker that held the bars is gone
            self._lay_out()
        self._submit(place, tried + 1)


def _client(cluster: Cluster) -> Any:
    """An open client. Raises BadInput when Dask is not installed, or nobody answers there."""
    try:
        from distributed import Client, Security
    except ImportError:
        raise BadInput("Sweeps on a cluster need Dask; install qv-desktop with its extra “cluster”.") from None
    security = None
    if cluster.secure:
        ca, certificate, key = (str(Path(name).expanduser()) for name in (cluster.ca, cluster.certificate, cluster.key))
        security = Security(  # type: ignore[no-untyped-call]
            tls_ca_file=ca, tls_client_cert=certificate, tls_client_key=key, require_encryption=True
        )
    try:
        return Client(cluster.address, security=security, timeout=ANSWER, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise BadInput(
            f"No Dask scheduler answers at {cluster.address} ({error}); check the address and the certificates."
        ) from None

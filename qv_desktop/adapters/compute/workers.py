"""The pool of workers: asks wait in fair turns, each runs alone in its process, a cancel or a death touches no other."""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import structlog

from qv_desktop.adapters.compute import confining
from qv_desktop.adapters.compute.frames import (
    ERRORS,
    Answered,
    Asked,
    Awake,
    Cancelled,
    Failure,
    PassedLimit,
    Report,
    Step,
    Stop,
    WorkerDied,
)
from qv_desktop.adapters.compute.limits import Limits, took_too_long
from qv_desktop.adapters.compute.parts import Unreadable, put_together
from qv_desktop.adapters.compute.process import WorkerProcess
from qv_desktop.adapters.compute.serving import forks
from qv_desktop.domain.errors import BadInput

log = structlog.get_logger(__name__)

MOST_AT_ONCE = 4  # by default
CANCELLED = "The run was cancelled."
GONE = "The program is closing; run it again after the next start."
STOPS_WITHIN = 0.3  # seconds until a worker that does not end a run is ended itself
SLACK = 1.0  # seconds beyond a run's limit until the same
WAKES_WITHIN = 300.0  # seconds; compiling on a slow machine takes a minute
LOGGED = 4000  # characters of what a run printed that go into the log
FAILED_STARTS = 2  # after so many in a row, asks fail instead of waiting

type Tell = Callable[[float, str], None]  # from 0 to 1, and what is being done; on the loop


@dataclass(slots=True)
class _Ask:
    """One question on its way. ``number`` is its own, ``job`` may be shared."""

    number: int
    job: str
    request: msgspec.Struct | Callable[[], msgspec.Struct]
    answer: Any
    limits: Limits
    progress: Tell | None
    said: Callable[[str], None] | None
    result: asyncio.Future[Any]
    over: BadInput | None = None  # why the worker is being ended for it


@dataclass(slots=True)
class _Worker:
    """A process and what it is doing."""

    process: WorkerProcess
    awake: bool = False
    used: bool = False
    running: dict[int, _Ask] = field(default_factory=dict)
    timers: dict[int, asyncio.TimerHandle] = field(default_factory=dict)
    waking: asyncio.TimerHandle | None = None


def usual_size() -> int:
    """Runs at once when nobody says: one processor stays with the window."""
    return max(1, min((os.cpu_count() or 2) - 1, MOST_AT_ONCE))


class WorkerPool:
    """Workers for one event loop. ``command`` starts a worker; ``size`` runs are made at once, 0 means the usual number.

    On Linux one warm process forks a run for each ask; elsewhere there are ``size`` processes, and each serves one ask and is replaced.
    """

    def __init__(self, command: Sequence[str], cache: Path, size: int = 0, limits: Limits | None = None,
                 forking: bool | None = None, closed: Path | None = None) -> None:  # fmt: skip
        """``forking`` False serves each ask by a process of its own, as systems without forks do.

        ``closed`` is a folder that no run must see into.
        """
        self._forks = forks() if forking is None else forking
        self._command, self._cache = [*command, *([] if self._forks else ["--once"])], cache
        if closed is not None:
            self._command += ["--closed", str(closed)]
        self.size, self.limits = size or usual_size(), limits or Limits()
        self.kept: list[str] = []
        self.missing: list[str] = []
        self.awakened: Callable[[str], None] = lambda line: None  # told what stands between strategies and the machine
        self._workers: list[_Worker] = []
        self._starting = 0
        self._waiting: dict[str, deque[_Ask]] = {}  # by job, whose turn is next first
        self._numbers = 0
        self._failed_starts = 0
        self._closed = False
        self._threads = ThreadPoolExecutor(self.size + 2, thread_name_prefix="workers")  # pipes block

    # ---- for those who ask

    @property
    def isolation(self) -> str:
        """One line for people: what stands between a strategy and this machine."""
        if not (self.kept or self.missing):
            return "Strategies: the worker is not warm yet"
        return confining.told(self.kept, self.missing)

    def warm(self) -> None:
        """Start workers in the background, so that they have imported and compiled before the first run."""
        if not self._workers and not self._starting:
            self._start()

    async def ask[A: msgspec.Struct](
        self,
        job: str,
        request: msgspec.Struct | Callable[[], msgspec.Struct],
        answer: type[A],
        progress: Tell | None = None,
        *,
        said: Callable[[str], None] | None = None,
        limits: Limits | None = None,
    ) -> A:
        """What a worker answers to ``request``, of a kind in ``KINDS``, decoded as ``answer``.

        A request that is costly to make is given as a function, called on a thread. Asks of one ``job`` are served in order, and jobs
        in turns. ``said`` gets the end of what the run printed. Raises BadInput with the reason: the run failed, PassedLimit,
        Cancelled, or WorkerDied.
        """
        if self._closed:
            raise BadInput(GONE)
        self._numbers += 1
        asked = _Ask(self._numbers, job, request, answer, limits or self.limits, progress, said,
                     asyncio.get_running_loop().create_future())  # fmt: skip
        self._waiting.setdefault(job, deque()).append(asked)
        self._turn()
        try:
            result: A = await asked.result
        except asyncio.CancelledError:
            self._stop(asked)
            raise
        return result

    async def cancel(self, job: str) -> None:
        """End all asks of ``job``, those that run within half a second; no other is touched."""
        for asked in list(self._waiting.pop(job, ())):
            _fail(asked, Cancelled(CANCELLED))
        for worker in self._workers:
            for asked in [asked for asked in worker.running.values() if asked.job == job]:
                self._stop(asked)

    async def close(self) -> None:
        """End every worker with its runs and folders."""
        self._closed = True
        for job in list(self._waiting):
            for asked in self._waiting.pop(job):
                _fail(asked, BadInput(GONE))
        workers, self._workers = self._workers, []
        for worker in workers:
            self._forget(worker, BadInput(GONE))
        await asyncio.gather(*(asyncio.to_thread(worker.process.close) for worker in workers))
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)

    # ---- turns

    def _turn(self) -> None:
        """Give what waits to who is free, and start who is missing."""
        if self._closed:
            return
        while self._waiting and (worker := self._free()):
            self._give(worker, self._next())
        wanted = 1 if self._forks else self.size
        if self._waiting and len(self._workers) + self._starting < wanted:
            self._start()

    def _free(self) -> _Worker | None:
        most = self.size if self._forks else 1
        return next(
            (w for w in self._workers if w.awake and not (w.used and not self._forks) and len(w.running) < most), None
        )

    def _next(self) -> _Ask:
        """The oldest ask of the job whose turn it is; the job goes to the end."""
        job = next(iter(self._waiting))
        queue = self._waiting.pop(job)
        asked = queue.popleft()
        if queue:
            self._waiting[job] = queue
        return asked

    def _give(self, worker: _Worker, asked: _Ask) -> None:
        worker.running[asked.number], worker.used = asked, True
        seconds = asked.limits.seconds + (SLACK if self._forks else 0)
        reason = PassedLimit(took_too_long(asked.limits))
        loop = asyncio.get_running_loop()
        worker.timers[asked.number] = loop.call_later(seconds, self._end, worker, asked, reason)
        self._threads.submit(self._write, loop, worker, asked)

    def _write(self, loop: asyncio.AbstractEventLoop, worker: _Worker, asked: _Ask) -> None:
        """On a thread: a request may be large."""
        try:
            request = asked.request() if callable(asked.request) else asked.request
            body = msgspec.msgpack.encode(request)
        except Exception as error:  # noqa: BLE001 - whoever asked is to hear of it
            reason = error if isinstance(error, BadInput) else BadInput(f"The run's terms cannot be sent ({error}).")
            _in_loop(loop, self._unwritten, worker, asked, reason)
            return
        kind = str(request.__struct_config__.tag)
        worker.process.send(Asked(asked.number, kind, asked.limits, body))

    def _unwritten(self, worker: _Worker, asked: _Ask, reason: BadInput) -> None:
        self._taken(worker, asked.number)
        _fail(asked, reason)
        self._turn()

    def _stop(self, asked: _Ask) -> None:
        """End one ask, wherever it is."""
        if asked in (queue := self._waiting.get(asked.job, deque())):
            queue.remove(asked)
            if not queue:
                del self._waiting[asked.job]
        for worker in self._workers:
            if asked.number in worker.running:
                if not self._forks:
                    self._end(worker, asked, Cancelled(CANCELLED))
                    continue
                self._threads.submit(worker.process.send, Stop(asked.number))
                worker.timers.pop(asked.number).cancel()
                worker.timers[asked.number] = asyncio.get_running_loop().call_later(
                    STOPS_WITHIN, self._end, worker, asked, Cancelled(CANCELLED)
                )

    def _end(self, worker: _Worker, asked: _Ask, reason: BadInput) -> None:
        """End the worker for the sake of one ask: it did not do so itself, or cannot."""
        if asked.number in worker.running:
            asked.over = reason
            worker.process.kill()

    # ---- workers

    def _start(self) -> None:
        self._starting += 1
        loop = asyncio.get_running_loop()

        def heard(process: WorkerProcess, report: Report) -> None:
            _in_loop(loop, self._heard, process, *self._read(process, report))

        def ended(process: WorkerProcess) -> None:
            _in_loop(loop, self._ended, process)

        def started() -> None:
            try:
                process = WorkerProcess(self._command, self._cache, heard, ended)
            except OSError as error:
                _in_loop(loop, self._not_started, str(error))
                return
            if self._closed:
                process.close()
                return
            _in_loop(loop, self._started, process)
            process.begin()

        self._threads.submit(started)

    def _started(self, process: WorkerProcess) -> None:
        self._starting -= 1
        worker = _Worker(process)
        if self._closed:
            process.close()
            return
        self._workers.append(worker)
        worker.waking = asyncio.get_running_loop().call_later(WAKES_WITHIN, process.kill)

    def _not_started(self, reason: str) -> None:
        self._starting -= 1
        self._start_failed(reason)

    def _start_failed(self, reason: str) -> None:
        self._failed_starts += 1
        log.error("worker_not_started", reason=reason)
        if self._failed_starts < FAILED_STARTS:
            self._turn()
            return
        for job in list(self._waiting):
            for asked in self._waiting.pop(job):
                _fail(asked, BadInput("The workers could not be started; see the log, then restart the program."))

    def _read(self, process: WorkerProcess, report: Report) -> tuple[Report, Any]:
        """On the worker's thread: the answer read as what was asked for, so that the window's thread has no part in it."""
        if not isinstance(report, Answered):
            return report, None
        asked = next((w.running.get(report.number) for w in self._workers if w.process is process), None)
        if asked is None:
            return report, None
        try:
            return Answered(report.number, [], report.said), put_together(report.body, asked.answer)
        except Unreadable:
            return Failure(report.number, "The strategy's run gave something that is no result.", report.said), None

    def _heard(self, process: WorkerProcess, report: Report, answer: Any) -> None:
        worker = next((w for w in self._workers if w.process is process), None)
        if worker is None:
            return
        if isinstance(report, Awake):
            self._awake(worker, report)
        elif isinstance(report, Step):
            asked = worker.running.get(report.number)
            if asked and asked.progress and not asked.result.done():
                asked.progress(report.fraction, report.words)
        elif asked := self._taken(worker, report.number):
            self._told(asked, report.said if self._forks else process.said)
            if isinstance(report, Failure):
                _fail(asked, ERRORS.get(report.cause, BadInput)(report.reason))
            elif not asked.result.done():
                asked.result.set_result(answer)
        self._turn()

    def _told(self, asked: _Ask, said: str) -> None:
        if said:
            log.info("run_said", job=asked.job, text=said[-LOGGED:])
            if asked.said:
                asked.said(said)

    def _awake(self, worker: _Worker, report: Awake) -> None:
        worker.awake, self._failed_starts = True, 0
        if worker.waking:
            worker.waking.cancel()
        self.kept, self.missing = report.kept, report.missing
        log.info("worker_awake", seconds=round(report.seconds, 2), engine=report.engine, kept=report.kept,
                 missing=report.missing)  # fmt: skip
        self.awakened(self.isolation)
        if not self._forks and len(self._workers) + self._starting < self.size:
            self._start()  # one after another, in idle time

    def _taken(self, worker: _Worker, number: int) -> _Ask | None:
        if timer := worker.timers.pop(number, None):
            timer.cancel()
        return worker.running.pop(number, None)

    def _ended(self, process: WorkerProcess) -> None:
        """A worker is gone: its runs fail, another takes its place."""
        worker = next((w for w in self._workers if w.process is process), None)
        if worker is None:
            return
        self._workers.remove(worker)
        fate = process.fate()
        if worker.running or not worker.used or self._forks:
            log.warning("worker_ended", fate=fate, said=process.said[-2000:])
        self._forget(worker, WorkerDied(f"The worker process of this run is gone ({fate}); run it again."))
        if not worker.awake:
            self._start_failed(fate)
        elif not self._starting and not self._closed:
            self._start()

    def _forget(self, worker: _Worker, reason: BadInput) -> None:
        if worker.waking:
            worker.waking.cancel()
        for asked in list(worker.running.values()):
            self._taken(worker, asked.number)
            _fail(asked, asked.over or reason)


def _fail(asked: _Ask, reason: BadInput) -> None:
    if not asked.result.done():
        asked.result.set_exception(reason)


def _in_loop(loop: asyncio.AbstractEventLoop, call: Callable[..., None], *values: Any) -> None:
    try:
        loop.call_soon_threadsafe(call, *values)
    except RuntimeError:
        pass  # the loop is closed: nobody waits any more

"""The pool of worker processes: warm before the first run, ended by a cancel, started again for the next."""

import asyncio
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import numpy as np
import structlog

from qv_desktop.adapters.compute.evaluating import Evaluate, Evaluated
from qv_desktop.adapters.compute.messages import Answer, Done, Failed, Progress, Ready, Run, read_answer, write
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec, BacktestTrade, spec_hash
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import Bar, timeframe
from qv_desktop.domain.strategies import Strategy, with_defaults

log = structlog.get_logger(__name__)

# what a worker may see of the environment: where to find libraries and put temporary files, and no keys
PASSED_ON = (
    "PATH",
    "HOME",
    "TMPDIR",
    "TEMP",
    "TMP",
    "SYSTEMROOT",
    "LANG",
    "LD_LIBRARY_PATH",
    "PYTHONPATH",
    "XDG_CACHE_HOME",
)


class BacktestPool:
    """One worker process, started when first needed or by ``warm``. ``command`` starts a worker."""

    def __init__(self, command: Sequence[str], cache: Path) -> None:
        self._command, self._cache = list(command), cache
        self._process: subprocess.Popen[bytes] | None = None
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="backtests")  # pipes block
        self._turn = asyncio.Lock()
        self._running: str | None = None

    def warm(self) -> None:
        """Start the worker so that it has imported vectorbt before the first run."""
        if self._process is None or self._process.poll() is not None:
            self._process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        environment = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        environment |= {"NUMBA_CACHE_DIR": str(self._cache), "OMP_NUM_THREADS": "1", "QT_QPA_PLATFORM": "offscreen"}
        log.debug("worker_started", command=self._command[-1])
        lower = getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)  # Windows; elsewhere the worker steps back itself
        return subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, creationflags=lower
        )

    async def run(
        self,
        run: str,
        spec: BacktestSpec,
        strategy: Strategy,
        bars: Sequence[Bar],
        user: str,
        progress: Callable[[float, str], None],
    ) -> BacktestResult:
        """The result of ``spec`` over ``bars``. Raises BadInput with the reason when the strategy or the worker fails."""
        async with self._turn:
            self._running, began = run, datetime.now(UTC)
            try:
                done = cast(Done, await self._asked(_request(run, spec, strategy, bars), progress))
            finally:
                self._running = None
        return _result(done, spec, strategy, bars, user, began)

    async def ask(self, job: str, request: Evaluate, answer: type[Evaluated]) -> Evaluated:
        """The worker's answer to a small question. Raises BadInput."""
        async with self._turn:
            self._running = job
            try:
                return cast(Evaluated, await self._asked(request, lambda fraction, step: None))
            finally:
                self._running = None

    async def _asked(self, request: Run | Evaluate, progress: Callable[[float, str], None]) -> Done | Evaluated:
        self.warm()
        progress(0.1, "waiting for the worker")
        loop = asyncio.get_running_loop()
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise BadInput("The backtest worker could not be started; restart the program.")
        try:
            await loop.run_in_executor(self._threads, write, process.stdin, request)
            while (answer := await loop.run_in_executor(self._threads, read_answer, process.stdout)) is not None:
                done = _taken(answer, progress)
                if done is not None:
                    return done
        except BrokenPipeError:
            pass  # the worker is gone; the sentence below says so
        code = process.wait()
        self._process = None
        raise BadInput(
            "The backtest was cancelled."
            if code < 0
            else f"The backtest worker ended with code {code}; see the log and run it again."
        )

    async def cancel(self, run: str) -> None:
        """End ``run`` at once by ending its process; the next run starts another."""
        if run == self._running and self._process is not None:
            self._process.kill()

    async def close(self) -> None:
        """End the worker."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
        self._threads.shutdown(wait=False, cancel_futures=True)


def _taken(answer: Answer, progress: Callable[[float, str], None]) -> Done | Evaluated | None:
    if isinstance(answer, Progress):
        progress(answer.fraction, answer.step)
    elif isinstance(answer, Failed):
        raise BadInput(answer.reason)
    elif isinstance(answer, Done | Evaluated):
        return answer
    elif isinstance(answer, Ready):
        log.debug("worker_ready", engine=answer.engine)
    return None


def _request(run: str, spec: BacktestSpec, strategy: Strategy, bars: Sequence[Bar]) -> Run:
    parameters = with_defaults(strategy, dict(spec.parameters))
    seconds = timeframe(spec.timeframe).seconds
    return Run(
        run,
        strategy.source,
        parameters,
        _columns(bars),
        seconds,
        spec.fees,
        spec.slippage,
        spec.sizing.amount,
        spec.cash,
    )


def _columns(bars: Sequence[Bar]) -> list[bytes]:
    """``at`` as int64 and open, high, low, close, volume as float64, little-endian as all supported machines are."""
    if sys.byteorder != "little":
        raise BadInput("Backtests need a little-endian machine.")
    prices = np.array([(b.open, b.high, b.low, b.close, b.volume) for b in bars], dtype=np.float64)
    return [
        np.array([b.start for b in bars], dtype=np.int64).tobytes(),
        *(np.ascontiguousarray(c).tobytes() for c in prices.T),
    ]


def _result(
    done: Done, spec: BacktestSpec, strategy: Strategy, bars: Sequence[Bar], user: str, began: datetime
) -> BacktestResult:
    data = hashlib.sha256(b"".join(_columns(bars))).hexdigest()
    trades = tuple(
        BacktestTrade(bars[t.entered].start, bars[t.left].start, t.size, t.entry, t.exit, t.profit, t.fraction)
        for t in done.trades
    )
    return BacktestResult(
        done.run, spec, user, began, done.seconds, tuple(bar.start for bar in bars), _floats(done.equity), _floats(done.benchmark),
        _floats(done.drawdown), tuple(done.statistics), trades, len(bars), strategy.code_hash, data, spec_hash(spec), done.engine,
    )  # fmt: skip


def _floats(raw: bytes) -> tuple[float, ...]:
    return tuple(np.frombuffer(raw, dtype=np.float64).tolist())

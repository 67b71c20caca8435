"""What walls around strategies cost, how soon a cancel and a limit end a run, and what the window's thread feels of hostile ones."""

import asyncio
import os
import statistics
import sys
import time
from collections.abc import Awaitable, Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import psutil
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication
from qasync import QEventLoop

from qv_desktop import paths
from qv_desktop.adapters.compute.limits import Limits
from qv_desktop.adapters.compute.pool import BacktestPool
from qv_desktop.domain.errors import BadInput
from qv_desktop.ui.panels.health import HealthPanel
from tests.adapters.compute.attacks import ENDED, GARBAGE, LONG_NOTES, PROCESSES, SEARCH, body
from tests.adapters.compute.test_pool import SPEC, data, quiet, strategy, walk

LONG, SHORT = data(walk(2500)), data(walk(300))  # ten years of days, one year
LIMIT = 1  # second, of attacks that would take for ever
RUNS, CANCELS = 20, 50
IDLE = 3.0  # seconds in which nothing runs, to compare with
ENDLESS = "def signals(bars, params):\n    while True:\n        pass"
PRINTS = "for _ in range(1000): os.write(1, bytes(1_000_000))"
RESULT = "os.write(3, (60 * 2 ** 20).to_bytes(8))\np = bytes(2 ** 20)\nwhile True: os.write(3, p)"


def figures() -> dict[str, object]:
    """Seconds and milliseconds; memory in MB."""
    QApplication.instance() or QApplication([])
    loop = QEventLoop()
    asyncio.set_event_loop(loop)
    with loop:
        found: dict[str, object] = loop.run_until_complete(_measured())
    return found


async def _measured() -> dict[str, object]:
    began = time.perf_counter()
    pool = BacktestPool([sys.executable, "-m", "qv_desktop", "worker"], paths.compiled(), 2, Limits(memory_mb=1024))
    awake = asyncio.Event()
    pool.awakened = lambda line: awake.set()
    pool.warm()
    await awake.wait()
    warm = time.perf_counter() - began
    frames = _Frames()
    await asyncio.sleep(IDLE)
    still = frames.taken()
    try:
        first = await _timed(lambda: _run(pool, ""))
        costs = await _overheads(pool)
        cancels = [await _cancelled(pool) for _ in range(CANCELS)]
        idle = frames.taken()
        late = await _attacked(pool)
        busy = frames.taken()
        rss = psutil.Process(pool._workers[0].process.pid).memory_info().rss
    finally:
        await pool.close()
    return {
        "warm_s": warm, "first_result_s": warm + first, "warm_mb": round(rss / 2**20), "run_ms": 1000 * statistics.median(costs[0]),
        "of_it_isolation_ms": 1000 * statistics.median(costs[1]), "cancel_median_ms": 1000 * statistics.median(cancels),
        "cancel_max_ms": 1000 * max(cancels), "beyond_limit_max_s": max(late), "attacks": len(late),
        "frame_max_idle_ms": still[1],
        "frame_p99_ms": idle[0], "frame_max_ms": idle[1], "frame_p99_attacked_ms": busy[0], "frame_max_attacked_ms": busy[1],
    }  # fmt: skip


async def _run(pool: BacktestPool, source: str) -> float:
    return (await pool.run("bench", SPEC, strategy(source), LONG, "bench", quiet)).seconds


async def _overheads(pool: BacktestPool) -> tuple[list[float], list[float]]:
    """Seconds of a run of ten years of days as the window sees it, and how much of it was not the run's own."""
    whole, beside = [], []
    for _ in range(RUNS):
        began = time.perf_counter()
        own = await _run(pool, "")
        whole.append(time.perf_counter() - began)
        beside.append(whole[-1] - own)
    return whole, beside


async def _cancelled(pool: BacktestPool) -> float:
    """Seconds from a cancel until the one who asked knows."""
    started = asyncio.Event()
    running = asyncio.ensure_future(
        pool.run(
            "c", SPEC, strategy(ENDLESS), SHORT, "bench", lambda part, step: started.set() if part >= 0.15 else None
        )
    )
    await started.wait()
    return await _timed(lambda: _both(pool.cancel("c"), running))


async def _both(cancel: Awaitable[None], running: Awaitable[object]) -> None:
    await cancel
    try:
        await running
    except BadInput:
        pass  # as it should


async def _attacked(pool: BacktestPool) -> list[float]:
    """How many seconds after its limit each endless attack was told, with all others in between."""
    late = []
    known = f"CANARY, SECRETS, PORT = '', '/nowhere', 1\n{SEARCH}{PROCESSES}"
    attacks = [code for code, _, _ in ENDED.values()] + list(GARBAGE.values()) + [PRINTS, RESULT, LONG_NOTES, known]
    pool.limits = Limits(seconds=LIMIT, memory_mb=1024)
    for code in attacks:
        took = await _timed(lambda code=code: _told(pool, code))  # type: ignore[misc]
        late.append(max(took - LIMIT, 0.0))
    return late


async def _told(pool: BacktestPool, code: str) -> None:
    try:
        await pool.run("a", SPEC, strategy(body(code)), SHORT, "bench", quiet)
    except BadInput:
        pass  # each of them is one


async def _timed(deed: Callable[[], Awaitable[object]]) -> float:
    began = time.perf_counter()
    await deed()
    return time.perf_counter() - began


class _Frames:
    """The status bar painted sixty times a second, and how long after its time each frame came."""

    def __init__(self) -> None:
        self._gaps: list[float] = []
        self._last = time.perf_counter()
        self._panel = HealthPanel()
        self._panel.resize(1400, 28)
        self._panel.show()
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._frame)
        self._timer.start(16)

    def _frame(self) -> None:
        now = time.perf_counter()
        self._gaps.append((now - self._last) * 1000)
        self._last = now
        self._panel.show_isolation(f"{len(self._gaps)}", whole=True)
        self._panel.repaint()

    def taken(self) -> tuple[float, float]:
        """The 99th percentile and the longest of the gaps between frames since the last asking, ms."""
        gaps, self._gaps = sorted(self._gaps), []
        return gaps[int(len(gaps) * 0.99)], gaps[-1]

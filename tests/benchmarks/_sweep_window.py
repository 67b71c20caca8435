"""How soon after the program's start a sweep gives its first rows, and how late the window's thread runs while the panel shows them."""

import asyncio
import json
import os
import sys
import time

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import psutil
import qasync
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication

from qv_desktop import paths
from qv_desktop.adapters.compute.sweep_pool import LocalSweeps, sweep_pool
from qv_desktop.domain.backtests import RunData
from qv_desktop.domain.sweeps import SweepRow
from qv_desktop.ui import theme
from qv_desktop.ui.models.sweep_shown import prepared
from qv_desktop.ui.panels.sweeps import SweepsPanel
from qv_desktop.wiring.sweeps import EVERY
from tests.benchmarks._sweep_work import BARS, LONG, PAIRS, TEN_THOUSAND, bars, spec, strategy

TICK = 10  # ms
SOME = 3_000  # combinations over 100,000 bars while the window's thread is watched


class Ticks:
    """A 10 ms timer on the window's thread: how late it is, and how much of that the program itself was at work."""

    def __init__(self) -> None:
        self._late: list[tuple[float, float]] = []  # ms, processor ms of all threads
        self._before = (time.perf_counter(), time.process_time())
        self._timer = QTimer()
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK)

    def _tick(self) -> None:
        now = (time.perf_counter(), time.process_time())
        self._late.append(((now[0] - self._before[0]) * 1000 - TICK, (now[1] - self._before[1]) * 1000))
        self._before = now

    def stop(self) -> dict[str, float]:
        """The 99th percentile and the longest by the clock, and the longest of the program's own work between two ticks."""
        self._timer.stop()
        late = sorted(clock for clock, _ in self._late)
        return {"frame_late_p99_ms": late[len(late) * 99 // 100], "frame_late_longest_ms": late[-1],
                "frame_own_longest_ms": max(own for _, own in self._late)}  # fmt: skip


class Panel:
    """The program's own panel, fed as its wiring feeds it."""

    def __init__(self, total: int) -> None:
        self.panel, self._total = SweepsPanel(), total
        self._rows: list[SweepRow] = []
        self._showing: asyncio.Task[None] | None = None
        self.panel.resize(1100, 760)
        self.panel.show()

    def show(self, place: int, rows: tuple[SweepRow, ...]) -> None:
        """Some more rows."""
        self._rows.extend(rows)
        self.panel.show_progress("long", len(self._rows), self._total)
        if self._showing is None or self._showing.done():
            self._showing = asyncio.ensure_future(self._show_some())

    async def _show_some(self) -> None:
        self.panel.show_rows(await asyncio.to_thread(prepared, spec(TEN_THOUSAND), tuple(self._rows)))
        await asyncio.sleep(EVERY)


def main() -> None:
    """A loop of Qt's with the pool warming in idle time; the first sweep is asked for at once, a long one after it."""
    app = QApplication([])
    theme.apply(app)
    loop = qasync.QEventLoop(app)
    asyncio.set_event_loop(loop)
    told: dict[str, float] = {}
    with loop:
        loop.run_until_complete(story(told))
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    os._exit(0)  # nothing of Qt is left to tidy


async def story(told: dict[str, float]) -> None:
    """First rows, and the lag of a 10 ms timer on the window's thread while 3,000 rows come into the panel."""
    started = psutil.Process().create_time()
    pool = sweep_pool([sys.executable, "-m", "qv_desktop", "worker"], paths.compiled(), 2)
    pool.warm()
    sweeps = LocalSweeps(pool, 1024)

    def first(place: int, rows: tuple[SweepRow, ...]) -> None:
        told.setdefault("first_result_of_pool_s", time.time() - started)

    short = bars(BARS)
    await sweeps.run("first", spec(PAIRS), strategy(), RunData({"SPY": tuple(short)}), "bench", PAIRS, first)
    long = await asyncio.to_thread(bars, LONG)
    await asyncio.sleep(1)
    data = RunData({"SPY": tuple(long)})
    asked, panel = spec(TEN_THOUSAND), Panel(SOME)
    ticks = Ticks()
    found = await sweeps.run("long", asked, strategy(), data, "bench", TEN_THOUSAND[:SOME], panel.show)
    panel.panel.show_finished(found, await asyncio.to_thread(prepared, asked, found.rows))
    await asyncio.sleep(0.5)
    told |= ticks.stop()
    began = time.perf_counter()
    running = asyncio.ensure_future(
        sweeps.run(
            "cut",
            spec(TEN_THOUSAND),
            strategy(),
            RunData({"SPY": tuple(long)}),
            "bench",
            TEN_THOUSAND,
            lambda p, r: None,
        )
    )
    await asyncio.sleep(2)
    began = time.perf_counter()
    await sweeps.cancel("cut")
    await asyncio.gather(running, return_exceptions=True)
    told["cancel_ms"] = (time.perf_counter() - began) * 1000
    await pool.close()


if __name__ == "__main__":
    main()

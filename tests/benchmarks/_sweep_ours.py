"""Our side of the benchmark of sweeps, in a process of its own: `python -m tests.benchmarks._sweep_ours FILE`, the rows go to FILE."""

import asyncio
import json
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from qv_desktop import paths
from qv_desktop.adapters.compute.sweep_arrays import prepared
from qv_desktop.adapters.compute.sweep_plan import chunks
from qv_desktop.adapters.compute.sweep_pool import LocalSweeps, sweep_pool
from qv_desktop.adapters.compute.sweep_task import computed
from qv_desktop.domain.backtests import RunData
from qv_desktop.domain.market import Bar
from qv_desktop.domain.sweeps import SweepResult
from tests.benchmarks._sweep_work import BARS, LONG, PAIRS, TEN_THOUSAND, THOUSAND, Memory, bars, spec, strategy

LOOK = 0.02  # s between two looks at the memory


def main(out: Path) -> None:
    """Every measure once warm: the first run of each is thrown away."""
    told: dict[str, object] = {}

    async def story() -> None:
        pool = sweep_pool([sys.executable, "-m", "qv_desktop", "worker"], paths.compiled(), 2)
        sweeps = LocalSweeps(pool, 1024)
        try:
            rows = await pairs(sweeps, told)
            np.save(out, rows)
            await many(sweeps, told)
        finally:
            await pool.close()

    asyncio.run(story())
    sys.stdout.write(json.dumps(told) + "\n")


async def pairs(sweeps: LocalSweeps, told: dict[str, object]) -> np.ndarray:
    """780 pairs over 20,000 bars."""
    short = bars(BARS)
    await swept(sweeps, short, PAIRS)
    told["seconds"] = min([(await swept(sweeps, short, PAIRS))[1] for _ in range(3)])
    memory = await watched(sweeps, short, PAIRS)
    told["rss_mb"] = memory.together
    told["rss_largest_process_mb"] = memory.each
    told["processor_seconds"] = alone(short, PAIRS)
    one = await swept(sweeps, short, PAIRS, workers=1)
    two = await swept(sweeps, short, PAIRS)
    told["one_worker_seconds"], told["same_bits_one_and_two_workers"] = one[1], one[0].rows_hash == two[0].rows_hash
    return np.array([(row.total_return, row.sharpe, row.max_drawdown, row.trades) for row in two[0].rows])


def alone(over: Sequence[Bar], combos: tuple[tuple[float, float], ...]) -> float:
    """Seconds of a processor that all chunks take, in this process and warm."""
    asked, content = prepared("alone", spec(combos), strategy(), RunData({"SPY": tuple(over)}), "bench")
    work = [msgspec.msgpack.encode(chunk) for chunk in chunks(asked, combos, 1024)]
    computed(work[0], content)
    began = time.process_time()
    for chunk in work:
        computed(chunk, content)
    return time.process_time() - began


async def many(sweeps: LocalSweeps, told: dict[str, object]) -> None:
    """1,000 and 10,000 combinations over 100,000 bars."""
    long = bars(LONG)
    await swept(sweeps, long, THOUSAND)
    told["thousand_by_100k_processor_s"] = alone(long, THOUSAND)
    told["thousand_by_100k_s"] = (await swept(sweeps, long, THOUSAND))[1]
    told["ten_thousand_by_100k_s"] = (await swept(sweeps, long, TEN_THOUSAND))[1]
    memory = await watched(sweeps, long, THOUSAND)
    told["thousand_rss_mb_per_worker"], told["thousand_rss_mb"] = memory.each, memory.together


async def swept(sweeps: LocalSweeps, over: Sequence[Bar], combos: tuple[tuple[float, float], ...],
                workers: int = 0) -> tuple[SweepResult, float]:  # fmt: skip
    """A sweep, and the seconds from asking until the whole result is there, hashes and all."""
    began = time.perf_counter()
    found = await sweeps.run(
        "bench",
        spec(combos),
        strategy(),
        RunData({"SPY": tuple(over)}),
        "bench",
        combos,
        lambda first, rows: None,
        workers,
    )
    return found, time.perf_counter() - began


async def watched(sweeps: LocalSweeps, over: Sequence[Bar], combos: tuple[tuple[float, float], ...]) -> Memory:
    """The memory of a sweep that is not timed, for looking takes time."""
    memory, over_now = Memory(), threading.Event()

    def look() -> None:
        while not over_now.wait(LOOK):
            memory.look()

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        await swept(sweeps, over, combos)
    finally:
        over_now.set()
        watcher.join()
    return memory


if __name__ == "__main__":
    main(Path(sys.argv[1]))

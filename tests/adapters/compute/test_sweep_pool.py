"""Sweeps in real worker processes: the same bits from one or several, a killed worker, a cancel, and what is refused."""

import asyncio
import math
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from qv_desktop import paths
from qv_desktop.adapters.compute import sweep_arrays, sweep_plan, worker
from qv_desktop.adapters.compute.pool import request_of
from qv_desktop.adapters.compute.sweep_backtests import BacktestSweeps
from qv_desktop.adapters.compute.sweep_pool import LocalSweeps, sweep_pool
from qv_desktop.adapters.compute.workers import WorkerPool
from qv_desktop.domain.backtests import RunData, Sizing
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.sweep_axes import read_axis
from qv_desktop.domain.sweeps import SweepResult, SweepRow, SweepSpec, combinations
from tests.adapters.compute.sweeping import BASE, SPEC, alone, data_of, slow, strategy, walk

BARS = walk()


def in_a_pool(story: Callable[[WorkerPool, LocalSweeps], Coroutine[Any, Any, None]], workers: int = 2) -> None:
    async def told() -> None:
        pool = sweep_pool([sys.executable, "-m", "qv_desktop", "worker"], paths.compiled(), workers)
        try:
            await story(pool, LocalSweeps(pool, 1024))
        finally:
            await pool.close()

    asyncio.run(told())


async def swept(
    sweeps: LocalSweeps, spec: SweepSpec = SPEC, source: str = "", show: Any = None, workers: int = 0
) -> SweepResult:
    quiet = show or (lambda first, rows: None)
    return await sweeps.run("run", spec, strategy(source), data_of(BARS), "test", combinations(spec), quiet, workers)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_plan, "SHARE", 5)


def left_over() -> list[Path]:
    return list(sweep_arrays.folder().glob(f"{os.getpid()}-*"))


def test_one_process_and_several_give_the_same_bits_and_parts_come_as_they_are_done() -> None:
    async def story(pool: WorkerPool, sweeps: LocalSweeps) -> None:
        seen: dict[int, SweepRow] = {}
        two = await swept(sweeps, show=lambda first, rows: seen.update(enumerate(rows, first)))
        one = await swept(sweeps, workers=1)
        here = alone(SPEC, strategy(), BARS)
        assert one.rows_hash == two.rows_hash == here.rows_hash
        assert [seen[i] for i in range(len(seen))] == list(two.rows)
        assert [row.values for row in two.rows] == list(combinations(SPEC))
        assert (one.workers, two.workers) == ("1 process", "2 processes")
        assert sum(two.block_bars) == two.bars == len(BARS)
        assert not left_over()

    in_a_pool(story)


async def kill_two(pool: WorkerPool, killed: list[int]) -> None:
    """End two of the processes that run a part, as soon as they are seen."""
    while len(killed) < 2:
        await asyncio.sleep(0.002)
        for child in [c for w in list(pool._workers) for c in psutil.Process(w.process.pid).children()]:
            if len(killed) < 2 and child.pid not in killed:
                killed.append(child.pid)
                with suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGKILL)


def test_a_worker_that_is_killed_costs_no_row_and_no_bit() -> None:
    async def story(pool: WorkerPool, sweeps: LocalSweeps) -> None:
        killed: list[int] = []
        killing = asyncio.ensure_future(kill_two(pool, killed))
        found = await swept(sweeps, source=slow(0.02))
        killing.cancel()
        assert len(killed) == 2
        assert found.rows_hash == alone(SPEC, strategy(), BARS).rows_hash

    in_a_pool(story)


def test_the_warm_process_itself_may_be_killed() -> None:
    async def story(pool: WorkerPool, sweeps: LocalSweeps) -> None:
        killed: list[int] = []

        def kill_all(first: int, rows: tuple[SweepRow, ...]) -> None:
            if not killed:
                killed.append(pool._workers[0].process.pid)
                os.kill(killed[0], signal.SIGKILL)

        found = await swept(sweeps, source=slow(0.02), show=kill_all)
        assert killed
        assert found.rows_hash == alone(SPEC, strategy(), BARS).rows_hash

    in_a_pool(story)


def test_a_combination_that_kills_every_worker_is_named() -> None:
    source = "import os\ndef signals(bars, params):\n    os._exit(7)"

    async def story(pool: WorkerPool, sweeps: LocalSweeps) -> None:
        with pytest.raises(BadInput, match="3 workers died of the combinations from 1 on"):
            await swept(sweeps, source=source, workers=1)
        assert not left_over()

    in_a_pool(story)


def test_a_cancel_ends_a_sweep_at_once_and_the_next_one_runs() -> None:
    async def story(pool: WorkerPool, sweeps: LocalSweeps) -> None:
        begun = asyncio.Event()
        endless = "def signals(bars, params):\n    while params['slow'] > 10:\n        pass\n    return bars.close > 1, bars.close < 1"
        spec = replace(SPEC, axes=(read_axis("fast=3"), read_axis("slow=10,10,10,10,10,20,30")))
        running = asyncio.ensure_future(swept(sweeps, spec, endless, lambda first, rows: begun.set()))
        asyncio.get_running_loop().call_later(1.0, begun.set)
        await asyncio.wait_for(begun.wait(), 60)
        began = time.monotonic()
        await sweeps.cancel("run")
        with pytest.raises(BadInput, match="The sweep was cancelled"):
            await running
        assert time.monotonic() - began < 30
        assert (await swept(sweeps)).rows_hash == alone(SPEC, strategy(), BARS).rows_hash

    in_a_pool(story)


def test_a_combination_that_fails_says_why_and_the_others_go_on() -> None:
    source = strategy().source.replace("    import talib\n", "    import talib\n\n    1 / (params['fast'] - 5)\n")

    async def story(pool: WorkerPool, sweeps: LocalSweeps) -> None:
        found = await swept(sweeps, source=source)
        assert {row.error for row in found.rows if row.values[0] == 5} == {"ZeroDivisionError: float division by zero"}
        assert all(math.isnan(row.sharpe) for row in found.rows if row.error)
        assert not any(row.error for row in found.rows if row.values[0] != 5)

    in_a_pool(story)


def test_chance_and_memory_of_a_strategy_do_not_hang_on_its_process() -> None:
    """It draws numbers and remembers calls; which worker takes which combination must make no difference."""
    source = """
import random
import numpy as np
CALLS = []
def signals(bars, params):
    CALLS.append(1)
    up = np.random.rand(len(bars.close)) < 0.01 * len(CALLS)
    return up, np.array([random.random() < 0.02 for _ in bars.close])
"""

    async def story(pool: WorkerPool, sweeps: LocalSweeps) -> None:
        one, two = await swept(sweeps, source=source, workers=1), await swept(sweeps, source=source)
        assert one.rows_hash == two.rows_hash
        assert len({row.total_return for row in one.rows}) == 1  # the same draws for every combination

    in_a_pool(story)


def test_what_a_sweep_cannot_do_is_refused_in_words() -> None:
    async def story(pool: WorkerPool, sweeps: LocalSweeps) -> None:
        with pytest.raises(BadInput, match="several symbols"):
            await swept(sweeps, replace(SPEC, base=replace(BASE, symbols=("SPY", "QQQ"))))
        with pytest.raises(BadInput, match="sweep_megabytes"):
            await LocalSweeps(pool, 100).run(
                "run", SPEC, strategy(), data_of(BARS), "test", combinations(SPEC), lambda a, b: None
            )

    in_a_pool(story)


@pytest.mark.parametrize("sizing", [Sizing("shares", 10), Sizing("dollars", 5_000), Sizing("equal", 0.5)])
def test_the_sizing_of_a_backtest_is_the_sweeps(sizing: Sizing) -> None:
    found = alone(replace(SPEC, base=replace(BASE, sizing=sizing)), strategy(), BARS)
    assert found.rows_hash != alone(SPEC, strategy(), BARS).rows_hash


def test_a_file_of_a_program_that_crashed_is_removed() -> None:
    own = sweep_arrays.folder()
    process = multiprocessing.get_context("spawn").Process(target=time.time)
    process.start()
    process.join()
    dead, again = (
        own / f"{process.pid}-1-run.bars",
        own / f"{os.getpid()}-1-run.bars",
    )  # the latter: our number, another process
    dead.write_bytes(b"x")
    again.write_bytes(b"x")
    with sweep_arrays.shared(b"mine", "live") as file:
        assert {dead.name, again.name}.isdisjoint(found.name for found in own.glob("*.bars"))
        sweep_arrays.clear(own)
        assert file.read_bytes() == b"mine"
        assert file.stat().st_mode & 0o077 == 0
    assert not file.exists()


def test_several_symbols_are_swept_by_whole_backtests() -> None:
    """Every row is what a worker says of the backtest of its combination."""
    spec = replace(SPEC, base=replace(BASE, symbols=("SPY", "QQQ")), axes=(read_axis("fast=3,5"), read_axis("slow=10")))
    data = RunData({"SPY": tuple(BARS), "QQQ": tuple(walk(seed=4))})

    async def story() -> None:
        pool = WorkerPool([sys.executable, "-m", "qv_desktop", "worker"], paths.compiled(), 2)
        seen: list[int] = []
        try:
            sweeps = LocalSweeps(pool, 1024, BacktestSweeps(pool))
            found = await sweeps.run(
                "run", spec, strategy(), data, "test", combinations(spec), lambda first, rows: seen.append(first)
            )
        finally:
            await pool.close()
        done = worker.serve(request_of("x", spec.backtest((3.0, 10.0)), strategy(), data), lambda fraction, step: None)
        figures = dict(done.statistics)
        row = found.rows[0]
        assert (row.total_return, row.sharpe, row.trades) == (
            figures["Total return"],
            figures["Sharpe"],
            figures["Trades"],
        )
        assert sum(row.block_sums) == pytest.approx(
            float(np.sum(np.diff(np.frombuffer(done.equity)) / np.frombuffer(done.equity)[:-1]))
        )
        assert sorted(seen) == [0, 1]
        assert sum(found.block_bars) == found.bars == len(BARS)

    asyncio.run(story())

"""Workers of systems that fork no runs: each serves one and ends, another is warm by then; tried here on any system."""

import asyncio
import sys

import pytest

from qv_desktop import paths
from qv_desktop.adapters.compute.frames import PassedLimit
from qv_desktop.adapters.compute.limits import Limits
from qv_desktop.adapters.compute.pool import BacktestPool
from qv_desktop.domain.errors import BadInput
from tests.adapters.compute.test_pool import SPEC, data, quiet, strategy, walk

BREAKING = """
import vectorbt
def signals(bars, params):
    vectorbt.Portfolio.from_signals = vectorbt.Portfolio.from_orders = None
    raise ValueError('broken')
"""
ENDLESS = "def signals(bars, params):\n    while True:\n        pass"


async def served_one_by_one(pool: BacktestPool) -> None:
    with pytest.raises(BadInput, match="broken"):
        await pool.run("a", SPEC, strategy(BREAKING), data(walk(300)), "demo", quiet)
    assert (await pool.run("b", SPEC, strategy(), data(walk(300)), "demo", quiet)).equity
    pool.limits = Limits(seconds=1)
    with pytest.raises(PassedLimit, match="strategy_seconds"):
        await pool.run("c", SPEC, strategy(ENDLESS), data(walk(300)), "demo", quiet)
    assert pool.kept == ["limits"]
    assert "no network" in pool.isolation.partition("has not")[2]


def test_a_process_serves_one_run_and_what_it_broke_is_gone_with_it() -> None:
    async def told() -> None:
        command = [sys.executable, "-m", "qv_desktop", "worker"]
        pool = BacktestPool(command, paths.compiled(), 1, Limits(), forking=False)
        try:
            await served_one_by_one(pool)
        finally:
            await pool.close()

    asyncio.run(told())

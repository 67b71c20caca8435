"""Backtests through the real worker: the same numbers twice, a failing strategy in words, a cancel that ends at once."""

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from qv_desktop import paths
from qv_desktop.adapters.compute.pool import BacktestPool
from qv_desktop.domain.backtests import BacktestResult, BacktestSpec, RunData
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.market import SECOND, Bar
from qv_desktop.domain.strategies import Strategy
from qv_desktop.strategies.built_in import built_in

NOW = datetime(2026, 11, 20, tzinfo=UTC)
DAY = 86_400 * SECOND
SPEC = BacktestSpec("sma_cross", 1, ("SPY",), "1D", date(2020, 1, 1), date(2023, 1, 1), (("fast", 5.0), ("slow", 20.0)))


def walk(count: int = 700) -> list[Bar]:
    rng = np.random.default_rng(3)
    close = 100 * np.exp(np.cumsum(rng.normal(0.0004, 0.012, count)))
    opens = np.concatenate(([100.0], close[:-1]))
    return [Bar("SPY", i * DAY, o, max(o, c) * 1.002, min(o, c) * 0.998, c, 1e6)
            for i, (o, c) in enumerate(zip(opens.tolist(), close.tolist(), strict=True))]  # fmt: skip


def strategy(source: str = "") -> Strategy:
    shipped = built_in(NOW)[0]
    return Strategy("x", "sma_cross", "SMA", 1, shipped.parameters, source or shipped.source, "hash", "test", NOW)


def data(bars: list[Bar]) -> RunData:
    return RunData({"SPY": tuple(bars)})


type Story = Callable[[BacktestPool], Coroutine[Any, Any, None]]


@pytest.fixture(scope="module")
def tell() -> Iterator[Callable[[Story], None]]:
    """Tells a story to the one pool of this file: a worker takes seconds to be warm."""
    with asyncio.Runner() as runner:
        pool = BacktestPool([sys.executable, "-m", "qv_desktop", "worker"], paths.compiled())
        yield lambda story: runner.run(story(pool))
        runner.run(pool.close())


def quiet(fraction: float, step: str) -> None:
    """No one watches."""


def reference(bars: list[Bar], spec: BacktestSpec) -> list[float]:
    """The same strategy by a plain loop: 95 % of equity at the next open after the cross, fees and slippage in basis points."""
    close = [bar.close for bar in bars]
    fast, slow = (int(value) for _, value in spec.parameters)
    cash, shares, equity = spec.cash, 0.0, []
    fee, slip = spec.fees / 10_000, spec.slippage / 10_000

    def above(i: int) -> bool | None:
        return (
            None if i < slow - 1 else sum(close[i - fast + 1 : i + 1]) / fast > sum(close[i - slow + 1 : i + 1]) / slow
        )

    for i, bar in enumerate(bars):
        before, last = (above(i - 2) if i > 1 else None), (above(i - 1) if i else None)
        if last and not before and not shares:
            price = bar.open * (1 + slip)
            shares = spec.sizing.amount * cash / (price * (1 + fee))
            cash -= shares * price * (1 + fee)
        elif last is False and before and shares:
            cash += shares * bar.open * (1 - slip) * (1 - fee)
            shares = 0.0
        equity.append(cash + shares * bar.close)
    return equity


def test_a_run_equals_a_plain_loop_and_itself(tell: Callable[[Story], None]) -> None:
    async def story(pool: BacktestPool) -> None:
        steps: list[float] = []
        one = await pool.run("a", SPEC, strategy(), data(walk()), "demo", lambda fraction, step: steps.append(fraction))
        two = await pool.run("b", SPEC, strategy(), data(walk()), "demo", quiet)
        assert one.equity == two.equity
        assert (one.data_hash, one.spec_hash) == (two.data_hash, two.spec_hash)
        assert np.allclose(one.equity, reference(walk(), SPEC), rtol=1e-9)
        assert steps == sorted(steps)
        _consistent(one)

    tell(story)


def _consistent(result: BacktestResult) -> None:
    numbers = result.numbers
    assert numbers["Trades"] == len(result.trades) > 3
    assert numbers["Total return"] == pytest.approx(result.equity[-1] / SPEC.cash - 1)
    assert numbers["Max drawdown"] == pytest.approx(min(result.drawdown))
    assert len(result.at) == len(result.equity) == len(result.benchmark) == len(result.drawdown) == result.bars


def test_a_strategy_that_fails_is_told_in_words_and_the_worker_lives_on(tell: Callable[[Story], None]) -> None:
    async def story(pool: BacktestPool) -> None:
        for source, words in (
            ("def signals(bars, params):\n    return 1 / 0, 2", "ZeroDivisionError"),
            ("def signals(bars, params):\n    return bars.close[:5] > 1, bars.close[:5] < 1", "shape"),
            ("this is no python", "SyntaxError"),
            ("x = 1", "signals"),
        ):
            with pytest.raises(BadInput, match=words):
                await pool.run("a", SPEC, strategy(source), data(walk(100)), "demo", quiet)
        assert (await pool.run("b", SPEC, strategy(), data(walk()), "demo", quiet)).trades

    tell(story)


def test_a_cancel_ends_an_endless_strategy_and_the_next_run_works(tell: Callable[[Story], None]) -> None:
    async def story(pool: BacktestPool) -> None:
        endless = strategy("def signals(bars, params):\n    while True:\n        pass")
        started = asyncio.Event()
        running = asyncio.ensure_future(
            pool.run(
                "a",
                SPEC,
                endless,
                data(walk(100)),
                "demo",
                lambda fraction, step: started.set() if fraction >= 0.15 else None,
            )
        )
        await asyncio.wait_for(started.wait(), 120)
        began = datetime.now(UTC)
        await pool.cancel("a")
        with pytest.raises(BadInput, match="cancelled"):
            await running
        assert datetime.now(UTC) - began < timedelta(seconds=30)
        assert (await pool.run("b", SPEC, strategy(), data(walk()), "demo", quiet)).trades

    tell(story)

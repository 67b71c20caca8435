"""The look-ahead check runs a strategy's code in a worker, and names the first bar and the parameters that give it away."""

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import msgspec
import pytest

from qv_desktop import paths
from qv_desktop.adapters.compute.frames import PassedLimit
from qv_desktop.adapters.compute.pool import BacktestPool
from qv_desktop.adapters.compute.prefix_checks import PrefixChecks
from qv_desktop.adapters.compute.prefix_worker import Check, CheckDone, serve
from qv_desktop.adapters.compute.workers import WorkerPool
from qv_desktop.domain.errors import BadInput
from qv_desktop.domain.look_ahead import LookAhead, badge, explained
from qv_desktop.domain.market import Bar
from qv_desktop.domain.strategies import Parameter, Strategy
from qv_desktop.strategies.built_in import built_in
from tests.adapters.compute.test_pool import NOW, SPEC, walk

HEAD = "import numpy as np\nfrom qv_desktop.domain.strategies import Parameter\nTITLE = 'x'\nPARAMS = ()\n"
PEEKS = (
    HEAD
    + """
def signals(bars, params):
    rises = np.concatenate((bars.close[1:] > bars.close[:-1] * 1.02, [False]))
    return rises, np.zeros(len(rises), bool)
"""
)
LEADS_BACK = (
    HEAD
    + """
def signals(bars, params):
    whole = bars.close.base if bars.close.base is not None else bars.close
    top = bars.close >= whole.max() * 0.9
    return top, ~top
"""
)
TOSSES = (
    HEAD
    + """
import time
def signals(bars, params):
    flags = (np.arange(len(bars.close)) + time.perf_counter_ns()) % 7 == 0
    return flags, ~flags
"""
)
SEEDED = (
    HEAD
    + """
def signals(bars, params):
    flags = np.random.random(len(bars.close)) < 0.1
    return flags, ~flags
"""
)
REMEMBERS = (
    HEAD
    + """
kept = []
def signals(bars, params):
    kept.append(bars.close)
    top = bars.close > kept[0].mean()
    return top, ~top
"""
)
BREAKS = (
    HEAD
    + """
def signals(bars, params):
    return 1 / 0
"""
)
ENDLESS = (
    HEAD
    + """
def signals(bars, params):
    while True:
        pass
"""
)
WEIGHS = (
    HEAD
    + """
def weights(universe, params):
    out = np.full(universe.close.shape, np.nan)
    for row in range(20, len(out), 20):
        best = np.nanargmax(universe.close[row] / universe.close[row - 20])
        out[row] = 0.0
        out[row, best] = 1.0
    return out
"""
)
WEIGHS_BY_THE_END = (
    HEAD
    + """
def weights(universe, params):
    out = np.full(universe.close.shape, np.nan)
    out[::20] = universe.close[::20] / universe.close[-1] / 10
    return out
"""
)


class Here:
    """A pool that has no process: the same messages, answered by the same function."""

    async def ask(self, job: str, request: Callable[[], Check], answer: type[CheckDone], **_: object) -> CheckDone:
        body = msgspec.msgpack.encode(request())
        done = serve(msgspec.msgpack.decode(body, type=Check), lambda share, words: None)
        return msgspec.msgpack.decode(msgspec.msgpack.encode(done), type=answer)


def mine(source: str) -> Strategy:
    return Strategy("x", "mine", "Mine", 1, (Parameter("length", 5, 1, 9),), source, "hash-1", "me", NOW)


def told(source: str, symbols: tuple[str, ...] = ("SPY",)) -> LookAhead:
    return checked(mine(source), symbols)


def checked(strategy: Strategy, symbols: tuple[str, ...] = ("SPY",)) -> LookAhead:
    return asyncio.run(asked(cast(WorkerPool, Here()), strategy, symbols))


async def asked(pool: WorkerPool, strategy: Strategy, symbols: tuple[str, ...], seconds: int = 60) -> LookAhead:
    bars = {symbol: another(walk(500), shift) for shift, symbol in enumerate(symbols)}
    checks = PrefixChecks(pool, lambda: NOW, seconds)
    return await checks.check("job", replace(SPEC, symbols=symbols, parameters=()), strategy, bars)


def another(bars: list[Bar], shift: int) -> list[Bar]:
    """The same walk, later, dearer, and with its bars in another order of ups and downs."""
    return [
        replace(bar, close=bar.close * (1 + 0.01 * ((i * (shift + 3)) % 11) * shift)) for i, bar in enumerate(bars)
    ][shift:]


def test_every_built_in_strategy_passes() -> None:
    for strategy in built_in(NOW):
        weighs = "def weights" in strategy.source
        found = checked(strategy, ("AAA", "BBB", "CCC") if weighs else ("SPY",))
        assert (found.outcome, found.bar) == ("passed", None), (strategy.name, explained(found))
        assert found.compared > 10, strategy.name


def test_a_strategy_that_reads_the_next_bar_fails_and_the_bar_is_named() -> None:
    found = told(PEEKS)
    bars = walk(500)
    assert found.outcome == "fails"
    assert found.bar is not None
    assert found.bar_at == bars[found.bar].start
    assert bars[found.bar + 1].close > bars[found.bar].close * 1.02
    assert found.shown == found.bar + 1
    assert found.parameters == (("length", 5.0),)
    assert badge(found) == (f"looks ahead at bar {found.bar + 1}", "rejected")
    assert "length 5" in explained(found)


def test_a_slice_does_not_lead_back_to_the_whole() -> None:
    assert (
        told(LEADS_BACK).outcome == "fails"
    )  # for the top of what is shown changes; read through the base it would not


def test_chance_that_begins_anew_passes_and_true_chance_does_not() -> None:
    assert told(SEEDED).outcome == "passed"
    found = told(TOSSES)
    assert found.outcome == "unsteady"
    assert badge(found)[0] == "signals differ each time"


def test_a_module_remembers_nothing_from_one_question_to_the_next() -> None:
    assert told(REMEMBERS).outcome == "fails"  # the mean of each history alone, not that of the first one asked


def test_weights_are_checked_over_the_universe() -> None:
    assert told(WEIGHS, ("AAA", "BBB", "CCC")).outcome == "passed"
    found = told(WEIGHS_BY_THE_END, ("AAA", "BBB", "CCC"))
    assert (found.outcome, found.bar) == ("fails", 0)


def test_of_several_symbols_the_one_that_fails_is_named() -> None:
    source = (
        HEAD
        + """
def signals(bars, params):
    flags = np.zeros(len(bars.close), bool)
    if bars.at[0] > 0:
        flags[:] = bars.close > bars.close[-1]
    return flags, ~flags
"""
    )
    found = told(source, ("AAA", "BBB"))
    assert (found.outcome, found.symbol) == ("fails", "BBB")
    assert "of BBB" in explained(found)


def test_in_a_real_worker_code_that_fails_or_never_ends_is_said_and_the_next_one_is_checked() -> None:
    async def story() -> LookAhead:
        pool = BacktestPool([sys.executable, "-m", "qv_desktop", "worker"], paths.compiled())
        try:
            with pytest.raises(BadInput, match="ZeroDivisionError"):
                await asked(pool, mine(BREAKS), ("SPY",))
            with pytest.raises(PassedLimit):
                await asked(pool, mine(ENDLESS), ("SPY",), seconds=2)
            return await asked(pool, mine(PEEKS), ("SPY",))
        finally:
            await pool.close()

    assert asyncio.run(story()) == told(PEEKS)

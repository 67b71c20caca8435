"""Every built-in strategy: what it returns has the right shape, and nothing in it looks into the future."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qv_desktop.domain.strategy_cautions import cautions
from qv_desktop.domain.strategy_source import read
from qv_desktop.strategies.bars import Bars, Floats, Universe
from qv_desktop.strategies.built_in import MODULES, built_in

NOW = datetime(2026, 11, 20, tzinfo=UTC)
ONE = [module for module in MODULES if hasattr(module, "signals")]
MANY = [module for module in MODULES if hasattr(module, "weights")]


def walk(count: int, seed: int = 7) -> Bars:
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, count)))
    spread = np.abs(rng.normal(0, 0.5, count))
    at = np.arange(count, dtype=np.int64) * 60_000_000_000
    return Bars(at, close, close + spread, close - spread, close, np.full(count, 1000.0))


def walks(count: int, symbols: int, seed: int = 7, holes: float = 0.0) -> Universe:
    each = [walk(count, seed + column) for column in range(symbols)]
    fields: list[Floats] = [np.stack([getattr(bars, name) for bars in each], axis=1) for name in Bars._fields[1:]]
    gone = np.random.default_rng(seed).random((count, symbols)) < holes
    for field in fields:
        field[gone] = np.nan
    return Universe(each[0].at, tuple(f"S{n}" for n in range(symbols)), *fields)


def prefix(whole: Any, length: int) -> Any:
    """The first bars alone, as arrays of their own."""
    cut = (part if isinstance(part, tuple) else part[:length].copy() for part in whole)
    return type(whole)(*cut)


def answer(module: ModuleType, seen: Any, params: Mapping[str, float]) -> tuple[Any, ...]:
    if hasattr(module, "weights"):
        return (module.weights(seen, params),)
    return tuple(module.signals(seen, params))


def defaults(module: ModuleType) -> dict[str, float]:
    return {p.name: p.default for p in module.PARAMS}


@st.composite
def chosen(draw: st.DrawFn, module: ModuleType) -> dict[str, float]:
    """Any value that the parameters allow, within what a few hundred bars can show."""
    return {
        p.name: draw(st.integers(int(p.low), min(int(p.high), 60))) if p.whole else draw(st.floats(p.low, p.high))
        for p in module.PARAMS
    }


@pytest.mark.parametrize("module", MODULES)
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_later_bars_bring_changes_nothing_that_was_said_before(module: ModuleType, data: st.DataObject) -> None:
    params = data.draw(chosen(module))
    seed, count = data.draw(st.integers(0, 10_000)), data.draw(st.integers(1, 220))
    length = data.draw(st.integers(0, count))
    many = hasattr(module, "weights")
    whole: Any = walks(count, 4, seed, data.draw(st.sampled_from([0.0, 0.2]))) if many else walk(count, seed)
    if not many and data.draw(st.booleans()):
        hole = data.draw(st.integers(0, count - 1))
        whole = Bars(whole.at, *(np.where(np.arange(count) == hole, np.nan, column) for column in whole[1:]))
    for early, late in zip(answer(module, prefix(whole, length), params), answer(module, whole, params), strict=True):
        assert np.array_equal(early, late[:length], equal_nan=many)


@pytest.mark.parametrize("module", ONE)
def test_signals_have_the_bars_length_and_both_kinds_occur(module: ModuleType) -> None:
    bars = walk(2_000)
    entries, exits = answer(module, bars, defaults(module))
    assert entries.shape == exits.shape == bars.close.shape
    assert entries.dtype == exits.dtype == bool
    assert entries.any()
    assert exits.any()
    assert not (entries & exits).any()


@pytest.mark.parametrize("module", ONE)
@pytest.mark.parametrize("count", [0, 1, 3])
def test_too_few_bars_give_no_signal_and_no_error(module: ModuleType, count: int) -> None:
    for flags in answer(module, walk(count), defaults(module)):
        assert flags.shape == (count,)
        assert not flags.any()


@pytest.mark.parametrize("module", ONE)
def test_a_price_that_is_missing_is_no_signal(module: ModuleType) -> None:
    bars = walk(400)
    nothing = Bars(bars.at, *(np.full(400, np.nan) for _ in bars[1:]))
    assert not any(flags.any() for flags in answer(module, nothing, defaults(module)))
    broken = Bars(bars.at, *(np.where(np.arange(400) == 200, np.nan, column) for column in bars[1:]))
    for flags in answer(module, broken, defaults(module)):
        assert not flags[200]


@pytest.mark.parametrize("module", MODULES)
def test_the_bars_are_left_as_they_came(module: ModuleType) -> None:
    seen: Any = walks(300, 3) if hasattr(module, "weights") else walk(300)
    for column in seen:
        if isinstance(column, np.ndarray):
            column.flags.writeable = False
    answer(module, seen, defaults(module))


def test_bollinger_buys_the_way_back_over_the_band_and_leaves_at_the_middle() -> None:
    from qv_desktop.strategies import bollinger

    close = np.array([*[10.0, 10.2] * 10, 8.0, 9.5, 10.1, 10.2])
    bars = Bars(np.arange(len(close), dtype=np.int64), close, close, close, close, close)
    entries, exits = bollinger.signals(bars, {"period": 20, "width": 2.0, "upper_exit": 0})
    assert list(np.flatnonzero(entries)) == [21]
    assert exits[22]
    assert not exits[20]


def test_macd_holds_while_the_fast_average_gains_on_the_slow_one() -> None:
    from qv_desktop.strategies import macd

    close = 100 + 10 * np.cos(np.arange(300) * 2 * np.pi / 100)  # troughs at 50, 150, 250 and peaks at 100, 200
    bars = Bars(np.arange(300, dtype=np.int64), close, close, close, close, close)
    entries, exits = macd.signals(bars, {"fast": 12, "slow": 26, "signal": 9})
    bought, sold = np.flatnonzero(entries), np.flatnonzero(exits)
    assert all(30 < bar % 100 < 70 for bar in bought)  # near a trough, for the slope turns before the price does
    assert all(bar % 100 > 80 or bar % 100 < 20 for bar in sold)
    assert len(bought) >= 2
    assert len(sold) >= 2


def rotated(close: list[list[float]], **params: float) -> Floats:
    from qv_desktop.strategies import momentum_rotation

    table = np.array(close)
    seen = Universe(np.arange(len(table), dtype=np.int64), tuple("ABC"), table, table, table, table, table)
    wanted = {"top": 1, "lookback": 2, "skip": 0, "every": 2, "only_rising": 1, **params}
    return momentum_rotation.weights(seen, wanted)


def test_rotation_holds_the_best_and_sells_the_rest_on_days_of_choice_alone() -> None:
    targets = rotated([[1, 1, 1], [2, 1, 1], [3, 2, 1], [3, 2, 9], [3, 2, 9]])
    assert np.isnan(targets[[0, 1, 3]]).all()
    assert targets[2].tolist() == [1, 0, 0]
    assert targets[4].tolist() == [0, 0, 1]


def test_rotation_holds_none_that_fell_unless_told_to_and_keeps_the_rest_in_cash() -> None:
    falling = [[4.0, 3.0, 1.0], [4.0, 3.0, 1.0], [3.0, 1.0, 2.0]]
    assert rotated(falling, top=2)[2].tolist() == [0, 0, 0.5]
    assert rotated(falling, top=2, only_rising=0)[2].tolist() == [0.5, 0, 0.5]


def test_rotation_leaves_the_last_bars_out_and_chooses_no_symbol_without_a_price() -> None:
    late = [[1, 1, 1], [1, 2, 3], [1, 2, 3], [9, 2, float("nan")]]
    assert rotated(late, lookback=2, skip=1)[3].tolist() == [0, 1, 0]


def test_built_in_strategies_carry_their_source_and_its_hash() -> None:
    found = built_in(NOW)
    assert [s.name for s in found] == [
        "sma_cross",
        "rsi_reversion",
        "breakout",
        "bollinger",
        "macd",
        "momentum_rotation",
    ]
    assert len({s.id for s in found}) == len(found)
    assert all(len(s.code_hash) == 64 and s.built_in for s in found)


@pytest.mark.parametrize("name", [strategy.name for strategy in built_in(NOW)])
def test_what_ships_is_read_from_its_text_as_it_is_and_asks_for_nothing_outside(name: str) -> None:
    strategy = next(each for each in built_in(NOW) if each.name == name)
    found = read(strategy.source)
    assert found.faults == ()
    assert (found.title, found.parameters) == (strategy.title, strategy.parameters)
    assert found.tree is not None
    assert cautions(found.tree) == ()


@pytest.mark.parametrize("name", [strategy.name for strategy in built_in(NOW)])
def test_what_ships_runs_from_its_text_as_a_persons_own_does(name: str) -> None:
    strategy = next(each for each in built_in(NOW) if each.name == name)
    space: dict[str, Any] = {"__name__": "strategy"}
    exec(compile(strategy.source, "<strategy>", "exec"), space)  # noqa: S102 - what a worker does
    module = next(each for each in MODULES if each.__name__.endswith(name))
    params = {p.name: p.default for p in strategy.parameters}
    seen: Any = walks(300, 3) if "weights" in space else walk(300)
    ours = space["weights"](seen, params) if "weights" in space else space["signals"](seen, params)
    assert np.array_equal(
        np.asarray(ours), np.asarray(answer(module, seen, params)).reshape(np.shape(ours)), equal_nan="weights" in space
    )

"""Every built-in strategy: flags of the right shape, and no look into the future."""

from datetime import UTC, datetime

import numpy as np
import pytest

from qv_desktop.strategies import breakout, rsi_reversion, sma_cross
from qv_desktop.strategies.bars import Bars
from qv_desktop.strategies.built_in import built_in

NOW = datetime(2026, 11, 20, tzinfo=UTC)
MODULES = [sma_cross, rsi_reversion, breakout]


def walk(count: int) -> Bars:
    rng = np.random.default_rng(7)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.02, count)))
    spread = np.abs(rng.normal(0, 0.5, count))
    at = np.arange(count, dtype=np.int64) * 60_000_000_000
    return Bars(at, close, close + spread, close - spread, close, np.full(count, 1000.0))


def defaults(module: object) -> dict[str, float]:
    return {p.name: p.default for p in module.PARAMS}  # type: ignore[attr-defined]


@pytest.mark.parametrize("module", MODULES)
def test_signals_have_the_bars_length_and_both_kinds_occur(module: object) -> None:
    bars = walk(2_000)
    entries, exits = module.signals(bars, defaults(module))  # type: ignore[attr-defined]
    assert entries.shape == exits.shape == bars.close.shape
    assert entries.any()
    assert exits.any()
    assert not (entries & exits).any()


@pytest.mark.parametrize("module", MODULES)
def test_a_signal_does_not_change_when_later_bars_arrive(module: object) -> None:
    whole, params = walk(600), defaults(module)
    entries, exits = module.signals(whole, params)  # type: ignore[attr-defined]
    for length in (80, 200, 431):
        prefix = Bars(*(column[:length] for column in whole))
        early_entries, early_exits = module.signals(prefix, params)  # type: ignore[attr-defined]
        assert np.array_equal(early_entries, entries[:length])
        assert np.array_equal(early_exits, exits[:length])


@pytest.mark.parametrize("module", MODULES)
def test_too_few_bars_give_no_signal_and_no_error(module: object) -> None:
    entries, exits = module.signals(walk(3), defaults(module))  # type: ignore[attr-defined]
    assert not entries.any()
    assert not exits.any()


def test_built_in_strategies_carry_their_source_and_its_hash() -> None:
    found = built_in(NOW)
    assert [s.name for s in found] == ["sma_cross", "rsi_reversion", "breakout"]
    assert all("def signals" in s.source and len(s.code_hash) == 64 for s in found)

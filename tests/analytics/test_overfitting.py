"""The probability of overfitting agrees with a slow count by hand, and tells luck from merit."""

import math
from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from qv_desktop.analytics.blocks import Blocks, growth, merged, named, sharpe
from qv_desktop.analytics.overfitting import overfitting
from tests.analytics.blocks import blocks_of


def noise(bars: int, trials: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, 0.01, (bars, trials))


def by_hand(returns: np.ndarray, count: int) -> tuple[list[float], list[float], list[float]]:
    """Logits, and the chosen one's ratios in and out of sample, with loops and scipy's ranks."""
    parts = np.array_split(returns, count)
    logits, inside, outside = [], [], []
    for chosen in combinations(range(count), count // 2):
        seen = np.concatenate([parts[i] for i in chosen])
        unseen = np.concatenate([parts[i] for i in range(count) if i not in chosen])
        within, without = (part.mean(axis=0) / part.std(axis=0, ddof=1) for part in (seen, unseen))
        best = int(np.argmax(within))
        share = stats.rankdata(without)[best] / (returns.shape[1] + 1)
        logits.append(math.log(share / (1 - share)))
        inside.append(within[best])
        outside.append(without[best])
    return logits, inside, outside


@pytest.mark.parametrize(("bars", "trials", "count"), [(120, 7, 6), (400, 31, 8), (203, 5, 4)])
def test_every_split_agrees_with_a_count_by_hand(bars: int, trials: int, count: int) -> None:
    returns = noise(count * (bars // count), trials, bars)
    found, (logits, inside, outside) = overfitting(blocks_of(returns, count)), by_hand(returns, count)
    np.testing.assert_allclose(found.logits, logits, atol=1e-9)
    np.testing.assert_allclose(found.inside, inside, atol=1e-9)
    np.testing.assert_allclose(found.outside, outside, atol=1e-9)
    assert found.probability == np.mean(np.array(logits) <= 0)
    assert found.loss == np.mean(np.array(outside) < 0)
    line = stats.linregress(inside, outside)
    assert (found.slope, found.intercept, found.fit) == pytest.approx((line.slope, line.intercept, line.rvalue**2))


def test_the_best_of_noise_is_a_coin_toss() -> None:
    found = [overfitting(blocks_of(noise(640, 40, seed), 8)).probability for seed in range(40)]
    assert np.mean(found) == pytest.approx(0.5, abs=0.1)


def test_one_that_is_truly_better_is_no_overfitting_and_dominates() -> None:
    returns = noise(1600, 30, 1)
    returns[:, 4] += 0.004
    found = overfitting(blocks_of(returns, 16))
    assert found.probability < 0.01
    assert found.loss < 0.01
    assert found.first_order
    assert found.second_order
    assert len(found.logits) == 12_870


def test_trials_that_only_shone_in_one_half_are_overfitted() -> None:
    """Each trial earns in its own two of eight blocks and pays for it in the others."""
    rng = np.random.default_rng(8)
    pairs = list(combinations(range(8), 4))
    returns = rng.normal(0, 0.001, (800, len(pairs)))
    for trial, good in enumerate(pairs):
        for block in range(8):
            returns[block * 100 : block * 100 + 100, trial] += 0.002 if block in good else -0.002
    found = overfitting(blocks_of(returns, 8))
    assert found.probability > 0.95
    assert found.slope < 0
    assert found.loss == 1.0
    assert not found.first_order
    assert not found.second_order


def test_distributions_go_from_nothing_to_all() -> None:
    found = overfitting(blocks_of(noise(320, 20, 4), 8))
    for below in (found.chosen_below, found.any_below):
        assert below[-1] == 1.0
        assert np.all(np.diff(below) >= 0)
    assert found.any_below[0] > 0


def test_more_blocks_than_sixteen_are_joined() -> None:
    returns = noise(1280, 6, 5)
    fine, coarse = overfitting(blocks_of(returns, 64)), overfitting(blocks_of(returns, 16))
    np.testing.assert_allclose(fine.logits, coarse.logits)


def test_many_trials_go_in_parts_and_tell_how_far_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    blocks = blocks_of(noise(320, 20, 4), 8)
    whole = overfitting(blocks)
    monkeypatch.setattr("qv_desktop.analytics.overfitting.STEP", 200)
    told: list[float] = []
    parts = overfitting(blocks, told.append)
    assert told == sorted(told)
    assert told[-1] > 0.9
    np.testing.assert_allclose(parts.any_below, whole.any_below)
    assert parts.probability == whole.probability


def test_trials_that_never_trade_are_worth_nothing_and_share_a_rank() -> None:
    found = overfitting(blocks_of(np.zeros((80, 5)), 8))
    assert found.probability == 1.0  # the middle rank of equals is λ = 0
    assert np.all(found.logits == 0)
    assert math.isnan(found.slope)


def test_too_little_is_refused() -> None:
    with pytest.raises(ValueError, match="two trials"):
        overfitting(blocks_of(noise(80, 1, 0), 8))
    with pytest.raises(ValueError, match="even number"):
        overfitting(blocks_of(noise(80, 3, 0), 7))


def test_the_ratio_of_any_union_of_blocks_is_that_of_its_bars() -> None:
    returns = noise(103, 4, 9)
    blocks = blocks_of(returns, 10)
    starts = np.concatenate(([0], np.cumsum(blocks.counts))).astype(int)
    bars = np.concatenate([returns[starts[i] : starts[i + 1]] for i in (0, 3, 9)])
    np.testing.assert_allclose(sharpe(blocks, named([0, 3, 9], 10))[0], bars.mean(axis=0) / bars.std(axis=0, ddof=1))
    np.testing.assert_allclose(growth(blocks, named([0, 3, 9], 10))[0], np.log1p(bars).sum(axis=0), atol=1e-4)


def test_joined_blocks_lose_nothing() -> None:
    blocks = blocks_of(noise(103, 4, 9), 10)
    joined = merged(blocks, 4)
    assert len(joined.counts) == 4
    assert joined.counts.sum() == 103
    np.testing.assert_allclose(joined.sums.sum(axis=0), blocks.sums.sum(axis=0))
    assert merged(blocks, 12) is blocks
    assert isinstance(joined, Blocks)

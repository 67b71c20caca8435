"""Walking forward and purged folds choose only by what was known, and judge by what was not."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qv_desktop.analytics.blocks import growth, sharpe
from qv_desktop.analytics.purged_folds import cross_validated, horizon_ends, purged_folds
from qv_desktop.analytics.walk_forward import Window, choices, stitched, windows
from tests.analytics.blocks import blocks_of


def test_rolling_windows_move_on_and_end_with_the_newest_block() -> None:
    assert windows(10, 4, 2) == (Window(0, 4, 6), Window(2, 6, 8), Window(4, 8, 10))
    assert windows(11, 4, 2)[0] == Window(1, 5, 7)


def test_anchored_windows_all_begin_with_the_first_block() -> None:
    assert windows(11, 4, 3, anchored=True) == (Window(0, 5, 8), Window(0, 8, 11))


@pytest.mark.parametrize(("inside", "outside"), [(10, 1), (0, 2), (4, 0), (9, 2)])
def test_windows_that_do_not_fit_are_refused(inside: int, outside: int) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        windows(10, inside, outside)


@given(st.integers(2, 80), st.integers(1, 30), st.integers(1, 20), st.booleans())
def test_stretches_out_of_sample_join_without_gap_or_overlap(
    blocks: int, inside: int, outside: int, anchored: bool
) -> None:
    if inside + outside > blocks:
        return
    found = windows(blocks, inside, outside, anchored=anchored)
    assert [w.end for w in found[:-1]] == [w.split for w in found[1:]]
    assert found[-1].end == blocks
    for window in found:
        assert window.end - window.split == outside
        assert window.split - window.start >= inside


def test_each_window_trades_what_was_best_before_it() -> None:
    rng = np.random.default_rng(1)
    returns = rng.normal(0, 0.001, (600, 3))
    returns[:300, 1] += 0.002  # good early …
    returns[300:, 2] += 0.002  # … and good late
    steps = choices(blocks_of(returns, 6), windows(6, 2, 1), sharpe)
    chosen = [step.chosen for step in steps]  # of what was seen in blocks 0-1, 1-2, 2-3 and 3-4
    assert (chosen[0], chosen[1], chosen[3]) == (1, 1, 2)
    last = returns[500:600, 2]
    assert steps[-1].outside == pytest.approx(last.mean() / last.std(ddof=1))


def test_what_comes_later_changes_no_choice() -> None:
    returns = np.random.default_rng(4).normal(0, 0.01, (640, 9))
    before = choices(blocks_of(returns, 16), windows(16, 8, 2), growth)
    returns[600:] *= -3
    after = choices(blocks_of(returns, 16), windows(16, 8, 2), growth)
    assert [s.chosen for s in before] == [s.chosen for s in after]


def test_stitched_equity_is_the_product_of_the_stretches() -> None:
    found = stitched([np.full(10, 0.02), np.full(10, 0.02)], [np.array([0.01, -0.02]), np.array([0.03])])
    np.testing.assert_allclose(found.equity, [1, 1.01, 1.01 * 0.98, 1.01 * 0.98 * 1.03])
    assert found.inside_rate == pytest.approx(math.log(1.02))
    assert found.efficiency == pytest.approx(math.log(1.01 * 0.98 * 1.03) / 3 / math.log(1.02))


def test_efficiency_of_choices_that_lost_in_sample_is_unknown() -> None:
    assert math.isnan(stitched([np.full(5, -0.01)], [np.full(5, 0.01)]).efficiency)


def test_purging_takes_out_what_reaches_into_the_test_and_the_embargo_what_follows() -> None:
    fold = purged_folds(horizon_ends(20, 2), 4, 1)[1]
    assert list(fold.test) == [5, 6, 7, 8, 9]
    assert list(fold.train) == [
        0,
        1,
        2,
        13,
        14,
        15,
        16,
        17,
        18,
        19,
    ]  # 3, 4 reach in; 10, 11 are reached; 12 is embargoed
    assert (fold.purged, fold.embargoed) == (4, 1)


@given(st.integers(4, 60), st.integers(2, 8), st.integers(0, 6), st.integers(0, 5), st.integers(0, 99))
def test_no_outcome_in_training_overlaps_one_in_the_test(
    count: int, folds: int, most: int, embargo: int, seed: int
) -> None:
    if folds > count:
        return
    reach = np.random.default_rng(seed).integers(0, most + 1, count)
    ends = np.minimum(np.arange(count) + reach, count - 1)
    found = purged_folds(ends, folds, embargo)
    assert sorted(np.concatenate([fold.test for fold in found])) == list(range(count))
    for fold in found:
        first, last = fold.test[0], ends[fold.test].max()
        for place in fold.train:
            assert ends[place] < first or place > last + embargo
        assert len(fold.train) + len(fold.test) + fold.purged + fold.embargoed == count


def test_without_horizon_and_embargo_it_is_plain_k_fold() -> None:
    found = purged_folds(horizon_ends(10, 0), 5, 0)
    assert all(len(fold.train) == 8 and fold.purged == 0 for fold in found)


def test_each_fold_is_judged_with_what_the_others_chose() -> None:
    rng = np.random.default_rng(6)
    returns = rng.normal(0, 0.01, (800, 12))
    returns[:, 3] += 0.004
    judged = cross_validated(blocks_of(returns, 16), purged_folds(horizon_ends(16, 1), 4, 1), sharpe)
    assert [fold.chosen for fold in judged] == [3, 3, 3, 3]
    assert all(fold.outside > fold.median for fold in judged)
    test = returns[:200, 3]
    assert judged[0].outside == pytest.approx(test.mean() / test.std(ddof=1))


def test_folds_that_leave_nothing_to_choose_in_are_refused() -> None:
    with pytest.raises(ValueError, match="leave nothing"):
        cross_validated(blocks_of(np.ones((40, 2)), 4), purged_folds(horizon_ends(4, 4), 2, 0), sharpe)
    with pytest.raises(ValueError, match="cannot be cut"):
        purged_folds(horizon_ends(4, 0), 5, 0)

"""Purged cross-validation: each stretch of time is the judge once, and what overlaps it does not help to choose."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qv_desktop.analytics.blocks import Blocks, named
from qv_desktop.analytics.walk_forward import Objective

type Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Fold:
    """Places of the periods to choose in and to judge in, and how many were purged and embargoed from the former."""

    train: Places
    test: Places
    purged: int
    embargoed: int


@dataclass(frozen=True, slots=True)
class Judged:
    """One fold's choice: the trial's column, its scores in the training periods and in the test, and the median of all in the test."""

    fold: Fold
    chosen: int
    inside: float
    outside: float
    median: float


def purged_folds(ends: Places, folds: int, embargo: int) -> tuple[Fold, ...]:
    """Cut periods into ``folds`` of about equal length, in order. ``ends`` (periods,) is the last period that each one's outcome needs.

    A period is purged from training where the stretch from it to its end touches the test's stretch (from its first period to the last
    end in it), and embargoed where it begins within ``embargo`` periods after that stretch.
    Raises ValueError with fewer than two folds or fewer periods than folds.

    Source: López de Prado (2018), “Advances in Financial Machine Learning”, chapter 7 (purged k-fold, embargo).
    """
    count = len(ends)
    if folds < 2 or count < folds:
        raise ValueError(f"{folds} folds cannot be cut from {count} periods")
    places = np.arange(count)
    found = []
    for test in np.array_split(places, folds):
        first, last = int(test[0]), int(ends[test].max())
        outside = (places < first) | (places > test[-1])
        touches = outside & (places <= last) & (ends >= first)
        after = outside & ~touches & (places > last) & (places <= last + embargo)
        found.append(Fold(places[outside & ~touches & ~after], test, int(touches.sum()), int(after.sum())))
    return tuple(found)


def horizon_ends(periods: int, horizon: int) -> Places:
    """Ends for outcomes that take ``horizon`` further periods, as a trade that lasts so long does."""
    return np.minimum(np.arange(periods) + horizon, periods - 1)


def cross_validated(blocks: Blocks, folds: tuple[Fold, ...], objective: Objective) -> tuple[Judged, ...]:
    """Choose by the highest ``objective`` in each fold's training blocks, judge in its test.

    Raises ValueError where purging leaves nothing to choose in, or no trial has a score.
    """
    total, found = len(blocks.counts), []
    for fold in folds:
        if not len(fold.train):
            raise ValueError("purging and embargo leave nothing to choose in")
        scores, later = objective(blocks, np.stack([named(fold.train, total), named(fold.test, total)]))
        if np.isnan(scores).all():
            raise ValueError("no combination has a score in training")
        chosen = int(np.nanargmax(scores))
        found.append(Judged(fold, chosen, float(scores[chosen]), float(later[chosen]), float(np.nanmedian(later))))
    return tuple(found)

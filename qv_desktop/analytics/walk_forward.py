"""Walk-forward: choose in one stretch of time, trade the choice in the next, and join what the choices made."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from qv_desktop.analytics.blocks import Blocks, Flags, Floats, named

type Objective = Callable[[Blocks, Flags], Floats]  # (rows × blocks) of flags -> scores (rows × trials), more is better


@dataclass(frozen=True, slots=True)
class Window:
    """Blocks from ``start`` up to but not with ``split`` to choose in, from ``split`` up to but not with ``end`` to trade in."""

    start: int
    split: int
    end: int


@dataclass(frozen=True, slots=True)
class Step:
    """One window's choice: the trial's column, and its score by the objective in and out of sample."""

    window: Window
    chosen: int
    inside: float
    outside: float


@dataclass(frozen=True, slots=True)
class Stitched:
    """``equity`` (bars traded + 1,) from 1 over all stretches out of sample, joined.

    ``inside_rate`` and ``outside_rate`` are mean log returns by bar of the chosen trials in and out of sample; ``efficiency`` is the
    second over the first, NaN where the choices made nothing in sample.
    """

    equity: Floats
    inside_rate: float
    outside_rate: float
    efficiency: float


def windows(blocks: int, inside: int, outside: int, *, anchored: bool = False) -> tuple[Window, ...]:
    """Windows over ``blocks``, each moved on by ``outside``; ``anchored`` ones all begin with the first block and grow.

    The newest blocks are always used: what does not fit is left out at the beginning, or lengthens an anchored first stretch.
    Raises ValueError when not even one fits.
    """
    count = (blocks - inside) // outside if min(inside, outside) > 0 else 0
    if count < 1:
        raise ValueError(f"{inside} blocks to choose in and {outside} to trade in do not fit into {blocks}")
    splits = [blocks - outside * (count - at) for at in range(count)]
    return tuple(Window(0 if anchored else split - inside, split, split + outside) for split in splits)


def choices(blocks: Blocks, over: Sequence[Window], objective: Objective) -> tuple[Step, ...]:
    """The trial with the highest ``objective`` in sample of each window. Raises ValueError where none has a score.

    Source: Pardo (2008), “The Evaluation and Optimization of Trading Strategies”, 2nd edition, chapter 11 (walk-forward analysis).
    """
    total, steps = len(blocks.counts), []
    for window in over:
        scores = objective(blocks, named(range(window.start, window.split), total))[0]
        if np.isnan(scores).all():
            raise ValueError("no combination has a score in sample")
        chosen = int(np.nanargmax(scores))
        later = objective(blocks, named(range(window.split, window.end), total))[0]
        steps.append(Step(window, chosen, float(scores[chosen]), float(later[chosen])))
    return tuple(steps)


def stitched(inside: Sequence[Floats], outside: Sequence[Floats]) -> Stitched:
    """Join the chosen trials' returns by bar (bars,), one of each window in sample and out of sample.

    The walk-forward efficiency is the rate out of sample over the rate in sample. Source: Pardo (2008), chapter 11 (walk-forward
    efficiency); rates are mean log returns here, so that compounding does not favour the longer stretch.
    """
    traded = np.concatenate(outside)
    within, without = float(np.mean([_rate(part) for part in inside])), _rate(traded)
    equity = np.concatenate(([1.0], np.cumprod(1 + traded)))
    return Stitched(equity, within, without, without / within if within > 0 else math.nan)


def _rate(returns: Floats) -> float:
    return float(np.mean(np.log1p(np.maximum(returns, -0.999999))))

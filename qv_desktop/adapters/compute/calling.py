"""A strategy's source, run on arrays: what its ``signals`` or ``weights`` answer, and what it printed meanwhile."""

import contextlib
import io
import random
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from qv_desktop.strategies.bars import Bars, Floats, Universe

TINY = 1e-9
MOST_PRINTED = 20_000  # characters kept of what a strategy prints: the last ones

type Space = dict[str, Any]  # the names that a strategy's module defines


class Tail(io.TextIOBase):
    """Text that is written, of which only the end is kept."""

    def __init__(self, most: int = MOST_PRINTED) -> None:
        self._most, self.text = most, ""

    def write(self, text: str) -> int:
        """Keep ``text``."""
        self.text = (self.text + text)[-self._most :]
        return len(text)


@contextlib.contextmanager
def listened(seed: int) -> Iterator[Tail]:
    """Within, random numbers begin at ``seed`` and what is printed goes into the tail."""
    random.seed(seed)
    np.random.seed(seed)  # strategies may use the old generator, too
    tail = Tail()
    with contextlib.redirect_stdout(tail), contextlib.redirect_stderr(tail):
        yield tail


def loaded(source: str) -> Space:
    """The strategy's module, run. Raises whatever it raises, and ValueError when it has neither ``signals`` nor ``weights``."""
    space: Space = {"__name__": "strategy"}
    exec(compile(source, "<strategy>", "exec"), space)  # noqa: S102 - running the strategy is what this process is for
    if not any(callable(space.get(name)) for name in ("signals", "weights")):
        raise ValueError("it defines neither signals(bars, params) nor weights(universe, params)")
    return space


def rotates(space: Space) -> bool:
    """Whether the strategy weighs a universe rather than flagging bars."""
    return not callable(space.get("signals"))


def called(space: Space, bars: Bars, parameters: Mapping[str, float]) -> Any:
    """What ``signals`` answers; ``strategies.flags.directed`` checks it."""
    return space["signals"](bars, dict(parameters))  # its own: what it does to them is not there for the next symbol


@contextlib.contextmanager
def unchanged(universe: Universe) -> Iterator[None]:
    """Within, nobody writes to the arrays: prices that a strategy fills in place would be those that it trades at."""
    held = [array for array in universe if isinstance(array, np.ndarray) and array.flags.writeable]
    for array in held:
        array.setflags(write=False)
    try:
        yield
    finally:
        for array in held:
            array.setflags(write=True)


def called_weights(space: Space, universe: Universe, parameters: Mapping[str, float]) -> Floats:
    """What ``weights`` answers, bars × symbols. Raises ValueError when it has another shape or holds infinite numbers."""
    with unchanged(universe):
        weights = np.array(space["weights"](universe, dict(parameters)), dtype=np.float64)
    if weights.shape != universe.close.shape:
        raise ValueError(f"weights have shape {weights.shape}, but bars × symbols are {universe.close.shape}")
    if np.isinf(weights).any():
        raise ValueError("weights hold infinite numbers")
    return weights


def bounded(weights: Floats, direction: str) -> Floats:
    """The weights, if they fit the direction ``long``, ``short`` or ``both`` and one's own money. Raises ValueError."""
    if direction == "long" and (weights < 0).any():
        raise ValueError("it gives negative weights, but the run is long only; choose both directions")
    if direction == "short" and (weights > 0).any():
        raise ValueError("it gives positive weights, but the run is short only; choose both directions")
    if weights.size and np.nansum(np.abs(weights), axis=1).max() > 1 + TINY:
        raise ValueError("its weights add up to more than 1; there is no margin in a backtest")
    return weights

"""Which flags of a strategy open and close what, by the direction that a run allows: one rule for backtests, sweeps and live signals."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from qv_desktop.strategies.bars import Flags


class Directed(NamedTuple):
    """Flags of equal length: open a long, close a long, open a short, close a short."""

    long_in: Flags
    long_out: Flags
    short_in: Flags
    short_out: Flags


def directed(answer: Sequence[Any], direction: str, bars: int) -> Directed:
    """What ``signals`` answered, for ``direction`` long, short or both. Raises ValueError when it has another shape.

    Two arrays are entries and exits of a long. Shorts then go the other way: an exit opens one, an entry closes it.
    """
    arrays = _checked(answer, bars)
    if len(arrays) == 2:
        entries, exits = arrays
        arrays = (entries, exits, exits, entries)
    none = np.zeros(bars, dtype=np.bool_)
    if direction == "long":
        return Directed(arrays[0], arrays[1], none, none)
    if direction == "short":
        return Directed(none, none, arrays[2], arrays[3])
    return Directed(*arrays)


def _checked(answer: Sequence[Any], bars: int) -> tuple[Flags, ...]:
    if not isinstance(answer, (tuple, list)) or len(answer) not in (2, 4):
        raise ValueError("signals must return (entries, exits) or (entries, exits, short entries, short exits)")
    for name, flags in zip(("entries", "exits", "short entries", "short exits"), answer, strict=False):
        if np.shape(flags) != (bars,):
            raise ValueError(f"{name} have shape {np.shape(flags)}, but there are {bars} bars")
    return tuple(np.asarray(flags, dtype=np.bool_) for flags in answer)

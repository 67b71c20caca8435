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
    named = tuple(zip(("entries", "exits", "short entries", "short exits"), answer, strict=False))
    for name, flags in named:
        if np.shape(flags) != (bars,):
            raise ValueError(f"{name} have shape {np.shape(flags)}, but there are {bars} bars")
    return tuple(_flags(name, flags) for name, flags in named)


def _flags(name: str, answer: Any) -> Flags:
    """True and False, or 1 and 0. numpy takes NaN, None and -1 for True: an unknown flag would buy."""
    array = np.asarray(answer)
    if array.dtype == np.bool_:
        return array
    known = (
        np.isin(array, (0, 1)) if array.dtype.kind in "iuf" else np.fromiter(map(_known, array), np.bool_, len(array))
    )
    if not known.all():
        place = int(np.argmin(known))
        raise ValueError(
            f"{name} hold {array[place]!s} at bar {place + 1}; they must be True or False, as a comparison gives, or 1 or 0"
        )
    return np.asarray(array, dtype=np.bool_)


def _known(value: object) -> bool:
    return isinstance(value, (bool, np.bool_, int, float, np.number)) and bool(value in (0, 1))

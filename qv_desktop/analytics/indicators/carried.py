"""What an indicator that remembers carries from bar to bar, and how an unknown bar breaks it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from qv_desktop.analytics.indicators.library import Floats

type State = tuple[float, ...]
type Step = Callable[..., Run]  # (state, *arrays) -> what these bars give after those that left the state


class Run(NamedTuple):
    """An indicator's values for some bars, each of shape (n,), and what it must remember to go on behind them.

    The state is None while too few bars are known; values then begin anew from the bars themselves.
    """

    outputs: tuple[Floats, ...]
    state: State | None


def carried(step: Step, state: State | None, *arrays: Floats) -> Run:
    """``step`` over each stretch of known bars: a bar with an unknown or infinite number ends one, and the next begins anew."""
    ready = [np.ascontiguousarray(array, dtype=np.float64) for array in arrays]
    known = np.isfinite(ready[0])
    for array in ready[1:]:
        known &= np.isfinite(array)
    if known.all():
        return _on(step, state, ready)
    outputs = tuple(np.full(len(known), np.nan) for _ in step(None, *(array[:0] for array in ready)).outputs)
    kept: State | None = None
    for begin, end in np.flatnonzero(np.diff(known, prepend=False, append=False)).reshape(-1, 2).tolist():
        part = _on(step, state if begin == 0 else None, [array[begin:end] for array in ready])
        for whole, values in zip(outputs, part.outputs, strict=True):
            whole[begin:end] = values
        kept = part.state
    return Run(outputs, kept if known[-1] else None)


def _on(step: Step, state: State | None, arrays: list[Floats]) -> Run:
    run = step(state, *arrays)
    return run if len(arrays[0]) else Run(run.outputs, state)


def remembered(*values: Floats | float) -> State | None:
    """The last of each of ``values``; None when there is none or one of them is unknown."""
    last = tuple(value if isinstance(value, float) else float(value[-1]) if len(value) else np.nan for value in values)
    return None if any(value != value for value in last) else last

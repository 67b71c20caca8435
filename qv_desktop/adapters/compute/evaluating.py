"""A strategy's flags over bars and nothing more: what live signals are made of, by the very code that a backtest runs."""

from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np

from qv_desktop.strategies.bars import Bars
from qv_desktop.strategies.flags import directed


class Evaluate(msgspec.Struct, tag="evaluate"):
    """Call ``signals`` of a source for ``direction`` long or both.

    Arrays are the little-endian bytes of int64 (``at``) and float64, in the order of ``Bars``.
    """

    run: str
    source: str
    parameters: dict[str, float]
    columns: list[bytes]
    direction: str = "long"


class Evaluated(msgspec.Struct, tag="evaluated"):
    """Entries, exits, short entries and short exits, a byte of 0 or 1 for each bar."""

    run: str
    flags: list[bytes]


def serve(request: Evaluate, tell: Callable[[float, str], object] = lambda fraction, step: None) -> Evaluated:
    """Run the strategy. Raises whatever it raises, and ValueError for flags of another length."""
    at, *prices = request.columns
    bars = Bars(np.frombuffer(at, dtype=np.int64), *(np.frombuffer(column, dtype=np.float64) for column in prices))
    space: dict[str, Any] = {"__name__": "strategy"}
    exec(compile(request.source, "<strategy>", "exec"), space)  # noqa: S102 - running the strategy is what this process is for
    if not callable(space.get("signals")):
        raise ValueError("it weighs a universe; only strategies that flag the bars of one symbol make live signals")
    flags = directed(space["signals"](bars, request.parameters), request.direction, len(bars.close))
    return Evaluated(request.run, [np.asarray(row, dtype=np.bool_).tobytes() for row in flags])

"""A strategy's flags over bars and nothing more: what live signals are made of, by the very code that a backtest runs."""

import msgspec
import numpy as np

from qv_desktop.adapters.compute.calling import called, listened, loaded, rotates
from qv_desktop.adapters.compute.kinds import Tell
from qv_desktop.adapters.compute.laid_out import bars_of
from qv_desktop.domain.errors import BadInput
from qv_desktop.strategies.flags import directed

WEIGHS = "The strategy weighs a universe; only those that flag the bars of one symbol make live signals."


class Evaluate(msgspec.Struct, tag="evaluate"):
    """Call ``signals`` of a source for ``direction`` long or both.

    Arrays are the little-endian bytes of int64 (``at``) and float64, in the order of ``Bars``.
    """

    run: str
    source: str
    parameters: dict[str, float]
    columns: list[bytes]
    direction: str = "long"
    seed: int = 0  # of random numbers, as a backtest's


class Evaluated(msgspec.Struct, tag="evaluated"):
    """Entries, exits, short entries and short exits, a byte of 0 or 1 for each bar."""

    run: str
    flags: list[bytes]


def serve(request: Evaluate, tell: Tell) -> Evaluated:
    """Run the strategy. Raises BadInput with a sentence when it fails."""
    bars = bars_of(request.columns)
    try:
        with listened(request.seed):
            space = loaded(request.source)
            made = None if rotates(space) else called(space, bars, request.parameters)
            flags = [] if made is None else directed(made, request.direction, len(bars.close))
    except BaseException as error:  # a strategy may raise anything, SystemExit, too; the person gets the sentence
        if isinstance(error, MemoryError | KeyboardInterrupt):
            raise
        raise BadInput(f"The strategy failed: {type(error).__name__}: {error}") from error
    if not flags:
        raise BadInput(WEIGHS)
    return Evaluated(request.run, [np.asarray(row, dtype=np.bool_).tobytes() for row in flags])

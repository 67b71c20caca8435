"""A strategy's weights over a universe and nothing more: what live targets are made of, by the very code that a backtest runs."""

import msgspec
import numpy as np

from qv_desktop.adapters.compute.calling import bounded, called_weights, listened, loaded, rotates
from qv_desktop.adapters.compute.kinds import Tell
from qv_desktop.adapters.compute.laid_out import bars_of, universe_of
from qv_desktop.domain.errors import BadInput

FLAGS = "The strategy flags the bars of one symbol; it weighs no universe."


class Weigh(msgspec.Struct, tag="weigh"):
    """Call ``weights`` of a source on a universe, for ``direction`` long or both; ``columns`` of each symbol as ``Evaluate`` has them."""

    run: str
    source: str
    parameters: dict[str, float]
    symbols: list[str]
    columns: list[list[bytes]]
    direction: str = "long"
    seed: int = 0  # of random numbers, as a backtest's


class Weighed(msgspec.Struct, tag="weighed"):
    """``at``: int64 ns of the bars; ``weights``: float64, bars × symbols."""

    run: str
    at: bytes
    weights: bytes


def serve(request: Weigh, tell: Tell) -> Weighed:
    """Run the strategy. Raises BadInput with a sentence when it fails."""
    universe = universe_of(request.symbols, [bars_of(columns) for columns in request.columns])
    try:
        with listened(request.seed):
            space = loaded(request.source)
            made = (
                bounded(called_weights(space, universe, request.parameters), request.direction)
                if rotates(space)
                else None
            )
    except BaseException as error:  # a strategy may raise anything, SystemExit, too; the person gets the sentence
        if isinstance(error, MemoryError | KeyboardInterrupt):
            raise
        raise BadInput(f"The strategy failed: {type(error).__name__}: {error}") from error
    if made is None:
        raise BadInput(FLAGS)
    return Weighed(request.run, np.ascontiguousarray(universe.at, dtype=np.int64).tobytes(), made.tobytes())

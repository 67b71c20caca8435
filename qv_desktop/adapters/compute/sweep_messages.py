"""What passes to and from whoever computes a part of a sweep: plain values and the bytes of arrays, no pickle."""

import msgspec

COLUMNS = 6  # at, open, high, low, close, volume


class SweepChunk(msgspec.Struct, tag="sweep"):
    """Some combinations of a sweep. ``values`` are the bytes of float64, combinations × ``names``; bars lie in ``file``.

    ``file`` holds six arrays of ``bars`` items each, in the order of ``Bars``, int64 and then float64. An empty one means that
    ``columns`` has the bytes of them instead. ``fees`` and ``slippage`` as fractions of value.
    """

    run: str
    first: int  # index of the first combination in the sweep
    source: str
    names: list[str]
    values: bytes
    fixed: dict[str, float]
    bars: int
    blocks: int
    direction: str  # long, short or both
    sizing: str  # a key of analytics.sweep.KINDS
    amount: float
    fees: float
    per_share: float
    slippage: float
    cash: float
    loss: float | None  # the distance of the stop, None for off
    trails: bool
    profit: float | None
    seed: int
    file: str = ""
    columns: bytes = b""


class SweepPart(msgspec.Struct, tag="swept"):
    """Their figures: bytes of float64, combinations × (figures and blocks); ``errors`` by index in the chunk."""

    first: int
    figures: bytes
    errors: dict[int, str]
    engine: str
    notes: list[str]  # such as that compiled code could not be kept

"""What passes to and from whoever computes a part of a sweep: plain values and the bytes of arrays, no pickle."""

import msgspec

from qv_desktop.adapters.compute.messages import Terms

COLUMNS = 6  # at, open, high, low, close, volume


class SweepChunk(msgspec.Struct, tag="sweep"):
    """Some combinations of a sweep over one symbol. ``values`` are the bytes of float64, combinations × ``names``.

    ``file`` holds six arrays of ``bars`` items each, in the order of ``Bars``, int64 and then float64. An empty one means that
    ``columns`` has the bytes of them instead. ``first`` is the first combination's index in the sweep, ``fixed`` what is not swept.
    """

    run: str
    first: int
    source: str
    names: list[str]
    values: bytes
    fixed: dict[str, float]
    bars: int
    blocks: int
    year_bars: float
    terms: Terms
    file: str = ""
    columns: bytes = b""


class SweepPart(msgspec.Struct, tag="swept"):
    """Their figures: bytes of float64, combinations × (figures and blocks); ``errors`` by index in the chunk."""

    first: int
    figures: bytes
    errors: dict[int, str]
    engine: str
    notes: list[str]  # such as that compiled code could not be kept

"""What a worker of a cluster runs: a chunk and the bars as bytes in, its part as bytes out. Only its name travels, never this code."""

import threading

import msgspec

from qv_desktop.adapters.compute.sweep_messages import SweepChunk
from qv_desktop.adapters.compute.sweep_worker import serve

_turn = threading.Lock()  # a worker with several threads still starts chance anew for each combination


def computed(chunk: bytes, columns: bytes) -> bytes:
    """The part of a chunk over bars packed as ``sweep_arrays.packed`` gives them."""
    asked = msgspec.msgpack.decode(chunk, type=SweepChunk)
    asked.columns = columns
    with _turn:
        return msgspec.msgpack.encode(serve(asked, lambda fraction, words: None))

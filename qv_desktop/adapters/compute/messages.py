"""What passes between the program and a worker: length-prefixed msgpack, no pickle."""

from typing import IO

import msgspec

from qv_desktop.adapters.compute.evaluating import Evaluate, Evaluated

PREFIX = 8  # bytes of length, big-endian
MOST = 512 * 1024 * 1024  # a frame beyond this is a fault


class Run(msgspec.Struct, tag="run"):
    """Run one backtest. Arrays are the little-endian bytes of int64 (``at``) and float64, in the order of ``Bars``."""

    run: str
    source: str
    parameters: dict[str, float]
    columns: list[bytes]
    frame_seconds: int
    fees: float
    slippage: float
    size: float
    cash: float


class Progress(msgspec.Struct, tag="progress"):
    """How far a run is, from 0 to 1."""

    run: str
    fraction: float
    step: str


class Trade(msgspec.Struct, tag="trade"):
    """One round trip by bar index."""

    entered: int
    left: int
    size: float
    entry: float
    exit: float
    profit: float
    fraction: float


class Done(msgspec.Struct, tag="done"):
    """A run's result; arrays as bytes of float64."""

    run: str
    seconds: float
    equity: bytes
    benchmark: bytes
    drawdown: bytes
    statistics: list[tuple[str, float]]
    trades: list[Trade]
    engine: str


class Failed(msgspec.Struct, tag="failed"):
    """Why a run gave no result, in a sentence for people."""

    run: str
    reason: str


class Ready(msgspec.Struct, tag="ready"):
    """The worker has imported what it needs."""

    engine: str


type Answer = Progress | Done | Failed | Ready | Evaluated

_answers: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Progress | Done | Failed | Ready | Evaluated)
_runs: msgspec.msgpack.Decoder[Run | Evaluate] = msgspec.msgpack.Decoder(Run | Evaluate)


def write(pipe: IO[bytes], message: msgspec.Struct) -> None:
    """Send one message."""
    body = msgspec.msgpack.encode(message)
    pipe.write(len(body).to_bytes(PREFIX) + body)
    pipe.flush()


def read_run(pipe: IO[bytes]) -> Run | Evaluate | None:
    """The next request; None when the program has closed the pipe."""
    body = _frame(pipe)
    return None if body is None else _runs.decode(body)


def read_answer(pipe: IO[bytes]) -> Answer | None:
    """The worker's next message; None when the worker has ended."""
    body = _frame(pipe)
    return None if body is None else _answers.decode(body)


def _frame(pipe: IO[bytes]) -> bytes | None:
    head = _exactly(pipe, PREFIX)
    if head is None:
        return None
    length = int.from_bytes(head)
    return None if length > MOST else _exactly(pipe, length)


def _exactly(pipe: IO[bytes], count: int) -> bytes | None:
    parts: list[bytes] = []
    while count:
        part = pipe.read(count)
        if not part:
            return None
        parts.append(part)
        count -= len(part)
    return b"".join(parts)

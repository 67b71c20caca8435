"""What passes between the program and a worker: length-prefixed msgpack, no pickle."""

from typing import IO

import msgspec

PREFIX = 8  # bytes of length, big-endian
MOST = 512 * 1024 * 1024  # a frame beyond this is a fault


class Terms(msgspec.Struct, frozen=True):
    """How a run trades: ``domain.backtests.BacktestSpec`` in plain numbers; ``fees`` and ``slippage`` as fractions, nan is off."""

    sizing: str
    amount: float
    cash: float
    fees: float
    fees_per_share: float
    slippage: float
    loss: float
    profit: float
    trailing: float
    direction: str
    seed: int = 0


class Run(msgspec.Struct, tag="run"):
    """Run one backtest. ``columns`` holds for every symbol the little-endian bytes of int64 (``at``) and float64, in the order of ``Bars``.

    ``benchmark`` holds ``at`` and the closes of another symbol, or nothing. ``year_bars`` is how many bars a year has, 0 to be
    found from the bars.
    """

    run: str
    source: str
    parameters: dict[str, float]
    symbols: list[str]
    columns: list[list[bytes]]
    benchmark: list[bytes]
    frame_seconds: int
    year_bars: float
    terms: Terms


class Progress(msgspec.Struct, tag="progress"):
    """How far a run is, from 0 to 1."""

    run: str
    fraction: float
    step: str


class Trade(msgspec.Struct, tag="trade"):
    """One round trip: the symbol's number, rows, and what ``domain.backtests.BacktestTrade`` tells."""

    symbol: int
    entered: int
    left: int
    size: float
    entry: float
    exit: float
    profit: float
    fraction: float
    short: bool
    fees: float
    mae: float
    mfe: float
    open: bool
    bars: int
    reason: str


class Done(msgspec.Struct, tag="done"):
    """A run's result; curves as bytes of float64, ``at`` of int64. ``contributions`` by symbol: profit, fees, round trips."""

    run: str
    seconds: float
    at: bytes
    equity: bytes
    benchmark: bytes
    drawdown: bytes
    exposure: bytes
    statistics: list[tuple[str, float]]
    monthly: list[tuple[int, int, float]]
    trades: list[Trade]
    contributions: list[tuple[float, float, int]]
    notes: list[str]
    log: str
    data_hash: str
    versions: list[tuple[str, str]]
    engine: str


class Failed(msgspec.Struct, tag="failed"):
    """Why a run gave no result, in a sentence for people."""

    run: str
    reason: str


class Ready(msgspec.Struct, tag="ready"):
    """The worker has imported what it needs."""

    engine: str


type Answer = Progress | Done | Failed | Ready

_answers: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Progress | Done | Failed | Ready)
_runs = msgspec.msgpack.Decoder(Run)


def write(pipe: IO[bytes], message: msgspec.Struct) -> None:
    """Send one message."""
    body = msgspec.msgpack.encode(message)
    pipe.write(len(body).to_bytes(PREFIX) + body)
    pipe.flush()


def read_run(pipe: IO[bytes]) -> Run | None:
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

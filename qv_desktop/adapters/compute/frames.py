"""What passes between the program and its workers: length-prefixed msgpack in envelopes that name the job; no pickle."""

import os
from typing import Annotated, Literal

import msgspec

from qv_desktop.adapters.compute.limits import Limits
from qv_desktop.adapters.compute.parts import Parts
from qv_desktop.domain.errors import BadInput

PREFIX = 8  # bytes of length, big-endian
MOST = 512 * 1024 * 1024  # a frame beyond this is a fault


class Asked(msgspec.Struct, tag="asked"):
    """Do ``body``, a message of that kind, for ``job`` within ``limits``; ``number`` names this one ask."""

    number: int
    kind: str
    limits: Limits
    body: bytes


class Stop(msgspec.Struct, tag="stop"):
    """End this ask at once."""

    number: int


class Awake(msgspec.Struct, tag="awake"):
    """The process has imported and compiled what it needs. ``kept`` and ``missing`` name measures of isolation."""

    seconds: float
    engine: str
    kept: list[str]
    missing: list[str]


class Step(msgspec.Struct, tag="step"):
    """How far an ask is, from 0 to 1, and what it does."""

    number: int
    fraction: float
    words: Annotated[str, msgspec.Meta(max_length=200)]


class Answered(msgspec.Struct, tag="answered"):
    """The answer in parts, and the end of what the run printed."""

    number: int
    body: Parts
    said: str = ""


class Failure(msgspec.Struct, tag="failure"):
    """Why there is no answer, in a sentence for people, and the end of what the run printed."""

    number: int
    reason: str
    said: str = ""
    cause: Literal["error", "limit", "stopped", "died"] = "error"


type Order = Asked | Stop
type Report = Awake | Step | Answered | Failure

orders: msgspec.msgpack.Decoder[Order] = msgspec.msgpack.Decoder(Asked | Stop)
reports: msgspec.msgpack.Decoder[Report] = msgspec.msgpack.Decoder(Awake | Step | Answered | Failure)


class Overlong(Exception):
    """A frame that is longer than allowed."""


class WorkerDied(BadInput):
    """The run's process ended without an answer, for no limit of ours and no cancel: another one may do better."""


class Cancelled(BadInput):
    """Somebody ended the run."""


class PassedLimit(BadInput):
    """The run took more than it may."""


ERRORS: dict[str, type[BadInput]] = {"died": WorkerDied, "stopped": Cancelled, "limit": PassedLimit}


def framed(message: msgspec.Struct) -> bytes:
    """``message`` with its length before it."""
    body = msgspec.msgpack.encode(message)
    return len(body).to_bytes(PREFIX) + body


class Frames:
    """Frames cut out of a stream that comes in pieces. ``most`` bounds the bytes of one frame."""

    def __init__(self, most: int = MOST) -> None:
        self._most, self._kept = most, bytearray()

    def fed(self, piece: bytes) -> list[bytes]:
        """The frames that are whole with ``piece``. Raises Overlong."""
        self._kept += piece
        found = []
        while len(self._kept) >= PREFIX:
            length = int.from_bytes(self._kept[:PREFIX])
            if length > self._most:
                raise Overlong
            if len(self._kept) < PREFIX + length:
                break
            with memoryview(self._kept) as kept:
                found.append(bytes(kept[PREFIX : PREFIX + length]))  # one copy, for a frame may be large
            del self._kept[: PREFIX + length]
        return found


def write_all(handle: int, data: bytes) -> None:
    """Write everything to a pipe that blocks. Raises OSError when the other end is gone."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]

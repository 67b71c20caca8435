"""The two codecs of Alpaca's market-data stream: JSON, and msgpack with extension -1 timestamps."""

import struct
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
from aiohttp import WSMessage, WSMsgType

from qv_desktop.simulator.alpaca_data_words import Stamp, Words, rfc3339
from qv_desktop.simulator.ticks import SECOND


@dataclass(frozen=True, slots=True)
class Codec:
    """How one connection's frames are written; reading is the same for all."""

    binary: bool
    stamp: Stamp
    encode: Callable[[list[Words]], bytes]


def timestamp(t: int) -> msgspec.msgpack.Ext:
    """`t` (ns UTC, before the year 2514) as msgpack's 64-bit timestamp, which keeps nanoseconds."""
    seconds, nanoseconds = divmod(t, SECOND)
    return msgspec.msgpack.Ext(-1, struct.pack(">Q", nanoseconds << 34 | seconds))


JSON = Codec(binary=False, stamp=rfc3339, encode=msgspec.json.Encoder().encode)
MSGPACK = Codec(binary=True, stamp=timestamp, encode=msgspec.msgpack.Encoder().encode)


def codec_for(content_type: str) -> Codec:
    """The codec that the upgrade request's Content-Type asks for."""
    return MSGPACK if content_type.partition(";")[0].strip().lower() == "application/msgpack" else JSON


def decoded(message: WSMessage, codec: Codec) -> dict[str, object] | None:
    """A client's message; None when it is not one object of the connection's codec."""
    try:
        if message.type is WSMsgType.BINARY and codec.binary:
            value = msgspec.msgpack.decode(message.data)
        else:
            value = msgspec.json.decode(message.data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return value if isinstance(value, dict) else None

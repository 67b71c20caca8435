"""Polygon's stream messages, translated: frame bytes in, domain values out.

Shapes and units follow Polygon's websocket reference: T, Q and AM stamp milliseconds; LULD is documented in milliseconds and
recorded in microseconds, so both are understood. Trades count shares, quotes round lots of 100.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from qv_desktop.domain.market import Bar, Halt, Quote, Trade

MILLI, MICRO = 1_000_000, 1_000  # ns
LOT = 100  # shares
MICROS_FROM = 10**14  # a stamp this large cannot be milliseconds

type Price = Annotated[float, Meta(gt=0, lt=1e9)]
type Side = Annotated[float, Meta(ge=0, lt=1e9)]  # an empty side of a quote is 0
type Size = Annotated[float, Meta(ge=0)]
type Millis = Annotated[int, Meta(ge=0, lt=10**13)]
type Micros = Annotated[int, Meta(ge=0, lt=10**16)]
type Symbol = Annotated[str, Meta(min_length=1, max_length=24)]

TAPES = {1: "A", 2: "B", 3: "C"}
# id -> letter, from Polygon's /v3/reference/exchanges
EXCHANGES = dict(zip(range(1, 22), "ABCDEIJKMNPTSLVWXYZHU", strict=True))
# indicator -> whether trading stops; Polygon's LULD page names 17 (halt) and 18 (resumption), for Nasdaq's listings only
PAUSES = {17: True, 18: False}


class TradeMessage(Struct, tag_field="ev", tag="T", gc=False):
    """One print."""

    sym: Symbol
    t: Millis
    p: Price
    s: Size
    i: str = ""
    x: int = 0
    z: int = 0
    c: list[int] = []

    def value(self) -> Trade:
        """The trade."""
        return Trade(self.sym, self.t * MILLI, self.p, self.s, self.i, EXCHANGES.get(self.x, str(self.x)),
                     TAPES.get(self.z, ""), " ".join(map(str, self.c)))  # fmt: skip


class QuoteMessage(Struct, tag_field="ev", tag="Q", gc=False, rename={"as_": "as"}):
    """The national best bid and offer; a side that nobody quotes is left out or 0."""

    sym: Symbol
    t: Millis
    bp: Side = 0.0
    bs: Size = 0.0
    ap: Side = 0.0
    as_: Size = 0.0

    def value(self) -> Quote:
        """The quote, its sizes in shares."""
        return Quote(self.sym, self.t * MILLI, self.bp, self.bs * LOT, self.ap, self.as_ * LOT)


class MinuteMessage(Struct, tag_field="ev", tag="AM", gc=False):
    """A completed minute, stamped by its start ``s``."""

    sym: Symbol
    s: Millis
    o: Price
    h: Price
    l: Price  # noqa: E741  # the vendor's name
    c: Price
    v: Size
    vw: float | None = None
    z: float = 0.0

    def value(self) -> Bar:
        """The bar; the number of trades is volume by average size ``z``."""
        count = round(self.v / self.z) if self.z > 0 else 0
        return Bar(self.sym, self.s * MILLI, self.o, self.h, self.l, self.c, self.v, count, self.vw)


class BandMessage(Struct, tag_field="ev", tag="LULD", gc=False):
    """Limit-up limit-down news of symbol ``T``: price bands, halts and resumptions by indicator."""

    T: Symbol
    t: Micros
    i: list[int] = []

    def value(self) -> Halt | None:
        """The halt or its end, or None for mere bands."""
        for code in self.i:
            if code in PAUSES:
                stops = PAUSES[code]
                at = self.t * (MICRO if self.t >= MICROS_FROM else MILLI)
                return Halt(self.T, at, stops, "Limit-up limit-down pause" if stops else "Trading resumed")
        return None


class StatusMessage(Struct, tag_field="ev", tag="status", gc=False):
    """What the server says of the connection itself."""

    status: str
    message: str = ""


class _Head(Struct, gc=False):
    ev: str


type Message = TradeMessage | QuoteMessage | MinuteMessage | BandMessage | StatusMessage

KNOWN = {"T", "Q", "AM", "LULD", "status"}
_frame: Callable[[bytes | str], list[Message]] = msgspec.json.Decoder(list[Message]).decode
_parts: Callable[[bytes | str], list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw]).decode
_head: Callable[[msgspec.Raw], _Head] = msgspec.json.Decoder(_Head).decode
_message: Callable[[msgspec.Raw], Message] = msgspec.json.Decoder(Message).decode


@dataclass(slots=True)
class Heard:
    """What one frame held: ``bad`` counts messages that break the vendor's own rules, and were dropped."""

    values: list[Trade | Quote | Bar | Halt] = field(default_factory=list)
    statuses: list[StatusMessage] = field(default_factory=list)
    messages: int = 0
    bad: int = 0


def heard(frame: bytes | str) -> Heard:
    """The values and statuses in ``frame``; never raises. Messages of kinds we did not ask for are passed over."""
    found = Heard()
    for message in _messages(frame, found):
        found.messages += 1
        if isinstance(message, StatusMessage):
            found.statuses.append(message)
        elif (value := message.value()) is not None:
            found.values.append(value)
    return found


def _messages(frame: bytes | str, found: Heard) -> list[Message]:
    try:
        return _frame(frame)
    except (ValueError, RecursionError):
        return _one_by_one(frame, found)


def _one_by_one(frame: bytes | str, found: Heard) -> list[Message]:
    """One bad message must not cost the good ones beside it."""
    try:
        parts = _parts(frame)
    except (ValueError, RecursionError):
        found.bad += 1
        return []
    good: list[Message] = []
    for part in parts:
        try:
            if _head(part).ev in KNOWN:
                good.append(_message(part))
        except (ValueError, RecursionError):
            found.bad += 1
    return good

"""Polygon's stream messages, translated: frame bytes in, domain values out.

Shapes and units follow Polygon's websocket reference: T, Q, A and AM stamp milliseconds; LULD is documented in milliseconds and
recorded in microseconds, so both are understood. Trades count shares, quotes round lots of 100.
"""

from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from qv_desktop.adapters.polygon.tables import CONDITIONS, EXCHANGES, TAPES
from qv_desktop.adapters.websocket.salvage import ESCAPE, salvaged
from qv_desktop.domain.market import Bar, Batch, Halt, Quote, Trade

MILLI, MICRO = 1_000_000, 1_000  # ns
MINUTE = 60_000  # ms
LOT = 100  # shares
MILLIS_TO, MICROS_FROM = 9 * 10**12, 10**14  # stamps of a bearable age, in either unit

# the bounds are checked while decoding, which is quicker than any check afterwards; stamps stay within 64 bits of ns
type Price = Annotated[float, Meta(gt=0, lt=1e9)]
type Side = Annotated[float, Meta(ge=0, lt=1e9)]  # an empty side of a quote is 0
type Size = Annotated[float, Meta(ge=0, lt=1e12)]
type Millis = Annotated[int, Meta(ge=0, lt=MILLIS_TO)]
type Micros = Annotated[int, Meta(ge=0, lt=9 * 10**15)]
type Symbol = Annotated[str, Meta(min_length=1, max_length=24)]
type Id = Annotated[str, Meta(max_length=64)]
type Code = Annotated[int, Meta(ge=0, lt=1_000_000)]

# indicator -> whether trading stops; Polygon's LULD page names 17 (halt) and 18 (resumption), for Nasdaq's listings only
PAUSES = {17: True, 18: False}


class TradeMessage(Struct, tag_field="ev", tag="T", gc=False):
    """One print."""

    sym: Symbol
    t: Millis
    p: Price
    s: Size
    i: Id = ""
    x: Code = 0
    z: Code = 0
    c: tuple[Code, ...] = ()


class QuoteMessage(Struct, tag_field="ev", tag="Q", gc=False, rename={"as_": "as"}):
    """The national best bid and offer; a side that nobody quotes is left out or 0."""

    sym: Symbol
    t: Millis
    bp: Side = 0.0
    bs: Size = 0.0
    ap: Side = 0.0
    as_: Size = 0.0


class _BarMessage(Struct, gc=False):
    """A completed bar, stamped by its start ``s``. Its average size is rounded, so the number of its trades stays unknown."""

    sym: Symbol
    s: Millis
    o: Price
    h: Price
    l: Price  # noqa: E741  # the vendor's name
    c: Price
    v: Size
    vw: float | None = None


class SecondMessage(_BarMessage, tag_field="ev", tag="A", gc=False):
    """A completed second."""


class MinuteMessage(_BarMessage, tag_field="ev", tag="AM", gc=False):
    """A completed minute."""


class BandMessage(Struct, tag_field="ev", tag="LULD", gc=False):
    """Limit-up limit-down news of symbol ``T``: price bands, halts and resumptions by indicator."""

    T: Symbol
    t: Micros
    i: tuple[Code, ...] = ()


class StatusMessage(Struct, tag_field="ev", tag="status", gc=False):
    """What the server says of the connection itself."""

    status: str
    message: str = ""


class _Head(Struct, gc=False):
    ev: str


type Message = TradeMessage | QuoteMessage | SecondMessage | MinuteMessage | BandMessage | StatusMessage

KNOWN = {"T", "Q", "A", "AM", "LULD", "status"}
_frame: Callable[[bytes], list[Message]] = msgspec.json.Decoder(list[Message]).decode
_head: Callable[[msgspec.Raw], _Head] = msgspec.json.Decoder(_Head).decode
_message: Callable[[msgspec.Raw], Message] = msgspec.json.Decoder(Message).decode
_new = tuple.__new__  # a Trade's own constructor costs three times as much


class Heard:
    """What some frames held; ``bad`` counts messages that break the vendor's own rules, and were dropped."""

    __slots__ = ("_quotes", "_told", "bad", "halts", "messages", "minutes", "seconds", "statuses", "trades")

    def __init__(self) -> None:
        self.trades: list[Trade] = []
        self.seconds: list[Bar] = []
        self.minutes: list[Bar] = []
        self.halts: list[Halt] = []
        self.statuses: list[StatusMessage] = []
        self.messages = self.bad = 0
        self._quotes: dict[str, QuoteMessage] = {}  # symbol -> newest
        self._told: dict[
            str, tuple[int, int]
        ] = {}  # symbol -> trades before its newest minute bar, and that minute's end in ns

    def take(self, frame: bytes) -> None:
        """Add what ``frame`` holds; never raises. Messages of kinds that we did not ask for are passed over."""
        try:
            messages = _frame(frame) if ESCAPE not in frame else self._one_by_one(frame)
        except (ValueError, RecursionError):
            messages = self._one_by_one(frame)
        self.messages += len(messages)
        keep, quotes = self.trades.append, self._quotes
        for m in messages:  # each step here is taken a million times in a second
            if type(m) is QuoteMessage:
                quotes[m.sym] = m
            elif type(m) is TradeMessage:
                tape, words = TAPES[m.z], CONDITIONS[m.c]
                keep(_new(Trade, (m.sym, m.t * MILLI, m.p, m.s, m.i, EXCHANGES[m.x], tape, words)))
            else:
                self._rare(m)

    def batch(self) -> Batch:
        """All of it as our values; of each symbol's quotes the newest."""
        quotes = [Quote(q.sym, q.t * MILLI, q.bp, q.bs * LOT, q.ap, q.as_ * LOT) for q in self._quotes.values()]
        return Batch(self.trades, quotes, self.minutes, self.seconds, halts=self.halts, late=self._late() if self._told else (),
                     events=self.messages - len(self.statuses))  # fmt: skip

    def _late(self) -> list[Trade]:
        """The trades that follow the bar of their own minute, or of a later one."""
        told, first = self._told, min(place for place, _ in self._told.values())
        found = list[Trade]()
        for place, trade in enumerate(self.trades[first:], first):
            after, end = told.get(trade.symbol, (0, 0))
            if place >= after and trade.at < end:
                found.append(trade)
        return found

    def _rare(self, message: Message) -> None:
        match message:
            case StatusMessage():
                self.statuses.append(message)
            case SecondMessage():
                self.seconds.append(_bar(message))
            case MinuteMessage():
                self.minutes.append(_bar(message))
                self._told[message.sym] = len(self.trades), (message.s + MINUTE) * MILLI
            case BandMessage() if MILLIS_TO <= message.t < MICROS_FROM:
                self.messages -= 1
                self.bad += 1
            case BandMessage():
                self.halts += _halts(message)

    def _one_by_one(self, frame: bytes) -> list[Message]:
        good, bad = salvaged(frame, lambda part: _head(part).ev in KNOWN, _message)
        self.bad += bad
        return good


def heard(frames: Sequence[bytes | str]) -> Heard:
    """What ``frames`` hold together; never raises."""
    found = Heard()
    for frame in frames:
        found.take(frame.encode() if isinstance(frame, str) else frame)
    return found


def _bar(m: _BarMessage) -> Bar:
    average = m.vw if m.vw is not None and 0 < m.vw < 1e9 else None
    return Bar(m.sym, m.s * MILLI, m.o, m.h, m.l, m.c, m.v, vwap=average)


def _halts(m: BandMessage) -> list[Halt]:
    """The halt or its end, if it is one; mere bands are none."""
    at = m.t * (MICRO if m.t >= MICROS_FROM else MILLI)
    stops = [PAUSES[code] for code in m.i if code in PAUSES]
    return [Halt(m.T, at, stop, "Limit-up limit-down pause" if stop else "Trading resumed") for stop in stops[:1]]

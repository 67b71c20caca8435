"""Alpaca's market-data words, translated: stream frames, bars and snapshots in, domain values out.

Shapes follow Alpaca's stock data reference. We ask for JSON rather than msgpack: its times keep their nanoseconds.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from qv_desktop.adapters.alpaca.fields import Raw, moment, nanoseconds, number, text
from qv_desktop.domain.market import Bar, Halt, Quote, Snapshot, Trade, ns

type Price = Annotated[float, Meta(gt=0, lt=1e9)]
type Side = Annotated[float, Meta(ge=0, lt=1e9)]  # an empty side of a quote is 0
type Size = Annotated[float, Meta(ge=0)]
type Symbol = Annotated[str, Meta(min_length=1, max_length=24)]

# trading status code -> whether trading stops, from Alpaca's tables of the CTA's and the UTP's codes; others say nothing of it
STOPS = {"H": True, "P": True, "Q": True, "2": True, "5": True, "T": False, "3": False}


class TradeMessage(Struct, tag_field="T", tag="t", gc=False):
    """One print."""

    S: Symbol
    t: str
    p: Price
    s: Size
    i: int = 0
    x: str = ""
    z: str = ""
    c: list[str] = []

    def value(self) -> Trade:
        """The trade."""
        return Trade(self.S, nanoseconds(self.t), self.p, self.s, str(self.i), self.x, self.z, " ".join(self.c))


class QuoteMessage(Struct, tag_field="T", tag="q", gc=False, rename={"as_": "as"}):
    """The best bid and offer of the feed."""

    S: Symbol
    t: str
    bp: Side = 0.0
    bs: Size = 0.0
    ap: Side = 0.0
    as_: Size = 0.0

    def value(self) -> Quote:
        """The quote."""
        return Quote(self.S, nanoseconds(self.t), self.bp, self.bs, self.ap, self.as_)


class _Minute(Struct, gc=False):
    S: Symbol
    t: str
    o: Price
    h: Price
    l: Price  # noqa: E741  # the vendor's name
    c: Price
    v: Size
    n: int = 0
    vw: float | None = None

    def value(self) -> Bar:
        """The bar."""
        return Bar(self.S, nanoseconds(self.t), self.o, self.h, self.l, self.c, self.v, self.n, self.vw)


class MinuteMessage(_Minute, tag_field="T", tag="b", gc=False):
    """A completed minute."""


class AmendedMessage(_Minute, tag_field="T", tag="u", gc=False):
    """A minute again, with the trades that came late."""


class TradingMessage(Struct, tag_field="T", tag="s", gc=False):
    """A change of a symbol's trading status."""

    S: Symbol
    t: str
    sc: str
    sm: str = ""
    rm: str = ""

    def value(self) -> Halt | None:
        """The halt or resumption, or None when trading is not concerned."""
        stops = STOPS.get(self.sc)
        return None if stops is None else Halt(self.S, nanoseconds(self.t), stops, self.rm or self.sm or self.sc)


class ErrorMessage(Struct, tag_field="T", tag="error", gc=False):
    """What the server complains of."""

    code: int
    msg: str = ""


class SuccessMessage(Struct, tag_field="T", tag="success", gc=False):
    """A step of the handshake."""

    msg: str = ""


class _Head(Struct, gc=False):
    T: str


type Message = (
    TradeMessage | QuoteMessage | MinuteMessage | AmendedMessage | TradingMessage | ErrorMessage | SuccessMessage
)

KNOWN = {"t", "q", "b", "u", "s", "error", "success"}
_frame: Callable[[bytes | str], list[Message]] = msgspec.json.Decoder(list[Message]).decode
_parts: Callable[[bytes | str], list[msgspec.Raw]] = msgspec.json.Decoder(list[msgspec.Raw]).decode
_head: Callable[[msgspec.Raw], _Head] = msgspec.json.Decoder(_Head).decode
_message: Callable[[msgspec.Raw], Message] = msgspec.json.Decoder(Message).decode


@dataclass(slots=True)
class Heard:
    """What one frame held: ``bad`` counts messages that break the vendor's own rules, and were dropped."""

    values: list[Trade | Quote | Bar | Halt] = field(default_factory=list)
    errors: list[ErrorMessage] = field(default_factory=list)
    successes: list[str] = field(default_factory=list)
    messages: int = 0
    bad: int = 0


def heard(frame: bytes | str) -> Heard:
    """The values, errors and handshake words in ``frame``; never raises. Kinds that we did not ask for are passed over."""
    found = Heard()
    for message in _messages(frame, found):
        found.messages += 1
        match message:
            case ErrorMessage():
                found.errors.append(message)
            case SuccessMessage():
                found.successes.append(message.msg)
            case _:
                _keep(message, found)
    return found


def _keep(message: TradeMessage | QuoteMessage | _Minute | TradingMessage, found: Heard) -> None:
    try:
        value = message.value()
    except (ValueError, OverflowError):  # a time that is none
        found.bad += 1
        return
    if value is not None:
        found.values.append(value)


def _messages(frame: bytes | str, found: Heard) -> list[Message]:
    try:
        return _frame(frame)
    except (ValueError, RecursionError):
        return _one_by_one(frame, found)


def _one_by_one(frame: bytes | str, found: Heard) -> list[Message]:
    """One bad or unknown message must not cost the good ones beside it."""
    try:
        parts = _parts(frame)
    except (ValueError, RecursionError):
        found.bad += 1
        return []
    good: list[Message] = []
    for part in parts:
        try:
            if _head(part).T in KNOWN:
                good.append(_message(part))
        except (ValueError, RecursionError):
            found.bad += 1
    return good


def bar(symbol: str, raw: Raw) -> Bar:
    """One bar of a history answer. Raises ValueError, TypeError or KeyError when it lacks a price or its time."""
    opened, high, low, close, volume = (float(str(raw[key])) for key in ("o", "h", "l", "c", "v"))
    return Bar(symbol, nanoseconds(text(raw, "t")), opened, high, low, close, volume, int(str(raw.get("n") or 0)),
               _float(raw, "vw"))  # fmt: skip


def snapshot(symbol: str, raw: Raw) -> Snapshot:
    """What the snapshot says; anything missing stays unknown."""
    trade, quote, day, before = (_part(raw, key) for key in ("latestTrade", "latestQuote", "dailyBar", "prevDailyBar"))
    return Snapshot(symbol, last=_float(trade, "p"), last_at=_stamp(trade), previous_close=_float(before, "c"),
                    quote=_quote(symbol, quote), day_open=_float(day, "o"), day_high=_float(day, "h"),
                    day_low=_float(day, "l"), day_volume=_float(day, "v"), source="Alpaca")  # fmt: skip


def _quote(symbol: str, raw: Raw) -> Quote | None:
    at = _stamp(raw)
    if at is None:
        return None
    return Quote(symbol, at, *(_float(raw, key) or 0.0 for key in ("bp", "bs", "ap", "as")))


def _part(raw: Raw, key: str) -> Raw:
    found = raw.get(key)
    return found if isinstance(found, dict) else {}


def _float(raw: Raw, key: str) -> float | None:
    found = number(raw, key)
    return None if found is None else float(found)


def _stamp(raw: Raw) -> int | None:
    at = moment(raw, "t")
    return None if at is None else ns(at)

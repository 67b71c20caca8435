"""The messages of Alpaca's price stream as it writes them; what breaks its own rules is not decoded.

Shapes follow Alpaca's stock data reference. We ask for JSON rather than msgpack: its times keep their nanoseconds.
"""

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

# the bounds are checked while decoding, which is quicker than any check afterwards
type Price = Annotated[float, Meta(gt=0, lt=1e9)]
type Side = Annotated[float, Meta(ge=0, lt=1e9)]  # an empty side of a quote is 0
type Size = Annotated[float, Meta(ge=0, lt=1e12)]
type Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
type Code = Annotated[str, Meta(max_length=24)]  # of an exchange, a tape or a condition
type Symbol = Annotated[str, Meta(min_length=1, max_length=24)]


class TradeMessage(Struct, tag_field="T", tag="t", gc=False):
    """One print."""

    S: Symbol
    t: str
    p: Price
    s: Size
    i: Count = 0
    x: Code = ""
    z: Code = ""
    c: tuple[Code, ...] = ()


class QuoteMessage(Struct, tag_field="T", tag="q", gc=False, rename={"as_": "as"}):
    """The best bid and offer of the feed, its sizes in shares."""

    S: Symbol
    t: str
    bp: Side = 0.0
    bs: Size = 0.0
    ap: Side = 0.0
    as_: Size = 0.0


class BarMessage(Struct, gc=False):
    S: Symbol
    t: str
    o: Price
    h: Price
    l: Price  # noqa: E741  # the vendor's name
    c: Price
    v: Size
    n: Count = 0
    vw: float | None = None


class MinuteMessage(BarMessage, tag_field="T", tag="b", gc=False):
    """A completed minute."""


class AmendedMessage(BarMessage, tag_field="T", tag="u", gc=False):
    """A minute again, with the trades that came late."""


class DayMessage(BarMessage, tag_field="T", tag="d", gc=False):
    """The day so far."""


class TradingMessage(Struct, tag_field="T", tag="s", gc=False):
    """A change of a symbol's trading status."""

    S: Symbol
    t: str
    sc: str
    sm: str = ""
    rm: str = ""


class CorrectionMessage(Struct, tag_field="T", tag="c", gc=False):
    """A print that was wrong (``oi``), and how it should have read."""

    S: Symbol
    t: str
    oi: Count
    ci: Count
    cp: Price
    cs: Size
    x: Code = ""
    z: Code = ""
    cc: tuple[Code, ...] = ()


class CancelMessage(Struct, tag_field="T", tag="x", gc=False):
    """A print that is taken back."""

    S: Symbol
    t: str
    i: Count
    x: Code = ""
    z: Code = ""


class ErrorMessage(Struct, tag_field="T", tag="error", gc=False):
    """What the server complains of."""

    code: int
    msg: str = ""


class SuccessMessage(Struct, tag_field="T", tag="success", gc=False):
    """A step of the handshake."""

    msg: str = ""


class SubscriptionMessage(Struct, tag_field="T", tag="subscription", gc=False):
    """What we are subscribed to; the answer to each change, and to a probe."""


class BandMessage(Struct, tag_field="T", tag="l", gc=False):
    """Price bands; they stop nothing."""


class Head(Struct, gc=False):
    T: str


type Message = (
    TradeMessage | QuoteMessage | MinuteMessage | AmendedMessage | DayMessage | TradingMessage | CorrectionMessage
    | CancelMessage | ErrorMessage | SuccessMessage | SubscriptionMessage | BandMessage
)  # fmt: skip

KNOWN = {"t", "q", "b", "u", "d", "s", "c", "x", "error", "success", "subscription", "l"}
frame_of: Callable[[bytes], list[Message]] = msgspec.json.Decoder(list[Message]).decode
head_of: Callable[[msgspec.Raw], Head] = msgspec.json.Decoder(Head).decode
message_of: Callable[[msgspec.Raw], Message] = msgspec.json.Decoder(Message).decode

"""How Alpaca writes a trade, a quote and a bar, in REST answers and on its stream."""

from collections.abc import Callable
from datetime import UTC, datetime

from qv_desktop.simulator.ticks import SECOND, Bar, Quote, Trade

type Stamp = Callable[[int], object]  # ns UTC -> the timestamp as the codec carries it
type Words = dict[str, object]


def rfc3339(t: int) -> str:
    """`t` (ns UTC) as RFC 3339 with as many fractional digits as it needs, up to nine."""
    whole, nanoseconds = divmod(t, SECOND)
    text = datetime.fromtimestamp(whole, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{nanoseconds:09d}".rstrip("0")
    return f"{text}.{fraction}Z" if fraction else f"{text}Z"


def words(point: Trade | Quote | Bar, stamp: Stamp = rfc3339) -> Words:
    """A trade, quote or bar under Alpaca's one-letter names; quote sizes are in shares."""
    match point:
        case Trade():
            return _trade(point, stamp)
        case Quote():
            return _quote(point, stamp)
        case Bar():
            return _bar(point, stamp)


def _trade(trade: Trade, stamp: Stamp) -> Words:
    return {
        "t": stamp(trade.t),
        "x": trade.exchange,
        "p": trade.price,
        "s": trade.size,
        "c": list(trade.conditions),
        "i": trade.id,
        "z": trade.tape,
    }


def _quote(quote: Quote, stamp: Stamp) -> Words:
    return {
        "t": stamp(quote.t),
        "ax": quote.exchange,
        "ap": quote.ask,
        "as": quote.ask_size,
        "bx": quote.exchange,
        "bp": quote.bid,
        "bs": quote.bid_size,
        "c": list(quote.conditions),
        "z": quote.tape,
    }


def _bar(bar: Bar, stamp: Stamp) -> Words:
    return {
        "t": stamp(bar.t),
        "o": bar.open,
        "h": bar.high,
        "l": bar.low,
        "c": bar.close,
        "v": bar.volume,
        "n": bar.count,
        "vw": round(bar.vwap, 6),
    }

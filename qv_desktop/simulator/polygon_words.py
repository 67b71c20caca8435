"""How Polygon writes trades, quotes and bars, in REST answers and on its stream.

Units per its documents: stream times in ms, REST tick times in ns, bar times in ms, quote sizes in round lots.
"""

import base64
import uuid
from typing import Any

from qv_desktop.simulator.ticks import SECOND, Bar, Quote, Status, Trade

type Words = dict[str, Any]

MILLISECOND = 1_000_000
EXCHANGE_IDS = {"A": 1, "B": 2, "C": 3, "D": 4, "J": 7, "K": 8, "N": 10, "P": 11, "Q": 12, "V": 15, "Y": 18, "Z": 19}
TAPE_IDS = {"A": 1, "B": 2, "C": 3}
CONDITION_IDS = {"T": 12}  # extended hours; a regular sale carries none
SHARES_PER_LOT = 100
HALTED, RESUMED, BAND_ONLY = 17, 18, 21  # LULD indicators


def ok(results: object, **more: object) -> Words:
    """The usual envelope."""
    return {"status": "OK", "request_id": request_id(), "results": results, **more}


def request_id() -> str:
    """A new id of a request."""
    return uuid.uuid4().hex


def cursor(**asked: object) -> str:
    """An opaque page token: the query in base64, as the vendor does it."""
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    return base64.urlsafe_b64encode(query.encode()).decode().rstrip("=")


def agg(bar: Bar) -> Words:
    """A bar as a REST aggregate."""
    return {
        "t": bar.t // MILLISECOND,
        "o": bar.open,
        "h": bar.high,
        "l": bar.low,
        "c": bar.close,
        "v": bar.volume,
        "vw": bar.vwap,
        "n": bar.count,
    }


def lots(shares: int) -> int:
    """Shares as round lots, at least one."""
    return max(1, shares // SHARES_PER_LOT)


def conditions(trade: Trade) -> list[int]:
    """The sale conditions by Polygon's numbers."""
    return [CONDITION_IDS[one] for one in trade.conditions if one in CONDITION_IDS]


def sequence(t: int) -> int:
    """A number that grows with time, in microseconds of a day or so."""
    return t // 1000 % 10**11


def last_trade(trade: Trade) -> Words:
    """/v2/last/trade results."""
    return {
        "T": trade.symbol,
        "c": conditions(trade),
        "i": str(trade.id),
        "p": trade.price,
        "q": sequence(trade.t),
        "s": trade.size,
        "t": trade.t,
        "x": EXCHANGE_IDS[trade.exchange],
        "y": trade.t,
        "z": TAPE_IDS[trade.tape],
    }


def last_quote(quote: Quote) -> Words:
    """/v2/last/nbbo results: capitals are the ask's."""
    exchange = EXCHANGE_IDS[quote.exchange]
    return {
        "T": quote.symbol,
        "P": quote.ask,
        "S": lots(quote.ask_size),
        "X": exchange,
        "p": quote.bid,
        "s": lots(quote.bid_size),
        "x": exchange,
        "q": sequence(quote.t),
        "t": quote.t,
        "y": quote.t,
        "z": TAPE_IDS[quote.tape],
    }


def historic_trade(trade: Trade) -> Words:
    """One of /v3/trades."""
    return {
        "conditions": conditions(trade),
        "exchange": EXCHANGE_IDS[trade.exchange],
        "id": str(trade.id),
        "participant_timestamp": trade.t,
        "price": trade.price,
        "sequence_number": sequence(trade.t),
        "sip_timestamp": trade.t,
        "size": trade.size,
        "tape": TAPE_IDS[trade.tape],
    }


def historic_quote(quote: Quote) -> Words:
    """One of /v3/quotes."""
    exchange = EXCHANGE_IDS[quote.exchange]
    return {
        "ask_exchange": exchange,
        "ask_price": quote.ask,
        "ask_size": lots(quote.ask_size),
        "bid_exchange": exchange,
        "bid_price": quote.bid,
        "bid_size": lots(quote.bid_size),
        "participant_timestamp": quote.t,
        "sequence_number": sequence(quote.t),
        "sip_timestamp": quote.t,
        "tape": TAPE_IDS[quote.tape],
    }


def streamed_trade(trade: Trade) -> Words:
    """A T event."""
    return {
        "ev": "T",
        "sym": trade.symbol,
        "x": EXCHANGE_IDS[trade.exchange],
        "i": str(trade.id),
        "z": TAPE_IDS[trade.tape],
        "p": trade.price,
        "s": trade.size,
        "c": conditions(trade),
        "t": trade.t // MILLISECOND,
        "q": sequence(trade.t),
    }


def streamed_quote(quote: Quote) -> Words:
    """A Q event."""
    exchange = EXCHANGE_IDS[quote.exchange]
    return {
        "ev": "Q",
        "sym": quote.symbol,
        "bx": exchange,
        "bp": quote.bid,
        "bs": lots(quote.bid_size),
        "ax": exchange,
        "ap": quote.ask,
        "as": lots(quote.ask_size),
        "c": 0,
        "i": [],
        "t": quote.t // MILLISECOND,
        "q": sequence(quote.t),
        "z": TAPE_IDS[quote.tape],
    }


def streamed_bar(bar: Bar, day: Bar | None) -> Words:
    """An A event (one second) or AM event (one minute), with what the day has come to."""
    return {
        "ev": "A" if bar.span == 1 else "AM",
        "sym": bar.symbol,
        "v": bar.volume,
        "av": day.volume if day else bar.volume,
        "op": day.open if day else bar.open,
        "vw": bar.vwap,
        "o": bar.open,
        "c": bar.close,
        "h": bar.high,
        "l": bar.low,
        "a": day.vwap if day else bar.vwap,
        "z": bar.volume // max(1, bar.count),
        "s": bar.t // MILLISECOND,
        "e": (bar.t + bar.span * SECOND) // MILLISECOND,
    }


def streamed_limits(bar: Bar, tape: str) -> Words:
    """A LULD event: the price band around the last minute's average, 5 % as for tier 1."""
    t = bar.t + bar.span * SECOND
    return {
        "ev": "LULD",
        "T": bar.symbol,
        "h": round(bar.vwap * 1.05, 2),
        "l": round(bar.vwap * 0.95, 2),
        "i": [BAND_ONLY],
        "z": TAPE_IDS[tape],
        "t": t // MILLISECOND,
        "q": sequence(t),
    }


def streamed_pause(status: Status, last: Trade | None) -> Words:
    """A LULD event that halts a symbol or lets it trade again, with the band around its last price (0 without one)."""
    price = last.price if last else 0.0
    return {
        "ev": "LULD",
        "T": status.symbol,
        "h": round(price * 1.05, 2),
        "l": round(price * 0.95, 2),
        "i": [HALTED if status.code == "H" else RESUMED],
        "z": TAPE_IDS[last.tape if last else "C"],
        "t": status.t // MILLISECOND,
        "q": sequence(status.t),
    }

"""A million mutated frames for each vendor's parser: none may crash or hang it, and what is bad must be counted."""

import math
import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from qv_desktop.adapters.alpaca import price_messages, price_words
from qv_desktop.adapters.polygon import messages
from qv_desktop.domain.market import Batch

FRAMES = 1_000_000
HANG = 5.0  # s for one frame; a parser that needs a thousandth of it is slow, but a busy machine may stop any of them for a while
LAST = 2**63  # ns; what we store has 64 bits

POLYGON = (
    b'[{"ev":"T","sym":"MSFT","x":4,"i":"12345","z":3,"p":114.125,"s":100,"c":[0,12],"t":1536036818784,"q":3681328},'
    b'{"ev":"Q","sym":"MSFT","bx":4,"bp":114.125,"bs":100,"ax":7,"ap":114.128,"as":160,"c":0,"t":1536036818784,"q":50385480,"z":3}]',
    b'[{"ev":"AM","sym":"GTE","v":4110,"av":9470157,"op":0.4372,"vw":0.4488,"o":0.4488,"c":0.4486,"h":0.4489,"l":0.4486,"a":0.4352,'
    b'"z":685,"s":1610144640000,"e":1610144700000},{"ev":"A","sym":"SPCE","v":200,"vw":25.3981,"o":25.39,"c":25.39,"h":25.39,'
    b'"l":25.39,"z":50,"s":1610144868000,"e":1610144869000}]',
    b'[{"ev":"LULD","T":"MSFT","h":218.06,"l":197.3,"i":[17],"z":3,"t":1601316752683746,"q":8929267},'
    b'{"ev":"status","status":"success","message":"subscribed to: T.MSFT"}]',
)
ALPACA = (
    b'[{"T":"t","S":"AAPL","i":628,"x":"K","p":162.92,"s":3,"c":["@","F"],"z":"C","t":"2023-04-06T11:54:26.838232225Z"},'
    b'{"T":"q","S":"AMD","bx":"U","bp":87.66,"bs":1,"ax":"Q","ap":87.68,"as":4,"t":"2021-02-22T15:51:45.335689322Z","c":["R"]}]',
    b'[{"T":"b","S":"SPY","o":388.985,"h":389.13,"l":388.975,"c":389.12,"v":49378,"n":461,"vw":389.06,"t":"2021-02-22T19:15:00Z"},'
    b'{"T":"d","S":"SPY","o":388.9,"h":389.1,"l":388.9,"c":389.1,"v":4937,"n":46,"vw":389.0,"t":"2021-02-22T05:00:00Z"}]',
    b'[{"T":"c","S":"EEM","x":"M","oi":5298,"op":39.15,"os":44,"oc":[" "],"ci":5299,"cp":39.18,"cs":44,"cc":[" ","7"],"z":"B",'
    b'"t":"2023-04-06T14:25:06.542305024Z"},{"T":"x","S":"GOOGL","i":465,"x":"D","p":105.3,"s":3,"a":"C","z":"C",'
    b'"t":"2023-04-06T13:15:42.83540958Z"}]',
    b'[{"T":"s","S":"AAPL","sc":"H","sm":"Trading Halt","rc":"T12","rm":"Halted","t":"2021-02-22T19:15:00Z","z":"C"},'
    b'{"T":"u","S":"A","o":1,"h":2,"l":1,"c":2,"v":9,"n":3,"t":"2021-02-22T19:15:00Z"},{"T":"error","code":405,"msg":"symbol limit"}]',
)
# what may stand where a value was
ODD = (b"null", b"true", b"-1", b"0", b"1e308", b"1e999", b"NaN", b"-Infinity", b"9" * 400, b"-0.0", b"1e-320", b"{}", b"[]", b'""',
       b'"' + b"A" * 300 + b'"', b'"\\u0000"', b'"\\ud800"', b'"\xff"', b"[" * 5000, b"[" * 200 + b"]" * 200,
       b'{"a":' * 200 + b"1" + b"}" * 200, b"99999999999999999999", b'"9999-12-31T23:59:59.9Z"', b'"2021-02-22T19:15:00"',
       b'"NaN"')  # fmt: skip

type Read = Callable[[Sequence[bytes]], Any]


@dataclass(slots=True)
class Tally:
    """What became of the frames."""

    frames: int = 0
    crashes: int = 0
    hangs: int = 0
    bad: int = 0  # frames in which the parser counted something bad
    unaccounted: int = 0  # frames with a message that was neither read nor counted
    absurd: int = 0  # frames that yielded a value which must not reach the model
    slowest: float = 0.0  # s
    examples: list[bytes] = field(default_factory=list)


def figures() -> dict[str, object]:
    """Half of the frames for each vendor; all but ``frames``, ``bad_counted`` and ``slowest_ms`` must be zero."""
    tallies = [polygon(FRAMES // 2, seed=1), alpaca(FRAMES // 2, seed=2)]
    return {
        "frames": sum(tally.frames for tally in tallies),
        "crashes": sum(tally.crashes for tally in tallies),
        "hangs": sum(tally.hangs for tally in tallies),
        "bad_counted": sum(tally.bad for tally in tallies),
        "bad_uncounted": sum(tally.unaccounted for tally in tallies),
        "absurd_values": sum(tally.absurd for tally in tallies),
        "slowest_ms": round(max(tally.slowest for tally in tallies) * 1000, 3),
    }


def polygon(count: int, seed: int) -> Tally:
    """Polygon's parser on ``count`` mutated frames."""
    return _tally(messages.heard, mutated(POLYGON, count, seed), "ev", messages.KNOWN)


def alpaca(count: int, seed: int) -> Tally:
    """Alpaca's parser on ``count`` mutated frames."""
    return _tally(price_messages.heard, mutated(ALPACA, count, seed), "T", price_words.KNOWN)


def mutated(seeds: Sequence[bytes], count: int, seed: int) -> Iterator[bytes]:
    """``count`` frames, each with one to four mutations; the same for the same ``seed``."""
    chance = random.Random(seed)
    kinds = (_flipped, _cut, _repeated, _retyped, _retyped, _renamed, _shuffled)
    for _ in range(count):
        frame = chance.choice(seeds)
        for _ in range(chance.choice((1, 1, 1, 2, 3, 4))):
            frame = chance.choice(kinds)(frame, chance) or b"["
        yield frame[:20_000]


def _flipped(frame: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(frame))
    return frame[:at] + bytes([frame[at] ^ (1 << chance.randrange(8))]) + frame[at + 1 :]


def _cut(frame: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(frame))
    return chance.choice((frame[:at], frame[at:], frame[:at] + frame[at + chance.randrange(1, 9) :]))


def _repeated(frame: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(frame))
    piece = frame[start : start + chance.randrange(1, 200)]
    at = chance.randrange(len(frame))
    return frame[:at] + piece * chance.choice((1, 1, 2, 5)) + frame[at:]


def _retyped(frame: bytes, chance: random.Random) -> bytes:
    """Another value after one of the colons."""
    colons = [at for at, char in enumerate(frame) if char == ord(":")]
    if not colons:
        return frame
    at = chance.choice(colons) + 1
    end = min((found for found in (frame.find(b",", at), frame.find(b"}", at)) if found >= 0), default=len(frame))
    return frame[:at] + chance.choice(ODD) + frame[end:]


def _renamed(frame: bytes, chance: random.Random) -> bytes:
    """A kind that is unknown, or a key that is missing."""
    marks = [at for at, char in enumerate(frame) if char == ord('"')]
    if not marks:
        return frame
    at = chance.choice(marks) + 1
    return frame[:at] + chance.choice((b"zz", b"NOI", b"T", b"Q", b"t", b"q")) + frame[at + 1 :]


def _shuffled(frame: bytes, chance: random.Random) -> bytes:
    """Pieces between commas in another order."""
    pieces = frame.split(b",")
    chance.shuffle(pieces)
    return b",".join(pieces)


def _tally(read: Read, frames: Iterator[bytes], tag: str, known: set[str]) -> Tally:
    tally = Tally()
    for frame in frames:
        tally.frames += 1
        began = time.perf_counter()
        try:
            found = read([frame])
            batch: Batch = found.batch()
        except Exception:  # noqa: BLE001  # whatever it raises is a crash, and is counted
            tally.crashes += 1
            tally.examples.append(frame[:500])
            continue
        took = time.perf_counter() - began
        tally.slowest = max(tally.slowest, took)
        tally.hangs += took > HANG
        tally.bad += found.bad > 0
        _look(tally, frame, found, batch, tag, known)
    return tally


def _look(tally: Tally, frame: bytes, found: Any, batch: Batch, tag: str, known: set[str]) -> None:
    unaccounted, absurd = not _accounted(frame, found, tag, known), not sane(batch)
    tally.unaccounted += unaccounted
    tally.absurd += absurd
    if unaccounted or absurd:
        tally.examples.append(frame[:500])


def _accounted(frame: bytes, found: Any, tag: str, known: set[str]) -> bool:
    """Whether each message was read, counted as bad, or of a kind that nobody asked for; by a reader of its own."""
    try:
        parts = msgspec.json.decode(frame, type=list[msgspec.Raw])
    except (ValueError, RecursionError):
        return bool(found.bad)
    read = found.messages + found.bad
    return bool(read <= len(parts) <= read + sum(_strange(part, tag, known) for part in parts))


def _strange(part: msgspec.Raw, tag: str, known: set[str]) -> bool:
    """Whether a message is of a kind that nobody asked for, whatever else it holds."""
    try:
        kind = msgspec.json.decode(msgspec.json.decode(part, type=dict[str, msgspec.Raw])[tag])
    except (ValueError, RecursionError, KeyError):  # the vendor's reader looks no further than the kind
        kinds = re.findall(rb'"%b":"([^"]*)"' % tag.encode(), bytes(part))
        return any(kind.decode(errors="replace") not in known for kind in kinds)
    return isinstance(kind, str) and kind not in known


def sane(batch: Batch) -> bool:
    """Whether no price is zero, negative or no number, and every stamp fits where it is kept."""
    bars = (*batch.seconds, *batch.minutes, *batch.days)
    trades = (*batch.trades, *(correction.trade for correction in batch.corrections if correction.trade))
    prices = [trade.price for trade in trades] + [
        price for bar in bars for price in (bar.open, bar.high, bar.low, bar.close, bar.vwap or 1.0)
    ]
    sides = [side for quote in batch.quotes for side in (quote.bid, quote.ask, quote.bid_size, quote.ask_size)]
    sizes = [*(trade.size for trade in trades), *(bar.volume for bar in bars)]
    stamps = [event.at for event in (*trades, *batch.quotes, *batch.halts, *batch.corrections)] + [
        bar.start for bar in bars
    ]
    texts = "".join(trade.symbol + trade.id + trade.exchange + trade.tape + trade.conditions for trade in trades)
    return (
        all(0 < price < math.inf for price in prices)
        and all(0 <= side < math.inf for side in sides + sizes)
        and all(0 <= at < LAST for at in stamps)
        and "\0" not in texts
    )

"""How many of a feed's events a second become what the program knows, beside the vendor's own client on the same frames.

Ours is counted from bytes to model: decode, last prices, quotes, day's range, bars of the charts that are open, what moved since the
last frame of the screen, and the trades handed on for storing. The peer only parses. Both run without garbage collection, which
the program does on a timer.
"""

import gc
import json
import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import batched

import msgspec
from polygon.websocket.models import parse
from polygon.websocket.models.common import Market

from qv_desktop.adapters.polygon.messages import heard
from qv_desktop.domain.market import Trade, timeframe
from qv_desktop.services.clock import Clock
from qv_desktop.services.market_data import MarketData
from tests.benchmarks import _feed_path

EVENTS = 100_000  # in one run
A_FRAME = 50  # events in a frame
A_PORTION = 32  # frames that a socket hands over at once; a portion is bounded to some 200 kB
SYMBOLS = tuple(f"{first}{second}Q" for first in "ABCDEF" for second in "KLMNOPRSTU")
CHARTS = SYMBOLS[:8]
ROUNDS = 15
SCREEN = 1 / 60  # s between frames of the screen
START = 1_763_652_600_000  # ms, 2025-11-20 15:30 UTC


def figures() -> dict[str, object]:
    """Bytes to model on one core beside the peer, then the whole path with the real program at two rates."""
    return decoded() | _feed_path.figures()


def decoded() -> dict[str, object]:
    """Events a second on one core, the best of fifteen rounds of each in turn."""
    frames = list(recorded(EVENTS))
    ours, peer = best(lambda: to_model(frames), lambda: parsed(frames))
    return {
        "decode_events_per_s": round(EVENTS / ours),
        "peer_events_per_s": round(EVENTS / peer),
        "ratio": round(peer / ours, 2),
    }


def recorded(events: int, seed: int = 1) -> Iterator[bytes]:
    """Frames as Polygon sends them: four quotes to a trade, prices that walk, stamps that grow."""
    chance = random.Random(seed)
    prices = {symbol: chance.uniform(10, 500) for symbol in SYMBOLS}
    for numbers in batched(range(events), A_FRAME, strict=True):
        yield msgspec.json.encode([_event(number, chance, prices) for number in numbers])


def _event(number: int, chance: random.Random, prices: dict[str, float]) -> dict[str, object]:
    symbol = chance.choice(SYMBOLS)
    prices[symbol] *= 1 + chance.gauss(0, 1e-5)
    price, at = round(prices[symbol], 2), START + number // 50
    if number % 5 == 0:
        return {"ev": "T", "sym": symbol, "x": chance.choice((4, 10, 11, 12, 15, 19)), "i": str(52_983_525_000_000 + number),
                "z": 3, "p": price, "s": chance.choice((1, 10, 50, 100, 200)), "c": chance.choice(([], [12], [14, 41], [37])),
                "t": at, "q": number}  # fmt: skip
    return {"ev": "Q", "sym": symbol, "bx": 4, "bp": round(price - 0.01, 2), "bs": chance.randint(1, 20), "ax": 7, "ap": price,
            "as": chance.randint(1, 20), "c": 1, "t": at, "q": number, "z": 3}  # fmt: skip


def to_model(frames: Sequence[bytes]) -> None:
    """Everything from a socket's bytes to what the screen is told."""
    stored: list[Trade] = []
    market = MarketData(Clock(), lambda event: None, stored.extend, lambda frame, bars: None)
    market.watch("watchlist", SYMBOLS)
    for symbol in CHARTS:
        market.track(symbol, timeframe("1m"), None)
    shown = time.perf_counter()
    for portion in batched(frames, A_PORTION, strict=False):
        market.hear(heard(portion).batch())
        if (now := time.perf_counter()) - shown >= SCREEN:
            shown = now
            market.flush()
    market.flush()
    if len(stored) != EVENTS // 5:
        raise SystemExit(f"{EVENTS // 5 - len(stored)} trades were lost.")


def parsed(frames: Sequence[bytes]) -> None:
    """What the vendor's client does with a frame before its user sees a message."""
    log = logging.getLogger("peer")
    for frame in frames:
        parse(json.loads(frame), log, Market.Stocks)


def best(*runs: Callable[[], None]) -> list[float]:
    """Seconds of the best round of each, run in turn so that a busy machine hurts all alike."""
    times = [[_timed(run) for run in runs] for _ in range(ROUNDS)]
    return [min(column) for column in zip(*times, strict=True)]


def _timed(run: Callable[[], None]) -> float:
    with _no_collection():
        began = time.perf_counter()
        run()
        return time.perf_counter() - began


@contextmanager
def _no_collection() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()

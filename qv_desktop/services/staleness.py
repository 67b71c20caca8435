"""Which symbols have fallen silent although they trade busily and the market is open.

Seconds are those that a person waits: a session that is replayed at ten times its speed is judged as it is seen.
"""

import math
from collections.abc import Iterable

from qv_desktop.services.ticker import Ticker

STALE_AFTER = 5.0  # seconds
LOOK_EVERY = 1.0  # seconds; so a symbol is found a little before it has been silent for that long, never after
YOUNG = 10  # looks before a symbol that was just subscribed is judged
HELD = 600.0  # seconds of silence after which a symbol that was busy is taken for one that has become quiet
LIQUID = 1_000_000.0  # shares a day: who trades so many is heard within seconds


def looked_at(tickers: Iterable[Ticker], now: float, open_now: bool) -> tuple[list[Ticker], bool]:
    """Judge all that is wanted, once a second; those whose staleness changed, and whether a feed must be heard from at all.

    A symbol is busy when it was heard from at least once a second on average over its last minute, or since it was first heard
    when that is less, and at least ten seconds. One that is stale stays so until it is heard, is halted, or regular hours end.
    """
    changed, expected = list[Ticker](), False
    for ticker in tickers:
        was = ticker.stale
        _beat(ticker)
        expected = expected or _expected(ticker, now)
        if was and (ticker.halted or not open_now):
            ticker.stale_at = -math.inf
        elif open_now and ticker.busy and not ticker.halted and now - ticker.heard_at > STALE_AFTER - LOOK_EVERY:
            ticker.stale_at = now
        if ticker.stale is not was:
            changed.append(ticker)
    return changed, expected


def forget(ticker: Ticker) -> None:
    """Nobody listens to the symbol any more, so that its silence means nothing."""
    ticker.beats.clear()
    ticker.busy, ticker.judged, ticker.stale_at, ticker.token = False, False, -math.inf, None


def _expected(ticker: Ticker, now: float) -> bool:
    """Whether silence about the symbol speaks against the feed; of one that was not heard for long enough, its volume decides."""
    if ticker.halted:
        return False
    return now - ticker.heard_at < HELD if ticker.busy else not ticker.judged and ticker.day_volume >= LIQUID


def _beat(ticker: Ticker) -> None:
    """Count a look. Whether a symbol is busy is judged while it is heard, not by its silence."""
    beats, events = ticker.beats, ticker.events
    if not beats and ticker.token is None:
        return
    heard = bool(beats) and events > beats[-1]
    beats.append(events)
    seconds = len(beats) - 1
    if heard and seconds >= YOUNG:
        ticker.busy, ticker.judged = events - beats[0] >= seconds, True

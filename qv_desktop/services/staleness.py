"""Which symbols have fallen silent although they trade busily and the market is open.

Seconds are those that a person waits: a session that is replayed at ten times its speed is judged as it is seen.
"""

from collections.abc import Iterable

from qv_desktop.services.ticker import Ticker

STALE_AFTER = 5.0  # seconds
LOOK_EVERY = 1.0  # seconds; so a symbol is found a little before it has been silent for that long, never after
YOUNG = 10  # looks before a symbol that was just subscribed is judged


def looked_at(tickers: Iterable[Ticker], now: float, open_now: bool) -> tuple[list[Ticker], bool]:
    """Judge all that is wanted, once a second; those whose staleness changed, and whether any symbol is busy.

    A symbol is busy when it was heard from at least once a second on average over its last minute, or since it was first heard
    when that is less, and at least ten seconds. One that is stale stays so until it is heard, is halted, or regular hours end.
    """
    changed, busy = list[Ticker](), False
    for ticker in tickers:
        was = ticker.stale
        average = _beat(ticker)
        busy = busy or (average >= 1 and not ticker.halted)
        if was and (ticker.halted or not open_now):
            ticker.stale_at = float("-inf")
        elif open_now and ticker.busy and not ticker.halted and now - ticker.heard_at > STALE_AFTER - LOOK_EVERY:
            ticker.stale_at = now
        if ticker.stale is not was:
            changed.append(ticker)
    return changed, busy


def forget(ticker: Ticker) -> None:
    """Nobody listens to the symbol any more, so that its silence means nothing."""
    ticker.beats.clear()
    ticker.busy, ticker.stale_at, ticker.token = False, float("-inf"), None


def _beat(ticker: Ticker) -> float:
    """Count a look; events per second over the last minute. Whether it is busy is judged while it is heard, not by its silence."""
    beats, events = ticker.beats, ticker.events
    if not beats and ticker.token is None:
        return 0.0
    heard = bool(beats) and events > beats[-1]
    beats.append(events)
    seconds = len(beats) - 1
    if seconds < YOUNG:
        return 0.0
    average = (events - beats[0]) / seconds
    if heard:
        ticker.busy = average >= 1
    return average

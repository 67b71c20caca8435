"""Prices as traded, made comparable over splits and dividends.

Bars are stored raw. Going back in time, each split divides what was paid for a share, and each dividend takes from it the part that
the price was bound to fall by. Formula of the dividend's factor, 1 − D / P with P the close before the ex-date: CRSP, "Data
Definitions: factor to adjust price", and the one that the vendors state.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import accumulate
from operator import mul

from qv_desktop.domain.market import NEW_YORK, SECOND, Action, Adjustment, Bar


@dataclass(frozen=True, slots=True)
class Step:
    """Before ``at`` (ns) a price is multiplied by ``price`` and a volume by ``volume``."""

    at: int
    price: float
    volume: float


def effective(actions: Iterable[Action], today: date) -> list[Action]:
    """The actions that have taken effect on ``today`` (New York), oldest first; declared ones change no price yet."""
    return sorted((one for one in actions if one.day <= today and one.amount > 0), key=lambda one: (one.day, one.kind))


def steps(actions: Iterable[Action], adjustment: Adjustment, closes: Sequence[Bar] = ()) -> list[Step]:
    """What to multiply by, oldest first. ``closes`` are raw daily bars, oldest first, for the closes before the ex-dates.

    A dividend without a close before it, or as large as that close, is passed over: no honest factor exists.
    """
    starts = [bar.start for bar in closes]
    found: list[Step] = []
    for action in actions:
        at = midnight(action.day)
        if action.kind == "split" and adjustment != "raw":
            found.append(Step(at, 1 / action.amount, action.amount))
        elif action.kind == "dividend" and adjustment == "all":
            before = bisect_left(starts, at)
            close = closes[before - 1].close if before else 0.0
            if close > action.amount:
                found.append(Step(at, 1 - action.amount / close, 1.0))
    return sorted(found, key=lambda step: step.at)


def adjusted(bars: Sequence[Bar], found: Sequence[Step]) -> list[Bar]:
    """``bars`` (raw, oldest first) on today's terms: each multiplied by every step after it; the ones after the last are as they were."""
    if not found:
        return list(bars)
    ends = [step.at for step in found]
    # the last of these is 1: after the last step nothing changes
    prices = [*list(accumulate((step.price for step in reversed(found)), mul))[::-1], 1.0]
    volumes = [*list(accumulate((step.volume for step in reversed(found)), mul))[::-1], 1.0]
    out, bounds = list[Bar](), [-1, *ends]
    starts = [bar.start for bar in bars]
    for number, (price, volume) in enumerate(zip(prices, volumes, strict=True)):
        first = bisect_left(starts, bounds[number])
        last = bisect_left(starts, ends[number]) if number < len(ends) else len(bars)
        out += bars[first:last] if number == len(ends) else [_scaled(bar, price, volume) for bar in bars[first:last]]
    return out


def midnight(day: date) -> int:
    """The day's first moment in New York, in ns."""
    return int(datetime.combine(day, time(), NEW_YORK).timestamp()) * SECOND


def _scaled(bar: Bar, price: float, volume: float) -> Bar:
    return Bar(bar.symbol, bar.start, bar.open * price, bar.high * price, bar.low * price, bar.close * price,
               bar.volume * volume, bar.count, None if bar.vwap is None else bar.vwap * price)  # fmt: skip

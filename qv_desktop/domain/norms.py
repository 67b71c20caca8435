"""What is normal for a symbol, from its daily bars: average volume, true range, highs and lows.

Bars arrive as traded. A split shows in them as a jump from one day's close to the next day's open; ``norms`` divides it out when
the symbol's actions are known, and otherwise uses only the days since the jump, so that no figure mixes old shares with new.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from math import prod

from qv_desktop.domain.adjustment import adjusted, effective, midnight, steps
from qv_desktop.domain.market import NEW_YORK, Action, Bar, utc

VOLUME_DAYS, RANGE_DAYS, SHORT, LONG = 20, 14, 20, 252  # sessions; 252 are 52 weeks
FALL = 0.9  # of the close before, from which the price test binds short sales
FELL, ROSE = 0.7, 1.4  # open over the close before: at 3:2 and beyond it may be a split; smaller ones are rare


@dataclass(frozen=True, slots=True)
class Norms:
    """Figures of the sessions before today, in dollars and shares of today. Unknown is None: too few days, or a jump unexplained.

    ``split_today`` is new shares for each old one of a split that takes effect today; ``doubtful`` says that a jump was cut off.
    """

    volume20: float | None = None  # shares a day, over 20 sessions
    atr14: float | None = None  # dollars, average true range by Wilder
    high20: float | None = None
    low20: float | None = None
    high52: float | None = None  # over 252 sessions
    low52: float | None = None
    previous_close: float | None = None
    split_today: float = 1.0
    doubtful: bool = False
    price_test: bool | None = (
        None  # whether the last session fell by 10 %, which binds short sales today, 17 CFR 242.201
    )


def norms(bars: Sequence[Bar], today: date, actions: Sequence[Action] | None) -> Norms:
    """The norms on ``today`` from daily bars, oldest first; later bars are ignored. ``actions`` is None while nobody was asked."""
    end = midnight(today)
    past = [bar for bar in bars if bar.start < end]
    if actions is None:
        usable, split = _since_jump(past), 1.0
    else:
        usable, split = adjusted(past, steps(effective(actions, today), "split")), _split_on(today, actions)
    if not usable:
        return Norms()
    return replace(_figures(usable), split_today=split, doubtful=len(usable) < len(past))


def _split_on(day: date, actions: Sequence[Action]) -> float:
    return prod(one.amount for one in effective(actions, day) if one.kind == "split" and one.day == day)


def _figures(bars: Sequence[Bar]) -> Norms:
    volume = sum(bar.volume for bar in bars[-VOLUME_DAYS:]) / VOLUME_DAYS if len(bars) >= VOLUME_DAYS else None
    high20, low20 = _extremes(bars, SHORT)
    high52, low52 = _extremes(bars, LONG)
    fell = bars[-1].low <= bars[-2].close * FALL if len(bars) > 1 else None
    return Norms(volume, average_true_range(bars), high20, low20, high52, low52, bars[-1].close, price_test=fell)


def _extremes(bars: Sequence[Bar], days: int) -> tuple[float | None, float | None]:
    if len(bars) < days:
        return None, None
    last = bars[-days:]
    return max(bar.high for bar in last), min(bar.low for bar in last)


def average_true_range(bars: Sequence[Bar], days: int = RANGE_DAYS) -> float | None:
    """Wilder's average true range of the last bar, in dollars: a simple average of the first ``days`` ranges, then smoothed.

    The first true range needs a close before it. None with fewer than ``days`` + 1 bars. (Wilder, New Concepts in Technical
    Trading Systems, 1978.)
    """
    if len(bars) <= days:
        return None
    ranges = [_true_range(bar, before.close) for before, bar in pairwise(bars)]
    average = sum(ranges[:days]) / days
    for one in ranges[days:]:
        average += (one - average) / days
    return average


def _true_range(bar: Bar, close: float) -> float:
    return max(bar.high, close) - min(bar.low, close)


def _since_jump(bars: list[Bar]) -> list[Bar]:
    for index in range(len(bars) - 1, 0, -1):
        if jumped(bars[index - 1].close, bars[index].open):
            return bars[index:]
    return bars


def jumped(close: float, opening: float) -> bool:
    """Whether the step from one day's ``close`` to the next ``opening`` is so large that it may be a split."""
    return close > 0 and not FELL < opening / close < ROSE


def day_of(bar: Bar) -> date:
    """The New York day of a daily bar."""
    return utc(bar.start).astimezone(NEW_YORK).date()

"""Files of bars and ticks that others made: how they are to be read, and what was found in them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log
from typing import Literal

from qv_desktop.domain.history import Span
from qv_desktop.domain.market import Action, Bar, Timeframe, Trade

type DateOrder = Literal["", "mdy", "dmy", "ymd"]
PLACES = 6  # decimals kept of a price or dividend that is multiplied back; files that were adjusted keep no more


@dataclass(frozen=True, slots=True)
class Reading:
    """What a person says of a file because it does not say so itself; empty means: find out, and refuse when it cannot be known.

    ``zone`` is for times without an offset, such as America/New_York; ``dates`` settles 03/04/2020; ``prices`` says whether
    those before a split are as traded or already divided by it; ``stamps`` whether a time is the start or the end of its bar.
    """

    symbol: str = ""
    frame: Timeframe | None = None
    zone: str = ""
    dates: DateOrder = ""
    prices: Literal["", "traded", "adjusted"] = ""
    stamps: Literal["", "start", "end"] = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file holds, and in words how it was understood, one line each; ``bars`` are as traded.

    Bars and trades lie together by symbol, oldest first; millions of them are made only as they are asked for. ``digest`` is the
    SHA-256 of the file as it lies on the disk, in hexadecimal.
    """

    symbol: str  # empty when the file holds several
    frame: Timeframe | None  # None: ticks
    bars: Sequence[Bar]
    trades: Sequence[Trade]
    actions: tuple[Action, ...]
    understood: tuple[str, ...]
    name: str = ""
    digest: str = ""
    span: Span | None = None  # from the first to the last time, whatever their symbols
    prices: Literal["", "traded", "adjusted"] = ""  # what the person said of them


@dataclass(frozen=True, slots=True)
class Stored:
    """What an import did: rows that are new, that replaced others, that were there already with equal values, and with others that
    were kept; and actions that are new.
    """

    new: int
    amended: int
    same: int
    kept: int
    actions: int
    notes: tuple[str, ...] = ()


def already_adjusted(before: float, after: float, ratio: float) -> bool | None:
    """Whether prices before a split of ``ratio`` new shares for one are divided by it already; None when it cannot be told.

    ``before`` is the last close before the split's day and ``after`` the first open on it: as traded, the price falls by the ratio
    over that night; in an adjusted file it hardly moves. A night's own move blurs this for small ratios.
    """
    fall, expected = log(before / after), log(ratio)
    if abs(fall - expected) < abs(expected) / 3:
        return False
    return True if abs(fall) < abs(expected) / 3 else None


def as_traded(bar: Bar, factor: float) -> Bar:
    """``bar`` with a division of its prices by ``factor`` undone."""
    price = [round(value * factor, PLACES) for value in (bar.open, bar.high, bar.low, bar.close)]
    vwap = None if bar.vwap is None else round(bar.vwap * factor, PLACES)
    return replace(bar, open=price[0], high=price[1], low=price[2], close=price[3], vwap=vwap,
                   volume=round(bar.volume / factor, PLACES))  # fmt: skip
